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
from rapport.stats.estimate import Estimate
from rapport.stats.intervals import t_quantile


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


def linearise(values: FloatArray, answers: Answered, design: Design) -> Linearised:
    """Return mean and linearised standard error of `values`, one per counted answer; see `design_mean`."""
    n = answers.kept.size
    weights = np.ones(answers.n) if answers.weights is None else answers.weights
    mean = float(np.sum(weights * values) / np.sum(weights))
    centre = (
        mean
        if design.poststrata is None
        else _group_means(values, weights, _kept_codes(design.poststrata, answers))
    )
    shares = weights * (values - centre) / np.sum(weights)
    strata = (
        np.zeros(answers.n, dtype=np.intp) if design.strata is None else _kept_codes(design.strata, answers)
    )
    units = np.arange(answers.n) if design.clusters is None else _kept_codes(design.clusters, answers)
    population = None if design.population is None else _population(design.population, n)[answers.kept]
    return _add_up(mean, shares, strata, units, population)


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
