"""The page of one customer: overview, timeline, people, sites, and each kind of dealing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.kernel.access import UserRequest, permit, request_id
from rapport.kernel.audit import note_sighting
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.accounts.dealings import KINDS, Kind, amount, day
from rapport.rooms.accounts.models import Account, Contact, DuplicateCandidate, Opportunity
from rapport.rooms.accounts.panels import Look, Panel, TabPage, account_page
from rapport.rooms.accounts.selectors.account_page import (
    Running,
    counts_of,
    own_figures,
    own_findings,
    running_contracts,
)
from rapport.rooms.accounts.selectors.accounts import worth
from rapport.rooms.accounts.selectors.candidates import candidates_for, merges_into
from rapport.rooms.accounts.selectors.timeline import FIRST_PAGE, Cursor, kinds_of, timeline_of
from rapport.rooms.accounts.selectors.tree import ancestors_of, branches_of, itself
from rapport.rooms.accounts.selectors.village import (
    MOST_SITES,
    Village,
    Voice,
    decisions_of,
    moods_of,
    village_of,
)
from rapport.ui.charts import Caption, Chart, Site, Villager, village_map
from rapport.ui.components import Column, Row, Tab, Table, query_with
from rapport.ui.templatetags.rapport_ui import role_key, role_word

ROWS = 50
FINDINGS_SAID = 3


@permit(Permission.SEE_CUSTOMERS)
def account(request: UserRequest, code: str, tab: str = "overview") -> HttpResponse:
    """Show one customer, or one part of what is known of it."""
    found = get_visible(Account, request.user, code=code)
    if found.merged_into_id:
        return _to_kept(request, found)
    now = timezone.now()
    note_sighting(request, request.user, kind="account", code=found.code, label=found.name, now=now)
    look = Look(found, request.user, request, now, whole=request.GET.get("only") != "site")
    counts = counts_of(look)
    context = _frame(look, counts, tab)
    own = TABS.get(tab)
    if own:
        context |= own.content(look, context)
        return render(request, own.template, context)
    if tab in KINDS:
        context |= _dealings(look, KINDS[tab])
        return render(request, "accounts/account_dealings.html", context)
    if tab in account_page.tab_pages:
        page = account_page.tab_pages[tab]
        context |= {"panel_template": page.template, "tab_title": page.label, **page.content(look)}
        return render(request, "accounts/account_tab.html", context)
    raise Http404


def _to_kept(request: UserRequest, found: Account) -> HttpResponse:
    kept = found.merged_into
    while kept and kept.merged_into:
        kept = kept.merged_into
    if kept is None or not Account.objects.visible_to(request.user).filter(pk=kept.pk).exists():
        raise Http404
    return redirect("accounts:account", code=kept.code)


# -- What every tab shows ----------------------------------------------------------


def _frame(look: Look, counts: Mapping[str, int], tab: str) -> dict[str, Any]:
    account = look.account
    above = ancestors_of(account, look.user)
    parts = len(look.account_ids) - 1 if look.whole else 0
    tags = [_("Tier %(tier)s") % {"tier": account.tier} if account.tier else "", account.sector]
    tags += [account.get_life_cycle_display(), account.get_kind_display()]
    if parts:
        tags.append(ngettext("%(n)d part below", "%(n)d parts below", parts) % {"n": parts})
    village = village_of(look)
    running = running_contracts(look)
    figures = account_page.collect_figures(look)
    findings = account_page.collect_findings(look)
    said = sorted([*own_findings(look, village, running), *findings.found], key=lambda one: -one.weight)
    return {
        "look": look,
        "account": account,
        "above": above,
        "tags": [tag for tag in tags if tag],
        "whole_url": query_with(look.request, {"only": None}),
        "site_url": query_with(look.request, {"only": "site"}),
        "has_parts": parts > 0 or not look.whole,
        "deck": " ".join(str(one.text) for one in said[:FINDINGS_SAID]),
        # What rooms above measured comes first, then what is known anyway.
        "figures": [*figures.found, *own_figures(look, village, running, counts.get("people", 0))],
        "tabs": _tabs(look, counts, tab),
        "village": village,
        "running": running,
        "failed": figures.failed or findings.failed,
        "request_id": request_id(look.request),
        "may_edit": look.user.may(Permission.EDIT_CUSTOMERS),
        "duplicates": _waiting_duplicates(look),
    }


def _waiting_duplicates(look: Look) -> list[DuplicateCandidate]:
    if not look.user.may(Permission.EDIT_CUSTOMERS):
        return []
    rows = candidates_for(look.user, DuplicateCandidate.Kind.ACCOUNT)
    pk = look.account.pk
    return list(rows.filter(left_id=pk)[:3]) + list(rows.filter(right_id=pk)[:3])


def _tab_url(look: Look, key: str) -> str:
    code = look.account.code
    url = (
        reverse("accounts:account", args=[code])
        if key == "overview"
        else reverse("accounts:tab", args=[code, key])
    )
    return url if look.whole else f"{url}?only=site"


def _tabs(look: Look, counts: Mapping[str, int], current: str) -> list[Tab]:
    tabs = [
        Tab(_("Overview"), _tab_url(look, "overview"), current=current == "overview"),
        Tab(_("Timeline"), _tab_url(look, "timeline"), current=current == "timeline"),
        Tab(_("People"), _tab_url(look, "people"), counts.get("people", 0), current == "people"),
        Tab(_("Sites"), _tab_url(look, "sites"), current=current == "sites"),
    ]
    pages = sorted(account_page.tab_pages.values(), key=lambda one: one.order)
    tabs += [_foreign_tab(look, page, current) for page in pages]
    return tabs + [
        Tab(kind.many, _tab_url(look, kind.key), counts.get(kind.key, 0), current == kind.key)
        for kind in KINDS.values()
    ]


def _foreign_tab(look: Look, page: TabPage, current: str) -> Tab:
    count = page.count(look) if page.count else None
    return Tab(page.label, _tab_url(look, page.key), count, current == page.key)


# -- Overview ----------------------------------------------------------------------


def _overview(look: Look, frame: Mapping[str, Any]) -> dict[str, Any]:
    decisions = decisions_of(look)
    decision = next((d for d in decisions if str(d.pk) == look.request.GET.get("decision")), None)
    village: Village = village_of(look, decision) if decision else frame["village"]
    panels = account_page.collect_panels(look)
    stretch = timeline_of(account_page, look, size=FIRST_PAGE)
    return {
        "village": village,
        "village_chart": _village_chart(look, village, decision),
        "village_choices": _village_choices(look, decisions, decision),
        "decision": decision,
        "vetoes": village.silent_vetoes if village.measured else [],
        "to_confirm": [voice for voice in village.voices if voice.to_confirm],
        "top": _in("top", panels.found),
        "main": _in("main", panels.found),
        "side": _in("side", panels.found),
        "failed": frame["failed"] or panels.failed,
        "stretch": stretch,
        "contracts": _contracts_table(frame["running"]),
        "facts": _facts(look.account),
    }


def _in(slot: str, panels: Sequence[Panel]) -> list[Panel]:
    return [panel for panel in panels if panel.slot == slot]


def _village_choices(
    look: Look, decisions: Sequence[Opportunity], chosen: Opportunity | None
) -> list[tuple[str, str, bool]]:
    if not decisions:
        return []
    standing = (_("Standing"), query_with(look.request, {"decision": None}), chosen is None)
    others = [(str(d), query_with(look.request, {"decision": str(d.pk)}), d == chosen) for d in decisions]
    return [standing, *others]


def _village_chart(look: Look, village: Village, decision: Opportunity | None) -> Chart | None:
    if not village.voices:
        return None
    by_site: dict[int, list[Voice]] = {}
    sites: dict[int, Account] = {}
    for voice in village.voices:
        site = voice.person.account
        sites[site.pk] = site
        by_site.setdefault(site.pk, []).append(voice)
    heaviest = sorted(by_site, key=lambda pk: -sum(voice.weight for voice in by_site[pk]))
    labels = _site_labels([sites[pk] for pk in heaviest[:MOST_SITES]], look.account)
    rows = [Site(labels[pk], _site_note(sites[pk], labels[pk])) for pk in heaviest[:MOST_SITES]]
    people = [_villager(voice, labels[pk]) for pk in heaviest[:MOST_SITES] for voice in by_site[pk]]
    note = (
        ""
        if len(heaviest) <= MOST_SITES
        else _("Drawn are the %(n)d sites with most weight.") % {"n": MOST_SITES}
    )
    summary = _("Village map of %(account)s") % {"account": decision or look.account}
    silent = "" if village.measured else _("nothing heard is recorded yet")
    return village_map(
        Caption(note=note, summary=_spoken(summary, village)), rows, people, silent_note=silent
    )


def _spoken(summary: str, village: Village) -> str:
    said = _(
        "%(summary)s: %(n)d people, placed by how likely they are to recommend us; %(silent)d are silent."
    )
    return said % {"summary": summary, "n": len(village.voices), "silent": len(village.silent)}


def _site_labels(sites: Sequence[Account], whole: Account) -> dict[int, str]:
    """Name sites without repeating the customer's name; two of one name are told apart by their code."""
    labels: dict[int, str] = {}
    for site in sites:
        label = _shortened(site.name, whole.name)
        labels[site.pk] = f"{label} {site.code}" if label in labels.values() else label
    return labels


def _shortened(name: str, whole: str) -> str:
    """Leave out the words a site's name begins with in common with the customer's."""
    words, others = name.split(), whole.split()
    while words and others and words[0] == others[0]:
        words, others = words[1:], others[1:]
    return " ".join(words).strip(" -–,·") or name


def _site_note(site: Account, label: str) -> str:
    return site.city if site.city and site.city not in label else str(site.get_kind_display()).lower()


def _villager(voice: Voice, site: str) -> Villager:
    key = role_key(voice.role.role)
    return Villager(
        name=voice.person.name,
        role=key,
        site=site,
        weight=voice.weight,
        score=voice.score,
        freshness=voice.freshness,
        veto=voice.veto,
        role_word=str(role_word(key)),
        url=reverse("accounts:person", args=[voice.person.code]),
    )


def _contracts_table(running: Running) -> Table | None:
    if not running.contracts:
        return None
    columns = [Column(_("Contract")), Column(_("A year"), numeric=True), Column(_("Ends"), numeric=True)]
    rows = [
        Row(
            [str(one), amount(one.annual_value, one.currency), day(one.ends_on)],
            reverse("accounts:dealing", args=[one.account.code, "contracts", one.pk]),
        )
        for one in running.contracts[:12]
    ]
    total = [_("Together"), worth(running.a_year), ""] if running.a_year else []
    return Table(_("Running contracts"), columns, rows, total)


def _facts(account: Account) -> list[tuple[str, object]]:
    """Return what is known of the company itself, without what is not."""
    address = ", ".join(
        part
        for part in (account.street, f"{account.postal_code} {account.city}".strip(), account.country)
        if part
    )
    facts: list[tuple[str, object]] = [
        (_("Owner"), account.owner),
        (_("Team"), account.team),
        (_("Region"), account.region),
        (_("Our division"), account.division),
        (_("Partner"), account.partner),
        (_("Employees"), account.employees),
        (_("Yearly revenue"), amount(account.revenue, account.currency)),
        (_("Budget for what we sell"), amount(account.budget, account.currency)),
        (_("Founded"), account.founded),
        (_("Address"), address),
        (_("Internet domain"), account.domain),
        (_("Code"), account.code),
    ]
    facts += [(row.system, row.value) for row in account.external_ids.all()]
    return [(label, value) for label, value in facts if value]


# -- The other tabs ----------------------------------------------------------------


def _timeline(look: Look, frame: Mapping[str, Any]) -> dict[str, Any]:
    request = look.request
    kinds = kinds_of(account_page)
    chosen = [kind.key for kind in kinds if kind.key in request.GET.getlist("show")]
    cursor = Cursor.read(request.GET.get("before", ""))
    stretch = timeline_of(account_page, look, before=cursor, kinds=chosen)
    chips = [(_("Everything"), query_with(request, {"show": None}), not chosen)]
    chips += [
        (str(kind.label), query_with(request, {"show": kind.key}), kind.key in chosen) for kind in kinds
    ]
    earlier = f"{query_with(request, {'before': stretch.earlier})}" if stretch.earlier else ""
    return {"stretch": stretch, "chips": chips, "earlier_url": earlier, "is_first": cursor is None}


def _people(look: Look, frame: Mapping[str, Any]) -> dict[str, Any]:
    rows = Contact.objects.filter(account__in=look.account_ids, merged_into=None).select_related(
        "account", "function"
    )
    page = Paginator(rows, ROWS).get_page(look.request.GET.get("page"))
    people = list(page.object_list)
    village: Village = frame["village"]
    voices = {voice.person.pk: voice for voice in village.voices}
    heard = moods_of(look, people)
    return {"page": page, "people": [(one, voices.get(one.pk), heard.get(one.pk)) for one in people]}


def _sites(look: Look, frame: Mapping[str, Any]) -> dict[str, Any]:
    branches = branches_of(look.account, look.user)
    columns = [
        Column(_("Part")),
        Column(_("Kind")),
        Column(_("City")),
        Column(_("Owner")),
        Column(_("Parts below"), numeric=True),
        Column(_("People"), numeric=True),
        Column(_("Contracts a year"), numeric=True),
    ]
    rows = [
        Row(
            [
                branch.account.name,
                branch.account.get_kind_display(),
                branch.account.city,
                branch.account.owner or "",
                branch.sites or "",
                branch.people,
                worth(branch.a_year),
            ],
            reverse("accounts:account", args=[branch.account.code]),
        )
        for branch in branches
    ]
    ids = itself(look.account)
    merges = list(merges_into("account", ids))
    names = Account.objects.in_bulk([merge.merged_id for merge in merges])
    return {
        "table": Table(_("Parts of this customer"), columns, rows) if rows else None,
        "merges": [(merge, names[merge.merged_id]) for merge in merges],
    }


def _dealings(look: Look, kind: Kind) -> dict[str, Any]:
    rows = kind.model._default_manager.filter(account__in=look.account_ids).select_related(*kind.related)
    if kind.key == "projects":
        rows = rows.prefetch_related("milestones")
    page = Paginator(rows, ROWS).get_page(look.request.GET.get("page"))
    data = [
        Row(kind.cells(row), reverse("accounts:dealing", args=[row.account.code, kind.key, row.pk]))
        for row in page.object_list
    ]
    return {"kind": kind, "page": page, "table": Table(kind.many, kind.columns, data) if data else None}


@dataclass(frozen=True)
class _OwnTab:
    """A tab of this room: its template, and what it needs beyond the frame."""

    template: str
    content: Callable[[Look, Mapping[str, Any]], dict[str, Any]]


TABS = {
    "overview": _OwnTab("accounts/account_overview.html", _overview),
    "timeline": _OwnTab("accounts/account_timeline.html", _timeline),
    "people": _OwnTab("accounts/account_people.html", _people),
    "sites": _OwnTab("accounts/account_sites.html", _sites),
}
