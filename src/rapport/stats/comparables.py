"""What was different for those something was done with, against comparable ones it was not done with."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rapport.stats.answers import Answers, FloatArray, IntArray, ScoreError, as_floats, check_level
from rapport.stats.estimate import Difference
from rapport.stats.intervals import t_p_value, t_quantile

_METHOD: Final = "matched comparison, nearest neighbours, Abadie and Imbens's interval"
FEWEST_MATCHED: Final = 10
Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How far the two sides lie apart in one trait, in standard deviations; within 0.1 is alike.

    Attributes
    ----------
    name : str
        The trait.
    before, after : float or None
        Mean of those it was done with minus mean of the others, before and after matching, over the pooled
        standard deviation; None where the trait does not vary.
    """

    name: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedComparison:
    """The difference between units something was done with and comparable ones without.

    Attributes
    ----------
    difference : Difference
        Mean over the matched of their outcome minus that of their neighbours, in the outcome's unit.
    with_it, without_it : float or None
        The two means behind it.
    treated, matched : int
        Units it was done with whose outcome is known, and those of them that found a neighbour.
    neighbours : int
        Different units that serve as neighbours.
    balance : tuple of Balance
        Trait by trait.
    """

    difference: Difference
    with_it: float | None
    without_it: float | None
    treated: int
    matched: int
    neighbours: int
    balance: tuple[Balance, ...]

    @property
    def is_balanced(self) -> bool:
        """Whether no trait lies further apart than a quarter of a standard deviation after matching."""
        return all(row.after is None or abs(row.after) <= 0.25 for row in self.balance)


def matched_difference(
    outcomes: Answers,
    treated: ArrayLike,
    strata: Sequence[Hashable],
    traits: Mapping[str, Answers],
    *,
    neighbours: int = 3,
    caliper: float = 1.0,
    level: float = 0.95,
) -> MatchedComparison:
    """Compare units something was done with to their nearest neighbours of the same stratum without it.

    Parameters
    ----------
    outcomes : array_like, shape (n,)
        In any unit, 0 and 1 for a share; NaN or None is not known, and the unit is left out.
    treated : array_like of bool, shape (n,)
        Whether it was done.
    strata : sequence of hashable, length n
        Neighbours share it exactly.
    traits : mapping from name to array_like, shape (n,)
        Numbers in which neighbours are near; none missing.
    neighbours : int
        Up to how many for each, drawn with replacement.
    caliper : float
        How far apart neighbours may lie: root mean square over the traits, in standard deviations.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    MatchedComparison
        Fewer than ten matched: no value and a reason.

    Raises
    ------
    ScoreError
        Lengths differ, or a trait is missing or not finite; names the trait.

    Notes
    -----
    The average effect on the treated, ``mean(Y_i - mean of its neighbours' Y)``, where each neighbour's
    outcome is moved by what still lies between the two, along the slopes of a regression among the neighbours
    (Abadie and Imbens 2011, Journal of Business & Economic Statistics 29, 1-11). Its variance is Abadie and
    Imbens's (2006), Econometrica 74, 235-267, theorem 7: the spread of these differences plus
    ``K_j (K_j - 1) / M^2`` times the conditional variance of each neighbour used K_j times, here with each
    neighbour's own weights in place of 1/M; conditional variances come from the nearest unit of the same
    side and stratum. Quantiles are t's with one less than the matched.

    Examples
    --------
    >>> before = [2, 3, 4, 5, 6] * 8
    >>> done = [True, False] * 20
    >>> after = [score + 2 * was + (row % 3) / 10 for row, (score, was) in enumerate(zip(before, done))]
    >>> found = matched_difference(after, done, ["A"] * 40, {"score before": before})
    >>> round(found.difference.value), found.matched, found.difference.is_proven
    (2, 20, True)
    """
    check_level(level)
    values, done, groups, matrix = _checked(outcomes, treated, strata, traits)
    known = ~np.isnan(values)
    values, done, groups, matrix = values[known], done[known], groups[known], matrix[known]
    scaled = _scaled(matrix)
    pairs = _pairs(scaled, done, groups, neighbours, caliper)
    weights = _weights(pairs, values.size)
    slopes = _slopes(values, scaled, weights)
    differences = np.array(
        [
            values[row] - (values[found] + (scaled[row] - scaled[found]) @ slopes).mean()
            for row, found in pairs
        ]
    )
    rows = np.array([row for row, _found in pairs], dtype=np.intp)
    return MatchedComparison(
        difference=_difference(values, scaled, done, groups, pairs, differences, level),
        with_it=float(values[rows].mean()) if rows.size else None,
        without_it=float((values[rows] - differences).mean()) if rows.size else None,
        treated=int(done.sum()),
        matched=int(rows.size),
        neighbours=int(np.count_nonzero(weights)),
        balance=tuple(
            _balance(name, matrix[:, column], done, rows, weights) for column, name in enumerate(traits)
        ),
    )


Pairs = list[tuple[int, IntArray]]


def _checked(
    outcomes: Answers, treated: ArrayLike, strata: Sequence[Hashable], traits: Mapping[str, Answers]
) -> tuple[FloatArray, Marks, IntArray, FloatArray]:
    values = as_floats(outcomes, "Outcome")
    done = np.asarray(treated, dtype=bool)
    numbers: dict[Hashable, int] = {}
    groups = np.array([numbers.setdefault(key, len(numbers)) for key in strata], dtype=np.intp)
    matrix = np.zeros((values.size, len(traits)))
    if not values.size == done.size == groups.size:
        raise ScoreError(
            f"{values.size} outcomes, {done.size} marks and {groups.size} strata; give one each."
        )
    for column, (name, trait) in enumerate(traits.items()):
        numbers_of = as_floats(trait, name)
        if numbers_of.size != values.size or not np.isfinite(numbers_of).all():
            raise ScoreError(f"The trait {name!r} needs one finite number for each outcome.")
        matrix[:, column] = numbers_of
    return values, done, groups, matrix


def _scaled(matrix: FloatArray) -> FloatArray:
    """Return the traits in standard deviations; one that does not vary tells nothing apart."""
    spread = matrix.std(axis=0) if matrix.size else np.ones(matrix.shape[1])
    scaled: FloatArray = matrix / np.where(spread > 0, spread, 1.0)
    return scaled


def _pairs(scaled: FloatArray, done: Marks, groups: IntArray, most: int, caliper: float) -> Pairs:
    pairs: Pairs = []
    for group in np.unique(groups[done]) if groups.size else []:
        inside = np.flatnonzero(groups == group)
        mine, others = inside[done[inside]], inside[~done[inside]]
        for row in mine:
            far = _distance(scaled[others], scaled[row])
            near = np.argsort(far, kind="stable")[:most]
            near = near[far[near] <= caliper]
            if near.size:
                pairs.append((int(row), others[near]))
    return pairs


def _distance(rows: FloatArray, one: FloatArray) -> FloatArray:
    if not one.size:
        return np.zeros(len(rows))
    distance: FloatArray = np.sqrt(((rows - one) ** 2).mean(axis=1))
    return distance


def _weights(pairs: Pairs, n: int) -> FloatArray:
    weights = np.zeros(n)
    for _row, found in pairs:
        weights[found] += 1 / found.size
    return weights


def _slopes(values: FloatArray, scaled: FloatArray, weights: FloatArray) -> FloatArray:
    """Return how the outcome goes with each trait among the neighbours; no slope where they are too few."""
    used = weights > 0
    if np.count_nonzero(used) < 3 * (scaled.shape[1] + 1):
        return np.zeros(scaled.shape[1])
    root = np.sqrt(weights[used])
    rows = np.column_stack([np.ones(root.size), scaled[used]]) * root[:, None]
    found: FloatArray = np.linalg.lstsq(rows, values[used] * root, rcond=None)[0]
    return found[1:]


def _difference(
    values: FloatArray,
    scaled: FloatArray,
    done: Marks,
    groups: IntArray,
    pairs: Pairs,
    differences: FloatArray,
    level: float,
) -> Difference:
    weights = _weights(pairs, values.size)
    n, used = len(pairs), int(np.count_nonzero(weights))
    if n < FEWEST_MATCHED:
        reason = f"Only {n} found somebody comparable; at least {FEWEST_MATCHED} are needed."
        return Difference.without_value(reason, method=_METHOD, n_a=used, n_b=n, level=level, unit="scale")
    value = float(differences.mean())
    error = _standard_error(values, scaled, done, groups, pairs, differences)
    if error == 0:
        reason = "There is no spread at all, so nothing shows how far chance may reach."
        return Difference.without_value(reason, method=_METHOD, n_a=used, n_b=n, level=level, unit="scale")
    half = t_quantile(level, n - 1) * error
    return Difference(
        value=value,
        low=value - half,
        high=value + half,
        n_a=used,
        n_b=n,
        method=_METHOD,
        level=level,
        standard_error=error,
        statistic=value / error,
        p_value=t_p_value(value / error, n - 1),
        unit="scale",
    )


def _standard_error(
    values: FloatArray,
    scaled: FloatArray,
    done: Marks,
    groups: IntArray,
    pairs: Pairs,
    differences: FloatArray,
) -> float:
    n = len(pairs)
    spread = float(((differences - differences.mean()) ** 2).sum()) / n**2
    weights, squares = _weights(pairs, values.size), np.zeros(values.size)
    for _row, found in pairs:
        squares[found] += 1 / found.size**2
    used = np.flatnonzero(weights)
    own = np.array([_own_variance(int(row), values, scaled, done, groups) for row in used])
    again = np.maximum(weights[used] ** 2 - squares[used], 0.0)
    return math.sqrt(spread + float((again * own).sum()) / n**2)


def _own_variance(row: int, values: FloatArray, scaled: FloatArray, done: Marks, groups: IntArray) -> float:
    """Return the variance of an outcome given the traits, from the nearest unit of the same side."""
    alike = np.flatnonzero((groups == groups[row]) & (done == done[row]))
    alike = alike[alike != row]
    if not alike.size:
        side = values[done == done[row]]
        return float(side.var(ddof=1)) if side.size > 1 else 0.0
    near = alike[int(np.argmin(_distance(scaled[alike], scaled[row])))]
    return float((values[row] - values[near]) ** 2) / 2


def _balance(name: str, trait: FloatArray, done: Marks, rows: IntArray, weights: FloatArray) -> Balance:
    mine, others = trait[done], trait[~done]
    if mine.size < 2 or others.size < 2:
        return Balance(name=name, before=None, after=None)
    spread = math.sqrt((float(mine.var(ddof=1)) + float(others.var(ddof=1))) / 2)
    if spread == 0:
        return Balance(name=name, before=None, after=None)
    before = float(mine.mean() - others.mean()) / spread
    after = float(trait[rows].mean() - np.average(trait, weights=weights)) / spread if rows.size else None
    return Balance(name=name, before=before, after=after)
