"""Where higher rooms add to the home page; and the figures this room adds to the pages of customers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.accounts.panels import Look, Panel, account_page
from rapport.rooms.insight.selectors.counting import MONTH, counts, measures, tallies_by, tally_of
from rapport.rooms.insight.tallies import Tally
from rapport.rooms.signals.models import Score
from rapport.stats.estimate import HIDDEN_BELOW
from rapport.ui.charts import Caption, Point, line_with_band
from rapport.ui.components import Figure

Text = str | Promise
HEARD_WITHIN = timedelta(days=365)
MONTHS = 12
QUARTERS = 8
SIDE_WIDTH = 390
log = structlog.get_logger("rapport.insight.panels")


@dataclass(frozen=True)
class HomePanel:
    """A column of the home page, beside what changed, who is unhappy and who is silent."""

    title: Text
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    base: Text = ""
    order: int = 100


HomeSource = Callable[[User, datetime], HomePanel | None]
_home: list[HomeSource] = []


def register_home_panel(source: HomeSource) -> HomeSource:
    """Register a column of the home page; it returns None when it has nothing for this user."""
    if source not in _home:
        _home.append(source)
    return source


def home_panels(user: User, now: datetime) -> list[HomePanel]:
    """Ask every source for its column; one that fails is logged and left out."""
    found: list[HomePanel] = []
    for source in _home:
        try:
            panel = source(user, now)
        except (ArithmeticError, AttributeError, DatabaseError, LookupError, TypeError, ValueError):
            log.exception("home panel failed", source=source.__qualname__)
            continue
        if panel is not None:
            found.append(panel)
    return sorted(found, key=lambda panel: panel.order)


@account_page.figures(order=20)
def figures(look: Look) -> Iterable[Figure]:
    """Return the metrics scored at a customer within the last twelve months, with range and base."""
    rows = Score.objects.visible_to(look.user).filter(
        account__in=look.account_ids, occurred_at__gt=look.now - HEARD_WITHIN
    )
    for measure in measures():
        if measure.kind not in {"nps", "csat", "ces"}:
            continue
        tally = tally_of(rows.filter(metric=measure.key).aggregate(**counts(measure)))
        if tally.n:
            yield Figure(
                label=measure.words,
                note=_("last 12 months"),
                estimate=measure.figure(tally),
                scale=measure.scale if isinstance(measure.scale, str) else "",
                url=f"{reverse('signals:list')}?account={look.account.code}&metric={measure.key}&period=12m",
            )


@account_page.panels
def over_time(look: Look) -> Iterable[Panel]:
    """Show how likely this customer is to recommend us by month, or by quarter where months hold too few."""
    measure = next((one for one in measures() if one.kind == "nps"), None)
    if measure is None or not look.user.may(Permission.SEE_FIGURES):
        return
    months = _last_months(look.now, QUARTERS * 3)
    rows = Score.objects.visible_to(look.user).filter(
        account__in=look.account_ids,
        metric=measure.key,
        occurred_at__gte=months[0],
        occurred_at__lte=look.now,
    )
    found = tallies_by(rows.annotate(month=MONTH), measure, "month")
    if not found:
        return
    tallies = [found.get(month, Tally()) for month in months]
    by_month = sum(tally.n >= HIDDEN_BELOW for tally in tallies[-MONTHS:]) * 2 >= MONTHS
    stretches = (
        [(date_format(month, "M y"), tally) for month, tally in zip(months, tallies, strict=True)][-MONTHS:]
        if by_month
        else _quarters(months, tallies)
    )
    points = [Point(label, measure.figure(tally)) for label, tally in stretches]
    said = _("%(words)s with 95%% range; n is answers") % {"words": measure.words}
    chart = line_with_band(
        Caption("", said, points[-1].estimate.method), points, scale=measure.scale, width=SIDE_WIDTH
    )
    url = f"{reverse('insight:dashboard')}?account={look.account.code}&metric={measure.key}"
    title = _("NPS by month") if by_month else _("NPS by quarter")
    yield Panel(title, "insight/panel_over_time.html", {"chart": chart, "url": url}, order=30, anchor="nps")


def _last_months(now: datetime, count: int) -> list[datetime]:
    """Return the first instants of the last months, this one included, in UTC."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return [_months_before(first, back) for back in range(count - 1, -1, -1)]


def _months_before(first: datetime, back: int) -> datetime:
    count = first.year * 12 + first.month - 1 - back
    return first.replace(year=count // 12, month=count % 12 + 1)


def _quarters(months: Sequence[datetime], tallies: Sequence[Tally]) -> list[tuple[str, Tally]]:
    """Add months up to the quarters of the calendar."""
    found: dict[str, Tally] = {}
    for month, tally in zip(months, tallies, strict=True):
        label = f"Q{(month.month + 2) // 3} {month:%y}"
        found[label] = found.get(label, Tally()) + tally
    return list(found.items())[-QUARTERS:]
