"""The page of one person at a customer."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
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
from rapport.rooms.accounts.selectors.village import CONFIRM_BELOW, freshness
from rapport.ui.components import query_with
from rapport.ui.formats import full_day


@permit(Permission.SEE_CUSTOMERS)
def person(request: UserRequest, code: str) -> HttpResponse:
    """Show one person: facts, roles, consent, and what happened."""
    found = get_visible(Contact, request.user, code=code)
    if found.merged_into_id:
        return _to_kept(request, found)
    now = timezone.now()
    note_sighting(request, request.user, kind="contact", code=found.code, label=found.name, now=now)
    look = Look(found.account, request.user, request, now, whole=False, contact=found)
    cursor = Cursor.read(request.GET.get("before", ""))
    stretch = timeline_of(contact_page, look, before=cursor)
    heard = hear(look, [found.pk]).get(found.pk)
    figures = contact_page.collect_figures(look)
    panels = contact_page.collect_panels(look)
    findings = contact_page.collect_findings(look)
    merges = list(merges_into("contact", look.contact_ids))
    merged = Contact.objects.in_bulk([merge.merged_id for merge in merges])
    may_edit = request.user.may(Permission.EDIT_CUSTOMERS)
    roles = _roles(look)
    context: dict[str, Any] = {
        "person": found,
        "above": [*ancestors_of(found.account, request.user), found.account],
        "roles": roles,
        "ended": [role for role, _fresh, held in roles if not held],
        "heard": None if heard is None or heard.is_silent(now) else heard,
        "deck": " ".join([_deck(found, heard, look), *(str(one.text) for one in findings.found)]),
        "facts": _facts(found),
        "consent": _consent(found),
        "figures": figures.found,
        "main": [panel for panel in panels.found if panel.slot != "side"],
        "side": [panel for panel in panels.found if panel.slot == "side"],
        "failed": figures.failed or panels.failed or findings.failed,
        "request_id": request_id(request),
        "stretch": stretch,
        "earlier_url": query_with(request, {"before": stretch.earlier}) if stretch.earlier else "",
        "merges": [(merge, merged[merge.merged_id]) for merge in merges],
        "may_edit": may_edit,
        "duplicates": _duplicates(look) if may_edit else [],
        "confirm_below": CONFIRM_BELOW,
    }
    return render(request, "accounts/person.html", context)


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
