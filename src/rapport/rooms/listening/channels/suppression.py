"""Addresses nothing more is sent to: by unsubscribing, bounces, complaints or by hand; lifted by hand."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.listening.models import Invitation, Suppression


class NotAnAddress(ValueError):
    """What was given is no e-mail address."""


def suppress(email: str, reason: str, *, now: datetime, detail: str = "", source: str = "") -> Suppression:
    """Send nothing more to an address; the first reason is kept. What waits for it is stopped."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise NotAnAddress(_("%(email)s is no e-mail address.") % {"email": email[:200] or "—"}) from error
    with transaction.atomic():
        row, _made = Suppression.objects.get_or_create(
            email=address,
            lifted_at=None,
            defaults={"reason": reason, "detail": detail[:500], "source": source[:60], "since": now},
        )
        Invitation.objects.filter(contact__email__iexact=address, channel="email").update(send_at=None)
    return row


def lift(row: Suppression, by: User, *, now: datetime) -> None:
    """Allow an address again; the row stays as a note of what was."""
    row.lifted_at, row.lifted_by = now, by
    row.save(update_fields=["lifted_at", "lifted_by"])


def suppressed_among(emails: Iterable[str]) -> set[str]:
    """Return which of these addresses, in small letters, nothing may be sent to."""
    wanted = {email.strip().lower() for email in emails if email}
    return set(Suppression.objects.in_force().filter(email__in=wanted).values_list("email", flat=True))
