"""The net promoter score: from scores or from counts, weighted or clustered, and the difference of two."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from rapport.stats.answers import (
    Answered,
    Answers,
    FloatArray,
    Labels,
    ScoreError,
    answered,
    as_floats,
    check_count,
    check_level,
)
from rapport.stats.designs import Design, linearise
from rapport.stats.estimate import Difference, Estimate
from rapport.stats.intervals import (
    Limits,
    net_adjusted_wald,
    net_score,
    net_variance,
    net_wald,
    normal_p_value,
    normal_quantile,
    square_and_add,
    square_and_add_z,
    t_p_value,
    t_quantile,
)

NpsMethod = Literal["adjusted_wald", "score", "wald"]
NpsDifferenceMethod = Literal["score", "wald"]

NPS_SCALE: Final = (0.0, 10.0)
DETRACTOR_TO: Final = 6
PROMOTER_FROM: Final = 9

_INTERVALS: Final[dict[NpsMethod, Callable[[float, float, float, float], Limits]]] = {
    "adjusted_wald": net_adjusted_wald,
    "score": net_score,
    "wald": net_wald,
}
_METHOD_WORDS: Final[dict[NpsMethod, str]] = {
    "adjusted_wald": "NPS, adjusted Wald interval",
    "score": "NPS, score interval",
    "wald": "NPS, Wald interval",
}
_NOBODY: Final = "Nobody has answered."


@dataclass(frozen=True, slots=True, kw_only=True)
class NpsCounts:
    """How many detractors (0-6), passives (7-8) and promoters (9-10) there are.

    Examples
    --------
    >>> NpsCounts(detractors=4, passives=8, promoters=15).n
    27
    """

    detractors: int
    passives: int
    promoters: int

    def __post_init__(self) -> None:
        check_count(self.detractors, "detractors")
        check_count(self.passives, "passives")
        check_count(self.promoters, "promoters")

    @property
    def n(self) -> int:
        """How many answered."""
        return self.detractors + self.passives + self.promoters


def net_signs(scores: Answers) -> FloatArray:
    """Return -1 for detractors, 0 for passives, 1 for promoters and NaN for missing answers.

    Parameters
    ----------
    scores : array_like, shape (n,)
        Whole numbers 0-10; NaN or None is a missing answer.

    Returns
    -------
    ndarray of float, shape (n,)

    Raises
    ------
    ScoreError
        A score is outside 0-10 or not whole; names the first position and value.

    Notes
    -----
    0-6 detractor, 7-8 passive, 9-10 promoter (Reichheld 2003, Harvard Business Review 81(12)).

    Examples
    --------
    >>> net_signs([6, 7, 9, None]).tolist()
    [-1.0, 0.0, 1.0, nan]
    """
    answered(scores, low=NPS_SCALE[0], high=NPS_SCALE[1], whole=True)
    values = as_floats(scores, "Score")
    signs = (values >= PROMOTER_FROM).astype(np.float64) - (values <= DETRACTOR_TO)
    return np.where(np.isnan(values), np.nan, signs)


def count_nps(scores: Answers) -> NpsCounts:
    """Count detractors, passives and promoters.

    Parameters
    ----------
    scores : array_like, shape (n,)
        Whole numbers 0-10; missing answers (NaN, None) are not counted.

    Returns
    -------
    NpsCounts

    Raises
    ------
    ScoreError
        A score is outside 0-10 or not whole; names the first position and value.

    Notes
    -----
    Classes of Reichheld (2003): 0-6, 7-8, 9-10.

    Examples
    --------
    >>> count_nps(range(11))
    NpsCounts(detractors=7, passives=2, promoters=2)
    """
    signs = net_signs(scores)
    return NpsCounts(
        detractors=int(np.sum(signs == -1)),
        passives=int(np.sum(signs == 0)),
        promoters=int(np.sum(signs == 1)),
    )


def nps(
    scores: Answers,
    weights: ArrayLike | None = None,
    *,
    clusters: Labels | None = None,
    method: NpsMethod = "adjusted_wald",
    level: float = 0.95,
) -> Estimate:
    """Return the net promoter score in points, -100 to 100, with its interval.

    Parameters
    ----------
    scores : array_like, shape (n,)
        Likelihood to recommend, whole numbers 0-10. NaN or None is a missing answer and left out with its
        weight.
    weights : array_like, shape (n,), optional
        Not negative; only proportions matter. Answers of weight zero are not part of the figure.
    clusters : sequence, shape (n,), optional
        A label per answer, such as the account: answers of one customer are not independent. The standard
        error is then cluster-robust (see `design_nps`), and `method` must be the default.
    method : {"adjusted_wald", "score", "wald"}
        Interval. Adjusted Wald by default: close to its level also for small n, and never without width.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Estimate
        In points. Without any answer: no value and a reason.

    Raises
    ------
    ScoreError
        A score is outside 0-10 or not whole, or a weight is negative or not finite; names position and value.

    Notes
    -----
    ``NPS = 100 (p - d)`` with shares of promoters and detractors; standard error ``100 sqrt((p + d - (p -
    d)^2) / n)`` with Kish's effective n in place of n when weighted. Adjusted Wald adds 0.75 detractors, 1.5
    passives and 0.75 promoters for the interval only, never for the value (Rocks 2016, The American
    Statistician 70(4), 365-372).

    Examples
    --------
    >>> figure = nps([0, 7, 7, 9, 9, 9])
    >>> round(figure.value, 1), round(figure.standard_error, 1), figure.n
    (33.3, 30.4, 6)
    """
    if clusters is not None:
        if method != "adjusted_wald":
            raise ValueError(
                f"With clusters the interval is adjusted Wald; {method!r} is for independent answers."
            )
        return design_nps(scores, Design(weights=weights, clusters=clusters), level=level)
    answers = answered(scores, weights, low=NPS_SCALE[0], high=NPS_SCALE[1], whole=True)
    if answers.n == 0:
        return _no_nps(method, level, answers.missing)
    detractors, promoters = net_shares(answers)
    return _nps_from_shares(
        detractors, promoters, answers.n, answers.n_effective, method, level, missing=answers.missing
    )


def design_nps(scores: Answers, design: Design, *, level: float = 0.95) -> Estimate:
    """Return the net promoter score in points under a survey design (weights, clusters, strata, population).

    Parameters
    ----------
    scores : array_like, shape (n,)
        Whole numbers 0-10. NaN or None is a missing answer and left out with its row of the design.
    design : Design
        How the answers came about, one row per answer.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Estimate
        In points, -100 to 100. Where the design leaves nothing to measure chance by (a single cluster in a
        stratum): no value and a reason.

    Raises
    ------
    ScoreError
        As in `nps`, and for labels and populations that do not fit the answers.

    Notes
    -----
    Value and standard error are those of the weighted mean of the -1/0/+1 scores, linearised (see
    `design_mean`). The interval is adjusted Wald at the effective n ``V / se^2``, never above n, with
    Student's t for the degrees of freedom of the design (the idea of Korn and Graubard 1998, Survey
    Methodology 24, 193-201, for shares). Answers all of one class have no variance; then the number of
    clusters is the effective n.

    Examples
    --------
    >>> figure = design_nps([10, 9, 8, 6, 5, 9, 9, 10, 7, 3], Design(clusters=list("aaabbccccd")))
    >>> round(figure.value, 1), round(figure.standard_error, 1), round(figure.n_effective, 1)
    (20.0, 43.2, 4.1)
    """
    check_level(level)
    method = "NPS, linearised, adjusted Wald interval at the effective n"
    answers = answered(scores, design.weights, low=NPS_SCALE[0], high=NPS_SCALE[1], whole=True)
    if answers.n == 0:
        return Estimate.without_value(
            _NOBODY, method=method, level=level, unit="points", missing=answers.missing
        )
    detractors, promoters = net_shares(answers)
    fit = linearise(
        (answers.values >= PROMOTER_FROM).astype(float) - (answers.values <= DETRACTOR_TO), answers, design
    )
    if fit.reason is not None:
        return Estimate.without_value(
            fit.reason, method=method, n=answers.n, level=level, unit="points", missing=answers.missing
        )
    n_effective = fit.n_effective(net_variance(detractors, promoters), answers.n)
    low, high = net_adjusted_wald(detractors, promoters, n_effective, t_quantile(level, fit.df))
    return Estimate(
        value=100 * (promoters - detractors),
        low=100 * low,
        high=100 * high,
        n=answers.n,
        n_effective=n_effective,
        method=method,
        level=level,
        standard_error=100 * fit.standard_error,
        unit="points",
        missing=answers.missing,
    )


def nps_from_counts(
    detractors: int,
    passives: int,
    promoters: int,
    *,
    method: NpsMethod = "adjusted_wald",
    level: float = 0.95,
) -> Estimate:
    """Return the net promoter score in points from counts, equal to `nps` of the scores behind them.

    Parameters
    ----------
    detractors, passives, promoters : int
        How many answered 0-6, 7-8 and 9-10.
    method : {"adjusted_wald", "score", "wald"}
        As in `nps`.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Estimate
        In points, -100 to 100. Without any answer: no value and a reason.

    Raises
    ------
    ScoreError
        A count is negative.

    Notes
    -----
    Formula and source as in `nps`.

    Examples
    --------
    >>> figure = nps_from_counts(detractors=4, passives=8, promoters=15)
    >>> round(figure.low, 1), round(figure.value, 1), round(figure.high, 1)
    (10.2, 40.7, 63.2)
    """
    counts = NpsCounts(detractors=detractors, passives=passives, promoters=promoters)
    if counts.n == 0:
        return _no_nps(method, level, 0)
    return _nps_from_shares(
        detractors / counts.n, promoters / counts.n, counts.n, float(counts.n), method, level
    )


def nps_from_weight_sums(
    detractors: float,
    passives: float,
    promoters: float,
    *,
    n: int,
    sum_of_squared_weights: float,
    method: NpsMethod = "adjusted_wald",
    level: float = 0.95,
) -> Estimate:
    """Return the weighted net promoter score in points from sums a database or engine has added up.

    Parameters
    ----------
    detractors, passives, promoters : float
        Sums of the weights of each class, not negative.
    n : int
        Answers with a weight above zero.
    sum_of_squared_weights : float
        Over all answers; gives Kish's effective n.
    method : {"adjusted_wald", "score", "wald"}
        As in `nps`.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Estimate
        In points, equal to ``nps(scores, weights)``. Without any weight: no value and a reason.

    Raises
    ------
    ScoreError
        A sum is negative, or the sums cannot belong to `n` answers.

    Notes
    -----
    Kish (1965), Survey Sampling, section 11.7: ``n_effective = (sum w)^2 / sum w^2``; otherwise as in `nps`.

    Examples
    --------
    >>> figure = nps_from_weight_sums(1.0, 2.0, 5.0, n=4, sum_of_squared_weights=20.0)
    >>> figure.value, figure.n_effective
    (50.0, 3.2)
    """
    for name, count in [("detractors", detractors), ("passives", passives), ("promoters", promoters)]:
        check_count(count, name)
    check_count(sum_of_squared_weights, "squared weights")
    total = detractors + passives + promoters
    if total == 0 or n == 0:
        return _no_nps(method, level, 0)
    n_effective = total**2 / sum_of_squared_weights if sum_of_squared_weights > 0 else math.inf
    if n_effective > n * (1 + 1e-9):
        raise ScoreError(
            f"Weights adding up to {total:g} with squares {sum_of_squared_weights:g} are not of {n} answers."
        )
    return _nps_from_shares(
        detractors / total, promoters / total, n, min(n_effective, float(n)), method, level
    )


def nps_difference(
    a: Answers,
    b: Answers,
    *,
    weights_a: ArrayLike | None = None,
    weights_b: ArrayLike | None = None,
    method: NpsDifferenceMethod = "score",
    level: float = 0.95,
) -> Difference:
    """Return the net promoter score of `b` minus that of `a`, two independent groups, in points.

    Parameters
    ----------
    a, b : array_like, shape (n_a,), (n_b,)
        Scores 0-10 of different people. For the same people twice use `nps_change_paired`.
    weights_a, weights_b : array_like, optional
        As in `nps`; Kish's effective n stands in for n.
    method : {"score", "wald"}
        As in `nps_difference_from_counts`.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Difference
        In points, -200 to 200. When a group is empty: no value and a reason.

    Raises
    ------
    ScoreError
        As in `nps`.

    Notes
    -----
    Formula and source as in `nps_difference_from_counts`.

    Examples
    --------
    >>> nps_difference([9, 10, 3, 8], [2, 9, 7, 8]).value
    -25.0
    """
    sides = [
        answered(scores, weights, low=NPS_SCALE[0], high=NPS_SCALE[1], whole=True)
        for scores, weights in [(a, weights_a), (b, weights_b)]
    ]
    groups = [_group_of(answers) for answers in sides]
    return _nps_difference(groups[0], groups[1], method, level)


def nps_difference_from_counts(
    a: NpsCounts, b: NpsCounts, *, method: NpsDifferenceMethod = "score", level: float = 0.95
) -> Difference:
    """Return the net promoter score of `b` minus that of `a`, two independent groups, in points.

    Parameters
    ----------
    a, b : NpsCounts
        The two groups.
    method : {"score", "wald"}
        ``"score"`` squares and adds the score limits of both groups and works at the edges too; its p-value
        is got by inverting the interval. ``"wald"`` is the usual z test; it has no range when neither group
        has any spread.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Difference
        In points, -200 to 200, with z and p. When a group is empty: no value and a reason.

    Notes
    -----
    Wald: ``z = (b - a) / sqrt(V_a / n_a + V_b / n_b)``, ``V = p + d - (p - d)^2`` (Rocks 2016, The American
    Statistician 70(4)). Score: Newcombe's (1998) square-and-add with the limits of Tango (1998); see
    `rapport.stats.intervals.square_and_add`.

    Examples
    --------
    >>> before = NpsCounts(detractors=30, passives=40, promoters=50)
    >>> after = NpsCounts(detractors=22, passives=50, promoters=78)
    >>> change = nps_difference_from_counts(before, after)
    >>> round(change.value, 1), round(change.low, 1), round(change.high, 1), round(change.p_value, 3)
    (20.7, 2.2, 38.9, 0.028)
    """
    groups = [
        _Group(0, 0, 0, 0) if c.n == 0 else _Group(c.detractors / c.n, c.promoters / c.n, c.n, c.n)
        for c in (a, b)
    ]
    return _nps_difference(groups[0], groups[1], method, level)


def nps_change_paired(before: Answers, after: Answers, *, level: float = 0.95) -> Difference:
    """Return the change of the net promoter score of the same people asked twice, in points.

    Parameters
    ----------
    before, after : array_like, shape (n,)
        Scores 0-10 of the same people in the same order. A person missing in either wave is left out.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Difference
        In points, -200 to 200, with t and p. With fewer than two pairs, or when everybody changed alike: a
        reason.

    Raises
    ------
    ScoreError
        The two have different lengths, or as in `nps`.

    Notes
    -----
    Paired t on the -1/0/+1 scores: ``t = mean(c) / (sd(c) / sqrt(n))`` with n - 1 degrees of freedom (Student
    1908).

    Examples
    --------
    >>> change = nps_change_paired([10, 9, 8, 6, 4], [9, 10, 9, 7, 6])
    >>> change.value, round(change.low, 1), round(change.high, 1)
    (40.0, -28.0, 108.0)
    """
    check_level(level)
    first, second = net_signs(before), net_signs(after)
    if first.size != second.size:
        raise ScoreError(
            f"There are {first.size} scores before and {second.size} after; give the same people twice."
        )
    change = 100 * (second - first)
    change = change[~np.isnan(change)]
    n = int(change.size)
    method = "change of NPS, paired t"
    if n < 2:
        reason = "Fewer than two people answered both times."
        return Difference.without_value(reason, method=method, n_a=n, n_b=n, level=level, unit="points")
    standard_error = float(np.std(change, ddof=1)) / math.sqrt(n)
    if standard_error == 0:
        reason = "Everybody changed alike, so nothing shows how far chance may reach."
        return Difference.without_value(reason, method=method, n_a=n, n_b=n, level=level, unit="points")
    value = float(np.mean(change))
    half = t_quantile(level, n - 1) * standard_error
    return Difference(
        value=value,
        low=max(-200.0, value - half),
        high=min(200.0, value + half),
        n_a=n,
        n_b=n,
        method=method,
        level=level,
        standard_error=standard_error,
        statistic=value / standard_error,
        p_value=t_p_value(value / standard_error, n - 1),
        unit="points",
    )


def net_shares(answers: Answered) -> tuple[float, float]:
    """Return the (weighted) shares of detractors and of promoters among counted answers."""
    return answers.mean_of(answers.values <= DETRACTOR_TO), answers.mean_of(answers.values >= PROMOTER_FROM)


@dataclass(frozen=True, slots=True)
class _Group:
    detractors: float
    promoters: float
    n: int
    n_effective: float

    @property
    def net(self) -> float:
        return self.promoters - self.detractors

    def score_limits(self, z: float) -> Limits:
        return net_score(self.detractors, self.promoters, self.n_effective, z)

    @property
    def squared_error(self) -> float:
        return net_variance(self.detractors, self.promoters) / self.n_effective


def _group_of(answers: Answered) -> _Group:
    if answers.n == 0:
        return _Group(0, 0, 0, 0)
    return _Group(*net_shares(answers), answers.n, answers.n_effective)


def _nps_from_shares(
    detractors: float,
    promoters: float,
    n: int,
    n_effective: float,
    method: NpsMethod,
    level: float,
    *,
    missing: int = 0,
) -> Estimate:
    check_level(level)
    low, high = _INTERVALS[method](detractors, promoters, n_effective, normal_quantile(level))
    return Estimate(
        value=100 * (promoters - detractors),
        low=100 * low,
        high=100 * high,
        n=n,
        n_effective=n_effective,
        method=_METHOD_WORDS[method],
        level=level,
        standard_error=100 * math.sqrt(net_variance(detractors, promoters) / n_effective),
        unit="points",
        missing=missing,
    )


def _no_nps(method: NpsMethod, level: float, missing: int) -> Estimate:
    check_level(level)
    words = _METHOD_WORDS[method]
    return Estimate.without_value(_NOBODY, method=words, level=level, unit="points", missing=missing)


def _nps_difference(a: _Group, b: _Group, method: NpsDifferenceMethod, level: float) -> Difference:
    check_level(level)
    words = "difference of NPS, " + ("score limits squared and added" if method == "score" else "Wald")
    if a.n == 0 or b.n == 0:
        which = (
            "In both groups nobody"
            if a.n == b.n
            else ("In the first group nobody" if a.n == 0 else "In the second group nobody")
        )
        return Difference.without_value(
            f"{which} has answered.", method=words, n_a=a.n, n_b=b.n, level=level, unit="points"
        )
    value = b.net - a.net
    standard_error = math.sqrt(a.squared_error + b.squared_error)
    if method == "score":
        z = normal_quantile(level)
        low, high = square_and_add(a.net, a.score_limits(z), b.net, b.score_limits(z))
        statistic = square_and_add_z(a.net, b.net, lambda at: (a.score_limits(at), b.score_limits(at)))
    elif standard_error == 0:
        reason = "Neither group has any spread; the score method gives a range."
        return Difference.without_value(reason, method=words, n_a=a.n, n_b=b.n, level=level, unit="points")
    else:
        half = normal_quantile(level) * standard_error
        low, high, statistic = value - half, value + half, value / standard_error
    return Difference(
        value=100 * value,
        low=100 * max(-2.0, low),
        high=100 * min(2.0, high),
        n_a=a.n,
        n_b=b.n,
        method=words,
        level=level,
        standard_error=100 * standard_error,
        statistic=statistic,
        p_value=normal_p_value(statistic),
        unit="points",
    )
