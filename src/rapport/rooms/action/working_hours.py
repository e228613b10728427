"""Counting working hours: when something is due, and how much working time lies between two moments.

Every working day has one stretch, given in local time. It is turned into UTC before anything is counted, so
an hour is an hour on the days when clocks are put forward or back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
MONDAY_TO_FRIDAY = frozenset(range(5))


@dataclass(frozen=True)
class WorkingWeek:
    """On which days of the week (Monday is 0) work is done, from when to when by the local clock."""

    days: frozenset[int] = MONDAY_TO_FRIDAY
    opens: time = time(9)
    closes: time = time(17)

    def __post_init__(self) -> None:
        if not self.days or not self.days <= frozenset(range(7)):
            raise ValueError("A working week needs at least one day, numbered 0 (Monday) to 6 (Sunday).")
        if self.opens >= self.closes:
            raise ValueError("A working day must open before it closes.")


WEEK = WorkingWeek()


def add_working_time(
    start: datetime,
    duration: timedelta,
    zone: ZoneInfo,
    holidays: frozenset[date] = frozenset(),
    week: WorkingWeek = WEEK,
) -> datetime:
    """Return the moment, in UTC, at which this much working time has passed since `start`.

    Nothing to wait for falls due at the next working moment. Raises ValueError for a naive start or a
    negative duration.
    """
    if duration < timedelta(0):
        raise ValueError("Working time can only be added, not taken away.")
    left = duration
    for opens, closes in _stretches(start, zone, holidays, week):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    raise AssertionError("unreachable: days go on for ever")


def working_time_between(
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    holidays: frozenset[date] = frozenset(),
    week: WorkingWeek = WEEK,
) -> timedelta:
    """Return the working time from `start` to `end`; negative when the end lies before the start."""
    if end < start:
        return -working_time_between(end, start, zone, holidays, week)
    worked = timedelta(0)
    for opens, closes in _stretches(start, zone, holidays, week):
        if opens >= end:
            return worked
        worked += min(closes, end) - opens
    raise AssertionError("unreachable: days go on for ever")


def _stretches(
    start: datetime, zone: ZoneInfo, holidays: frozenset[date], week: WorkingWeek
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the working stretches from `start` on, in UTC, the first one cut to begin there."""
    if start.tzinfo is None:
        raise ValueError("Give the start with its time zone.")
    begin = start.astimezone(UTC)
    day = begin.astimezone(zone).date()
    while True:
        if day.weekday() in week.days and day not in holidays:
            opens = max(_utc(day, week.opens, zone), begin)
            closes = _utc(day, week.closes, zone)
            if opens < closes:
                yield opens, closes
        day += ONE_DAY


def _utc(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
