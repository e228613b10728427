"""Which dashboards somebody may open, and what stands on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, QueryDict
from django.urls import reverse

from rapport.kernel.models import User
from rapport.kernel.scope import get_visible
from rapport.rooms.accounts.models import Account
from rapport.rooms.insight.boards.defaults import BOARDS, board_of
from rapport.rooms.insight.boards.spec import Compare, TileSpec, kept_spec
from rapport.rooms.insight.models import Dashboard
from rapport.rooms.insight.selectors.people import SilentPerson, silent_people, unhappy_people
from rapport.rooms.insight.selectors.portfolio import accounts_of
from rapport.rooms.insight.selectors.tiles import Result, results
from rapport.rooms.insight.tallies import Measure
from rapport.rooms.signals.api import Filters, ReadSignal

MOST_PEOPLE = 5
COMPARABLE = frozenset({"figure", "breakdown"})
LEAD = TileSpec(kind="figure", compare=Compare(against="before"))


@dataclass(frozen=True)
class Board:
    """A dashboard as it is opened: a role's, or one that somebody arranged."""

    key: str
    name: str
    specs: tuple[TileSpec, ...]
    query: str = ""
    dashboard: Dashboard | None = None
    is_own: bool = False

    @property
    def url(self) -> str:
        """Return its address."""
        return reverse("insight:board", args=[self.key])


@dataclass(frozen=True)
class Shown:
    """Everything counted for a page: the leading figure, and the tiles in their order."""

    lead: Result | None
    tiles: tuple[Result | None, ...]


def home_board(user: User) -> Board:
    """Return the dashboard that Understand opens with: one's own arrangement, or the role's."""
    role = board_of(user.role)
    own = Dashboard.objects.filter(owner=user, based_on=role.key).first()
    return _arranged(own, user) if own else _of_role(role.key)


def open_board(user: User, key: str) -> Board:
    """Return the dashboard with this key, a role's or a shared or own one, or raise Http404."""
    if key in BOARDS:
        return _of_role(key)
    return _arranged(get_visible(Dashboard, user, code=key), user)


def own_dashboard(user: User, key: str) -> Dashboard:
    """Return one of a user's own dashboards, or raise Http404."""
    found = get_visible(Dashboard, user, code=key)
    if found.owner_id != user.pk:
        raise Http404
    return found


def boards_of(user: User) -> list[Board]:
    """Return the dashboards on offer: one's own, those shared, and every role's."""
    rows = list(Dashboard.objects.visible_to(user).select_related("owner").prefetch_related("tiles"))
    rows.sort(key=lambda row: row.owner_id != user.pk)
    return [*(_arranged(row, user) for row in rows), *(_of_role(key) for key in BOARDS)]


def _of_role(key: str) -> Board:
    return Board(key, str(BOARDS[key].name), BOARDS[key].tiles)


def _arranged(dashboard: Dashboard, user: User) -> Board:
    specs = [kept_spec(tile.spec) for tile in dashboard.tiles.all()]
    return Board(
        key=dashboard.code,
        name=dashboard.name,
        specs=tuple(spec for spec in specs if spec is not None),
        query=dashboard.query,
        dashboard=dashboard,
        is_own=dashboard.owner_id == user.pk,
    )


def compared_as(specs: Sequence[TileSpec], asked: QueryDict) -> tuple[TileSpec, ...]:
    """Return the tiles with the comparison of the address in place of their own.

    `compare` is before, last_year or none; `vs=region:benelux` names another group, `vs_from` and `vs_to`
    other days.
    """
    found = _comparison(asked)
    if found is None:
        return tuple(specs)
    return tuple(
        spec.model_copy(update={"compare": found}) if spec.kind in COMPARABLE else spec for spec in specs
    )


def _comparison(asked: QueryDict) -> Compare | None:
    where: dict[str, tuple[str, ...]] = {}
    for pair in asked.getlist("vs"):
        key, _colon, value = pair.partition(":")
        if value:
            where[key] = (*where.get(key, ()), value)
    for key in ("from", "to"):
        if asked.get(f"vs_{key}"):
            where[key] = (asked.get(f"vs_{key}", ""),)
    against = "group" if where else {"none": ""}.get(asked.get("compare", ""), asked.get("compare"))
    if against is None:
        return None
    try:
        return Compare.model_validate({"against": against, "where": where})
    except ValueError:
        return None


def shown(
    user: User, specs: Sequence[TileSpec], known: Mapping[str, Measure], asked: Filters, today: date,
    lead: TileSpec = LEAD,
) -> Shown:  # fmt: skip
    """Count a page: the leading figure and every tile, with whatever they share asked once."""
    first, *rest = results(user, [lead, *specs], known, asked, today)
    return Shown(first, tuple(rest))


def unhappy_in(user: User, result: Result) -> list[ReadSignal]:
    """Return the newest unhappy answers of a tile's narrowing."""
    return unhappy_people(user, result.filters, most=MOST_PEOPLE)


def silent_in(user: User, result: Result, now: Any) -> list[SilentPerson]:
    """Return who has a veto or a weight and was not heard for a year, at the customers of a narrowing."""
    asked = result.filters
    if not (asked.regions or asked.tiers or asked.sectors or asked.account or asked.partners):
        return silent_people(user, accounts_of(user), now, most=MOST_PEOPLE)
    rows = Account.objects.visible_to(user)
    for column, keys in (("region", asked.regions), ("partner", asked.partners)):
        if keys:
            rows = rows.filter(**{f"{column}__in": keys})
    if asked.tiers:
        rows = rows.filter(tier__in=["" if tier == "none" else tier for tier in asked.tiers])
    if asked.sectors:
        rows = rows.filter(sector__in=asked.sectors)
    if asked.account:
        root = Account.objects.visible_to(user).filter(code=asked.account).first()
        rows = rows.subtree_of(root) if root else rows.none()
    return silent_people(user, rows, now, most=MOST_PEOPLE)
