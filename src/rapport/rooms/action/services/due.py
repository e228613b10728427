"""When a case is due: working hours in its owner's time zone, its region's holidays left out."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rapport.kernel.environment import environment
from rapport.kernel.models import User
from rapport.rooms.action.working_hours import add_working_time
from rapport.rooms.catalog.models import Holiday


@dataclass(frozen=True)
class DueTimes:
    """When to remind (not at all when None), when it is due, and in whose time zone that was counted."""

    remind_at: datetime | None
    due_at: datetime
    time_zone: str


@dataclass(frozen=True)
class Holidays:
    """The days on which regions do not work."""

    by_region: dict[str, frozenset[date]]

    def of(self, region: str | None) -> frozenset[date]:
        """Return a region's days off."""
        return self.by_region.get(region or "", frozenset())


def load_holidays(regions: Iterable[str | None], *, since: date) -> Holidays:
    """Read the days off of these regions from a day on."""
    days: dict[str, set[date]] = defaultdict(set)
    keys = sorted({region for region in regions if region})
    if keys:
        rows = Holiday.objects.filter(region__in=keys, on__gte=since - timedelta(days=1))
        for region, on in rows.values_list("region_id", "on"):
            days[region].add(on)
    return Holidays({region: frozenset(on) for region, on in days.items()})


def due_times(
    *,
    now: datetime,
    due_hours: int,
    remind_hours: int,
    owner: User | None,
    region: str | None,
    holidays: Holidays,
) -> DueTimes:
    """Work out when a case opened now is due."""
    zone = owner.time_zone if owner else environment().time_zone
    off = holidays.of(region)
    due_at = add_working_time(now, timedelta(hours=due_hours), ZoneInfo(zone), off)
    if not 0 < remind_hours < due_hours:
        return DueTimes(None, due_at, zone)
    before = timedelta(hours=due_hours - remind_hours)
    return DueTimes(add_working_time(now, before, ZoneInfo(zone), off), due_at, zone)
