"""When a case is due: working hours in its owner's time zone, its region's holidays left out."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rapport.kernel.environment import environment
from rapport.kernel.models import User
from rapport.rooms.action.models import Rule
from rapport.rooms.action.working_hours import add_working_time
from rapport.rooms.catalog.models import Holiday


@dataclass(frozen=True)
class Allowed:
    """How many working hours each clock of a case gives; 0 for no such clock."""

    told: int
    remind: int = 0
    contact: int = 0
    confirm: int = 0


def allowed_by(rule: Rule) -> Allowed:
    """Return the hours a rule gives."""
    return Allowed(rule.due_hours, rule.remind_hours, rule.contact_hours, rule.confirm_hours)


@dataclass(frozen=True)
class DueTimes:
    """When each clock of a case runs out (None for a clock it does not have), and in whose time zone."""

    remind_at: datetime | None
    due_at: datetime
    time_zone: str
    contact_at: datetime | None = None
    confirm_at: datetime | None = None


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
    *, now: datetime, allowed: Allowed, owner: User | None, region: str | None, holidays: Holidays
) -> DueTimes:
    """Work out when the clocks of a case opened now run out."""
    zone = owner.time_zone if owner else environment().time_zone
    off = holidays.of(region)

    def after(hours: int) -> datetime:
        return add_working_time(now, timedelta(hours=hours), ZoneInfo(zone), off)

    reminds = 0 < allowed.remind < allowed.told
    return DueTimes(
        remind_at=after(allowed.told - allowed.remind) if reminds else None,
        due_at=after(allowed.told),
        time_zone=zone,
        contact_at=after(allowed.contact) if allowed.contact else None,
        confirm_at=after(allowed.confirm) if allowed.confirm else None,
    )
