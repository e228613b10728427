"""Means of answers on a scale (effort, ratings, any index) with t intervals, and their differences."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from rapport.stats.answers import Answers, ScoreError, answered, check_count, check_level, check_scale
from rapport.stats.estimate import Difference, Estimate
from rapport.stats.intervals import t_p_value, t_quantile

EFFORT_SCALE: Final = (1.0, 7.0)
_METHOD: Final = "mean, t interval"
_NO_SPREAD: Final = 1e-12  # relative: what rounding may leave of a sum of squares that ought to vanish


def mean(
    scores: Answers,
    weights: ArrayLike | None = None,
    *,
    scale: tuple[float, float] | None = None,
    level: float = 0.95,
) -> Estimate:
    """Return the mean of answers with its t interval.

    Parameters
    ----------
    scores : array_like, shape (n,)
        Any unit; fractions allowed. NaN or None is a missing answer and left out with its weight.
    weights : array_like, shape (n,), optional
        Not negative; only proportions matter. Answers of weight zero are not part of the figure.
    scale : (float, float), optional
        Lowest and highest answer: others are refused, and the interval is cut at the ends.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Estimate
        In the unit of `scores`. No value and a reason with fewer than two answers, or when all are alike and
        no scale says how far another answer could lie.

    Raises
    ------
    ScoreError
        A score is outside the scale or not finite, or a weight is not usable; names position and value.

    Notes
    -----
    ``m ± t s / sqrt(n)`` with n - 1 degrees of freedom (Student 1908, Biometrika 6, 1-25). With weights,
    Kish's effective n stands in for n, in the variance too, so that equal weights change nothing. When all n
    answers are alike s is zero but doubt is not: at the given level at most ``1 - ((1 - level) / 2)^(1/n)``
    of people would answer otherwise (Clopper and Pearson 1934, Biometrika 26, 404-413), and even they only
    within the scale; the interval is the mean then possible.

    Examples
    --------
    >>> figure = mean([7, 6, 5, 7, 3, 6, 6, 2, 7, 5, 4, 6], scale=(1, 7))
    >>> round(figure.low, 2), round(figure.value, 2), round(figure.high, 2)
    (4.31, 5.33, 6.36)
    """
    if scale is not None:
        check_scale(scale)
    low, high = scale if scale is not None else (-math.inf, math.inf)
    answers = answered(scores, weights, low=low, high=high)
    if answers.n == 0:
        return _mean(_Moments(0, 0.0, 0.0, 0.0), scale, level, answers.missing)
    middle = answers.mean_of(answers.values)
    variance = answers.mean_of((answers.values - middle) ** 2)
    if np.all(answers.values == answers.values[0]):
        middle, variance = float(answers.values[0]), 0.0
    return _mean(_Moments(answers.n, answers.n_effective, middle, variance), scale, level, answers.missing)


def mean_from_sums(
    n: int,
    total: float,
    sum_of_squares: float,
    *,
    scale: tuple[float, float] | None = None,
    level: float = 0.95,
) -> Estimate:
    """Return the mean of answers with its t interval from sums a database or engine has added up.

    Parameters
    ----------
    n : int
        Number of answers.
    total, sum_of_squares : float
        Sum of the answers, and of their squares. Sums of whole numbers given as int are worked out exactly.
    scale : (float, float), optional
        Lowest and highest answer, as in `mean`.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Estimate
        Equal to `mean` of the answers behind the sums.

    Raises
    ------
    ScoreError
        No `n` answers (on the scale) can have these sums.

    Notes
    -----
    ``s^2 = (sum x^2 - (sum x)^2 / n) / (n - 1)``; otherwise as in `mean`. Give sums of answers on a short
    scale: with a mean far larger than the spread the difference of floats loses digits.

    Examples
    --------
    >>> round(mean_from_sums(12, 64, 370, scale=(1, 7)).low, 2)
    4.31
    """
    check_count(n, "answers")
    if scale is not None:
        check_scale(scale)
    if n == 0:
        return _mean(_Moments(0, 0.0, 0.0, 0.0), scale, level, 0)
    squared = n * sum_of_squares - total * total
    if not math.isfinite(squared) or squared < -_NO_SPREAD * abs(n * sum_of_squares):
        raise ScoreError(f"No {n} answers add up to {total} with squares adding up to {sum_of_squares}.")
    middle = total / n
    if scale is not None and not scale[0] <= middle <= scale[1]:
        raise ScoreError(f"A mean of {middle:g} is outside {scale[0]:g} to {scale[1]:g}.", value=middle)
    nothing = squared <= _NO_SPREAD * abs(n * sum_of_squares)
    return _mean(_Moments(n, float(n), middle, 0.0 if nothing else squared / n / n), scale, level, 0)


def effort(
    scores: Answers,
    weights: ArrayLike | None = None,
    *,
    scale: tuple[float, float] = EFFORT_SCALE,
    level: float = 0.95,
) -> Estimate:
    """Return the customer effort score: the mean agreement that it was easy, with its t interval.

    Parameters
    ----------
    scores : array_like, shape (n,)
        On `scale`, higher is easier; NaN or None is a missing answer.
    weights : array_like, shape (n,), optional
        As in `mean`.
    scale : (float, float)
        Lowest and highest answer; 1-7 (CES 2.0) by default.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Estimate
        On `scale`. Fewer than two answers: no value and a reason.

    Raises
    ------
    ScoreError
        A score is outside the scale; names position and value.

    Notes
    -----
    `mean` on the scale. From sums use `mean_from_sums`; for the share that found it easy use
    ``top_box(scores, scale=(1, 7), boxes=3)``.

    Examples
    --------
    >>> effort([7, 6, 5, 6]).value
    6.0
    """
    return mean(scores, weights, scale=scale, level=level)


def mean_difference(a: Answers, b: Answers, *, level: float = 0.95) -> Difference:
    """Return the mean of `b` minus the mean of `a`, two independent groups, with Welch's interval.

    Parameters
    ----------
    a, b : array_like, shape (n_a,), (n_b,)
        Same unit; NaN or None is a missing answer.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Difference
        In the unit of the answers, with t and p. With fewer than two answers in a group, or without any
        spread in both: no value and a reason.

    Raises
    ------
    ScoreError
        A score is not finite.

    Notes
    -----
    ``t = (m_b - m_a) / sqrt(s_a^2 / n_a + s_b^2 / n_b)`` with the degrees of freedom of Welch (1947),
    Biometrika 34, 28-35.

    Examples
    --------
    >>> change = mean_difference([5, 6, 7, 6], [3, 4, 5, 2])
    >>> change.value, change.is_proven
    (-2.5, True)
    """
    check_level(level)
    method = "difference of means, Welch"
    first, second = answered(a).values, answered(b).values
    n_a, n_b = int(first.size), int(second.size)
    if min(n_a, n_b) < 2:
        reason = "A group has fewer than two answers."
        return Difference.without_value(reason, method=method, n_a=n_a, n_b=n_b, level=level, unit="scale")
    error_a, error_b = float(np.var(first, ddof=1)) / n_a, float(np.var(second, ddof=1)) / n_b
    if error_a + error_b == 0:
        reason = "Neither group has any spread, so nothing shows how far chance may reach."
        return Difference.without_value(reason, method=method, n_a=n_a, n_b=n_b, level=level, unit="scale")
    standard_error = math.sqrt(error_a + error_b)
    # as shares of the whole, so that tiny variances do not vanish when squared
    part_a, part_b = error_a / (error_a + error_b), error_b / (error_a + error_b)
    df = 1 / (part_a**2 / (n_a - 1) + part_b**2 / (n_b - 1))
    value = float(second.mean() - first.mean())
    half = t_quantile(level, df) * standard_error
    return Difference(
        value=value,
        low=value - half,
        high=value + half,
        n_a=n_a,
        n_b=n_b,
        method=method,
        level=level,
        standard_error=standard_error,
        statistic=value / standard_error,
        p_value=t_p_value(value / standard_error, df),
        unit="scale",
    )


@dataclass(frozen=True, slots=True)
class _Moments:
    n: int
    n_effective: float
    middle: float
    variance: float  # mean squared distance, not yet divided by n - 1


def _mean(moments: _Moments, scale: tuple[float, float] | None, level: float, missing: int) -> Estimate:
    check_level(level)
    low, high = scale if scale is not None else (-math.inf, math.inf)
    method, middle, reason = _METHOD, moments.middle, _why_no_mean(moments, scale)
    if reason is not None:
        return Estimate.without_value(
            reason, method=method, n=moments.n, level=level, unit="scale", missing=missing
        )
    standard_error = math.sqrt(moments.variance / (moments.n_effective - 1))
    if standard_error > 0:
        half = t_quantile(level, moments.n_effective - 1) * standard_error
        ends = (max(low, middle - half), min(high, middle + half))
    else:
        method = "mean, all answers alike: exact bound"
        others = -math.expm1(math.log((1 - level) / 2) / moments.n_effective)
        ends = (middle - others * (middle - low), middle + others * (high - middle))
    return Estimate(
        value=middle,
        low=ends[0],
        high=ends[1],
        n=moments.n,
        n_effective=moments.n_effective,
        method=method,
        level=level,
        standard_error=standard_error,
        unit="scale",
        missing=missing,
    )


def _why_no_mean(moments: _Moments, scale: tuple[float, float] | None) -> str | None:
    if moments.n == 0:
        return "Nobody has answered."
    if moments.n == 1:
        return "One answer has no spread; a mean needs at least two."
    if moments.n_effective <= 1 + 1e-9:
        return "One answer outweighs all others; a mean needs at least two."
    if moments.variance == 0 and scale is None:
        return "All answers are alike, and no scale says how far another could lie."
    return None
