"""Weights: what they cost (Kish), how they are made (post-stratification, raking) and tamed (trimming)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rapport.stats.answers import FloatArray, IntArray, Labels, ScoreError, as_floats, checked_weights, codes


class RakingError(ValueError):
    """The margins cannot be met; says which and how far off they are."""


def kish_design_effect(weights: ArrayLike) -> float | None:
    """Return Kish's design effect of a weight vector: by what factor unequal weights inflate the variance.

    Parameters
    ----------
    weights : array_like, shape (n,)
        Not negative; zeros count as members of the sample.

    Returns
    -------
    float or None
        At least 1; None when all weights are zero or there are none.

    Raises
    ------
    ScoreError
        A weight is negative or not finite; names position and value.

    Notes
    -----
    ``mean(w^2) / mean(w)^2`` (Kish 1965, Survey Sampling, section 11.7). One plus the squared coefficient of
    variation with n - 1 is a different, larger figure.

    Examples
    --------
    >>> round(kish_design_effect([0, 1, 2, 3]), 4)
    1.5556
    """
    effective = effective_n(weights)
    return np.size(weights) / effective if effective > 0 else None


def effective_n(weights: ArrayLike) -> float:
    """Return Kish's effective number of answers of a weight vector.

    Parameters
    ----------
    weights : array_like, shape (n,)
        Not negative.

    Returns
    -------
    float
        Between 1 and the number of positive weights; 0 when there are none.

    Raises
    ------
    ScoreError
        A weight is negative or not finite; names position and value.

    Notes
    -----
    ``(sum w)^2 / sum w^2`` (Kish 1965, Survey Sampling, section 11.7).

    Examples
    --------
    >>> round(effective_n([0, 1, 2, 3]), 4)
    2.5714
    """
    checked = checked_weights(weights, np.size(weights))
    if checked.size == 0 or checked.max() == 0:
        return 0.0
    scaled = checked / checked.max()
    return float(scaled.sum() ** 2 / np.sum(scaled**2))


def poststratification_weights(groups: Labels, population: Mapping[Hashable, float]) -> FloatArray:
    """Return weights that give every group its size in the population.

    Parameters
    ----------
    groups : sequence, shape (n,)
        Group of each answer.
    population : mapping from group to float
        Size of each group in the population, above zero where there are answers.

    Returns
    -------
    ndarray of float, shape (n,)
        People each answer stands for; the sum is the population of the groups that answered.

    Raises
    ------
    ScoreError
        An answer is in a group without a population, or a group with people has no answer at all: its share
        would silently go to the others. Merge it with a neighbour first.

    Notes
    -----
    ``N_g / n_g`` (Holt and Smith 1979, J. R. Stat. Soc. A 142, 33-46). For the standard error give the groups
    as `poststrata` of a `Design`.

    Examples
    --------
    >>> poststratification_weights(["north", "south", "south"], {"north": 10, "south": 30}).tolist()
    [10.0, 15.0, 15.0]
    """
    items = _items(groups)
    for position, group in enumerate(items):
        if not population.get(group, 0) > 0:
            message = (
                f"The answer at position {position} is in {group!r}, which has no people in the population."
            )
            raise ScoreError(message, position=position, value=group)
    counts: dict[Hashable, int] = {}
    for group in items:
        counts[group] = counts.get(group, 0) + 1
    silent = [group for group, size in population.items() if size > 0 and group not in counts]
    if silent:
        raise ScoreError(
            f"Nobody in {silent[0]!r} has answered; merge it with another group.", value=silent[0]
        )
    return np.array([population[group] / counts[group] for group in items], dtype=np.float64)


def fit_margins(
    seed: ArrayLike, margins: Sequence[ArrayLike], *, tolerance: float = 1e-10, rounds: int = 10_000
) -> FloatArray:
    """Return the table nearest to `seed` whose sums along each axis are `margins`.

    Parameters
    ----------
    seed : array_like, shape (k_1, ..., k_m)
        Not negative; zeros stay zero.
    margins : sequence of array_like, shapes (k_1,), ..., (k_m,)
        One per axis, all with the same total.
    tolerance : float
        Largest distance from a margin, as a share of the total, at which it is met.
    rounds : int
        After so many rounds over all axes the margins are declared impossible.

    Returns
    -------
    ndarray of float, shape (k_1, ..., k_m)

    Raises
    ------
    RakingError
        The totals differ, the seed has nothing where a margin wants something, or the margins are not met.

    Notes
    -----
    Iterative proportional fitting (Deming and Stephan 1940, Annals of Mathematical Statistics 11, 427-444).

    Examples
    --------
    >>> fit_margins([[1, 1], [1, 1]], [[3, 1], [2, 2]]).tolist()
    [[1.5, 1.5], [0.5, 0.5]]
    """
    table = np.array(seed, dtype=np.float64)
    targets = [np.asarray(margin, dtype=np.float64) for margin in margins]
    _check_margins(table, targets)
    for _ in range(rounds):
        for axis, target in enumerate(targets):
            table *= _expanded(_ratios(_sums(table, axis), target, axis), axis, table.ndim)
        worst = max(float(np.max(np.abs(_sums(table, axis) - target))) for axis, target in enumerate(targets))
        if worst <= tolerance * float(targets[0].sum()):
            return table
    raise RakingError(
        f"After {rounds} rounds a margin is still {worst:g} off; the margins contradict the seed."
    )


def rake_weights(
    variables: Sequence[Labels],
    targets: Sequence[Mapping[Hashable, float]],
    *,
    base_weights: ArrayLike | None = None,
    tolerance: float = 1e-10,
    rounds: int = 10_000,
) -> FloatArray:
    """Return weights that meet several margins at once, without knowing their joint population.

    Parameters
    ----------
    variables : sequence of sequences, each of shape (n,)
        Such as region and role of each answer.
    targets : sequence of mappings
        For each variable its categories' population sizes or shares; all with the same total.
    base_weights : array_like, shape (n,), optional
        Weights to start from, above zero.
    tolerance, rounds
        As in `fit_margins`.

    Returns
    -------
    ndarray of float, shape (n,)
        The sum is the total of the targets.

    Raises
    ------
    ScoreError
        An answer is in a category without a target, or a category with a target has no answer.
    RakingError
        The margins contradict one another, or are not met.

    Notes
    -----
    Raking is iterative proportional fitting on the answers (Deming and Stephan 1940; Kolenikov 2014, Stata
    Journal 14, 22-59).

    Examples
    --------
    >>> regions, roles = ["n", "n", "s", "s"], ["user", "buyer", "user", "user"]
    >>> rake_weights([regions, roles], [{"n": 60, "s": 40}, {"user": 80, "buyer": 20}]).round(6).tolist()
    [40.0, 20.0, 20.0, 20.0]
    """
    if not variables or len(variables) != len(targets):
        raise RakingError(
            f"There are {len(variables)} variables and {len(targets)} targets; give one target each."
        )
    n = len(_items(variables[0]))
    weights: FloatArray = np.ones(n) if base_weights is None else checked_weights(base_weights, n)
    numbered = [_numbered(labels, target, n) for labels, target in zip(variables, targets, strict=True)]
    total = float(numbered[0][1].sum())
    for _, target in numbered:
        if abs(float(target.sum()) - total) > 1e-9 * total:
            raise RakingError(
                f"The targets add up to {total:g} and to {float(target.sum()):g}; make them equal."
            )
    for _ in range(rounds):
        for numbers, target in numbered:
            weights = weights * _ratios(_category_sums(numbers, weights, target), target, 0)[numbers]
        worst = max(float(np.max(np.abs(_category_sums(g, weights, t) - t))) for g, t in numbered)
        if worst <= tolerance * total:
            return weights
    raise RakingError(
        f"After {rounds} rounds a target is still {worst:g} off; the targets contradict the answers."
    )


def nonresponse_weights(
    classes: Labels, answered: ArrayLike, base_weights: ArrayLike | None = None
) -> FloatArray:
    """Return weights in which those who answered also stand for those of their class who did not.

    Parameters
    ----------
    classes : sequence, shape (n_asked,)
        Class of everybody who was asked, such as region by role, or `response_classes`.
    answered : array_like of bool, shape (n_asked,)
        Whether they answered.
    base_weights : array_like, shape (n_asked,), optional
        Weights of the sample, above zero; 1 by default.

    Returns
    -------
    ndarray of float, shape (n_asked,)
        Zero for those who did not answer. Each class keeps the sum of its base weights.

    Raises
    ------
    ScoreError
        Lengths differ, or nobody of a class answered; merge it with a neighbour.

    Notes
    -----
    ``w * sum over asked of w / sum over answered of w`` within the class (Little 1986, International
    Statistical Review 54, 139-157).

    Examples
    --------
    >>> nonresponse_weights(["n", "n", "s", "s", "s"], [True, False, True, True, False]).tolist()
    [2.0, 0.0, 1.5, 1.5, 0.0]
    """
    yes = np.asarray(answered, dtype=bool)
    numbers = codes(classes, yes.size, "class")
    base = np.ones(yes.size) if base_weights is None else checked_weights(base_weights, yes.size)
    asked, heard = np.bincount(numbers, weights=base), np.bincount(numbers, weights=base * yes)
    silent = (heard <= 0) & (asked > 0)
    if silent.any():
        label = _items(classes)[int(np.argmax(numbers == int(np.argmax(silent))))]
        raise ScoreError(f"Nobody of class {label!r} answered; merge it with another class.", value=label)
    factors = np.divide(asked, heard, out=np.zeros_like(asked), where=heard > 0)
    return np.where(yes, base * factors[numbers], 0.0)


def response_classes(facts: ArrayLike, answered: ArrayLike, *, classes: int = 5) -> IntArray:
    """Return classes of people who were about equally likely to answer, judged by facts known of everybody.

    Parameters
    ----------
    facts : array_like of float, shape (n_asked, k)
        Numbers or 0/1 marks known also of those who did not answer; none missing.
    answered : array_like of bool, shape (n_asked,)
        Whether they answered.
    classes : int
        How many classes, 2 to 20; five take away about nine tenths of the bias.

    Returns
    -------
    ndarray of int, shape (n_asked,)
        0 for the least likely to answer. There may be fewer classes when many have the same likelihood.

    Raises
    ------
    ScoreError
        Shapes do not fit, a fact is missing, or everybody or nobody answered.

    Notes
    -----
    Quantiles of the likelihood of a logistic regression of `answered` on the standardised facts, with a weak
    normal prior (variance 100) so that it always exists (Rosenbaum and Rubin 1984, J. Am. Stat. Assoc. 79,
    516-524; for surveys Little 1986).

    Examples
    --------
    >>> facts = [[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]]
    >>> response_classes(facts, [False, False, True, False, True, True], classes=2).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    x, yes = np.asarray(facts, dtype=np.float64), np.asarray(answered, dtype=bool)
    if x.ndim != 2 or x.shape[0] != yes.size or not np.all(np.isfinite(x)):
        raise ScoreError(f"Facts of shape {x.shape} for {yes.size} people: give one full row per person.")
    if not 2 <= classes <= 20:
        raise ScoreError(f"{classes} classes are asked for; give 2 to 20.", value=classes)
    if yes.all() or not yes.any():
        raise ScoreError("Everybody or nobody answered, so nothing tells who is likely to.")
    likely = _likelihood_to_answer(x, yes)
    edges = np.unique(np.quantile(likely, np.arange(1, classes) / classes))
    found = np.searchsorted(edges, likely, side="right")
    return np.asarray(np.unique(found, return_inverse=True)[1], dtype=np.intp)


def _likelihood_to_answer(x: FloatArray, yes: np.ndarray) -> FloatArray:
    spread = x.std(axis=0)
    scaled = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(yes.size), scaled])
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        chance = special.expit(design @ beta)
        slope = design.T @ (yes - chance) - beta / 100
        step = np.linalg.solve(
            (design * (chance * (1 - chance))[:, None]).T @ design + np.eye(beta.size) / 100, slope
        )
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    # rounded, so that people with the same facts are of the same class
    return np.asarray(np.round(special.expit(design @ beta), 12), dtype=np.float64)


def trim_weights(weights: ArrayLike, *, largest_ratio: float) -> FloatArray:
    """Return weights none of which is more than `largest_ratio` times the mean, with the same sum.

    Parameters
    ----------
    weights : array_like, shape (n,)
        Not negative.
    largest_ratio : float
        Above 1; 5 is usual.

    Returns
    -------
    ndarray of float, shape (n,)
        What is cut off goes to the others in proportion, repeated until nothing sticks out.

    Raises
    ------
    ScoreError
        A weight is negative or not finite, or so many are zero that the rest cannot carry the sum.
    ValueError
        `largest_ratio` is not above 1.

    Notes
    -----
    Trimming trades a little bias for less variance (Potter 1990, Proceedings of the Survey Research Methods
    Section, ASA, 225-230).

    Examples
    --------
    >>> trim_weights([1.0, 1.0, 1.0, 7.0], largest_ratio=2.0).tolist()
    [1.6666666666666667, 1.6666666666666667, 1.6666666666666667, 5.0]
    """
    if not largest_ratio > 1:
        raise ValueError(f"The largest ratio is {largest_ratio}; it must be above 1.")
    trimmed = checked_weights(weights, np.size(weights))
    if trimmed.size == 0 or trimmed.max() == 0:
        return trimmed
    total, limit = float(trimmed.sum()), largest_ratio * float(trimmed.mean())
    if np.count_nonzero(trimmed) * limit < total:
        raise ScoreError("Too few weights are above zero to carry the sum; allow a larger ratio.")
    capped = np.zeros(trimmed.size, dtype=bool)
    while np.any(trimmed[~capped] > limit):
        capped |= trimmed >= limit
        rest = total - limit * int(capped.sum())
        trimmed = np.where(
            capped, limit, trimmed * (rest / float(trimmed[~capped].sum()) if not capped.all() else 0)
        )
    return trimmed


def _items(labels: Labels) -> list[Hashable]:
    return list(labels.tolist() if isinstance(labels, np.ndarray) else labels)  # type: ignore[arg-type]


def _numbered(labels: Labels, target: Mapping[Hashable, float], n: int) -> tuple[IntArray, FloatArray]:
    items = _items(labels)
    codes(items, n, "category")
    order = [category for category, size in target.items() if size > 0]
    numbers = {category: number for number, category in enumerate(order)}
    for position, item in enumerate(items):
        if item not in numbers:
            message = f"The answer at position {position} is in {item!r}, which has no target."
            raise ScoreError(message, position=position, value=item)
    silent = [category for category in order if category not in set(items)]
    if silent:
        raise ScoreError(
            f"Nobody in {silent[0]!r} has answered; merge it with another category.", value=silent[0]
        )
    return np.array([numbers[item] for item in items], dtype=np.intp), as_floats(
        [target[c] for c in order], "Target"
    )


def _category_sums(numbers: IntArray, weights: FloatArray, target: FloatArray) -> FloatArray:
    return np.asarray(np.bincount(numbers, weights=weights, minlength=target.size), dtype=np.float64)


def _check_margins(table: FloatArray, targets: Sequence[FloatArray]) -> None:
    if not np.all(np.isfinite(table)) or np.any(table < 0):
        raise RakingError("The seed must be finite and not negative.")
    if len(targets) != table.ndim or any(t.shape != (k,) for t, k in zip(targets, table.shape, strict=False)):
        raise RakingError(
            f"A seed of shape {table.shape} needs one margin per axis, each as long as the axis."
        )
    totals = [float(target.sum()) for target in targets]
    if min(totals) <= 0 or max(totals) - min(totals) > 1e-9 * max(totals):
        raise RakingError(f"The margins add up to {totals}; they must have one total above zero.")


def _sums(table: FloatArray, axis: int) -> FloatArray:
    others = tuple(other for other in range(table.ndim) if other != axis)
    sums: FloatArray = table.sum(axis=others)
    return sums


def _ratios(sums: FloatArray, target: FloatArray, axis: int) -> FloatArray:
    empty = (sums <= 0) & (target > 0)
    if empty.any():
        raise RakingError(f"Category {int(np.argmax(empty))} of axis {axis} is empty but should not be.")
    return np.divide(target, sums, out=np.zeros_like(sums), where=sums > 0)


def _expanded(ratios: FloatArray, axis: int, ndim: int) -> FloatArray:
    shape = [1] * ndim
    shape[axis] = -1
    return ratios.reshape(shape)
