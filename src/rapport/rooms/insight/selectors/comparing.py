"""Comparing figures: with an earlier stretch, a group, or all others; tested, corrected for looking much."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from rapport.rooms.insight.tallies import Measure, Tally, difference
from rapport.rooms.signals.api import Filters
from rapport.stats.comparisons import holm
from rapport.stats.estimate import DOT_FROM, Difference, Estimate
from rapport.stats.intervals import normal_p_value

LEVEL = 0.05
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Contrast:
    """One group against all others."""

    key: str
    figure: Estimate
    elsewhere: Estimate
    difference: Difference


def period_before(filters: Filters) -> Filters | None:
    """Return the same narrowing for the stretch of the same length just before."""
    if not (filters.since and filters.until) or filters.until < filters.since:
        return None
    length = filters.until - filters.since + timedelta(days=1)
    return filters.changed(since=filters.since - length, until=filters.since - timedelta(days=1))


def year_before(filters: Filters) -> Filters | None:
    """Return the same narrowing for the same days a year ago."""
    if not (filters.since and filters.until) or filters.until < filters.since:
        return None
    return filters.changed(since=_year_ago(filters.since), until=_year_ago(filters.until))


def _year_ago(day: date) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def p_value(difference_: Difference) -> float:
    """Return the p-value that agrees with the interval where its nearer limit lies."""
    value, low, high = difference_.value, difference_.low, difference_.high
    if value is None or low is None or high is None or value == 0:
        return 1.0
    reach = value - low if value > 0 else high - value
    return normal_p_value(1.959964 * value / reach) if reach > 0 else 0.0


def proven(differences: Mapping[K, Difference]) -> set[K]:
    """Return which differences hold after Holm's correction for all of them."""
    tested = {key: p_value(one) for key, one in differences.items() if one.value is not None}
    if not tested:
        return set()
    adjusted = holm(list(tested.values()))
    return {key for key, p in zip(tested, adjusted, strict=True) if p < LEVEL}


def is_comparable(figure: Estimate) -> bool:
    """Say whether a figure rests on enough answers to be ranked or to have an arrow."""
    return figure.n >= DOT_FROM and not figure.is_hidden


def worst_contrast(
    measure: Measure, groups: Mapping[str, Tally], whole: Tally, spread: float
) -> Contrast | None:
    """Return the group furthest below the others, among those proven to differ after Holm's correction."""
    found = [
        Contrast(key, figure, elsewhere, difference(elsewhere, figure))
        for key, tally in groups.items()
        if key and tally.n >= DOT_FROM and whole.n - tally.n >= DOT_FROM
        for figure, elsewhere in [(measure.figure(tally, spread), measure.figure(whole - tally, spread))]
    ]
    sure = proven({one.key: one.difference for one in found})
    worse = [one for one in found if one.key in sure and badness(measure, one.difference) > 0]
    return max(worse, key=lambda one: badness(measure, one.difference), default=None)


def badness(measure: Measure, one: Difference) -> float:
    """Return by how much a difference is for the worse; negative when it is for the better."""
    value = one.value or 0.0
    return -value if rising_is_good(measure) else value


def rising_is_good(measure: Measure) -> bool:
    """Say whether a higher figure is better: shares of happy answers always are."""
    return measure.kind in {"nps", "csat"} or measure.higher_is_better


def ranked(tallies: Mapping[K, Tally]) -> Sequence[K]:
    """Return the keys with most answers first; equal ones by name."""
    return sorted(tallies, key=lambda key: (-tallies[key].n, str(key)))
