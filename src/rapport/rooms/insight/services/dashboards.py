"""Arranging dashboards: an own copy of a role's, tiles added, moved, made wider and taken off, sharing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.http import QueryDict
from django.utils import timezone

from rapport.kernel.models import User
from rapport.rooms.insight.boards.spec import WIDTHS, TileRefused, TileSpec, read_spec
from rapport.rooms.insight.models import Dashboard, Tile

MOST_TILES = 24
MOST_DASHBOARDS = 60


class DashboardRefused(Exception):
    """A dashboard cannot be changed this way; says what was wrong and what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@transaction.atomic
def create_dashboard(
    owner: User, name: str, specs: Sequence[Any] = (), *, query: str = "", based_on: str = "",
    sharing: str = Dashboard.Sharing.NOBODY, now: datetime | None = None,
) -> Dashboard:  # fmt: skip
    """Keep a dashboard with these tiles, whole or not at all.

    Raises DashboardRefused or TileRefused, which names the tile by its number.
    """
    if Dashboard.objects.filter(owner=owner).count() >= MOST_DASHBOARDS:
        raise DashboardRefused("name", f"You keep {MOST_DASHBOARDS} dashboards; delete one first.")
    dashboard = Dashboard(
        owner=owner,
        name=_name(name),
        query=_query(query),
        based_on=based_on,
        sharing=_sharing(sharing),
        changed_at=now or timezone.now(),
    )
    dashboard.save()
    replace_tiles(dashboard, specs)
    return dashboard


@transaction.atomic
def replace_tiles(dashboard: Dashboard, specs: Sequence[Any]) -> None:
    """Put these tiles, in this order, in the place of those there were."""
    read = []
    for number, data in enumerate(specs):
        try:
            read.append(read_spec(data))
        except TileRefused as error:
            raise TileRefused(f"tiles.{number}.{error.field}".rstrip("."), error.message) from error
    if len(read) > MOST_TILES:
        raise TileRefused("tiles", f"A dashboard holds at most {MOST_TILES} tiles.")
    dashboard.tiles.all().delete()
    Tile.objects.bulk_create(
        Tile(dashboard=dashboard, position=at, spec=spec.kept()) for at, spec in enumerate(read)
    )


@transaction.atomic
def save_tile(user: User, dashboard: Dashboard, spec: TileSpec | dict[str, Any]) -> Tile:
    """Add a tile at the end of a user's own dashboard.

    Raises TileRefused when the spec cannot be drawn, and DashboardRefused when the dashboard is somebody
    else's or full.
    """
    read = read_spec(spec)
    held = _own(user, dashboard)
    if held.tiles.count() >= MOST_TILES:
        raise DashboardRefused("tiles", f"A dashboard holds at most {MOST_TILES} tiles; take one off first.")
    last = held.tiles.aggregate(last=Max("position"))["last"]
    _touch(held)
    return Tile.objects.create(dashboard=held, position=0 if last is None else last + 1, spec=read.kept())


@transaction.atomic
def change_dashboard(user: User, dashboard: Dashboard, **changes: str) -> Dashboard:
    """Change the name, the filters it opens with (`query`), or who may open it (`sharing`)."""
    held = _own(user, dashboard)
    checks = {"name": _name, "query": _query, "sharing": _sharing}
    for field, value in changes.items():
        setattr(held, field, checks[field](value))
    held.changed_at = timezone.now()
    held.save()
    return held


@transaction.atomic
def change_tile(user: User, tile: Tile, *, width: int | None = None, title: str | None = None) -> None:
    """Make a tile wider or narrower, or call it something else."""
    held = _own(user, tile.dashboard)
    data = dict(tile.spec)
    if width is not None:
        if width not in WIDTHS:
            raise TileRefused("width", f"A tile is {', '.join(map(str, WIDTHS))} columns wide, of twelve.")
        data["width"] = width
    if title is not None:
        data["title"] = title
    tile.spec = read_spec(data).kept()
    tile.save(update_fields=["spec"])
    _touch(held)


@transaction.atomic
def order_tiles(user: User, dashboard: Dashboard, order: Sequence[int]) -> None:
    """Put tiles in this order; those not named keep their order after it."""
    held = _own(user, dashboard)
    tiles = {tile.pk: tile for tile in held.tiles.all()}
    wanted = [pk for pk in dict.fromkeys(order) if pk in tiles]
    wanted += [pk for pk in tiles if pk not in wanted]
    for position, pk in enumerate(wanted):
        tiles[pk].position = position
    Tile.objects.bulk_update(tiles.values(), ["position"])
    _touch(held)


def move_tile(user: User, tile: Tile, step: int) -> None:
    """Move a tile one place up (-1) or down (1)."""
    order = list(tile.dashboard.tiles.values_list("pk", flat=True))
    at = order.index(tile.pk)
    order.insert(max(0, at + step), order.pop(at))
    order_tiles(user, tile.dashboard, order)


@transaction.atomic
def remove_tile(user: User, tile: Tile) -> None:
    """Take a tile off its dashboard."""
    held = _own(user, tile.dashboard)
    tile.delete()
    _touch(held)


@transaction.atomic
def delete_dashboard(user: User, dashboard: Dashboard) -> None:
    """Delete a user's own dashboard with its tiles."""
    _own(user, dashboard).delete()


def _own(user: User, dashboard: Dashboard) -> Dashboard:
    """Return the dashboard locked, if it is the user's own."""
    found = Dashboard.objects.select_for_update().filter(pk=dashboard.pk, owner=user).first()
    if found is None:
        raise DashboardRefused("dashboard", "Only its owner changes a dashboard. Make your own copy.")
    return found


def _touch(dashboard: Dashboard) -> None:
    Dashboard.objects.filter(pk=dashboard.pk).update(changed_at=timezone.now())


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 120 or "\0" in name:
        raise DashboardRefused("name", "Give the dashboard a name of at most 120 characters.")
    return name


def _query(query: str) -> str:
    read = QueryDict(query)
    text = read.urlencode(safe=",")
    if len(text) > 2000 or any("\0" in value for _key, values in read.lists() for value in values):
        raise DashboardRefused("query", "These filters are too many to keep; drop some.")
    return text


def _sharing(sharing: str) -> str:
    if sharing not in Dashboard.Sharing.values:
        raise DashboardRefused("sharing", f"Choose one of {', '.join(Dashboard.Sharing.values)}.")
    return sharing
