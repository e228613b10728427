"""Who saw whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from rapport.kernel.history.search import PAGE, Search
from rapport.kernel.models import Sighting


@dataclass(frozen=True)
class Seen:
    """One look at the page of an account or a person."""

    at: datetime
    who: str
    kind: str
    code: str
    label: str
    way: str


def kinds_seen() -> list[str]:
    """Return the kinds of objects anybody has looked at."""
    return sorted(Sighting.objects.order_by().values_list("kind", flat=True).distinct())


def find_sightings(search: Search) -> tuple[list[Seen], bool]:
    """Return one page of sightings, latest first, and whether there are more."""
    rows = list(_rows(search)[search.offset : search.offset + PAGE + 1])
    return [_seen(row) for row in rows[:PAGE]], len(rows) > PAGE


def all_sightings(search: Search) -> Iterator[Seen]:
    """Return every sighting that fits, latest first, without holding them in memory."""
    for row in _rows(search).iterator(chunk_size=2000):
        yield _seen(row)


def _rows(search: Search) -> QuerySet[Sighting]:
    rows = Sighting.objects.select_related("user").order_by("-seen_at", "-pk")
    users = search.users()
    if users is not None:
        rows = rows.filter(user__in=users)
    if search.about:
        rows = rows.filter(Q(object_code__iexact=search.about) | Q(label__icontains=search.about))
    if search.kind:
        rows = rows.filter(kind=search.kind)
    if search.begins:
        rows = rows.filter(seen_at__gte=search.begins)
    if search.ends:
        rows = rows.filter(seen_at__lt=search.ends)
    return rows


def _seen(row: Sighting) -> Seen:
    who = row.user.name if row.user else ""
    return Seen(row.seen_at, who, row.kind, row.object_code, row.label, row.way)
