"""The dashboard: one metric, where it stands, where it moved, and who said so."""

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.rooms.accounts.models import Account, BuyingRole
from rapport.rooms.catalog.models import Region
from rapport.rooms.insight.keeping import kept_if_slow
from rapport.rooms.insight.selectors.counting import measures
from rapport.rooms.insight.selectors.dashboard import Picture, picture
from rapport.rooms.insight.selectors.people import unhappy_people
from rapport.rooms.insight.tallies import Measure, Tally
from rapport.rooms.signals.api import Filters, offered_filters, read_filters
from rapport.stats.estimate import HIDDEN_BELOW, Estimate
from rapport.ui.charts import (
    Bar,
    Caption,
    Cell,
    Chart,
    Counts,
    Heading,
    Point,
    bars_with_whiskers,
    columns,
    heat_grid,
    line_with_band,
)
from rapport.ui.components import Figure, Filter, FilterBar, filter_bar
from rapport.ui.estimates import Scale, read
from rapport.ui.formats import full_day, number

KEYS = ("period", "region", "tier", "sector", "role", "touchpoint", "product", "partner", "kind")
USUAL = timedelta(days=364)
MOST_MONTHS = 24
UNHAPPY = 5


@dataclass(frozen=True)
class MetricChip:
    """A metric that can be chosen, with its link."""

    name: str
    url: str
    current: bool


@permit(Permission.SEE_FIGURES)
@require_safe
def dashboard(request: UserRequest) -> HttpResponse:
    """Show where a metric stands; the filters are in the address."""
    now = timezone.now()
    known = measures()
    asked = _asked(request, now.date())
    measure = _measure(known, asked)
    if measure is None:
        return render(request, "insight/nothing.html", {})
    asked = asked.changed(metric=measure.key)
    user = request.user
    found = kept_if_slow(user, "dashboard", asked, lambda: picture(user, measure, asked), now)
    context = _context(request, known, found.value, asked, now)
    context["as_of"] = found.at if found.kept else None
    return render(request, "insight/dashboard.html", context)


def _asked(request: UserRequest, today: date) -> Filters:
    asked = read_filters(request.GET, today).changed(bands=(), words="", languages=(), contact="")
    if asked.account and not Account.objects.visible_to(request.user).filter(code=asked.account).exists():
        asked = asked.changed(account="")
    if asked.since is None and asked.until is None:
        asked = asked.changed(since=today - USUAL, until=today)
    return asked


def _measure(known: list[Measure], asked: Filters) -> Measure | None:
    by_key = {measure.key: measure for measure in known}
    first = next((measure for measure in known if measure.kind == "nps"), known[0] if known else None)
    return by_key.get(asked.metric, first)


def _context(
    request: UserRequest, known: list[Measure], shown: Picture, asked: Filters, now: datetime
) -> dict[str, Any]:
    may_read = request.user.may(Permission.SEE_CUSTOMERS)

    def link(**changes: Any) -> str:
        return f"{reverse('signals:list')}?{asked.changed(**changes).query()}" if may_read else ""

    regions = dict(Region.objects.values_list("key", "name"))
    return {
        "shown": shown,
        "measure": shown.measure,
        "headline": headline(shown, regions),
        "deck": deck(shown, regions),
        "bar": _bar(request, shown),
        "chips": [_chip(request, measure, shown.measure) for measure in known],
        "figures": _figures(shown, link),
        "over_time": _over_time(shown, asked, link) if shown.months else None,
        "by_region": _by_region(shown, regions, link) if len(shown.regions) > 1 else None,
        "grid": _grid(shown, regions, link) if shown.roles else None,
        "mix": _mix(shown),
        "region_title": _region_title(shown, regions),
        "bands": _bands(shown, link),
        "unhappy": unhappy_people(request.user, asked, most=UNHAPPY) if may_read else [],
        "unhappy_url": link(bands=("det",)),
        "period": _period(asked),
        "list_url": link(),
    }


# -- Words -----------------------------------------------------------------------


def headline(shown: Picture, regions: Mapping[str, str]) -> str:
    """Say the finding in one sentence; a change is only claimed when its range excludes zero."""
    if shown.figure.is_hidden:
        return _("Too few answers to say anything yet")
    name, scale = shown.measure.name if shown.measure.kind != "nps" else "NPS", shown.measure.scale
    now = read(shown.figure, scale).value
    if shown.change.value is not None and not shown.before.is_hidden:
        was = read(shown.before, scale).value
        if shown.change.is_proven:
            text = (
                _("%(name)s rose from %(was)s to %(now)s")
                if shown.change.value > 0
                else _("%(name)s fell from %(was)s to %(now)s")
            )
            return text % {"name": name, "was": was, "now": now}
        return _("%(name)s holds at %(now)s") % {"name": name, "now": now}
    return _("%(name)s stands at %(now)s") % {"name": name, "now": now}


def deck(shown: Picture, regions: Mapping[str, str]) -> str:
    """Say how sure that is, and which region stands out."""
    if shown.figure.is_hidden:
        return _("A figure needs at least %(count)d answers.") % {"count": HIDDEN_BELOW}
    reading = read(shown.figure, shown.measure.scale)
    said = [
        _("95%% range %(range)s, from %(n)s answers.") % {"range": reading.range, "n": number(shown.tally.n)}
    ]
    if shown.change.value is not None and not shown.before.is_hidden and not shown.change.is_proven:
        said.append(_("The difference to the time before could be chance."))
    if shown.contrast:
        one = shown.contrast
        said.append(
            _("%(region)s stands out: %(figure)s, against %(elsewhere)s elsewhere.")
            % {
                "region": regions.get(one.region, one.region),
                "figure": read(one.figure, shown.measure.scale).value,
                "elsewhere": read(one.elsewhere, shown.measure.scale).value,
            }
        )
    return " ".join(said)


def _period(asked: Filters) -> str:
    if asked.since and asked.until:
        return f"{full_day(asked.since)} – {full_day(asked.until)}"
    return full_day(asked.since) if asked.since else full_day(asked.until) if asked.until else ""


# -- Controls ----------------------------------------------------------------------


def _bar(request: UserRequest, shown: Picture) -> FilterBar:
    summary = _("%(n)s answers") % {"n": number(shown.tally.n)}
    offered: list[Filter] = offered_filters(request.user, KEYS)
    return filter_bar(request, summary, offered)


def _chip(request: UserRequest, measure: Measure, current: Measure) -> MetricChip:
    query = request.GET.copy()
    query["metric"] = measure.key
    return MetricChip(measure.name, f"{request.path}?{query.urlencode(safe=',')}", measure == current)


def _figures(shown: Picture, link: Callable[..., str]) -> list[Figure]:
    scale = shown.measure.scale
    written = (
        {"estimate": shown.figure, "scale": scale}
        if isinstance(scale, str)
        else {"value": _written(shown.figure, scale)}
    )
    base = shown.base
    return [
        Figure(label=shown.measure.words, url=link(), **written, **_change(shown)),
        Figure(label=_("Answers"), value=number(shown.tally.n), note=_spread(base.spread), url=link()),
        Figure(label=_("People heard"), value=number(base.people), note=_("whose names are known")),
        Figure(label=_("Accounts heard"), value=number(base.accounts)),
        Figure(
            label=_("Without a name"),
            value=number(shown.nameless.n),
            url=link(named="no") if shown.nameless.n else "",
        ),
    ]


def _change(shown: Picture) -> dict[str, Any]:
    """Return the change as a figure's second line; only a proven one gets shape and colour."""
    change = shown.change
    if change.value is None:
        return {"note": _("nothing to compare with just before")}
    decimals = 0 if shown.measure.kind == "nps" else 1
    size = 100 * change.value if shown.measure.kind == "csat" else change.value
    text = _("%(change)s against the stretch before") % {"change": number(size, decimals, sign=True)}
    if not change.is_proven:
        return {"note": _("%(change)s: noise") % {"change": text}}
    better = (change.value > 0) == shown.measure.higher_is_better
    return {"mood": "pro" if better else "det", "mood_text": text}


def _written(figure: Estimate, scale: Scale) -> str:
    reading = read(figure, scale)
    return reading.hidden or f"{reading.value} ({reading.range})"


def _spread(spread: float) -> str:
    if spread <= 1.05:
        return ""
    return _("as telling as 1 in %(spread)s, for answers of one account are alike") % {
        "spread": number(spread, 1)
    }


# -- Pictures ----------------------------------------------------------------------


def _over_time(shown: Picture, asked: Filters, link: Callable[..., str]) -> Chart:
    points = [
        Point(_month(month), _figure(shown, tally), _month_url(month, asked, link) if tally.n else "")
        for month, tally in shown.months[-MOST_MONTHS:]
    ]
    return line_with_band(
        Caption(
            "",
            _("%(words)s with 95%% range; n is answers") % {"words": shown.measure.words},
            shown.figure.method,
        ),
        points,
        scale=shown.measure.scale,
    )


def _month_url(month: date, asked: Filters, link: Callable[..., str]) -> str:
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    since = max(month, asked.since) if asked.since else month
    return link(since=since, until=min(last, asked.until) if asked.until else last)


def _by_region(shown: Picture, regions: Mapping[str, str], link: Callable[..., str]) -> Chart:
    bars = [
        Bar(
            regions.get(key, key) or _("No region"),
            _figure(shown, tally),
            "accent" if shown.contrast and shown.contrast.region == key else "pas",
            link(regions=(key or "none",)),
        )
        for key, tally in sorted(shown.regions.items(), key=lambda pair: -pair[1].n)
    ]
    return bars_with_whiskers(
        Caption(
            "",
            _("%(words)s with 95%% range") % {"words": shown.measure.words},
            shown.figure.method,
        ),
        bars,
        scale=shown.measure.scale,
    )


def _region_title(shown: Picture, regions: Mapping[str, str]) -> str:
    if shown.contrast is None:
        return _("By region: no region is proven to differ from the others")
    return _("%(region)s stands out") % {"region": regions.get(shown.contrast.region, shown.contrast.region)}


def _grid(shown: Picture, regions: Mapping[str, str], link: Callable[..., str]) -> Chart:
    columns_ = sorted(shown.regions, key=lambda key: -shown.regions[key].n)[:6]
    roles = [role for role in [*BuyingRole.Role.values, ""] if role in shown.roles]
    rows = [Heading(_role(role), _glyph(role)) for role in roles]
    cells = [
        [
            _cell(
                shown,
                shown.by_role_and_region.get((role, region)),
                link(roles=(role or "none",), regions=(region or "none",)),
            )
            for region in columns_
        ]
        for role in roles
    ]
    if shown.nameless.n:
        rows.append(Heading(_("Without a name")))
        cells.append(
            [
                _cell(
                    shown, shown.nameless_by_region.get(region), link(named="no", regions=(region or "none",))
                )
                for region in columns_
            ]
        )
    reference = shown.figure.value or 0.0
    return heat_grid(
        Caption(
            "",
            _("Coloured where the range excludes the whole's %(value)s")
            % {"value": read(shown.figure, shown.measure.scale).value},
            shown.figure.method,
        ),
        rows,
        [Heading(regions.get(key, key) or _("No region")) for key in columns_],
        cells,
        reference=reference,
        scale=shown.measure.scale,
    )


def _cell(shown: Picture, tally: Tally | None, url: str) -> Cell:
    return Cell(_figure(shown, tally), url) if tally and tally.n else Cell()


def _figure(shown: Picture, tally: Tally) -> Estimate:
    return shown.measure.figure(tally, shown.base.spread)


def _mix(shown: Picture) -> Chart | None:
    if not shown.months:
        return None
    items = [
        Counts(_month(month), tally.detractors, tally.passives, tally.promoters)
        for month, tally in shown.months[-MOST_MONTHS:]
    ]
    return columns(Caption("", _("Answers by month: unhappy, passive, happy")), items)


@dataclass(frozen=True)
class BandLink:
    """How many named answers lie in a band, in figures, and where they can be read."""

    mood: str
    text: str
    url: str


def _bands(shown: Picture, link: Callable[..., str]) -> list[BandLink]:
    counted = {"det": shown.named.detractors, "pas": shown.named.passives, "pro": shown.named.promoters}
    return [BandLink(band, number(count), link(bands=(band,))) for band, count in counted.items()]


def _month(month: date) -> str:
    return date_format(month, "M y")


def _role(role: str) -> str:
    return str(BuyingRole.Role(role).label) if role else _("Role not known")


def _glyph(role: str) -> str:
    return "decision" if role == "decision_maker" else role
