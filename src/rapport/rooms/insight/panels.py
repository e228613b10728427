"""Where higher rooms add to the home page; and the figures this room adds to the pages of customers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.accounts.panels import Look, account_page
from rapport.rooms.insight.selectors.counting import counts, measures, tally_of
from rapport.rooms.signals.models import Score
from rapport.ui.components import Figure

Text = str | Promise
HEARD_WITHIN = timedelta(days=365)
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
