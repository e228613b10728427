"""Counts of events in two stretches of time, and whether they differ by more than chance."""

from __future__ import annotations

from typing import Final

from rapport.stats.answers import ScoreError, check_count, check_level
from rapport.stats.estimate import Difference
from rapport.stats.intervals import clopper_pearson

_METHOD: Final = "relative change of a count, exact conditional interval"


def count_change(
    before: int, after: int, *, days_before: float = 1.0, days_after: float = 1.0, level: float = 0.95
) -> Difference:
    """Return by what part of itself a count per time changed, with an exact interval.

    Parameters
    ----------
    before, after : int
        Independent events counted in the first and the second stretch.
    days_before, days_after : float
        How long the stretches are, in one unit, above zero.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Difference
        0.25 for a quarter more, -0.5 for half as many. Nothing counted before: no value and a reason.

    Raises
    ------
    ScoreError
        A count is negative, or a stretch has no length.

    Notes
    -----
    Given both together, the later count is binomial; its exact limits (Clopper and Pearson) are those of the
    ratio of the rates: Przyborowski and Wilenski (1940), Biometrika 31, 313-323. Events that come in clusters
    vary more than that.

    Examples
    --------
    >>> change = count_change(40, 60)
    >>> change.value, round(change.low, 3), round(change.high, 3), change.is_proven
    (0.5, -0.011, 1.297, False)
    """
    check_count(before, "events before")
    check_count(after, "events after")
    check_level(level)
    if not (days_before > 0 and days_after > 0):
        raise ScoreError("A stretch of time must have a length.", value=min(days_before, days_after))
    if before == 0:
        reason = "Nothing was counted before, so there is no change in parts of it."
        return Difference.without_value(reason, method=_METHOD, n_a=0, n_b=after, level=level, unit="share")
    n, exposure = before + after, days_before / days_after
    low, high = clopper_pearson(after / n, n, level)
    return Difference(
        value=after / before * exposure - 1,
        low=low / (1 - low) * exposure - 1,
        high=high / (1 - high) * exposure - 1,
        n_a=before,
        n_b=after,
        method=_METHOD,
        level=level,
        unit="share",
    )
