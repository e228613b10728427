"""Finding the account or person a source means, by whatever it calls them."""

from collections.abc import Iterable
from datetime import date

from django.db.models import F
from django.db.models.functions import Lower

from rapport.rooms.accounts.models import Account, AccountExternalId, BuyingRole, Contact, ContactExternalId


def find_account(named: str) -> Account | None:
    """Return the account known by this code, `system:id` or exact name; a merged one leads to the one kept.

    A name that fits several accounts finds none: guessing would put words on the wrong customer's page.
    """
    named = named.strip()
    found = (
        Account.objects.filter(code=named).first()
        or _account_by_external_id(named)
        or _account_by_name(named)
    )
    while found and found.merged_into_id:
        found = found.merged_into
    return found


def _account_by_external_id(named: str) -> Account | None:
    system, colon, value = named.partition(":")
    if not colon:
        return None
    known = AccountExternalId.objects.select_related("account").filter(system=system, value=value).first()
    return known.account if known else None


def _account_by_name(named: str) -> Account | None:
    rows = Account.objects.filter(name=named, merged_into=None)[:2]
    return rows[0] if len(rows) == 1 else None


def find_contact(named: str, *, within: str = "") -> Contact | None:
    """Return the person known by this code, `system:id`, e-mail address or, within an account, exact name."""
    named = named.strip()
    found = Contact.objects.filter(code=named).first() or _contact_by_external_id(named)
    if found is None and "@" in named:
        by_email = Contact.objects.alias(address=Lower("email")).filter(address=named.lower())
        found = _only(by_email.filter(merged_into=None)[:2])
    if found is None and within:
        account = find_account(within)
        if account:
            here = Contact.objects.filter(account__path__under=account.path, name=named, merged_into=None)
            found = _only(here[:2])
    while found and found.merged_into_id:
        found = found.merged_into
    return found


def _contact_by_external_id(named: str) -> Contact | None:
    system, colon, value = named.partition(":")
    if not colon:
        return None
    known = ContactExternalId.objects.select_related("contact").filter(system=system, value=value).first()
    return known.contact if known else None


def _only(rows: Iterable[Contact]) -> Contact | None:
    found = list(rows)
    return found[0] if len(found) == 1 else None


def role_held(contact: Contact, day: date) -> str:
    """Return the buying role a person held on a day: the standing one first, then the weightiest."""
    held = (
        BuyingRole.objects.filter(contact=contact)
        .held_on(day)
        .order_by(F("decision").asc(nulls_first=True), F("weight").desc(nulls_last=True), "pk")
        .first()
    )
    return held.role if held else ""
