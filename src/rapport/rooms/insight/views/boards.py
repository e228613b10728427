"""Dashboards: where a metric stands for those the filters keep, tile by tile, each leading to its answers."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.insight.boards import words
from rapport.rooms.insight.boards.drawing import Drawn, draw
from rapport.rooms.insight.boards.picture import picture_of
from rapport.rooms.insight.boards.words import Names
from rapport.rooms.insight.keeping import kept_if_slow
from rapport.rooms.insight.models import DashboardMail
from rapport.rooms.insight.selectors.boards import (
    Board,
    Shown,
    boards_of,
    compared_as,
    home_board,
    open_board,
    shown,
    silent_in,
    unhappy_in,
)
from rapport.rooms.insight.selectors.counting import measures
from rapport.rooms.insight.selectors.reading import read_asked
from rapport.rooms.insight.selectors.tiles import Result
from rapport.rooms.insight.tallies import Measure
from rapport.rooms.signals.api import Filters, filter_keys, offered_filters
from rapport.ui.components import Filter, FilterBar, filter_bar

KEYS = (
    "period", "region", "division", "sector", "tier", "role", "programme", "touchpoint", "stage", "product",
    "partner", "language", "kind", "source",
)  # fmt: skip
GROUPS = ("region", "tier", "sector", "role", "touchpoint", "product", "partner")
SAVED = "saved"
COMPARING = frozenset({"vs", "vs_from", "vs_to", "compare"})


@dataclass(frozen=True)
class Choice:
    """Something that can be chosen, with its link."""

    name: str
    url: str
    current: bool


@dataclass(frozen=True)
class Placed:
    """A tile with its number on the dashboard and its own addresses."""

    number: int
    drawn: Drawn
    url: str
    picture_url: str
    table_url: str
    narrow_url: str = ""


@dataclass(frozen=True)
class Page:
    """What the views of one dashboard work with."""

    board: Board
    asked: Filters
    known: Mapping[str, Measure]
    found: Shown
    names: Names
    as_of: datetime | None
    now: datetime


@permit(Permission.SEE_FIGURES)
@require_safe
def home(request: UserRequest) -> HttpResponse:
    """Show one's own dashboard, or the one of one's role; the filters are in the address."""
    return _board(request, home_board(request.user))


@permit(Permission.SEE_FIGURES)
@require_safe
def board(request: UserRequest, board: str) -> HttpResponse:
    """Show a role's dashboard, a shared one or one's own, with figures of the reader's own scope."""
    return _board(request, open_board(request.user, board))


@permit(Permission.SEE_FIGURES)
@require_safe
def listed(request: UserRequest) -> HttpResponse:
    """List the dashboards one may open."""
    user = request.user
    mailed = dict(DashboardMail.objects.visible_to(user).values_list("board", "every"))
    rows = [(one, mailed.get(one.key, "")) for one in boards_of(user)]
    return render(request, "insight/boards.html", {"rows": rows})


@permit(Permission.SEE_FIGURES)
@require_safe
def tile(request: UserRequest, board: str, number: int) -> HttpResponse:
    """Show one tile large, with its table and how it was computed."""
    page, result = _tile(request, board, number)
    wide = replace(result, spec=result.spec.model_copy(update={"width": 12}))
    context = {
        "board": page.board,
        "tile": _placed(request, page, number, wide),
        "back": _at(request, page.board.url),
        "period": words.period(page.asked),
        "link": request.build_absolute_uri(),
    }
    return render(request, "insight/tile.html", context)


@permit(Permission.SEE_FIGURES)
@require_safe
def picture(request: UserRequest, board: str, number: int) -> HttpResponse:
    """Send a tile as a picture that stands alone, with its finding, base and period."""
    page, result = _tile(request, board, number)
    drawn = _drawn(request, page, result)
    if drawn.chart is None:
        raise Http404
    lines = [drawn.title, f"{drawn.chart.caption.subtitle}; {drawn.base}; {words.period(result.filters)}"]
    response = HttpResponse(picture_of(drawn.chart, lines), content_type="image/svg+xml")
    response["Content-Disposition"] = f'attachment; filename="{_file_name(page, number)}.svg"'
    return response


@permit(Permission.SEE_FIGURES)
@require_safe
def table(request: UserRequest, board: str, number: int) -> HttpResponse:
    """Send a tile's figures as a table."""
    page, result = _tile(request, board, number)
    drawn = _drawn(request, page, result)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_file_name(page, number)}.csv"'
    response.write("\N{ZERO WIDTH NO-BREAK SPACE}")
    writer = csv.writer(response)
    writer.writerow(drawn.table.columns)
    # A spreadsheet would take a name that begins like a formula for one.
    writer.writerows([_harmless(row[0]), *row[1:]] for row in drawn.table.rows)
    return response


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in {"=", "@", "+", "-", "\t"} else text


def _file_name(page: Page, number: int) -> str:
    return f"{page.board.key}-{number}-{page.now:%Y-%m-%d}".lower()


# -- A page ------------------------------------------------------------------------


def _board(request: UserRequest, board: Board) -> HttpResponse:
    if board.query and not (set(request.GET) & {*filter_keys(), SAVED}):
        query = QueryDict(board.query, mutable=True)
        query.update(request.GET)
        query[SAVED] = "1"
        return redirect(f"{request.path}?{query.urlencode(safe=',')}")
    page = _page(request, board)
    if page is None:
        return render(request, "insight/nothing.html", {})
    return render(request, "insight/board.html", _context(request, page))


def _page(request: UserRequest, board: Board) -> Page | None:
    now = timezone.now()
    known = {measure.key: measure for measure in measures()}
    asked = read_asked(request.user, request.GET, known, now)
    if asked is None:
        return None
    specs, user = compared_as(board.specs, request.GET), request.user
    found = kept_if_slow(
        user, "board", (specs, asked), lambda: shown(user, specs, known, asked, now.date()), now
    )
    names = Names.of([name for spec in specs for name in spec.by])
    return Page(board, asked, known, found.value, names, found.at if found.kept else None, now)


def _tile(request: UserRequest, board: str, number: int) -> tuple[Page, Result]:
    page = _page(request, open_board(request.user, board))
    if page is None or not 1 <= number <= len(page.found.tiles):
        raise Http404
    result = page.found.tiles[number - 1]
    if result is None:
        raise Http404
    return page, result


def _context(request: UserRequest, page: Page) -> dict[str, Any]:
    lead, user = page.found.lead, request.user
    assert lead is not None
    assert lead.whole is not None
    tiles = [
        _placed(request, page, number, result)
        for number, result in enumerate(page.found.tiles, 1)
        if result is not None
    ]
    counted = [result for result in page.found.tiles if result is not None]
    return {
        "board": page.board,
        "shown": page.found,
        "measure": lead.measure,
        "count": lead.whole.tally.n,
        "headline": words.headline(lead),
        "deck": words.deck(lead, counted, page.names),
        "bar": _bar(request, lead),
        "chips": [_metric_chip(request, measure, lead.measure) for measure in page.known.values()],
        "comparisons": _comparisons(request),
        "comparing": counted[0].comparisons if counted else 0,
        "groups": offered_filters(user, GROUPS),
        "query": [
            (key, value) for key, values in request.GET.lists() if key not in COMPARING for value in values
        ],
        "tiles": tiles,
        "period": words.period(page.asked),
        "as_of": page.as_of,
        "answers_url": _link(user)(lead.filters),
        "address": request.build_absolute_uri(),
        "mail": DashboardMail.objects.visible_to(user).filter(board=page.board.key).first(),
        "everys": DashboardMail.Every.choices,
        "may_see_everything": user.scope.everything,
    }


def _placed(request: UserRequest, page: Page, number: int, result: Result) -> Placed:
    drawn = _drawn(request, page, result)
    key = page.board.key
    narrow = ""
    if drawn.narrowing is not None:
        at_home = request.path == reverse("insight:dashboard")
        narrow = _at(request, request.path if at_home else page.board.url, drawn.narrowing.filters)
    return Placed(
        number=number,
        drawn=drawn,
        url=_at(request, reverse("insight:tile", args=[key, number])),
        picture_url=_at(request, reverse("insight:tile-picture", args=[key, number])) if drawn.chart else "",
        table_url=_at(request, reverse("insight:tile-table", args=[key, number])),
        narrow_url=narrow,
    )


def _drawn(request: UserRequest, page: Page, result: Result) -> Drawn:
    user, kind = request.user, result.spec.kind
    may_read = user.may(Permission.SEE_CUSTOMERS)
    unhappy = unhappy_in(user, result) if kind == "unhappy" and may_read else []
    silent = silent_in(user, result, page.now) if kind == "silent" and may_read else []
    return draw(result, page.names, _link(user), unhappy, silent)


def _link(user: User) -> Any:
    may_read = user.may(Permission.SEE_CUSTOMERS)
    return lambda filters: f"{reverse('signals:list')}?{filters.query()}" if may_read else ""


def _at(request: UserRequest, path: str, filters: Filters | None = None) -> str:
    """Return an address with this page's filters, or with others."""
    query = request.GET.copy()
    if filters is not None:
        for key in filter_keys():
            query.pop(key, None)
        for key, values in QueryDict(filters.query()).lists():
            query.setlist(key, values)
    text = query.urlencode(safe=",:")
    return f"{path}?{text}" if text else path


# -- Controls ----------------------------------------------------------------------


def _bar(request: UserRequest, lead: Result) -> FilterBar:
    assert lead.whole is not None
    offered: list[Filter] = offered_filters(request.user, KEYS)
    return filter_bar(request, words.answers(lead.whole.tally.n), offered)


def _metric_chip(request: UserRequest, measure: Measure, current: Measure) -> Choice:
    query = request.GET.copy()
    query["metric"] = measure.key
    return Choice(measure.name, f"{request.path}?{query.urlencode(safe=',')}", measure == current)


def _comparisons(request: UserRequest) -> Sequence[Choice]:
    other = any(request.GET.get(key) for key in COMPARING - {"compare"})
    chosen = "group" if other else request.GET.get("compare", "")
    said = {
        "": _("As arranged"),
        "before": _("The stretch before"),
        "last_year": _("A year ago"),
        "none": _("Nothing"),
    }
    found = []
    for key, name in said.items():
        query = request.GET.copy()
        for part in COMPARING:
            query.pop(part, None)
        if key:
            query["compare"] = key
        text = query.urlencode(safe=",")
        found.append(Choice(name, f"{request.path}?{text}" if text else request.path, chosen == key))
    return found
