"""What this room adds to the pages of customers and people: open cases, and their part of the timeline."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rapport.kernel.models import User
from rapport.kernel.roles import Permission, Role
from rapport.rooms.accounts.panels import (
    Entry,
    EntryKind,
    Finding,
    Look,
    Panel,
    TabPage,
    account_page,
    contact_page,
)
from rapport.rooms.action.models import Case
from rapport.rooms.action.models.case import CaseQuerySet
from rapport.rooms.action.selectors.escalations import leadership_list, waiting_for
from rapport.rooms.action.selectors.lists import count, my_cases, overdue_first
from rapport.rooms.action.selectors.reading import rows_of, with_causes
from rapport.rooms.insight.panels import HomePanel, register_home_panel
from rapport.ui.components import TimelineItem

SHOWN = 5
LEADERS = frozenset({Role.EXECUTIVE, Role.CX_MANAGER, Role.ADMINISTRATOR})
MOST_IN_TAB = 100
KIND = EntryKind("case", gettext_lazy("Cases"))


def _cases(look: Look) -> CaseQuerySet:
    here = Q(contact__in=look.contact_ids) if look.contact else Q(account__in=look.account_ids)
    return Case.objects.visible_to(look.user).filter(here)


def _open_loops(look: Look) -> list[Panel]:
    cases = _cases(look)
    open_cases = cases.open()
    counts = count(open_cases, now=look.now)
    if not counts.open:
        return []
    rows = rows_of(with_causes(overdue_first(open_cases, look.now))[:SHOWN], now=look.now)
    base = ngettext("%(count)d open case", "%(count)d open cases", counts.open) % {"count": counts.open}
    more = f"{reverse('action:all')}?account={look.account.code}"
    context = {"rows": rows, "more_url": more if counts.open > SHOWN else ""}
    return [
        Panel(
            _("Open loops"),
            "action/panel_open_loops.html",
            context,
            slot="side",
            order=40,
            base=base,
            anchor="loops",
        )
    ]


@account_page.panels
def account_open_loops(look: Look) -> list[Panel]:
    """Show what is still open with this customer."""
    return _open_loops(look)


@contact_page.panels
def contact_open_loops(look: Look) -> list[Panel]:
    """Show what is still open with this person."""
    return _open_loops(look)


@account_page.findings
def overdue_finding(look: Look) -> list[Finding]:
    """Say when somebody here should have been told something by now."""
    counts = count(_cases(look).open(), now=look.now)
    if not counts.overdue:
        return []
    text = ngettext("%(count)d case is overdue.", "%(count)d cases are overdue.", counts.overdue)
    return [Finding(text % {"count": counts.overdue}, weight=80)]


def _timeline(look: Look, before: datetime, most: int) -> Sequence[Entry]:
    cases = with_causes(_cases(look).filter(opened_at__lte=before).order_by("-opened_at", "-pk"))
    return [
        Entry(
            at=row.opened_at,
            kind=KIND.key,
            item=TimelineItem(
                when=row.opened_at,
                kind=_("Case"),
                title=_("Case %(code)s") % {"code": row.code},
                icon="case",
                text=_("opened for %(owner)s") % {"owner": row.owner}
                if row.owner
                else _("opened for nobody"),
                note=row.contact,
                url=row.url,
                tag=_("overdue") if row.overdue else row.state_label,
                tag_tone="det" if row.overdue else "",
            ),
        )
        for row in rows_of(cases[:most], now=look.now)
    ]


account_page.timeline(KIND)(_timeline)
contact_page.timeline(KIND)(_timeline)


def _tab(look: Look) -> Mapping[str, Any]:
    cases = with_causes(_cases(look).order_by("closed_at", "-opened_at"))
    found = list(cases[:MOST_IN_TAB])
    more = f"{reverse('action:all')}?account={look.account.code}"
    return {"rows": rows_of(found, now=look.now), "more_url": more if len(found) == MOST_IN_TAB else ""}


def _tab_count(look: Look) -> int:
    return _cases(look).open().count()


account_page.tab(TabPage("cases", gettext_lazy("Cases"), "action/tab_cases.html", _tab, _tab_count, order=60))


@register_home_panel
def cases_due(user: User, now: datetime) -> HomePanel | None:
    """Show what the reader has to tell customers, what is late first."""
    if not user.may(Permission.WORK_CASES):
        return None
    cases = my_cases(user)
    counts = count(cases, now=now)
    rows = rows_of(with_causes(overdue_first(cases, now))[:SHOWN], now=now)
    base = ngettext("%(count)d open case", "%(count)d open cases", counts.open) % {"count": counts.open}
    return HomePanel(_("To tell customers"), "action/home_cases.html", {"rows": rows}, base=base, order=10)


@register_home_panel
def escalated(user: User, now: datetime) -> HomePanel | None:
    """Show whom the reader is called about; leaders also see their short list."""
    waiting = list(waiting_for(user))
    shown = leadership_list(user) if user.role in LEADERS else []
    if not waiting and not shown:
        return None
    text = ngettext("%(count)d waits for you", "%(count)d wait for you", len(waiting))
    base = text % {"count": len(waiting)} if waiting else ""
    context = {"waiting": waiting, "rows": shown[:SHOWN]}
    return HomePanel(_("Escalated"), "action/home_escalated.html", context, base=base, order=5)
