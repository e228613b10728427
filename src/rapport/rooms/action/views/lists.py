"""My cases, my team's, and all in scope."""

from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.models import Team, User
from rapport.kernel.roles import Permission
from rapport.rooms.accounts.models import Account
from rapport.rooms.action.models import Case, Rule
from rapport.rooms.action.selectors import lists
from rapport.rooms.action.selectors.reading import CaseRow, rows_of, with_causes
from rapport.rooms.catalog.models import Region
from rapport.ui.components import Choice, Figure, Filter, Tab, chosen_values, filter_bar, sort_state

PAGE = 50


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def mine(request: UserRequest) -> HttpResponse:
    """Show the cases the reader owns, what is late on top."""
    now = timezone.now()
    cases = lists.my_cases(request.user)
    counts = lists.count(cases, now=now)
    context = {
        "headline": _my_headline(counts),
        "figures": _figures(counts),
        "tabs": tabs_of(request, "mine"),
        "show_owner": False,
    }
    return _list(request, "action/mine.html", lists.overdue_first(cases, now), context, now)


def _my_headline(counts: lists.Counts) -> str:
    if counts.overdue:
        return ngettext(
            "%(count)d of your cases is overdue", "%(count)d of your cases are overdue", counts.overdue
        ) % {"count": counts.overdue}
    if counts.open:
        return ngettext(
            "You have %(count)d open case, and it is in time",
            "You have %(count)d open cases, all in time",
            counts.open,
        ) % {"count": counts.open}
    return _("Nobody is waiting for you")


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def team(request: UserRequest) -> HttpResponse:
    """Show the open cases of the reader's teams, what is late on top, and who has how much."""
    now = timezone.now()
    cases = lists.team_cases(request.user)
    counts = lists.count(cases, now=now)
    teams = list(Team.objects.filter(key__in=lists.team_keys(request.user)).values_list("name", flat=True))
    context = {
        "headline": _team_headline(counts),
        "teams": teams,
        "figures": _figures(counts),
        "loads": lists.loads(cases, now=now),
        "tabs": tabs_of(request, "team"),
        "show_owner": True,
    }
    return _list(request, "action/team.html", lists.overdue_first(cases, now), context, now)


def _team_headline(counts: lists.Counts) -> str:
    if counts.overdue:
        return ngettext("%(count)d case is overdue", "%(count)d cases are overdue", counts.overdue) % {
            "count": counts.overdue
        }
    if counts.open:
        return ngettext(
            "%(count)d case is open, in time", "%(count)d cases are open, all in time", counts.open
        ) % {"count": counts.open}
    return _("No case is open")


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def every(request: UserRequest) -> HttpResponse:
    """Show every case in the reader's scope, closed ones included, narrowed by the address."""
    now = timezone.now()
    visible = Case.objects.visible_to(request.user)
    offered = _filters(visible)
    account = _account(request)
    chosen = {filter_.key: tuple(chosen_values(request, filter_)) for filter_ in offered}
    wanted = lists.CaseFilters(
        states=chosen["state"],
        overdue=bool(chosen["overdue"]),
        owners=chosen["owner"],
        rules=chosen["rule"],
        regions=chosen["region"],
        tiers=chosen["tier"],
        account=account,
    )
    cases = lists.filtered(visible, wanted, now=now)
    counts = lists.count(cases, now=now)
    total = cases.count()
    summary = ngettext("%(count)d case", "%(count)d cases", total) % {"count": total}
    column, descending = sort_state(request, "-opened")
    context = {
        "headline": _("All cases you may see") if not account else _("Cases of %(name)s") % {"name": account},
        "account": account,
        "figures": _figures(counts),
        "bar": filter_bar(request, summary, offered),
        "tabs": tabs_of(request, "all"),
        "show_owner": True,
        "default_sort": "-opened",
    }
    return _list(request, "action/all.html", lists.sorted_by(cases, column, descending), context, now)


def _account(request: UserRequest) -> Account | None:
    code = request.GET.get("account", "")
    return Account.objects.visible_to(request.user).filter(code=code).first() if code else None


def _filters(visible: QuerySet[Case]) -> list[Filter]:
    owners = User.objects.filter(pk__in=visible.order_by().values("owner").distinct())
    rules = Rule.objects.filter(pk__in=visible.order_by().values("rule").distinct())
    regions = Region.objects.filter(pk__in=visible.order_by().values("region").distinct())
    nobody = Choice("nobody", _("Nobody"))
    return [
        Filter(
            "state", _("State"), [Choice(str(key), label) for key, label in Case.State.choices], multiple=True
        ),
        Filter("overdue", _("Overdue"), [Choice("yes", _("Yes"))]),
        Filter(
            "owner",
            _("Owner"),
            [*(Choice(str(user.pk), str(user)) for user in owners), nobody],
            multiple=True,
        ),
        Filter("rule", _("Rule"), [Choice(rule.code, rule.name) for rule in rules], multiple=True),
        Filter("region", _("Region"), [Choice(region.key, region.name) for region in regions], multiple=True),
        Filter(
            "tier", _("Tier"), [Choice(str(key), label) for key, label in Account.Tier.choices], multiple=True
        ),
    ]


def _figures(counts: lists.Counts) -> list[Figure]:
    return [
        Figure(_("Overdue"), str(counts.overdue), _("the customer should have been told")),
        Figure(_("New"), str(counts.new), _("nobody has said they are on it")),
        Figure(_("Open"), str(counts.open), _("not closed")),
        Figure(_("To close"), str(counts.to_close), _("the customer was told")),
        Figure(_("Opened again"), str(counts.reopened), _("closed once before")),
    ]


def tabs_of(request: UserRequest, current: str) -> list[Tab]:
    """Return the parts of the room this user may see."""
    tabs = [
        Tab(_("Mine"), reverse("action:mine"), current=current == "mine"),
        Tab(_("My team's"), reverse("action:team"), current=current == "team"),
        Tab(_("All"), reverse("action:all"), current=current == "all"),
    ]
    tabs.append(Tab(_("Complaints"), reverse("action:complaints"), current=current == "complaints"))
    tabs.append(Tab(_("Escalated"), reverse("action:escalations"), current=current == "escalations"))
    tabs.append(Tab(_("Promoters"), reverse("action:promoters"), current=current == "promoters"))
    tabs.append(Tab(_("Streams"), reverse("action:streams"), current=current == "streams"))
    if request.user.may(Permission.SEE_FIGURES):
        here = current == "improvements"
        tabs.append(Tab(_("Improvements"), reverse("action:improvements"), current=here))
        tabs.append(Tab(_("Feelings"), reverse("action:feelings"), current=current == "feelings"))
        tabs.append(Tab(_("Follow-up"), reverse("action:follow-up"), current=current == "follow-up"))
    if request.user.may(Permission.WORK_CASES):
        tabs.append(Tab(_("Promises"), reverse("action:promises"), current=current == "promises"))
        tabs.append(Tab(_("Who gets what"), reverse("action:duty"), current=current == "duty"))
    if request.user.may(Permission.MANAGE_RULES):
        tabs.append(Tab(_("Playbooks"), reverse("action:playbooks"), current=current == "playbooks"))
        tabs.append(Tab(_("Rules"), reverse("action:rules"), current=current == "rules"))
    return tabs


def _list(
    request: UserRequest, template: str, cases: QuerySet[Case], context: dict[str, Any], now: datetime
) -> HttpResponse:
    page: Page[Case] = Paginator(with_causes(cases), PAGE).get_page(request.GET.get("page"))
    rows: list[CaseRow] = rows_of(page.object_list, now=now)
    return render(request, template, {**context, "page": page, "rows": rows, "now": now})
