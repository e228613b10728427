"""When a message may leave: in the morning of the person it goes to."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rapport.rooms.listening.programmes.plan import Mailing

SATURDAY = 5


def zone_of(*names: str) -> ZoneInfo:
    """Return the first of these time zones that exists; UTC when none does."""
    for name in filter(None, names):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def next_window(zone: ZoneInfo, mailing: Mailing, now: datetime) -> datetime:
    """Return the first moment from `now` on at which mail may leave, by the person's own clock."""
    local = now.astimezone(zone)
    if local.hour < mailing.send_until and _is_workday(local, mailing):
        start = local.replace(hour=mailing.send_from, minute=0, second=0, microsecond=0)
        return max(start, local).astimezone(UTC)
    day = local + timedelta(days=1)
    while not _is_workday(day, mailing):
        day += timedelta(days=1)
    return day.replace(hour=mailing.send_from, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def is_open(zone: ZoneInfo, mailing: Mailing, now: datetime) -> bool:
    """Say whether mail may leave at this moment."""
    return next_window(zone, mailing, now) <= now


def _is_workday(local: datetime, mailing: Mailing) -> bool:
    return not mailing.weekdays_only or local.weekday() < SATURDAY
