"""Shares of answers: any share, top and bottom boxes (CSAT), with Wilson intervals, and differences."""

from __future__ import annotations

import math
from typing import Final, Literal

from numpy.typing import ArrayLike

from rapport.stats.answers import Answers, ScoreError, answered, check_count, check_level, check_scale
from rapport.stats.designs import Design, linearise
from rapport.stats.estimate import Difference, Estimate
from rapport.stats.intervals import (
    clopper_pearson,
    normal_p_value,
    normal_quantile,
    square_and_add,
    square_and_add_z,
    t_quantile,
    wilson,
)

ShareMethod = Literal["wilson", "exact"]

_WORDS: Final[dict[ShareMethod, str]] = {
    "wilson": "share, Wilson interval",
    "exact": "share, exact interval (Clopper-Pearson)",
}
_NOBODY = "Nobody has answered."


def share(
    marks: Answers,
    weights: ArrayLike | None = None,
    *,
    method: ShareMethod = "wilson",
    level: float = 0.95,
) -> Estimate:
    """Return the share of answers that are marked, 0 to 1, with its Wilson interval.

    Parameters
    ----------
    marks : array_like, shape (n,)
        1 or True where the answer has the property, 0 or False where not; NaN or None is a missing answer.
    weights : array_like, shape (n,), optional
        Not negative; only proportions matter. Answers of weight zero are not part of the figure.
    method : {"wilson", "exact"}
        Wilson's interval holds about what it promises; the exact one at least that, and is wider.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Estimate
        Share 0 to 1. Without any answer: no value and a reason.

    Raises
    ------
    ScoreError
        A mark is neither 0 nor 1, or a weight is not usable; names position and value.

    Notes
    -----
    Wilson (1927), J. Am. Stat. Assoc. 22, 209-212; with weights, Kish's effective n stands in for n.

    Examples
    --------
    >>> figure = share([True, True, False, None])
    >>> round(figure.value, 3), figure.n, figure.missing
    (0.667, 3, 1)
    """
    answers = answered(marks, weights, low=0.0, high=1.0, whole=True)
    return _share(
        answers.mean_of(answers.values) if answers.n else 0.0,
        answers.n,
        answers.n_effective if answers.n else 0.0,
        level,
        answers.missing,
        method,
    )


def design_share(marks: Answers, design: Design, *, level: float = 0.95) -> Estimate:
    """Return the share of answers that are marked under a survey design (weights, clusters, strata).

    Parameters
    ----------
    marks : array_like, shape (n,)
        1 or True where the answer has the property, 0 or False where not; NaN or None is a missing answer.
        For boxes of a scale mark ``scores >= lowest box``.
    design : Design
        How the answers came about, one row per answer.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Estimate
        Share 0 to 1. Without answers, or with a single cluster in a stratum: no value and a reason.

    Raises
    ------
    ScoreError
        A mark is neither 0 nor 1, or labels, weights or populations do not fit.

    Notes
    -----
    Standard error as in `design_mean`; Wilson's interval at the effective n ``p (1 - p) / se^2``, never above
    n, with Student's t for the degrees of freedom (Korn and Graubard 1998, Survey Methodology 24, 193-201,
    with Wilson's in place of the exact limits). Answers all alike count as many as there are clusters.

    Examples
    --------
    >>> figure = design_share([1, 1, 0, 1, 0, 0, 1, 1], Design(clusters=list("aabbccdd")))
    >>> figure.value, round(figure.low, 3), round(figure.high, 3)
    (0.625, 0.118, 0.954)
    """
    check_level(level)
    method = "share, linearised, Wilson interval at the effective n"
    answers = answered(marks, design.weights, low=0.0, high=1.0, whole=True)
    fit = linearise(answers.values, answers, design) if answers.n else None
    reason = _NOBODY if fit is None else fit.reason
    if fit is None or reason is not None:
        return Estimate.without_value(
            str(reason), method=method, n=answers.n, level=level, unit="share", missing=answers.missing
        )
    value = min(max(fit.mean, 0.0), 1.0)
    n_effective = fit.n_effective(value * (1 - value), answers.n)
    low, high = wilson(value, n_effective, t_quantile(level, fit.df))
    return Estimate(
        value=value,
        low=low,
        high=high,
        n=answers.n,
        n_effective=n_effective,
        method=method,
        level=level,
        standard_error=fit.standard_error,
        unit="share",
        missing=answers.missing,
    )


def share_from_counts(count: int, n: int, *, method: ShareMethod = "wilson", level: float = 0.95) -> Estimate:
    """Return the share `count` of `n` answers, 0 to 1, with its Wilson interval.

    Parameters
    ----------
    count, n : int
        Answers with the property, and all answers.
    method : {"wilson", "exact"}
        As in `share`.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Estimate
        Share 0 to 1. Without any answer: no value and a reason.

    Raises
    ------
    ScoreError
        A count is negative, or there are more than `n`.

    Notes
    -----
    Wilson (1927), J. Am. Stat. Assoc. 22, 209-212.

    Examples
    --------
    >>> figure = share_from_counts(42, 60)
    >>> figure.value, round(figure.low, 4), round(figure.high, 4)
    (0.7, 0.5749, 0.801)
    """
    _check_counts(count, n)
    return _share(count / n if n else 0.0, n, float(n), level, 0, method)


def top_box(
    scores: Answers,
    weights: ArrayLike | None = None,
    *,
    scale: tuple[int, int],
    boxes: int,
    level: float = 0.95,
) -> Estimate:
    """Return the share of answers in the best `boxes` of a scale, 0 to 1, with its Wilson interval.

    Parameters
    ----------
    scores : array_like, shape (n,)
        Whole numbers on `scale`, higher is better; NaN or None is a missing answer.
    weights : array_like, shape (n,), optional
        As in `share`.
    scale : (int, int)
        Lowest and highest answer.
    boxes : int
        How many of the highest answers count.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Estimate
        Share 0 to 1. Without any answer: no value and a reason.

    Raises
    ------
    ScoreError
        A score is outside the scale or not whole; names position and value.
    ValueError
        The scale is upside down, or has no more than `boxes` answers.

    Notes
    -----
    ``count(score > highest - boxes) / n`` with the interval of `share`. Three boxes of 1-7 is the usual
    reading of CES 2.0.

    Examples
    --------
    >>> top_box([7, 6, 5, 4, 2, 1], scale=(1, 7), boxes=3).value
    0.5
    """
    return _boxes(scores, weights, scale, boxes, level, top=True)


def top_two_box(
    scores: Answers, weights: ArrayLike | None = None, *, scale: tuple[int, int] = (1, 5), level: float = 0.95
) -> Estimate:
    """Return CSAT: the share of answers in the best two boxes, 0 to 1, with its Wilson interval.

    Parameters
    ----------
    scores : array_like, shape (n,)
        Whole numbers on `scale`, higher is better; NaN or None is a missing answer.
    weights : array_like, shape (n,), optional
        As in `share`.
    scale : (int, int)
        Lowest and highest answer; 1-5 by default.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Estimate
        Share 0 to 1. Without any answer: no value and a reason.

    Raises
    ------
    ScoreError
        A score is outside the scale or not whole; names position and value.

    Notes
    -----
    `top_box` with two boxes. From counts use `share_from_counts`.

    Examples
    --------
    >>> top_two_box([5, 4, 4, 3, 1]).value
    0.6
    """
    return _boxes(scores, weights, scale, 2, level, top=True)


def bottom_box(
    scores: Answers,
    weights: ArrayLike | None = None,
    *,
    scale: tuple[int, int],
    boxes: int,
    level: float = 0.95,
) -> Estimate:
    """Return the share of answers in the worst `boxes` of a scale, 0 to 1, with its Wilson interval.

    Parameters
    ----------
    scores, weights, scale, boxes, level
        As in `top_box`.

    Returns
    -------
    Estimate
        Share 0 to 1. Without any answer: no value and a reason.

    Raises
    ------
    ScoreError
        A score is outside the scale or not whole; names position and value.
    ValueError
        The scale is upside down, or has no more than `boxes` answers.

    Notes
    -----
    ``count(score < lowest + boxes) / n`` with the interval of `share`.

    Examples
    --------
    >>> bottom_box([5, 4, 4, 3, 1], scale=(1, 5), boxes=2).value
    0.2
    """
    return _boxes(scores, weights, scale, boxes, level, top=False)


def share_difference_from_counts(
    count_a: int, n_a: int, count_b: int, n_b: int, *, level: float = 0.95
) -> Difference:
    """Return the share of group b minus that of group a with Newcombe's interval.

    Parameters
    ----------
    count_a, n_a, count_b, n_b : int
        Answers with the property and all answers of two independent groups.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Difference
        Shares, -1 to 1; z and p from inverting the interval. When a group is empty: no value and a reason.

    Raises
    ------
    ScoreError
        A count is negative, or larger than its group.

    Notes
    -----
    Wilson limits squared and added: Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.

    Examples
    --------
    >>> change = share_difference_from_counts(0, 29, 5, 56)
    >>> round(change.value, 4), round(change.low, 4), round(change.high, 4)
    (0.0893, -0.0381, 0.1926)
    """
    _check_counts(count_a, n_a)
    _check_counts(count_b, n_b)
    check_level(level)
    method = "difference of shares, Newcombe"
    if n_a == 0 or n_b == 0:
        reason = "In at least one of the two groups nobody has answered."
        return Difference.without_value(reason, method=method, n_a=n_a, n_b=n_b, level=level, unit="share")
    a, b, z = count_a / n_a, count_b / n_b, normal_quantile(level)
    low, high = square_and_add(a, wilson(a, n_a, z), b, wilson(b, n_b, z))
    statistic = square_and_add_z(a, b, lambda at: (wilson(a, n_a, at), wilson(b, n_b, at)))
    return Difference(
        value=b - a,
        low=max(-1.0, low),
        high=min(1.0, high),
        n_a=n_a,
        n_b=n_b,
        method=method,
        level=level,
        standard_error=math.sqrt(a * (1 - a) / n_a + b * (1 - b) / n_b),
        statistic=statistic,
        p_value=normal_p_value(statistic),
        unit="share",
    )


def share_difference(a: Answers, b: Answers, *, level: float = 0.95) -> Difference:
    """Return the share of marked answers in `b` minus that in `a` with Newcombe's interval.

    Parameters
    ----------
    a, b : array_like, shape (n_a,), (n_b,)
        Marks 0 or 1 of two independent groups; NaN or None is a missing answer.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Difference
        Shares, -1 to 1. When a group is empty: no value and a reason.

    Raises
    ------
    ScoreError
        A mark is neither 0 nor 1; names position and value.

    Notes
    -----
    As in `share_difference_from_counts`.

    Examples
    --------
    >>> share_difference([1, 0, 0, 0], [1, 1, 0, None]).n_b
    3
    """
    first, second = (answered(marks, low=0.0, high=1.0, whole=True) for marks in (a, b))
    return share_difference_from_counts(
        int(first.values.sum()), first.n, int(second.values.sum()), second.n, level=level
    )


def _boxes(
    scores: Answers, weights: ArrayLike | None, scale: tuple[int, int], boxes: int, level: float, *, top: bool
) -> Estimate:
    check_scale(scale)
    lowest, highest = scale
    if not 0 < boxes <= highest - lowest:
        raise ValueError(f"{boxes} boxes do not fit a scale from {lowest} to {highest}.")
    answers = answered(scores, weights, low=lowest, high=highest, whole=True)
    if answers.n == 0:
        return _share(0.0, 0, 0.0, level, answers.missing)
    marks = answers.values > highest - boxes if top else answers.values < lowest + boxes
    return _share(answers.mean_of(marks), answers.n, answers.n_effective, level, answers.missing)


def _share(
    value: float,
    n: int,
    n_effective: float,
    level: float,
    missing: int,
    method: ShareMethod = "wilson",
) -> Estimate:
    check_level(level)
    words = _WORDS[method]
    if n == 0:
        return Estimate.without_value(_NOBODY, method=words, level=level, unit="share", missing=missing)
    # a weighted mean of ones may come out a hair above one
    value = min(max(value, 0.0), 1.0)
    low, high = (
        wilson(value, n_effective, normal_quantile(level))
        if method == "wilson"
        else clopper_pearson(value, n_effective, level)
    )
    return Estimate(
        value=value,
        low=low,
        high=high,
        n=n,
        n_effective=n_effective,
        method=words,
        level=level,
        standard_error=math.sqrt(value * (1 - value) / n_effective),
        unit="share",
        missing=missing,
    )


def _check_counts(count: int, n: int) -> None:
    check_count(count, "answers with the property")
    check_count(n, "answers")
    if count > n:
        raise ScoreError(f"{count} of {n} answers is more than all of them.", value=count)
