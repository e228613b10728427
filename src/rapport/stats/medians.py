"""Medians of times and amounts, whose few large values would pull a mean along."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.stats import binom

from rapport.stats.answers import Answers, answered, check_level
from rapport.stats.estimate import Estimate

_METHOD: Final = "median, order statistics"


def median(values: Answers, *, level: float = 0.95) -> Estimate:
    """Return the median with an interval that assumes nothing about how the values are spread.

    Parameters
    ----------
    values : array_like, shape (n,)
        Times or amounts in any unit; NaN or None is a missing answer.
    level : float
        Confidence level, two-sided; the interval reaches at least that.

    Returns
    -------
    Estimate
        In the unit of the values. Fewer than six values: no value and a reason, because even the smallest
        and the largest then do not reach 95 %.

    Notes
    -----
    The ends are the order statistics ``x_(k)`` and ``x_(n+1-k)`` with the largest k for which
    ``P(Bin(n, 1/2) < k) <= (1 - level) / 2``: David and Nagaraja (2003), Order Statistics, section 7.1.

    Examples
    --------
    >>> figure = median([3, 1, 4, 1, 5, 9, 2, 6, 5, 3])
    >>> figure.value, figure.low, figure.high
    (3.5, 1.0, 6.0)
    """
    check_level(level)
    found = answered(values)
    ordered = np.sort(found.values)
    n = int(ordered.size)
    k = int(binom.ppf((1 - level) / 2, n, 0.5)) if n else 0
    while k > 0 and binom.cdf(k - 1, n, 0.5) > (1 - level) / 2:
        k -= 1
    if k < 1:
        reason = "Too few values for an interval: a median needs at least six."
        return Estimate.without_value(reason, method=_METHOD, n=n, level=level, unit="scale")
    return Estimate(
        value=float(np.median(ordered)),
        low=float(ordered[k - 1]),
        high=float(ordered[n - k]),
        n=n,
        n_effective=float(n),
        method=_METHOD,
        level=level,
        unit="scale",
    )
