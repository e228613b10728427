"""The home page: what changed, who is unhappy, who is silent, what is due, and how one's customers stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.insight.keeping import AsOf, kept_if_slow
from rapport.rooms.insight.panels import HomePanel, home_panels
from rapport.rooms.insight.selectors.counting import measures
from rapport.rooms.insight.selectors.people import (
    SilentPerson,
    lately_said,
    silent_people,
    still_unhappy,
)
from rapport.rooms.insight.selectors.portfolio import Portfolio, Standing, accounts_of, portfolio
from rapport.rooms.insight.tallies import Measure
from rapport.rooms.signals.api import ReadSignal
from rapport.ui.charts import people_dots, spark
from rapport.ui.formats import full_day, money, number

CHANGED_WITHIN = timedelta(days=7)
UNHAPPY_WITHIN = timedelta(days=90)
MOST = 5
SORTS = ("unhappy", "renewal", "heard")


@dataclass(frozen=True)
class Lately:
    """What stands in the columns of the home page."""

    said: Sequence[ReadSignal]
    unhappy: Sequence[ReadSignal]
    silent: Sequence[SilentPerson]


@dataclass(frozen=True)
class Line:
    """One line of the portfolio, ready to be drawn."""

    standing: Standing
    spark: SafeString
    dots: SafeString
    worth: str


@dataclass(frozen=True)
class SortChip:
    """An order the portfolio can have."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True)
class Column:
    """A column a higher room added, already drawn."""

    panel: HomePanel
    content: SafeString


@permit()
@require_safe
def home(request: UserRequest) -> HttpResponse:
    """Show the page of the day; who may only capture goes straight there."""
    user, now = request.user, timezone.now()
    if not user.may(Permission.SEE_CUSTOMERS):
        return redirect("signals:capture") if user.may(Permission.CAPTURE) else redirect("account_login")
    lately = kept_if_slow(user, "lately", user.pk, lambda: _lately(user, now), now)
    measure = next((one for one in measures() if one.kind == "nps"), None)
    stand = _stand(user, measure, now)
    context: dict[str, Any] = {
        "lately": lately.value,
        "columns": _columns(request, user, now),
        "measure": measure,
        "headline": headline(lately.value),
        "deck": deck(lately.value),
        "over": _over(user, now, stand),
        "as_of": next((one.at for one in (lately, stand) if one and one.kept), None),
        "sorts": _sorts(_sort(request)),
    }
    if stand:
        context |= {"portfolio": stand.value, "lines": _lines(_sorted(stand.value.rows, _sort(request)))}
    return render(request, "insight/home.html", context)


def _lately(user: User, now: datetime) -> Lately:
    mine = accounts_of(user)
    ids: Any = None if mine is None else mine.values("pk")
    return Lately(
        said=lately_said(user, ids, now - CHANGED_WITHIN, MOST),
        unhappy=still_unhappy(user, ids, now - UNHAPPY_WITHIN, MOST),
        silent=silent_people(user, ids, now, MOST),
    )


def _stand(user: User, measure: Measure | None, now: datetime) -> AsOf[Portfolio] | None:
    if measure is None or not user.may(Permission.SEE_FIGURES):
        return None
    return kept_if_slow(user, "portfolio", (user.pk, measure), lambda: portfolio(user, measure, now), now)


def _columns(request: UserRequest, user: User, now: datetime) -> list[Column]:
    return [
        Column(panel, render_to_string(panel.template, dict(panel.context), request))
        for panel in home_panels(user, now)
    ]


def headline(lately: Lately) -> str:
    """Say the day's finding in a sentence."""
    said = []
    if lately.unhappy:
        first = lately.unhappy[0]
        others = {signal.account for signal in lately.unhappy[1:] if signal.account != first.account}
        said.append(_("%(account)s is unhappy.") % {"account": first.account or first.who})
        if others:
            text = ngettext("So is %(count)d other.", "So are %(count)d others.", len(others))
            said.append(text % {"count": len(others)})
    quiet = {person.account for person in lately.silent}
    if quiet and not said:
        text = ngettext("%(account)s went quiet.", "%(account)s and others went quiet.", len(quiet))
        said.append(text % {"account": lately.silent[0].account})
    return " ".join(said) or _("Nobody is unhappy, and nobody who counts went quiet")


def deck(lately: Lately) -> str:
    """Say more about the most unhappy and the weightiest silent person."""
    said = []
    if lately.unhappy:
        one = lately.unhappy[0]
        score = one.first_score.text if one.first_score else ""
        where = f" {_('after')} {one.touchpoint}" if one.touchpoint else ""
        said.append(
            _("%(who)s scored us %(score)s%(where)s.") % {"who": one.who, "score": score, "where": where}
        )
    if lately.silent:
        quiet = lately.silent[0]
        power = _(", who can veto,") if quiet.veto else ""
        if quiet.heard_at:
            said.append(
                _("%(who)s%(power)s was last heard on %(day)s.")
                % {"who": quiet.name, "power": power, "day": full_day(quiet.heard_at)}
            )
        else:
            said.append(_("%(who)s%(power)s has never been heard.") % {"who": quiet.name, "power": power})
    return " ".join(said)


def _over(user: User, now: datetime, stand: AsOf[Portfolio] | None) -> str:
    parts = [date_format(timezone.localtime(now), "l j F Y"), user.name]
    if stand:
        count = stand.value.accounts
        parts.append(ngettext("%(n)s account", "%(n)s accounts", count) % {"n": number(count)})
    return " · ".join(parts)


def _sort(request: UserRequest) -> str:
    asked = request.GET.get("sort", "")
    return asked if asked in SORTS else SORTS[0]


def _sorts(current: str) -> list[SortChip]:
    labels = {"unhappy": _("Unhappy first"), "renewal": _("Renewing soonest"), "heard": _("Least heard")}
    return [SortChip(labels[key], f"?sort={key}", key == current) for key in SORTS]


def _sorted(rows: Sequence[Standing], sort: str) -> list[Standing]:
    if sort == "renewal":
        return sorted(rows, key=lambda row: (row.renews_on is None, row.renews_on or timezone.now().date()))
    if sort == "heard":
        return sorted(rows, key=lambda row: row.heard_share)
    return list(rows)


def _lines(rows: Sequence[Standing]) -> list[Line]:
    return [
        Line(
            row,
            spark(row.quarters, -100, 100, _("NPS of the last eight quarters")),
            people_dots(row.unhappy, row.content, row.silent),
            " + ".join(money(amount, code, compact=True) for code, amount in row.worth),
        )
        for row in rows
    ]
