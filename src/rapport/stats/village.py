"""The village: one score of a customer from the holders of its buying roles, and how much of it was heard."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from rapport.stats.answers import ScoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class VillageScore:
    """The role-weighted score of one village.

    Attributes
    ----------
    value : float or None
        In the unit of the scores.
    coverage : float
        Weight of the roles that were heard, 0 to 1 of the weight of all roles.
    n : int
        People heard.
    silent : int
        People who hold a role but gave no score.
    reason : str or None
        Why there is no value.
    """

    value: float | None
    coverage: float
    n: int
    silent: int
    reason: str | None = None


def village_score(
    roles: Sequence[Hashable], scores: Sequence[float | None], role_weights: Mapping[Hashable, float]
) -> VillageScore:
    """Return the mean of the role means, weighted by the roles that were heard.

    Parameters
    ----------
    roles : sequence, shape (n_people,)
        Buying role of each person.
    scores : sequence of float, shape (n_people,)
        Any unit; None or NaN is a person not heard.
    role_weights : mapping from role to float
        Weight of each role of the village, not negative, also of roles nobody holds.

    Returns
    -------
    VillageScore
        Without value and with a reason when no role with weight was heard. There is no interval: the village
        is not a sample, and what is not known of it is its coverage.

    Raises
    ------
    ScoreError
        A role has no weight, a weight is negative, or a score is not finite; names position and value.

    Notes
    -----
    ``sum_r w_r mean_r / sum_r w_r`` over the roles r with at least one score: the weight of a silent role
    goes to the others in proportion, and ``coverage = sum_r w_r / sum of all w`` says how much that is.

    Examples
    --------
    >>> weights = {"decision_maker": 3, "influencer": 2, "user": 1}
    >>> heard = village_score(["decision_maker", "user", "user"], [8, 10, 6], weights)
    >>> heard.value, round(heard.coverage, 2)
    (8.0, 0.67)
    """
    total = _total_weight(role_weights)
    by_role = _scores_by_role(roles, scores, role_weights)
    n = sum(len(given) for given in by_role.values())
    heard = sum(role_weights[role] for role in by_role)
    coverage, silent = heard / total, len(roles) - n
    if heard == 0:
        reason = "No role that has a say was heard."
        return VillageScore(value=None, coverage=0.0, n=n, silent=silent, reason=reason)
    value = sum(role_weights[role] * math.fsum(given) / len(given) for role, given in by_role.items()) / heard
    return VillageScore(value=value, coverage=coverage, n=n, silent=silent)


def _total_weight(role_weights: Mapping[Hashable, float]) -> float:
    for role, weight in role_weights.items():
        if not (math.isfinite(weight) and weight >= 0):
            raise ScoreError(
                f"The weight of role {role!r} is {weight}; it must be zero or more.", value=weight
            )
    total = sum(role_weights.values())
    if total == 0:
        raise ScoreError("No role has any weight.")
    return total


def _scores_by_role(
    roles: Sequence[Hashable], scores: Sequence[float | None], role_weights: Mapping[Hashable, float]
) -> dict[Hashable, list[float]]:
    if len(roles) != len(scores):
        raise ScoreError(f"There are {len(roles)} roles and {len(scores)} scores; give one each.")
    by_role: dict[Hashable, list[float]] = {}
    for position, (role, score) in enumerate(zip(roles, scores, strict=True)):
        if role not in role_weights:
            raise ScoreError(
                f"Role {role!r} at position {position} has no weight.", position=position, value=role
            )
        if score is None or math.isnan(score):
            continue
        if math.isinf(score):
            raise ScoreError(
                f"Score {score} at position {position} is not finite.", position=position, value=score
            )
        by_role.setdefault(role, []).append(float(score))
    return by_role
