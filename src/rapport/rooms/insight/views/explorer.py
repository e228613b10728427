"""The explorer: any metric by up to three dimensions, small pictures side by side, saved as a tile."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.rooms.insight.boards import words
from rapport.rooms.insight.boards.picture import picture_of
from rapport.rooms.insight.boards.spec import dimension_name
from rapport.rooms.insight.boards.words import Names
from rapport.rooms.insight.keeping import kept_if_slow
from rapport.rooms.insight.models import Dashboard
from rapport.rooms.insight.selectors.counting import measures
from rapport.rooms.insight.selectors.explorer import (
    DIMENSIONS,
    USUAL,
    Explored,
    ExplorerRefused,
    Lettered,
    Panel,
    explore,
    read_dimensions,
    spec_of,
)
from rapport.rooms.insight.selectors.reading import read_asked
from rapport.rooms.insight.selectors.tiles import Line
from rapport.rooms.insight.services.dashboards import DashboardRefused, create_dashboard, save_tile
from rapport.rooms.insight.views.drivers import KEYS, Choice, Shown
from rapport.rooms.signals.api import Filters, filter_keys, offered_filters
from rapport.ui.charts import Bar, Caption, Chart, bars_with_whiskers
from rapport.ui.charts.chart import ChartTable, nothing_to_draw
from rapport.ui.components import filter_bar
from rapport.ui.estimates import read
from rapport.ui.formats import number

WIDE, SMALL = 692, 390
NEW = "new"


@dataclass(frozen=True)
class DimensionField:
    """Where one of the three dimensions is chosen."""

    label: str
    options: Sequence[tuple[str, str, bool]]
    id: str


@permit(Permission.SEE_FIGURES)
@require_safe
def explorer(request: UserRequest) -> HttpResponse:
    """Show a metric by what the address asks for."""
    found, error = _found(request)
    if found is None:
        return render(request, "insight/nothing.html", {})
    return render(request, "insight/explorer.html", _context(request, found, error))


@permit(Permission.SEE_FIGURES)
@require_safe
def explorer_picture(request: UserRequest, number: int) -> HttpResponse:
    """Send one of the small pictures as a file that stands alone."""
    found, _error = _found(request)
    if found is None:
        raise Http404
    pictures = _pictures(request, found, _names(found)) or [_nothing(found)]
    if not 1 <= number <= len(pictures):
        raise Http404
    shown = pictures[number - 1]
    assert shown.chart is not None
    said = [str(shown.chart.caption.subtitle), shown.base, words.period(found.result.filters)]
    lines = [shown.title, "; ".join(part for part in said if part)]
    response = HttpResponse(picture_of(shown.chart, lines), content_type="image/svg+xml")
    response["Content-Disposition"] = f'attachment; filename="explorer-{number}.svg"'
    return response


@permit(Permission.SEE_FIGURES)
@require_POST
def save(request: UserRequest) -> HttpResponse:
    """Save what is shown as a tile of one of the user's own dashboards, or of a new one."""
    back = f"{reverse('insight:explorer')}?{request.GET.urlencode(safe=',')}"
    known, wanted = {one.key: one for one in measures()}, request.POST.get("dashboard", NEW)
    asked = read_asked(request.user, request.GET, known, timezone.now())
    if asked is None:
        raise Http404
    try:
        spec = spec_of(asked, read_dimensions(request.GET), _where(request))
        title = request.POST.get("title", "").strip()
        spec = spec.model_copy(update={"title": title[:120]}) if title else spec
        if wanted == NEW:
            name = request.POST.get("name", "").strip() or _("What I explored")
            board = create_dashboard(request.user, name, [spec])
        else:
            board = _own(request, wanted)
            save_tile(request.user, board, spec)
    except (DashboardRefused, ExplorerRefused) as refused:
        messages.error(request, refused.message)
        return redirect(back)
    messages.success(request, _("Saved as a tile of '%(name)s'.") % {"name": board.name})
    return redirect("insight:board", board=board.code)


def _own(request: UserRequest, code: str) -> Dashboard:
    board = Dashboard.objects.visible_to(request.user).filter(owner=request.user, code=code).first()
    if board is None:
        raise Http404
    return board


def _where(request: UserRequest) -> dict[str, list[str]]:
    """Return the filters of the address as a tile keeps them."""
    return {
        key: [value for value in values if value]
        for key, values in request.GET.lists()
        if key in filter_keys() and key != "metric" and any(values)
    }


def _found(request: UserRequest) -> tuple[Explored | None, str]:
    now, user, query = timezone.now(), request.user, request.GET.copy()
    error = ""
    try:
        read_dimensions(query)
    except ExplorerRefused as refused:
        error = refused.message
        query.setlist("by", list(USUAL))
    asked = query.urlencode()
    found = kept_if_slow(user, "explorer", (asked, now.date()), lambda: explore(user, query, now), now)
    return found.value, error


def _names(found: Explored) -> Names:
    return Names.of(found.result.spec.by)


def _context(request: UserRequest, found: Explored, error: str) -> dict[str, Any]:
    result, names = found.result, _names(found)
    whole = result.whole
    assert whole is not None
    reading = read(whole.estimate, result.measure.scale)
    return {
        "found": found,
        "measure": result.measure,
        "error": error,
        "period": words.period(result.filters),
        "headline": headline(found),
        "deck": _deck(found),
        "reading": reading,
        "bar": filter_bar(
            request,
            words.answers(whole.tally.n),
            offered_filters(request.user, KEYS),
        ),
        "chips": [
            Choice(one.name, _with(request, metric=one.key), one == result.measure) for one in measures()
        ],
        "fields": _fields(result.spec.by),
        "kept": [(key, value) for key, values in request.GET.lists() for value in values if key != "by"],
        "pictures": _pictures(request, found, names),
        "table": table(found, names),
        "how": [*words.how(result), (_("Letters"), _letters(found))],
        "left_out": result.left_out,
        "own": Dashboard.objects.visible_to(request.user).filter(owner=request.user),
        "query": request.GET.urlencode(safe=","),
        "address": request.build_absolute_uri(),
        "may_export": request.user.may(Permission.EXPORT),
    }


def headline(found: Explored) -> str:
    """Say what is shown by what."""
    by = _(" and ").join(dimension_name(name).lower() for name in found.result.spec.by)
    return _("%(name)s by %(by)s") % {"name": words.short_name(found.result.measure), "by": by}


def _deck(found: Explored) -> str:
    higher = sum(bool(one.higher_than) for panel in found.panels for one in panel.lines)
    if not found.tested:
        return _("No two groups rest on 30 answers each, so none is compared.")
    pairs = _("%(n)s pairs were compared and corrected for that (Holm).") % {"n": number(found.tested)}
    if not higher:
        return _("No group is proven to be higher than another.") + " " + pairs
    said = _("A letter after > names a group that is proven to be lower.")
    return f"{said} {pairs}"


def _letters(found: Explored) -> str:
    return _(
        "Groups beside each other are compared in pairs where both rest on 30 answers: limits squared and "
        "added, all %(n)s pairs corrected together (Holm), 5%%."
    ) % {"n": number(found.tested)}


def _fields(chosen: Sequence[str]) -> list[DimensionField]:
    labels = (_("By"), _("for each"), _("and each"))
    fields = []
    for at, label in enumerate(labels):
        now = chosen[at] if at < len(chosen) else ""
        options = [(name, dimension_name(name), name == now) for name in DIMENSIONS]
        if at:
            options.insert(0, ("", _("nothing"), not now))
        fields.append(DimensionField(label, options, f"by-{at + 1}"))
    return fields


def _pictures(request: UserRequest, found: Explored, names: Names) -> list[Shown]:
    query = request.GET.urlencode(safe=",")
    pictures = []
    for at, panel in enumerate(found.panels, 1):
        url = reverse("insight:explorer-picture", args=[at])
        n = sum(one.line.tally.n for one in panel.lines)
        pictures.append(
            Shown(
                f"panel-{at}",
                _panel_title(found, panel, names),
                words.answers(n),
                _chart(request, found, panel, names),
                picture_url=f"{url}?{query}",
            )
        )
    return pictures


def _panel_title(found: Explored, panel: Panel, names: Names) -> str:
    said = [
        names.say(name, key)
        for name, key in zip(found.result.spec.by[1:], panel.key, strict=True)
        if key is not None
    ]
    if panel.lines[0].line.anonymous:
        said.insert(0, _("Without a name"))
    return " · ".join(said) or _("All answers")


def _nothing(found: Explored) -> Shown:
    chart = nothing_to_draw(Caption(), _("Nobody has answered this."))
    return Shown("panel-1", headline(found), "", chart)


def _chart(request: UserRequest, found: Explored, panel: Panel, names: Names) -> Chart:
    measure, alone = found.result.measure, len(found.panels) == 1
    may_read = request.user.may(Permission.SEE_CUSTOMERS)
    bars = [
        Bar(
            _name(found, one, names),
            one.line.estimate,
            letter=one.letter,
            higher_than=one.higher_than,
            url=_answers_url(found.result.filters, found.result.spec.by, one.line) if may_read else "",
        )
        for one in panel.lines
    ]
    highs = [one.line.estimate.high or 0.0 for other in found.panels for one in other.lines]
    return bars_with_whiskers(
        Caption(
            "",
            _("%(words)s with 95%% range") % {"words": measure.words},
            panel.lines[0].line.estimate.method,
        ),
        bars,
        scale=measure.scale,
        width=WIDE if alone else SMALL,
        up_to=max(highs, default=0.0),
    )


def _name(found: Explored, one: Lettered, names: Names) -> str:
    key = one.line.key[0]
    return _("without one") if key is None else names.say(found.result.spec.by[0], key)


_PARAMETERS = {
    "region": "regions", "role": "roles", "touchpoint": "touchpoints", "stage": "stages",
    "product": "products", "division": "divisions", "partner": "partners", "tier": "tiers",
    "sector": "sectors", "kind": "kinds", "source": "sources",
}  # fmt: skip


def _answers_url(filters: Filters, by: Sequence[str], line: Line) -> str:
    """Return where the very answers behind a figure are read; months and nameless ones have no such list."""
    if line.anonymous or any(name not in _PARAMETERS for name in by):
        return ""
    if any(not key and name == "sector" for name, key in zip(by, line.key, strict=True)):
        return ""
    changes: dict[str, Any] = {
        _PARAMETERS[name]: (str(key) or "none",) for name, key in zip(by, line.key, strict=True)
    }
    return f"{reverse('signals:list')}?{filters.changed(**changes).query()}"


def table(found: Explored, names: Names) -> ChartTable:
    """Return every figure with its range, base, and what it is proven to be above."""
    by = found.result.spec.by
    columns = [
        *(dimension_name(name) for name in by),
        *(_("Value"), _("95% range"), _("n"), _("n eff"), _("Letter"), _("Proven higher than")),
    ]
    rows = []
    for panel in found.panels:
        for one in panel.lines:
            reading = read(one.line.estimate, found.result.measure.scale)
            said = [
                _("without a name") if key is None else names.say(name, key)
                for name, key in zip(by, one.line.key, strict=True)
            ]
            figures = [reading.value, reading.range] if not reading.hidden else [reading.hidden, ""]
            estimate = one.line.estimate
            rows.append(
                [
                    *said,
                    *figures,
                    number(estimate.n),
                    number(estimate.n_effective, 1),
                    one.letter,
                    one.higher_than,
                ]
            )
    return ChartTable(columns, rows)


def _with(request: UserRequest, **changes: str) -> str:
    query = request.GET.copy()
    for key, value in changes.items():
        query[key] = value
    return f"{request.path}?{query.urlencode(safe=',')}"
