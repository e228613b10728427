"""The bootstrap: an interval for any figure one can compute, drawing answers, accounts or within strata."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from scipy import special

from rapport.stats.answers import (
    Answers,
    FloatArray,
    IntArray,
    Labels,
    ScoreError,
    answered,
    check_level,
    codes,
)
from rapport.stats.estimate import Estimate

BootstrapMethod = Literal["bca", "percentile"]


def bootstrap(
    values: Answers,
    statistic: Callable[[FloatArray], float],
    *,
    clusters: Labels | None = None,
    strata: Labels | None = None,
    method: BootstrapMethod = "bca",
    draws: int = 2000,
    rng: np.random.Generator | None = None,
    level: float = 0.95,
    unit: str = "scale",
) -> Estimate:
    """Return any figure of answers with a bootstrap interval.

    Parameters
    ----------
    values : array_like, shape (n,)
        Any unit. NaN or None is a missing answer and left out.
    statistic : callable
        From an array of answers, shape (m,), to a number.
    clusters : sequence, shape (n,), optional
        Label of the account of each answer: accounts are drawn as wholes.
    strata : sequence, shape (n,), optional
        Clusters (or answers) are drawn within their stratum.
    method : {"bca", "percentile"}
        Bias-corrected and accelerated, or plain percentiles.
    draws : int
        At least 200.
    rng : numpy Generator, optional
        Seeded with 0 by default.
    level : float
        Confidence level, two-sided.
    unit : str
        Unit of the figure, as in `Estimate`.

    Returns
    -------
    Estimate
        With fewer than five units drawn, or a figure that no draw changes: no value and a reason. Widened to
        hold the value.

    Raises
    ------
    ScoreError
        Values, labels or draws are not usable, or the figure is not finite for some draw.

    Notes
    -----
    Efron (1987), J. Am. Stat. Assoc. 82, 171-185: percentiles at ``Phi(z0 + (z0 + z) / (1 - a (z0 + z)))``
    with z0 from the share of draws below the value and a from leaving out one unit at a time. The
    percentiles of few answers at the edge of a scale are too narrow: prefer `nps`, `share` and `mean` there.

    Examples
    --------
    >>> figure = bootstrap([3, 5, 8, 9, 4, 7, 6, 10, 2, 8], lambda answers: float(np.median(answers)))
    >>> figure.value, figure.low >= 3, figure.high <= 9
    (6.5, True, True)
    """
    check_level(level)
    if draws < 200:
        raise ScoreError(f"{draws} draws are too few for an interval; take at least 200.", value=draws)
    answers = answered(values)
    words = f"bootstrap, {'BCa' if method == 'bca' else 'percentiles'}, {draws} draws"
    units = _units(answers.kept, clusters)
    layers = _layers(answers.kept, strata, units)
    if len(units) < 5:
        reason = f"{len(units)} units to draw are too few for a bootstrap; 5 are needed."
        return Estimate.without_value(
            reason, method=words, n=answers.n, level=level, unit=unit, missing=answers.missing
        )
    maker = rng if rng is not None else np.random.default_rng(0)
    value = _number(statistic(answers.values))
    drawn = np.array(
        [
            _number(statistic(answers.values[np.concatenate([units[i] for i in _draw(layers, maker)])]))
            for _ in range(draws)
        ]
    )
    if np.ptp(drawn) == 0:
        reason = "No draw changes the figure, so nothing shows how far chance may reach."
        return Estimate.without_value(
            reason, method=words, n=answers.n, level=level, unit=unit, missing=answers.missing
        )
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    if method == "bca":
        tails = _corrected(tails, drawn, value, _left_out(statistic, answers.values, units))
    low, high = (float(edge) for edge in np.quantile(drawn, tails))
    return Estimate(
        value=value,
        low=min(low, value),
        high=max(high, value),
        n=answers.n,
        n_effective=float(min(answers.n, len(units))),
        method=words,
        level=level,
        standard_error=float(np.std(drawn, ddof=1)),
        unit=unit,
        missing=answers.missing,
    )


def _units(kept: np.ndarray, clusters: Labels | None) -> list[IntArray]:
    n = int(kept.sum())
    if clusters is None:
        return [np.array([i], dtype=np.intp) for i in range(n)]
    numbers = codes(clusters, kept.size, "cluster")[kept]
    return [np.flatnonzero(numbers == one) for one in np.unique(numbers)]


def _layers(kept: np.ndarray, strata: Labels | None, units: list[IntArray]) -> list[IntArray]:
    if strata is None:
        return [np.arange(len(units), dtype=np.intp)]
    numbers = codes(strata, kept.size, "stratum")[kept]
    first = np.array([numbers[unit[0]] for unit in units])
    for unit in units:
        if np.any(numbers[unit] != numbers[unit[0]]):
            raise ScoreError("A cluster lies in two strata; give strata of whole clusters.")
    return [np.flatnonzero(first == one) for one in np.unique(first)]


def _draw(layers: list[IntArray], rng: np.random.Generator) -> IntArray:
    drawn: IntArray = np.concatenate([layer[rng.integers(0, layer.size, layer.size)] for layer in layers])
    return drawn


def _left_out(
    statistic: Callable[[FloatArray], float], values: FloatArray, units: list[IntArray]
) -> FloatArray:
    result = np.empty(len(units))
    for i, unit in enumerate(units):
        rest = np.ones(values.size, dtype=bool)
        rest[unit] = False
        result[i] = _number(statistic(values[rest]))
    return result


def _corrected(tails: FloatArray, drawn: FloatArray, value: float, left_out: FloatArray) -> FloatArray:
    below = (np.sum(drawn < value) + 0.5 * np.sum(drawn == value)) / drawn.size
    bias = float(special.ndtri(min(max(below, 1 / drawn.size), 1 - 1 / drawn.size)))
    apart = left_out.mean() - left_out
    squares = float(np.sum(apart**2))
    skew = float(np.sum(apart**3)) / (6 * squares**1.5) if squares > 0 else 0.0
    z = bias + special.ndtri(tails)
    return np.asarray(special.ndtr(bias + z / (1 - skew * z)), dtype=np.float64)


def _number(value: float) -> float:
    if not np.isfinite(value):
        raise ScoreError(f"The figure of a draw is {value}; it must be a finite number.", value=value)
    return float(value)
