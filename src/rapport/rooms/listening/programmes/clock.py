"""When a programme draws next."""

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from rapport.rooms.listening.programmes.plan import Schedule

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


def first_draw(schedule: Schedule, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return when a programme that starts now draws first: at once, or on its first day."""
    today = now.astimezone(zone).date()
    day = max(schedule.starts_on or today, today)
    if schedule.ends_on and day > schedule.ends_on:
        return None
    return max(_at(day, schedule, zone), now)


def next_draw(schedule: Schedule, zone: ZoneInfo, last: datetime, now: datetime) -> datetime | None:
    """Return when the draw after `last` is due; draws missed while nobody ran are not made up."""
    if schedule.every == "once":
        return None
    first = schedule.starts_on or last.astimezone(zone).date()
    step = 0
    while True:
        step += 1
        due = _at(_day(first, schedule.every, step), schedule, zone)
        if due > last and due > now:
            break
    return None if schedule.ends_on and due.astimezone(zone).date() > schedule.ends_on else due


def _day(first: date, every: str, step: int) -> date:
    if every == "week":
        return first + timedelta(weeks=step)
    months = first.month - 1 + MONTHS[every] * step
    year, month = first.year + months // 12, months % 12 + 1
    return date(year, month, min(first.day, calendar.monthrange(year, month)[1]))


def _at(day: date, schedule: Schedule, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, schedule.hour, tzinfo=zone).astimezone(UTC)
