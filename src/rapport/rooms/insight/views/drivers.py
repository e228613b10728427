"""The drivers: what moves an outcome, how surely, for whom, and what raising a rating would bring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.rooms.insight import driver_words as words
from rapport.rooms.insight.boards.picture import picture_of
from rapport.rooms.insight.boards.spec import dimension_name
from rapport.rooms.insight.boards.words import Names, period
from rapport.rooms.insight.keeping import AsOf, kept_if_slow
from rapport.rooms.insight.selectors.answers import GROUPINGS
from rapport.rooms.insight.selectors.counting import measures
from rapport.rooms.insight.selectors.drivers import (
    GroupStudy,
    Rated,
    Study,
    StudyAsked,
    StudyRefused,
    study,
)
from rapport.rooms.insight.selectors.reading import read_asked
from rapport.rooms.insight.selectors.reading_studies import CHANGE, NO_GROUPS, read_study
from rapport.rooms.insight.tallies import Measure
from rapport.rooms.signals.api import Filters, offered_filters
from rapport.ui.charts import Bar, Caption, Chart, Matter, bars_with_whiskers, importance_map
from rapport.ui.charts.chart import ChartTable, nothing_to_draw
from rapport.ui.components import filter_bar
from rapport.ui.estimates import Scale, read
from rapport.ui.formats import number

KEYS = (
    "period", "region", "division", "sector", "tier", "role", "programme", "touchpoint", "stage", "product",
    "partner", "language", "kind", "source",
)  # fmt: skip
SMALL = 390
PICTURES = frozenset({"importance", "map"})
AFRESH = ("driver", CHANGE)


@dataclass(frozen=True)
class Choice:
    """Something that can be chosen, with its link."""

    name: str
    url: str
    current: bool


@dataclass(frozen=True)
class DriverChoice:
    """A rating that can be taken as a driver."""

    key: str
    name: str
    n: str
    chosen: bool


@dataclass(frozen=True)
class ChangeField:
    """Where somebody says by how much a rating changes."""

    key: str
    name: str
    rated: str
    value: str
    error: str = ""


@dataclass(frozen=True)
class Shown:
    """A picture with its finding, its base and where it can be taken from."""

    key: str
    title: str
    base: str
    chart: Chart | None
    picture_url: str = ""
    note: str = ""

    @property
    def table_text(self) -> str:
        """Return the table as text that spreadsheets take when it is pasted."""
        if self.chart is None:
            return ""
        rows = [self.chart.table.columns, *self.chart.table.rows]
        return "\n".join("\t".join(str(cell) for cell in row) for row in rows)


@dataclass(frozen=True)
class _Page:
    """What the views of drivers work with."""

    found: Study | None
    outcome: Measure
    filters: Filters
    known: Sequence[Measure]
    names: Names
    as_of: AsOf[Study | None]
    error: StudyRefused | None


@permit(Permission.SEE_FIGURES)
@require_safe
def drivers(request: UserRequest) -> HttpResponse:
    """Show what moves an outcome; everything chosen is in the address."""
    page = _page(request)
    if page is None:
        return render(request, "insight/nothing.html", {})
    return render(request, "insight/drivers.html", _context(request, page))


@permit(Permission.SEE_FIGURES)
@require_safe
def drivers_picture(request: UserRequest, key: str) -> HttpResponse:
    """Send one picture of the page as a file that stands alone."""
    page = _page(request)
    if page is None:
        raise Http404
    pictures = _pictures(request, page.found, page.names) if page.found else []
    shown = next((one for one in pictures if one.key == key), None)
    if shown is None and key not in PICTURES:
        raise Http404
    if shown is None or shown.chart is None:
        reason = words.reason_of(page.found) if page.found else _("Nothing was rated beside it.")
        shown = Shown(key, page.outcome.name, "", nothing_to_draw(Caption(), reason))
    assert shown.chart is not None
    said = [str(shown.chart.caption.subtitle), shown.base, period(page.filters)]
    lines = [shown.title, "; ".join(part for part in said if part)]
    response = HttpResponse(picture_of(shown.chart, lines), content_type="image/svg+xml")
    response["Content-Disposition"] = f'attachment; filename="drivers-{key}.svg"'
    return response


def _page(request: UserRequest) -> _Page | None:
    now, known, user = timezone.now(), measures(), request.user
    filters = read_asked(user, request.GET, {one.key: one for one in known}, now)
    if filters is None:
        return None
    outcome = next(one for one in known if one.key == filters.metric)
    error: StudyRefused | None = None
    try:
        asked = read_study(request.GET)
    except StudyRefused as refused:
        asked, error = _without_changes(request.GET), refused

    def work(asked: StudyAsked) -> AsOf[Study | None]:
        return kept_if_slow(
            user, "drivers", (filters, asked), lambda: study(user, outcome, filters, asked, known), now
        )

    try:
        found = work(asked)
    except StudyRefused as refused:
        found, error = work(replace(asked, changes=())), refused
    return _Page(found.value, outcome, filters, known, Names.of(GROUPINGS), found, error)


def _without_changes(query: QueryDict) -> StudyAsked:
    kept = query.copy()
    for key in list(kept):
        if key.startswith(CHANGE):
            kept.pop(key)
    try:
        return read_study(kept)
    except StudyRefused:
        return StudyAsked()


def _context(request: UserRequest, page: _Page) -> dict[str, Any]:
    found, error = page.found, page.error
    answers = page.found.answers if page.found else 0
    context: dict[str, Any] = {
        "outcome": page.outcome,
        "period": period(page.filters),
        "as_of": page.as_of.at if page.as_of.kept else None,
        "bar": filter_bar(
            request, _("%(n)s answers") % {"n": number(answers)}, offered_filters(request.user, KEYS)
        ),
        "chips": [
            Choice(
                one.name, _with(request, {"metric": one.key}, drop=("driver", CHANGE)), one == page.outcome
            )
            for one in page.known
        ],
        "error": error.message if error and not error.field.startswith(CHANGE) else "",
        "address": request.build_absolute_uri(),
        "may_export": request.user.may(Permission.EXPORT),
        "query": request.GET.urlencode(safe=","),
        "found": found,
    }
    if found is None:
        return context
    pictures = _pictures(request, found, page.names)
    return context | {
        "headline": words.headline(found),
        "deck": words.deck(found, page.names),
        "main": [one for one in pictures if not one.key.startswith("group-")],
        "groups": [one for one in pictures if one.key.startswith("group-")],
        "groups_left_out": found.groups_left_out,
        "by": _groupings(request, found),
        "differences": words.differences(found, page.names),
        "warnings": words.warnings(found),
        "table": full_table(found),
        "choices": _choices(found),
        "fields": _fields(request, found, error),
        "gain": words.gain(found, found.gain) if found.gain else [],
        "how": words.how(found),
        "kept": [pair for pair in _pairs(request) if pair[0] != "driver" and pair[0] != "missing"],
        "kept_for_gain": [pair for pair in _pairs(request) if not pair[0].startswith(CHANGE)],
    }


# -- Pictures ---------------------------------------------------------------------


def _pictures(request: UserRequest, found: Study, names: Names) -> list[Shown]:
    if not found.rated:
        return []
    base = _base(found.found.n, found.found.clusters)
    outcome = found.outcome.name
    pictures = [
        Shown(
            "importance",
            _("How much each rating counts"),
            base,
            bars(found, found.rated_by_share, _("Share of what moves %(outcome)s") % {"outcome": outcome}),
        ),
        Shown("map", _map_title(found), base, _map(found)),
    ]
    pictures += [
        Shown(
            f"group-{number_}",
            capfirst(words.of_group(found.asked.by, group.key, names)),
            _base(group.found.n, group.found.clusters) if group.found.reason is None else "",
            _group_bars(found, group),
            note=words.about_group(found, group),
        )
        for number_, group in enumerate(found.groups, 1)
    ]
    query = request.GET.urlencode(safe=",")
    return [
        replace(one, picture_url=f"{reverse('insight:drivers-picture', args=[one.key])}?{query}")
        for one in pictures
    ]


def bars(found: Study, rated: Sequence[Rated], subtitle: str) -> Chart:
    """Draw the importance of ratings, the one proven to lead in the accent."""
    lead = found.leading.name if found.leading and found.leading.is_proven else None
    return bars_with_whiskers(
        Caption("", subtitle, _("LMG shares with 95% range; customers drawn anew 500 times")),
        [Bar(one.measure.name, one.share, "accent" if one.measure.key == lead else "pas") for one in rated],
        scale=words.SHARE,
        up_to=_up_to(found),
    )


def _group_bars(found: Study, group: GroupStudy) -> Chart | None:
    if group.found.reason is not None:
        return None
    lead = group.leading.name if group.leading and group.leading.is_proven else None
    shares = {driver.name: driver.share for driver in group.found.drivers}
    return bars_with_whiskers(
        Caption("", _("Share of what moves %(outcome)s") % {"outcome": found.outcome.name}),
        [
            Bar(one.measure.name, shares[one.measure.key], "accent" if one.measure.key == lead else "pas")
            for one in found.rated_by_share
        ],
        scale=words.SHARE,
        width=SMALL,
        up_to=_up_to(found),
    )


def _up_to(found: Study) -> float:
    """Return where the axis of all the page's bars ends, so that they can be compared."""
    highs = [one.share.high or 0.0 for one in found.rated]
    highs += [driver.share.high or 0.0 for group in found.groups for driver in group.found.drivers]
    return max(highs, default=1.0)


def _map(found: Study) -> Chart:
    scale, title = rating_scale(found.rated)
    return importance_map(
        Caption(
            "",
            _("Share of what is explained against mean rating; whiskers are 95% ranges"),
            _("The lines are the means of all ratings. Better is on the right."),
        ),
        [Matter(one.measure.name, one.share, one.performance) for one in found.rated],
        scale,
        axis_title=title,
    )


def rating_scale(rated: Sequence[Rated]) -> tuple[Scale, str]:
    """Return the scale all ratings share and what the axis is called."""
    first = rated[0].measure
    title = _("Mean rating, %(low)s to %(high)s") % {"low": number(first.low), "high": number(first.high)}
    return Scale(first.low, first.high, decimals=1), title


def _map_title(found: Study) -> str:
    first = first_to_fix(found.rated)
    if not first:
        return _("Importance and rating")
    return _("High stakes, low marks: %(first)s") % {"first": ", ".join(one.measure.name for one in first)}


def first_to_fix(rated: Sequence[Rated]) -> list[Rated]:
    """Return the ratings that count more than the mean and are rated lower than the mean of all."""
    seen = [one for one in rated if one.performance.value is not None and one.share.value is not None]
    if not seen:
        return []
    share = sum(one.share.value or 0.0 for one in seen) / len(seen)
    rating = sum(one.performance.value or 0.0 for one in seen) / len(seen)
    return [one for one in seen if (one.share.value or 0) > share and (one.performance.value or 0) < rating]


def full_table(found: Study) -> ChartTable:
    """Return every figure of every driver."""
    columns = [
        _("Rating"), _("Importance"), _("95% range"), _("Mean rating"), _("95% range"),
        _("Relative weight"), _("Correlation"), _("One more brings"), _("95% range"), _("Inflation"), _("n"),
    ]  # fmt: skip
    total = found.found.r_squared.value or 0.0
    return ChartTable(columns, [_row(one, total) for one in found.rated_by_share])


def _row(one: Rated, total: float) -> list[str]:
    driver = one.driver
    share, rating = read(one.share, words.SHARE), read(one.performance, "ten")
    slope = read(driver.coefficient, Scale(-10, 10, decimals=2, sign=True))
    weight = driver.relative_weight / total if total > 0 else 0.0
    return [
        one.measure.name,
        *((share.value, share.range) if not share.hidden else (share.hidden, "")),
        *((rating.value, rating.range) if not rating.hidden else (rating.hidden, "")),
        words.SHARE.text(weight),
        number(driver.correlation, 2, sign=True),
        *((slope.value, slope.range) if not slope.hidden else (slope.hidden, "")),
        number(driver.variance_inflation, 1) if driver.variance_inflation < 1e6 else "\N{INFINITY}",
        number(driver.n),
    ]


def _base(n: int, customers: int) -> str:
    return _("n %(n)s, %(customers)s customers or lone answers") % {
        "n": number(n),
        "customers": number(customers),
    }


# -- Controls ---------------------------------------------------------------------


def _groupings(request: UserRequest, found: Study) -> list[Choice]:
    names = {name: dimension_name(name) for name in GROUPINGS}
    chosen = found.asked.by or NO_GROUPS
    return [
        Choice(names.get(key, _("No groups")), _with(request, {"by": key}), chosen == key)
        for key in (*GROUPINGS, NO_GROUPS)
    ]


def _choices(found: Study) -> list[DriverChoice]:
    chosen = {one.key for one in found.drivers}
    return [
        DriverChoice(one.measure.key, one.measure.name, number(one.n), one.measure.key in chosen)
        for one in found.offered
    ]


def _fields(request: UserRequest, found: Study, error: StudyRefused | None) -> list[ChangeField]:
    ten = Scale(0, 10, decimals=1)
    return [
        ChangeField(
            f"{CHANGE}{one.measure.key}",
            one.measure.name,
            f"{ten.text(one.driver.performance)} / {one.measure.high:g}",
            request.GET.get(f"{CHANGE}{one.measure.key}", ""),
            error.message if error and error.field == f"{CHANGE}{one.measure.key}" else "",
        )
        for one in found.rated_by_share
    ]


def _pairs(request: UserRequest) -> list[tuple[str, str]]:
    return [(key, value) for key, values in request.GET.lists() for value in values]


def _with(request: UserRequest, changes: Mapping[str, str], drop: Sequence[str] = ()) -> str:
    query = request.GET.copy()
    for key in list(query):
        if any(key == one or (one.endswith("-") and key.startswith(one)) for one in drop):
            query.pop(key)
    for key, value in changes.items():
        query[key] = value
    return f"{reverse('insight:drivers')}?{query.urlencode(safe=',')}"
