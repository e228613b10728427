"""Adding and changing the people of a customer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact, ContactExternalId
from rapport.rooms.accounts.services.changing import Conflict, put_values

EDITABLE = (
    "account",
    "name",
    "title",
    "seniority",
    "function",
    "language",
    "time_zone",
    "email",
    "phone",
    "street",
    "postal_code",
    "city",
    "preferences",
    "consent",
    "consent_at",
    "consent_source",
    "left_on",
)


@transaction.atomic
def create_contact(
    values: Mapping[str, Any], *, external_ids: Sequence[tuple[str, str]] = (), by: User | None, now: datetime
) -> Contact:
    """Add a person to a customer.

    Raises ValidationError naming each wrong field, and Conflict when an external id is taken.
    """
    contact = Contact(created_at=now)
    _date_consent(values, put_values(contact, values, EDITABLE), contact, now)
    _check_account(contact, by)
    contact.save()
    set_contact_external_ids(contact, external_ids)
    return contact


@transaction.atomic
def change_contact(contact: Contact, values: Mapping[str, Any], *, by: User | None, now: datetime) -> Contact:
    """Change a person; raise ValidationError naming each wrong field."""
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    changed = put_values(contact, values, EDITABLE)
    _date_consent(values, changed, contact, now)
    if "account" in changed:
        _check_account(contact, by)
    contact.save()
    return contact


def _date_consent(values: Mapping[str, Any], changed: Sequence[str], contact: Contact, now: datetime) -> None:
    """Consent is worth nothing without its date: without one given, it dates from now."""
    if "consent" in changed and not values.get("consent_at"):
        contact.consent_at = None if contact.consent == Contact.Consent.UNKNOWN else now


def _check_account(contact: Contact, by: User | None) -> None:
    seen = Account.objects.visible_to(by) if by else Account.objects.all()
    if not seen.filter(pk=contact.account_id).exists():
        raise ValidationError({"account": [_("There is no such customer.")]})


@transaction.atomic
def set_contact_external_ids(contact: Contact, pairs: Sequence[tuple[str, str]]) -> None:
    """Make these the person's ids in other systems; raise Conflict when one belongs to another person."""
    wanted = {(system.strip(), value.strip()) for system, value in pairs}
    for known in contact.external_ids.all():
        if (known.system, known.value) in wanted:
            wanted.discard((known.system, known.value))
        else:
            known.delete()
    for system, value in sorted(wanted):
        add_contact_external_id(contact, system, value)


def add_contact_external_id(contact: Contact, system: str, value: str) -> ContactExternalId:
    """Note what another system calls the person; raise Conflict when that id belongs to another person."""
    row = ContactExternalId(contact=contact, system=system.strip(), value=value.strip())
    row.full_clean(validate_constraints=False)
    known = ContactExternalId.objects.filter(contact=contact, system=row.system, value=row.value).first()
    if known:
        return known
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(_("%(id)s already belongs to another person.") % {"id": str(row)}) from error
    return row
