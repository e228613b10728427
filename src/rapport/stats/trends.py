"""Trends and change points of a series of figures, with noise that remembers the week before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from rapport.stats.answers import Answers, FloatArray, ScoreError, check_level
from rapport.stats.estimate import Estimate
from rapport.stats.noise import Baseline, Noise, Weeks, weeks_of

FEWEST_PERIODS: Final = 8
"""Below this number of periods neither a trend nor a change can be told from noise with a memory."""

_EDGE: Final = 3  # periods needed on either side of a change
_AS_LIKELY: Final = 1.92  # log likelihood within which kinds of noise cannot be told apart (95%)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """The likeliest single change of level of a series.

    Attributes
    ----------
    position : int or None
        First period (counting from 0) of the new level.
    earliest, latest : int or None
        Where it may have been: the periods within which it lies at the level of confidence.
    change : Estimate
        New level minus old one. Its interval takes the position as known.
    p_value : float or None
        Probability of a change at least so clear anywhere in a series without any.
    reason : str or None
        Why there is nothing to say.
    """

    position: int | None
    earliest: int | None
    latest: int | None
    change: Estimate
    p_value: float | None
    reason: str | None = None


def trend(values: Answers, n: ArrayLike | None = None, *, level: float = 0.95) -> Estimate:
    """Return the slope of a series of figures per period, with its interval.

    Parameters
    ----------
    values : array_like, shape (n_periods,)
        Figures of consecutive weeks, months or waves; NaN or None for a period without answers.
    n : array_like, shape (n_periods,), optional
        Answers behind each; the same for all by default.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Estimate
        Unit of the values per period; the trend is proven when ``excludes(0.0)``. With fewer than eight
        periods or no spread: no value and a reason.

    Raises
    ------
    ScoreError
        Values and counts do not fit, a value is not finite or a count negative.

    Notes
    -----
    Generalised least squares on a straight line, the noise as in `check_recurrence`: part of it lasts from
    period to period, part has variance in proportion to 1 / n. The interval is averaged over what is not
    known of the noise, by restricted likelihood (Harville 1974, Biometrika 61, 383-385).

    Examples
    --------
    >>> figure = trend([20, 24, 21, 26, 27, 25, 30, 29, 33, 31, 32, 36])
    >>> round(figure.value, 2), figure.excludes(0.0)
    (1.3, True)
    """
    check_level(level)
    method = "trend, generalised least squares"
    weeks = _periods(values, n)
    reason = _why_not(weeks)
    if reason is not None:
        return Estimate.without_value(reason, method=method, n=int(weeks.n.sum()), level=level, unit="scale")
    noise = Noise.of(weeks, Baseline(0, trend=False), weeks.y.size)
    return _as_estimate(noise.change(weeks.at.astype(np.float64), level), weeks, method, level)


def change_point(
    values: Answers,
    n: ArrayLike | None = None,
    *,
    level: float = 0.95,
    draws: int = 1999,
    rng: np.random.Generator | None = None,
) -> ChangePoint:
    """Find the likeliest single change of level in a series, and say whether there is one at all.

    Parameters
    ----------
    values, n, level
        As in `trend`.
    draws : int
        Series without a change that are simulated for the p-value.
    rng : numpy Generator, optional
        Seeded with 0 by default.

    Returns
    -------
    ChangePoint
        With fewer than eight periods or no spread: a reason.

    Raises
    ------
    ScoreError
        As in `trend`.

    Notes
    -----
    The largest standardised change over all positions with three periods on either side (Hawkins 1977, J.
    Am. Stat. Assoc. 72, 180-186) in the noise likeliest beside the best change. Its p-value is the largest of
    those from series simulated with every kind of noise that fits about as well. The set of positions holds
    `level` of the profile likelihood.

    Examples
    --------
    >>> found = change_point([30, 33, 28, 31, 32, 29, 30, 45, 44, 47, 43, 46, 45, 44])
    >>> found.position, found.p_value < 0.01
    (7, True)
    """
    check_level(level)
    method = "change of level, generalised least squares"
    weeks = _periods(values, n)
    reason = _why_not(weeks)
    if reason is not None:
        nothing = Estimate.without_value(
            reason, method=method, n=int(weeks.n.sum()), level=level, unit="scale"
        )
        return ChangePoint(
            position=None, earliest=None, latest=None, change=nothing, p_value=None, reason=reason
        )
    noise = Noise.of(weeks, Baseline(0, trend=False), weeks.y.size)
    k = weeks.y.size
    starts = np.arange(_EDGE, k - _EDGE + 1)
    over = (np.arange(k)[:, None] >= starts[None, :]).astype(np.float64)
    tried = sorted(
        (_whitened(noise, kind, over) for kind in range(len(noise.kinds))), key=lambda one: -one[0]
    )
    _, steps, y = tried[0]
    clear = _clearness(steps, y[:, None])[:, 0]
    maker = rng if rng is not None else np.random.default_rng(0)
    plain = maker.normal(size=(y.size, draws))
    p_value = max(
        _chance(steps_, y_, plain) for likely_, steps_, y_ in tried if likely_ >= tried[0][0] - _AS_LIKELY
    )
    best = int(np.argmax(clear))
    likely = -0.5 * y.size * np.log1p(-np.minimum(clear, 1 - 1e-12))
    order = np.argsort(-likely)
    held = np.cumsum(np.exp(likely[order] - likely.max()))
    inside = starts[order[: int(np.searchsorted(held, level * held[-1])) + 1]]
    return ChangePoint(
        position=int(weeks.at[starts[best]]),
        earliest=int(weeks.at[inside.min()]),
        latest=int(weeks.at[inside.max()]),
        change=_as_estimate(noise.change(over[:, best], level), weeks, method, level),
        p_value=p_value,
    )


def _clearness(steps: FloatArray, series: FloatArray) -> FloatArray:
    """Return which share of a series' squares each step explains, shape (steps, series)."""
    return np.asarray((steps.T @ series) ** 2 / np.sum(series**2, axis=0), dtype=np.float64)


def _chance(steps: FloatArray, y: FloatArray, plain: FloatArray) -> float:
    """Return how often series without a change have one as clear."""
    largest = _clearness(steps, plain).max(axis=0)
    return float((1 + np.sum(largest >= _clearness(steps, y[:, None]).max())) / (plain.shape[1] + 1))


def _whitened(noise: Noise, kind: int, over: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Return how likely this kind of noise is with the best step, and steps and series freed of it."""
    away = _complement(noise.x[kind])
    steps, y = away.T @ noise.roots[kind] @ over, away.T @ noise.y[kind]
    steps = steps / np.linalg.norm(steps, axis=0)
    rest = float(y @ y) * (1 - float(np.max(_clearness(steps, y[:, None]))))
    return float(noise.log_weight[kind, -1]) - 0.5 * y.size * math.log(max(rest, 1e-300)), steps, y


def _complement(columns: FloatArray) -> FloatArray:
    """Return an orthonormal basis of what is left when `columns` are taken out."""
    return np.asarray(np.linalg.qr(columns, mode="complete")[0][:, columns.shape[1] :], dtype=np.float64)


def _periods(values: Answers, n: ArrayLike | None) -> Weeks:
    size = np.size(np.asarray(values, dtype=object))
    return weeks_of(values, np.ones(size) if n is None else n)


def _why_not(weeks: Weeks) -> str | None:
    if weeks.y.size < FEWEST_PERIODS:
        return f"{weeks.y.size} periods have answers; {FEWEST_PERIODS} are needed."
    if np.ptp(weeks.y) <= 1e-12 * max(1.0, float(np.abs(weeks.y).max())):
        return "All periods are alike, so nothing shows how far chance may reach."
    return None


def _as_estimate(figure: tuple[float, float, float], weeks: Weeks, method: str, level: float) -> Estimate:
    value, low, high = figure
    if not all(math.isfinite(end) for end in figure):
        raise ScoreError("The figures are too large or too far apart to be compared.")
    n = int(weeks.n.sum())
    return Estimate(
        value=value, low=low, high=high, n=n, n_effective=float(n), method=method, level=level, unit="scale"
    )
