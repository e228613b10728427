"""Dashboards for programs: listing, saving, changing them, and the figures of their tiles."""

from datetime import date
from typing import Annotated, Any

from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from ninja import Body, Field, Router, Schema, Status
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.roles import Permission
from rapport.rooms.insight.boards import words
from rapport.rooms.insight.boards.spec import TileRefused
from rapport.rooms.insight.boards.words import Names
from rapport.rooms.insight.selectors.boards import (
    Board,
    boards_of,
    compared_as,
    open_board,
    own_dashboard,
    shown,
)
from rapport.rooms.insight.selectors.counting import measures
from rapport.rooms.insight.selectors.reading import read_asked
from rapport.rooms.insight.selectors.tiles import Line, Result
from rapport.rooms.insight.services import dashboards
from rapport.rooms.insight.services.dashboards import DashboardRefused
from rapport.stats.estimate import Difference, Estimate

router = Router(tags=["dashboards"])


class DashboardIn(Schema):
    """A dashboard to keep: tiles in their order, and the filters it opens with, as in the address."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    tiles: list[dict[str, Any]] = []
    query: str = ""
    sharing: str = "nobody"


class DashboardChange(Schema):
    """What is to change; tiles are put in the place of those there are."""

    name: str | None = None
    tiles: list[dict[str, Any]] | None = None
    query: str | None = None
    sharing: str | None = None


class DashboardOut(Schema):
    """A dashboard as it stands; `key` is a role's or a saved one's."""

    key: str
    name: str
    owner: str
    is_own: bool
    sharing: str
    query: str
    tiles: list[dict[str, Any]]


class TileFigure(Schema):
    """A figure with its range and base, or the reason why there is none."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    n_effective: float
    method: str
    level: float
    reason: str | None
    unit: str


class ChangeOut(Schema):
    """A difference; `proven` says whether it holds after correcting for all of the dashboard."""

    value: float | None
    low: float | None
    high: float | None
    reason: str | None
    proven: bool
    before: TileFigure


class LineOut(Schema):
    """One figure of a tile by its keys; `nameless` holds answers without a name, which stand apart."""

    label: str
    key: list[str | date | None]
    nameless: bool
    figure: TileFigure
    change: ChangeOut | None = None


class AskedOut(Schema):
    """Who was asked, or the reason why that cannot be said."""

    asked: int
    shown: int
    answered: int
    programmes: list[str]
    reason: str


class TileOut(Schema):
    """Everything a tile says, in numbers."""

    number: int
    title: str
    kind: str
    metric: str
    by: list[str]
    filters: str
    compared_with: str | None
    figure: LineOut | None
    lines: list[LineOut]
    left_out: int
    accounts: int
    people: int
    spread: float
    asked: AskedOut
    customers: TileFigure | None = None
    customers_together: TileFigure | None = None
    revenue: TileFigure | None = None
    stands_out: str | None = None
    computed: dict[str, str]


class FiguresOut(Schema):
    """The figures of a dashboard, in the reader's own scope."""

    headline: str
    comparisons: int
    tiles: list[TileOut]


@router.get("/dashboards", response=list[DashboardOut])
def list_dashboards(request: HttpRequest) -> list[DashboardOut]:
    """List the dashboards you may open: your own, shared ones, and each role's."""
    user = require(request, Permission.SEE_FIGURES)
    return [_board(one) for one in boards_of(user)]


@router.post("/dashboards", response={201: DashboardOut})
def keep_dashboard(request: HttpRequest, body: DashboardIn) -> Status[DashboardOut]:
    """Keep a dashboard of your own; one tile that cannot be drawn refuses the whole, named by its number."""
    user = require(request, Permission.SEE_FIGURES)
    try:
        made = dashboards.create_dashboard(
            user, body.name, body.tiles, query=body.query, sharing=body.sharing
        )
    except (DashboardRefused, TileRefused) as refused:
        raise _refusal(refused) from refused
    return Status(201, _board(open_board(user, made.code)))


@router.get("/dashboards/{key}", response=DashboardOut)
def read_dashboard(request: HttpRequest, key: str) -> DashboardOut:
    """Read a dashboard's tiles and filters."""
    return _board(open_board(require(request, Permission.SEE_FIGURES), key))


@router.patch("/dashboards/{key}", response=DashboardOut)
def change_dashboard(request: HttpRequest, key: str, body: DashboardChange) -> DashboardOut:
    """Change a dashboard of your own; what is left out stays."""
    user = require(request, Permission.SEE_FIGURES)
    dashboard = own_dashboard(user, key)
    given = body.dict(exclude_unset=True)
    changes = {name: value for name, value in given.items() if name != "tiles" and value is not None}
    try:
        with transaction.atomic():
            dashboards.change_dashboard(user, dashboard, **changes)
            if body.tiles is not None:
                dashboards.replace_tiles(dashboard, body.tiles)
    except (DashboardRefused, TileRefused) as refused:
        raise _refusal(refused) from refused
    return _board(open_board(user, key))


@router.delete("/dashboards/{key}", response={204: None})
def delete_dashboard(request: HttpRequest, key: str) -> Status[None]:
    """Delete a dashboard of your own."""
    user = require(request, Permission.SEE_FIGURES)
    dashboards.delete_dashboard(user, own_dashboard(user, key))
    return Status(204, None)


@router.post("/dashboards/{key}/tiles", response={201: DashboardOut})
def add_tile(request: HttpRequest, key: str, body: Body[dict[str, Any]]) -> Status[DashboardOut]:
    """Add a tile at the end of a dashboard of your own."""
    user = require(request, Permission.SEE_FIGURES)
    try:
        dashboards.save_tile(user, own_dashboard(user, key), body)
    except (DashboardRefused, TileRefused) as refused:
        raise _refusal(refused) from refused
    return Status(201, _board(open_board(user, key)))


@router.get("/dashboards/{key}/figures", response=FiguresOut)
def read_figures(request: HttpRequest, key: str) -> FiguresOut:
    """Read the figures of a dashboard's tiles; filters and comparisons as in the page's address."""
    user = require(request, Permission.SEE_FIGURES)
    board, now = open_board(user, key), timezone.now()
    known = {one.key: one for one in measures()}
    query = QueryDict(board.query, mutable=True)
    if request.GET:
        query = request.GET.copy()
    asked = read_asked(user, query, known, now)
    if asked is None:
        return FiguresOut(headline="", comparisons=0, tiles=[])
    specs = compared_as(board.specs, query)
    found = shown(user, specs, known, asked, now.date())
    names = Names.of([name for spec in specs for name in spec.by])
    tiles = [
        _tile(number, one, names)
        for number, one in enumerate(found.tiles, 1)
        if one is not None and one.spec.kind not in {"unhappy", "silent"}
    ]
    assert found.lead is not None
    return FiguresOut(headline=words.headline(found.lead), comparisons=found.lead.comparisons, tiles=tiles)


def _refusal(refused: DashboardRefused | TileRefused) -> HttpError:
    return HttpError(422, f"{refused.field}: {refused.message}" if refused.field else refused.message)


def _board(board: Board) -> DashboardOut:
    kept = board.dashboard
    return DashboardOut(
        key=board.key,
        name=board.name,
        owner=str(kept.owner) if kept else "",
        is_own=board.is_own,
        sharing=kept.sharing if kept else "everybody",
        query=board.query,
        tiles=[spec.kept() for spec in board.specs],
    )


def _tile(number: int, result: Result, names: Names) -> TileOut:
    views, whole = result.views, result.whole
    return TileOut(
        number=number,
        title=words.title_of(result, names),
        kind=result.spec.kind,
        metric=result.measure.key,
        by=list(words.dimensions_of(result)),
        filters=result.filters.query(),
        compared_with=result.compared.query() if result.compared else None,
        figure=_line(whole, "") if whole else None,
        lines=[_line(line, names.of_line(result, line)) for line in result.lines],
        left_out=result.left_out,
        accounts=result.base.accounts,
        people=result.base.people,
        spread=result.base.spread,
        asked=AskedOut(
            asked=result.asked.asked,
            shown=result.asked.shown,
            answered=result.asked.answered,
            programmes=list(result.asked.programmes),
            reason=result.asked.reason,
        ),
        customers=_figure(views.customers) if views else None,
        customers_together=_figure(views.pooled) if views else None,
        revenue=_figure(views.revenue) if views else None,
        stands_out=str(result.contrast.key) if result.contrast else None,
        computed=dict(words.how(result)),
    )


def _line(line: Line, label: str) -> LineOut:
    change = None
    if line.change is not None and line.before is not None:
        change = _change(line.change, line.before, line.is_proven)
    return LineOut(
        label=label,
        key=list(line.key),
        nameless=line.anonymous,
        figure=_figure(line.estimate),
        change=change,
    )


def _change(change: Difference, before: Estimate, proven: bool) -> ChangeOut:
    return ChangeOut(
        value=change.value,
        low=change.low,
        high=change.high,
        reason=change.reason,
        proven=proven,
        before=_figure(before),
    )


def _figure(figure: Estimate) -> TileFigure:
    return TileFigure(
        value=figure.value,
        low=figure.low,
        high=figure.high,
        n=figure.n,
        n_effective=figure.n_effective,
        method=figure.method,
        level=figure.level,
        reason=figure.reason,
        unit=figure.unit,
    )
