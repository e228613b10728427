"""The page of one person at a customer."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from rapport.kernel.access import UserRequest, permit, request_id
from rapport.kernel.audit import note_sighting
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.accounts.models import BuyingRole, Contact
from rapport.rooms.accounts.panels import Heard, Look, contact_page, has_mood_source, hear
from rapport.rooms.accounts.selectors.candidates import candidates_for, merges_into
from rapport.rooms.accounts.selectors.timeline import Cursor, timeline_of
from rapport.rooms.accounts.selectors.tree import ancestors_of
from rapport.rooms.accounts.selectors.village import freshness
from rapport.ui.components import Tab, query_with
from rapport.ui.formats import full_day
from rapport.ui.templatetags.rapport_ui import mood_of


@permit(Permission.SEE_CUSTOMERS)
def person(request: UserRequest, code: str, tab: str = "overview") -> HttpResponse:
    """Show one person: facts, roles, consent, what happened, or what a higher room knows."""
    found = get_visible(Contact, request.user, code=code)
    if found.merged_into_id:
        return _to_kept(request, found)
    now = timezone.now()
    note_sighting(request, request.user, kind="contact", code=found.code, label=found.name, now=now)
    look = Look(found.account, request.user, request, now, whole=False, contact=found)
    context = _frame(look, found, tab)
    if tab == "overview":
        return render(request, "accounts/person.html", {**context, **_overview(look, found, context)})
    page = contact_page.tab_pages.get(tab)
    if page is None:
        raise Http404
    return render(
        request,
        "accounts/person_tab.html",
        {**context, "panel_template": page.template, **page.content(look)},
    )


def _frame(look: Look, found: Contact, tab: str) -> dict[str, Any]:
    """Return what every tab shows."""
    heard = hear(look, [found.pk]).get(found.pk)
    figures = contact_page.collect_figures(look)
    findings = contact_page.collect_findings(look)
    may_edit = look.user.may(Permission.EDIT_CUSTOMERS)
    return {
        "person": found,
        "above": [*ancestors_of(found.account, look.user), found.account],
        "heard": None if heard is None or heard.is_silent(look.now) else heard,
        "deck": " ".join([_deck(found, heard, look), *(str(one.text) for one in findings.found)]),
        "figures": figures.found,
        "tabs": _tabs(look, found, tab),
        "failed": figures.failed or findings.failed,
        "request_id": request_id(look.request),
        "may_edit": may_edit,
        "duplicates": _duplicates(look) if may_edit else [],
    }


def _tabs(look: Look, found: Contact, current: str) -> list[Tab]:
    """Return the tabs; none where the overview is all there is."""
    pages = sorted(contact_page.tab_pages.values(), key=lambda page: page.order)
    if not pages:
        return []
    first = Tab(_("Overview"), reverse("accounts:person", args=[found.code]), current=current == "overview")
    return [first] + [
        Tab(
            page.label,
            reverse("accounts:person_tab", args=[found.code, page.key]),
            page.count(look) if page.count else None,
            current == page.key,
        )
        for page in pages
    ]


def _overview(look: Look, found: Contact, frame: dict[str, Any]) -> dict[str, Any]:
    request = look.request
    stretch = timeline_of(contact_page, look, before=Cursor.read(request.GET.get("before", "")))
    panels = contact_page.collect_panels(look)
    merges = list(merges_into("contact", look.contact_ids))
    merged = Contact.objects.in_bulk([merge.merged_id for merge in merges])
    return {
        "roles": _roles(look),
        "mood": mood_of(frame["heard"].score) if frame["heard"] else "silent",
        "facts": _facts(found),
        "consent": _consent(found),
        "main": [panel for panel in panels.found if panel.slot != "side"],
        "side": [panel for panel in panels.found if panel.slot == "side"],
        "failed": frame["failed"] or panels.failed,
        "stretch": stretch,
        "earlier_url": query_with(request, {"before": stretch.earlier}) if stretch.earlier else "",
        "merges": [(merge, merged[merge.merged_id]) for merge in merges],
    }


def _to_kept(request: UserRequest, found: Contact) -> HttpResponse:
    kept = found.merged_into
    while kept and kept.merged_into:
        kept = kept.merged_into
    if kept is None or not Contact.objects.visible_to(request.user).filter(pk=kept.pk).exists():
        raise Http404
    return redirect("accounts:person", code=kept.code)


def _duplicates(look: Look) -> list[Any]:
    assert look.contact
    rows = candidates_for(look.user, "contact")
    return list(rows.filter(left_id=look.contact.pk)[:3]) + list(rows.filter(right_id=look.contact.pk)[:3])


def _roles(look: Look) -> list[tuple[BuyingRole, int, bool]]:
    """Return each role ever held, what is left of the knowledge in percent, and whether it is held today."""
    today = look.now.date()
    rows = BuyingRole.objects.filter(contact__in=look.contact_ids).select_related("decision", "contact")
    found = []
    for role in rows.order_by("decision", "-weight", "pk"):
        held = (role.valid_from is None or role.valid_from <= today) and (
            role.valid_to is None or role.valid_to > today
        )
        found.append((role, round(100 * freshness(role, look.now)), held))
    return found


def _deck(person: Contact, heard: Heard | None, look: Look) -> str:
    said = [", ".join(part for part in (person.title, person.account.name) if part) + "."]
    if person.left_on:
        said.append(_("Left on %(day)s.") % {"day": full_day(person.left_on)})
    elif heard is None and has_mood_source():
        said.append(_("Has never been heard."))
    elif heard and heard.is_silent(look.now):
        said.append(_("Silent since %(day)s.") % {"day": full_day(heard.at)})
    elif heard:
        said.append(_("Last heard on %(day)s.") % {"day": full_day(heard.at)})
    return " ".join(said)


def _facts(person: Contact) -> list[tuple[str, object]]:
    address = ", ".join(
        part for part in (person.street, f"{person.postal_code} {person.city}".strip()) if part
    )
    facts: list[tuple[str, object]] = [
        (_("Job title"), person.title),
        (_("Seniority"), person.get_seniority_display()),
        (_("Function"), person.function),
        (_("E-mail"), person.email),
        (_("Telephone"), person.phone),
        (_("Language"), person.language),
        (_("Time zone"), person.time_zone),
        (_("Address"), address),
        (_("How they like to buy"), person.preferences),
        (_("Code"), person.code),
    ]
    facts += [(row.system, row.value) for row in person.external_ids.all()]
    return [(label, value) for label, value in facts if value]


def _consent(person: Contact) -> str:
    """Say what the person wants, since when, and how we know."""
    said = person.get_consent_display()
    if person.consent_at:
        said += ", " + full_day(person.consent_at)
    return f"{said}, {person.consent_source}" if person.consent_source else said
