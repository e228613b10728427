"""Reading the reference tables."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import models

from rapport.rooms.catalog.models import Holiday, Reference, Region
from rapport.rooms.catalog.tables import TABLES


@dataclass(frozen=True)
class WorkingCalendar:
    """When a region works: its zone, and the days it does not."""

    zone: ZoneInfo
    holidays: frozenset[date]


def names_of(table: str, *, retired: bool = False) -> list[tuple[str, str]]:
    """Return keys and names of a table's rows in order; retired ones only when asked for."""
    rows = TABLES[table].model._default_manager.all()
    return list((rows if retired else rows.filter(retired=False)).values_list("key", "name"))


def working_calendar(region: Region) -> WorkingCalendar:
    """Return when a region works."""
    days = Holiday.objects.filter(region=region).values_list("on", flat=True)
    return WorkingCalendar(ZoneInfo(region.time_zone), frozenset(days))


def is_used(row: Reference) -> bool:
    """Say whether anything points at this row."""
    return any(
        link.related_model._base_manager.filter(**{link.field.name: row}).exists() for link in _links(row)
    ) or _is_granted(row)


def _links(row: Reference) -> list[Any]:
    links: list[Any] = list(row._meta.related_objects)
    return [one for one in links if one.related_model is not Holiday and not _is_history(one.related_model)]


def _is_history(model: type[models.Model]) -> bool:
    return hasattr(model, "pgh_tracked_model")


def _is_granted(row: Reference) -> bool:
    grants = apps.get_model("kernel", "Grant")._default_manager
    return grants.filter(kind=row._meta.model_name, key=row.key).exists()
