"""Keeping who plays which part in a decision to buy."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from rapport.kernel.events import announce
from rapport.rooms.accounts.events import BuyingRoleChanged
from rapport.rooms.accounts.models import BuyingRole, Contact
from rapport.rooms.accounts.services.changing import put_values

EDITABLE = ("decision", "role", "veto", "weight", "expectations", "source", "valid_from", "valid_to")


@transaction.atomic
def give_role(contact: Contact, values: Mapping[str, Any], *, now: datetime) -> BuyingRole:
    """Note that a person plays a part; knowing it now confirms it.

    Raises ValidationError naming each wrong field, also when the person already holds that role at that time.
    """
    role = BuyingRole(contact=contact, confirmed_at=now)
    _save(role, values)
    return role


@transaction.atomic
def change_role(role: BuyingRole, values: Mapping[str, Any], *, now: datetime) -> BuyingRole:
    """Change what is known of a role, which confirms it; raise ValidationError naming each wrong field."""
    role.confirmed_at = now
    _save(role, values)
    return role


@transaction.atomic
def confirm_role(role: BuyingRole, *, now: datetime) -> BuyingRole:
    """Say that a role is still held."""
    role.confirmed_at = now
    role.save(update_fields=["confirmed_at"])
    announce(BuyingRoleChanged(role.pk, role.contact_id))
    return role


@transaction.atomic
def end_role(role: BuyingRole, on: date) -> BuyingRole:
    """Say that a role is no longer held from this day on; one that began that day or later never was."""
    if role.valid_from and role.valid_from >= on:
        announce(BuyingRoleChanged(role.pk, role.contact_id))
        role.delete()
        return role
    role.valid_to = on
    role.save(update_fields=["valid_to"])
    announce(BuyingRoleChanged(role.pk, role.contact_id))
    return role


def _save(role: BuyingRole, values: Mapping[str, Any]) -> None:
    put_values(role, values, EDITABLE)
    if role.weight is not None and role.weight > 100:
        raise ValidationError({"weight": [_("The weight lies between 0 and 100.")]})
    if role.valid_from and role.valid_to and role.valid_to <= role.valid_from:
        raise ValidationError({"valid_to": [_("A role ends after the day it begins.")]})
    try:
        with transaction.atomic():
            role.save()
    except IntegrityError as error:
        if "role_held_once_at_a_time" not in str(error):
            raise
        taken = _("%(person)s already holds this role in that time; change or end that one.")
        raise ValidationError({"role": [taken % {"person": role.contact}]}) from error
    announce(BuyingRoleChanged(role.pk, role.contact_id))
