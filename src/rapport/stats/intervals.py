"""Intervals on bare numbers: Wilson for shares; Wald, adjusted Wald and score for NPS; square and add.

Everything here is on the unit scale (shares 0 to 1, net score -1 to 1) and takes quantiles, not levels; the
figures people read are made from it in `nps`, `shares`, `means` and `designs`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from scipy import optimize, special

PSEUDO_ANSWERS: Final = (0.75, 1.5, 0.75)
"""Detractors, passives and promoters the adjusted Wald interval adds (Rocks 2016: three answers, 1:2:1)."""

_LARGEST_Z: Final = 38.0  # beyond it the p-value is below the smallest float

Limits = tuple[float, float]


def normal_quantile(level: float) -> float:
    """Return z of a two-sided `level`.

    Examples
    --------
    >>> round(normal_quantile(0.95), 4)
    1.96
    """
    return float(special.ndtri(0.5 + level / 2))


def t_quantile(level: float, df: float) -> float:
    """Return the quantile of Student's t with `df` degrees of freedom for a two-sided `level`.

    Examples
    --------
    >>> round(t_quantile(0.95, 11), 4)
    2.201
    """
    return float(special.stdtrit(df, 0.5 + level / 2))


def normal_p_value(z: float) -> float:
    """Return the two-sided p-value of a standard normal statistic.

    Examples
    --------
    >>> round(normal_p_value(1.96), 3)
    0.05
    """
    return float(2 * special.ndtr(-abs(z)))


def t_p_value(t: float, df: float) -> float:
    """Return the two-sided p-value of Student's t with `df` degrees of freedom.

    Examples
    --------
    >>> round(t_p_value(2.201, 11), 3)
    0.05
    """
    return float(2 * special.stdtr(df, -abs(t)))


def wilson(share: float, n: float, z: float) -> Limits:
    """Return Wilson's score interval of a share.

    Parameters
    ----------
    share : float
        Observed share, 0 to 1.
    n : float
        (Effective) number of answers, above 0.
    z : float
        Quantile, such as 1.96.

    Notes
    -----
    Solves ``(p - share)^2 = z^2 p (1 - p) / n`` for p (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212).

    Examples
    --------
    >>> low, high = wilson(0.7, 60, 1.959964)
    >>> round(low, 4), round(high, 4)
    (0.5749, 0.801)
    """
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # rounding may put the limit a hair beyond the share at the ends of the scale
    return min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))


def clopper_pearson(share: float, n: float, level: float) -> Limits:
    """Return the exact interval of a share, which never holds the truth less often than it says.

    Parameters
    ----------
    share : float
        Observed share, 0 to 1.
    n : float
        (Effective) number of answers, above 0; need not be whole.
    level : float
        Confidence level, two-sided.

    Notes
    -----
    Quantiles of beta distributions (Clopper and Pearson 1934, Biometrika 26, 404-413; at an effective n: Korn
    and Graubard 1998, Survey Methodology 24, 193-201).

    Examples
    --------
    >>> low, high = clopper_pearson(0.0, 10, 0.95)
    >>> low, round(high, 4)
    (0.0, 0.3085)
    """
    tail, count = (1 - level) / 2, share * n
    low = float(special.betaincinv(count, n - count + 1, tail)) if count > 0 else 0.0
    high = float(special.betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0
    return min(low, share), max(high, share)


def net_variance(detractors: float, promoters: float) -> float:
    """Return the variance of the -1/0/+1 score from the shares of its ends: ``p + d - (p - d)^2``.

    Examples
    --------
    >>> net_variance(0.25, 0.25)
    0.5
    """
    return max(0.0, promoters + detractors - (promoters - detractors) ** 2)


def net_wald(detractors: float, promoters: float, n: float, z: float) -> Limits:
    """Return the Wald interval of promoters minus detractors (shares 0 to 1), cut at -1 and 1.

    Notes
    -----
    ``(p - d) ± z sqrt((p + d - (p - d)^2) / n)``. It has no width when all answers fall into one class.

    Examples
    --------
    >>> low, high = net_wald(4 / 27, 15 / 27, 27, 1.959964)
    >>> round(low, 4), round(high, 4)
    (0.1308, 0.684)
    """
    net = promoters - detractors
    half = z * math.sqrt(net_variance(detractors, promoters) / n)
    return max(-1.0, net - half), min(1.0, net + half)


def net_adjusted_wald(detractors: float, promoters: float, n: float, z: float) -> Limits:
    """Return the adjusted Wald interval of promoters minus detractors.

    Notes
    -----
    The Wald interval after adding three answers, 0.75 detractors, 1.5 passives and 0.75 promoters (Rocks
    2016, The American Statistician 70(4), 365-372, after Agresti and Coull 1998). Widened to the observed net
    score in the few cases (one answer, low levels) where the added answers would leave it outside.

    Examples
    --------
    >>> low, high = net_adjusted_wald(4 / 27, 15 / 27, 27, 1.959964)
    >>> round(low, 4), round(high, 4)
    (0.1016, 0.6318)
    """
    d, s, p = PSEUDO_ANSWERS
    adjusted_n = n + d + s + p
    low, high = net_wald((n * detractors + d) / adjusted_n, (n * promoters + p) / adjusted_n, adjusted_n, z)
    net = promoters - detractors
    return min(low, net), max(high, net)


def net_score(detractors: float, promoters: float, n: float, z: float) -> Limits:
    """Return the score interval of promoters minus detractors.

    Notes
    -----
    All net scores D with ``n (net - D)^2 <= z^2 V(D)``, where V(D) is the variance at the likeliest shares
    that have the net score D. Their share of detractors q solves ``2 q^2 + (D (2 - p + d) - d - p) q - d D (1
    - D) = 0`` with the observed shares d and p (Tango 1998, Statistics in Medicine 17, 891-908; for NPS:
    Rocks 2016).

    Examples
    --------
    >>> low, high = net_score(4 / 27, 15 / 27, 27, 1.959964)
    >>> round(low, 4), round(high, 4)
    (0.0962, 0.6394)
    """
    net = promoters - detractors

    def excess(candidate: float) -> float:
        return n * (net - candidate) ** 2 - z * z * _constrained_variance(detractors, promoters, candidate)

    return _crossing(excess, net, -1.0), _crossing(excess, net, 1.0)


def square_and_add(a: float, limits_a: Limits, b: float, limits_b: Limits) -> Limits:
    """Return the interval of ``b - a`` from the intervals of a and b, independent of one another.

    Notes
    -----
    ``low = (b - a) - sqrt((b - low_b)^2 + (high_a - a)^2)`` and ``high`` likewise. With Wilson limits this is
    method 10 of Newcombe (1998, Statistics in Medicine 17, 873-890); in general Zou and Donner (2008), ibid.
    27.

    Examples
    --------
    >>> low, high = square_and_add(0.0, (-3.0, 4.0), 10.0, (7.0, 14.0))
    >>> low, high
    (5.0, 15.0)
    """
    difference = b - a
    low = difference - math.hypot(b - limits_b[0], limits_a[1] - a)
    high = difference + math.hypot(limits_b[1] - b, a - limits_a[0])
    return low, high


def square_and_add_z(a: float, b: float, limits: Callable[[float], tuple[Limits, Limits]]) -> float:
    """Return the z, signed like ``b - a``, at which the square-and-add interval of ``b - a`` touches zero.

    Parameters
    ----------
    a, b : float
        The two figures.
    limits : callable
        Gives the limits of a and of b for a quantile z.

    Notes
    -----
    Inverting the interval makes the p-value agree with it: p is below 5% exactly when the 95% interval
    excludes zero.

    Examples
    --------
    >>> round(square_and_add_z(0.0, 5.0, lambda z: ((-3 * z, 3 * z), (5 - 4 * z, 5 + 4 * z))), 6)
    1.0
    """
    if a == b:
        return 0.0

    def beyond_zero(z: float) -> float:
        limits_a, limits_b = limits(z)
        low, high = square_and_add(a, limits_a, b, limits_b)
        return low if b > a else -high

    if beyond_zero(_LARGEST_Z) >= 0:
        return math.copysign(_LARGEST_Z, b - a)
    if beyond_zero(0.0) <= 0:
        return 0.0
    return math.copysign(optimize.brentq(beyond_zero, 0.0, _LARGEST_Z, xtol=1e-12), b - a)


def _constrained_variance(detractors: float, promoters: float, net: float) -> float:
    linear = net * (2 - promoters + detractors) - detractors - promoters
    constant = -detractors * net * (1 - net)
    # the larger root in the form that does not cancel
    root = math.sqrt(max(0.0, linear * linear - 8 * constant))
    share = (
        (root - linear) / 4
        if linear <= 0
        else (-2 * constant / (root + linear) if root + linear > 0 else 0.0)
    )
    share = min(max(share, 0.0, -net), (1 - net) / 2)
    return max(0.0, 2 * share + net - net * net)


def _crossing(excess: Callable[[float], float], start: float, end: float) -> float:
    """Return where `excess` turns positive on the way from `start`, where it is not, to `end`."""
    # at the start it may be exactly zero, which would be mistaken for the crossing
    inner = start + 1e-12 * (end - start)
    if start == end or excess(inner) >= 0:
        return start
    return float(optimize.brentq(excess, inner, end, xtol=1e-14))
