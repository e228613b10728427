"""Survey designs: what weights, clusters, strata and finite populations do to a standard error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rapport.stats.answers import (
    Answered,
    Answers,
    FloatArray,
    IntArray,
    Labels,
    ScoreError,
    answered,
    as_floats,
    check_level,
    codes,
)
from rapport.stats.estimate import Difference, Estimate
from rapport.stats.intervals import t_p_value, t_quantile


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Design:
    """How a set of answers came about, one row per answer; whatever is None did not happen.

    Attributes
    ----------
    weights : array_like, shape (n,), optional
        Not negative; only proportions matter.
    clusters : sequence, shape (n,), optional
        Label of the unit that was drawn as a whole, or within which answers are alike: the account.
    strata : sequence, shape (n,), optional
        Label of the stratum the sample was drawn in.
    population : array_like, shape (n,), optional
        Number of units (clusters, or people without clusters) in the population of the answer's stratum, for
        the finite population correction.
    poststrata : sequence, shape (n,), optional
        Label of the group that the weights were adjusted to; the spread between groups then does not count.

    Examples
    --------
    >>> Design(weights=[1, 2, 1], strata=["north", "south", "south"]).clusters is None
    True
    """

    weights: ArrayLike | None = None
    clusters: Labels | None = None
    strata: Labels | None = None
    population: ArrayLike | None = None
    poststrata: Labels | None = None


@dataclass(frozen=True, slots=True)
class Linearised:
    """Mean, linearised standard error and degrees of freedom of a design, or why there is no error."""

    mean: float
    standard_error: float
    df: int
    clusters: int
    reason: str | None = None

    def n_effective(self, variance: float, n: int) -> float:
        """Return the size of the simple random sample with the same standard error, at most `n`."""
        if variance <= 0:
            return float(self.clusters)
        if self.standard_error == 0:
            return float(n)
        return min(float(n), variance / self.standard_error**2)


def design_mean(
    values: Answers, design: Design, *, scale: tuple[float, float] | None = None, level: float = 0.95
) -> Estimate:
    """Return the mean of a survey design with its linearised standard error and t interval.

    Parameters
    ----------
    values : array_like, shape (n,)
        Any unit. NaN or None is a missing answer and left out with its row of the design.
    design : Design
        How the answers came about, one row per answer.
    scale : (float, float), optional
        Ends of the scale: values outside are refused and the interval is cut there.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Estimate
        In the unit of `values`. Without answers, with a single cluster in a stratum, or without any spread:
        no value and a reason.

    Raises
    ------
    ScoreError
        A value is outside the scale or not finite, a weight is negative, or labels do not fit the answers.

    Notes
    -----
    Each answer's share in the error is ``u = w (x - mean) / sum w``, summed within clusters; the variance
    adds up ``(1 - n_h / N_h) n_h / (n_h - 1) sum (u - mean u)^2`` over the strata h (Taylor linearisation:
    Lumley 2010, Complex Surveys, section 2.2 and appendix; Binder 1983, International Statistical Review 51,
    279-292). After post-stratification x - mean is taken from the mean of the answer's own group. Degrees of
    freedom: clusters minus strata.

    Examples
    --------
    >>> figure = design_mean([4.0, 6.0, 9.0, 7.0], Design(strata=list("aabb"), population=[10, 10, 20, 20]))
    >>> figure.value, round(figure.standard_error, 3)
    (6.5, 0.652)
    """
    check_level(level)
    method = "mean, linearised, t interval"
    low, high = scale if scale is not None else (-math.inf, math.inf)
    answers = answered(values, design.weights, low=low, high=high)
    fit = linearise(answers.values, answers, design) if answers.n else None
    reason = "Nobody has answered." if fit is None else fit.reason
    if fit is not None and reason is None and fit.standard_error == 0:
        reason = "The answers have no spread, so nothing shows how far chance may reach."
    if fit is None or reason is not None:
        return Estimate.without_value(
            str(reason), method=method, n=answers.n, level=level, unit="scale", missing=answers.missing
        )
    half = t_quantile(level, fit.df) * fit.standard_error
    variance = answers.mean_of((answers.values - fit.mean) ** 2)
    return Estimate(
        value=fit.mean,
        low=max(low, fit.mean - half),
        high=min(high, fit.mean + half),
        n=answers.n,
        n_effective=fit.n_effective(variance, answers.n),
        method=method,
        level=level,
        standard_error=fit.standard_error,
        unit="scale",
        missing=answers.missing,
    )


def design_difference(
    values: Answers,
    groups: Labels,
    design: Design,
    *,
    a: object,
    b: object,
    unit: str = "scale",
    level: float = 0.95,
) -> Difference:
    """Return the mean of group b minus that of group a, which may share accounts, people or strata.

    Parameters
    ----------
    values : array_like, shape (n,)
        Any unit. NaN or None is a missing answer and left out. Give ``100 * net_signs(scores)`` for the
        difference of two net promoter scores in points.
    groups : sequence, shape (n,)
        Group (or wave) of each answer; others than a and b are left out.
    design : Design
        How the answers came about, one row per answer. With the person (or the account) as cluster the two
        waves of a panel may overlap as they like: people asked twice resemble themselves, and that counts.
    a, b : label
        The two groups.
    unit : str
        ``"points"``, ``"share"`` or ``"scale"``.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Difference
        With t and p. When a group is empty, or nothing shows how far chance may reach: a reason.

    Raises
    ------
    ScoreError
        Values, weights or labels are not usable.

    Notes
    -----
    The influence of an answer is ``w (x - mean_b) / sum_b w`` in b and minus the like in a, added up within
    clusters; variance and degrees of freedom as in `design_mean`. Without overlap that is the usual standard
    error of two groups, with full overlap exactly that of the paired t test (Kish 1965, Survey Sampling,
    section 12.4, on overlapping samples).

    Examples
    --------
    >>> people, waves = ["ann", "bob", "cid", "ann", "bob", "dee"], [1, 1, 1, 2, 2, 2]
    >>> change = design_difference([5, 3, 8, 7, 4, 9], waves, Design(clusters=people), a=1, b=2)
    >>> round(change.value, 2), round(change.standard_error, 2), change.n_b
    (1.33, 1.39, 3)
    """
    check_level(level)
    method = "difference of means, linearised, t interval"
    answers = answered(values, design.weights)
    sides = _sides(groups, answers, a, b)
    n_a, n_b = int(np.sum(sides < 0)), int(np.sum(sides > 0))
    reason: str | None
    if n_a == 0 or n_b == 0:
        reason = "In at least one of the two groups nobody has answered."
        return Difference.without_value(reason, method=method, n_a=n_a, n_b=n_b, level=level, unit=unit)
    weights = np.ones(answers.n) if answers.weights is None else answers.weights
    means = [float(np.average(answers.values[sides == s], weights=weights[sides == s])) for s in (-1, 1)]
    shares = np.zeros(answers.n)
    for side, middle in zip((-1, 1), means, strict=True):
        inside = sides == side
        shares[inside] = (
            side * weights[inside] * (answers.values[inside] - middle) / float(weights[inside].sum())
        )
    value = means[1] - means[0]
    used = sides != 0
    strata, units, population = _structure(design, answers)
    fit = _add_up(
        value, shares[used], strata[used], units[used], None if population is None else population[used]
    )
    reason = fit.reason
    if reason is None and fit.standard_error <= 1e-12 * max(1.0, abs(value)):
        reason = "Neither group has any spread, so nothing shows how far chance may reach."
    if reason is not None:
        return Difference.without_value(reason, method=method, n_a=n_a, n_b=n_b, level=level, unit=unit)
    half = t_quantile(level, fit.df) * fit.standard_error
    statistic = value / fit.standard_error
    return Difference(
        value=value,
        low=value - half,
        high=value + half,
        n_a=n_a,
        n_b=n_b,
        method=method,
        level=level,
        standard_error=fit.standard_error,
        statistic=statistic,
        p_value=t_p_value(statistic, fit.df),
        unit=unit,
    )


def linearise(values: FloatArray, answers: Answered, design: Design) -> Linearised:
    """Return mean and linearised standard error of `values`, one per counted answer; see `design_mean`."""
    weights = np.ones(answers.n) if answers.weights is None else answers.weights
    mean = float(np.sum(weights * values) / np.sum(weights))
    centre = (
        mean
        if design.poststrata is None
        else _group_means(values, weights, _kept_codes(design.poststrata, answers))
    )
    shares = weights * (values - centre) / np.sum(weights)
    return _add_up(mean, shares, *_structure(design, answers))


def _structure(design: Design, answers: Answered) -> tuple[IntArray, IntArray, FloatArray | None]:
    """Return stratum, unit and population of each counted answer."""
    n = answers.kept.size
    strata = (
        np.zeros(answers.n, dtype=np.intp) if design.strata is None else _kept_codes(design.strata, answers)
    )
    units = np.arange(answers.n) if design.clusters is None else _kept_codes(design.clusters, answers)
    population = None if design.population is None else _population(design.population, n)[answers.kept]
    return strata, units, population


def _sides(groups: Labels, answers: Answered, a: object, b: object) -> IntArray:
    """Return -1 for answers of group a, 1 for those of b and 0 for others."""
    codes(groups, answers.kept.size, "group")
    items = groups.tolist() if isinstance(groups, np.ndarray) else list(groups)  # type: ignore[arg-type]
    sides = np.array([(item == b) * 1 - (item == a) * 1 for item in items], dtype=np.intp)
    kept: IntArray = sides[answers.kept]
    return kept


def _add_up(
    mean: float, shares: FloatArray, strata: IntArray, units: IntArray, population: FloatArray | None
) -> Linearised:
    variance, drawn, used = 0.0, 0, np.unique(strata)
    for stratum in used:
        inside = strata == stratum
        totals = np.bincount(np.unique(units[inside], return_inverse=True)[1], weights=shares[inside])
        n_units = totals.size
        if n_units < 2:
            reason = "A single cluster or answer stands alone, so nothing shows how far chance may reach."
            return Linearised(mean, 0.0, 0, n_units, reason)
        correction = 1.0 if population is None else _correction(population[inside], n_units)
        variance += correction * n_units / (n_units - 1) * float(np.sum((totals - totals.mean()) ** 2))
        drawn += n_units
    return Linearised(mean, math.sqrt(variance), drawn - int(used.size), drawn)


def _correction(population: FloatArray, n_units: int) -> float:
    size = float(population[0])
    if np.any(population != size):
        raise ScoreError(f"One stratum has two population sizes, {size:g} and {float(population.max()):g}.")
    if size < n_units:
        raise ScoreError(f"A stratum of {size:g} units has {n_units} in the sample.")
    return 1 - n_units / size


def _population(population: ArrayLike, n: int) -> FloatArray:
    sizes = as_floats(population, "Population")
    if sizes.size != n:
        raise ScoreError(f"There are {sizes.size} population sizes for {n} answers; give one per answer.")
    return sizes


def _kept_codes(labels: Labels, answers: Answered) -> IntArray:
    numbers: IntArray = codes(labels, answers.kept.size, "group")[answers.kept]
    return numbers


def _group_means(values: FloatArray, weights: FloatArray, groups: IntArray) -> FloatArray:
    totals = np.bincount(groups, weights=weights)
    means = np.bincount(groups, weights=weights * values) / np.where(totals > 0, totals, 1.0)
    centred: FloatArray = means[groups]
    return centred
