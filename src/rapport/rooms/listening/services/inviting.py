"""Invitations with their links: one for each person asked, or one open to many."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.listening.links import hash_of, link_with, secret_of
from rapport.rooms.listening.models import Draw, Invitation, Programme, SurveyVersion
from rapport.rooms.signals.models import new_id


def create_invitation(
    version: SurveyVersion,
    *,
    programme: Programme | None,
    channel: str,
    now: datetime,
    contact: Contact | None = None,
    account: Account | None = None,
    draw: Draw | None = None,
    buying_role: str = "",
    language: str = "",
    stratum: str = "",
    facts: Mapping[str, Any] | None = None,
    place: Mapping[str, Any] | None = None,
    occasion: str = "",
    expires_at: datetime | None = None,
    open_link: bool = False,
) -> tuple[Invitation, str]:
    """Ask one person, or with `open_link` anybody who has the link; return the invitation and its link.

    Without a programme it is a preview: what is answered is kept apart as a test. Raises IntegrityError when
    the person was asked on this occasion before.
    """
    made = Invitation(
        id=new_id(),
        programme=programme,
        draw=draw,
        version=version,
        channel=channel,
        open_link=open_link,
        contact=contact,
        account=account or (contact.account if contact else None),
        buying_role=buying_role,
        language=language,
        stratum=stratum,
        facts=dict(facts or {}),
        place=dict(place or {}),
        occasion=occasion,
        created_at=now,
        expires_at=expires_at,
    )
    secret = secret_of(made.id)
    made.secret_hash = hash_of(secret)
    made.save(force_insert=True)
    return made, link_with(secret)


def prepare_invitation(**values: Any) -> tuple[Invitation, str]:
    """Return an unsaved invitation and its link: for many at once, to be written by `bulk_create`."""
    made = Invitation(id=new_id(), **values)
    secret = secret_of(made.id)
    made.secret_hash = hash_of(secret)
    return made, link_with(secret)


def open_link(
    version: SurveyVersion,
    *,
    programme: Programme | None,
    now: datetime,
    channel: str = Invitation.Channel.LINK,
    language: str = "",
    facts: Mapping[str, Any] | None = None,
    place: Mapping[str, Any] | None = None,
    expires_at: datetime | None = None,
) -> tuple[Invitation, str]:
    """Make a link many people answer by, each with a response of their own; `place` is recorded with each."""
    return create_invitation(
        version,
        programme=programme,
        channel=channel,
        now=now,
        language=language,
        facts=facts,
        place=place,
        expires_at=expires_at,
        open_link=True,
    )


def link_of(invitation: Invitation) -> str:
    """Return an invitation's link again, for a reminder or a poster.

    After the installation's key has changed the link is a new one; it is stored then, and the old one ends.
    """
    secret = secret_of(invitation.id)
    if hash_of(secret) != bytes(invitation.secret_hash):
        invitation.secret_hash = hash_of(secret)
        invitation.save(update_fields=["secret_hash"])
    return link_with(secret)


def withdraw_invitation(invitation: Invitation) -> None:
    """Take an invitation back: its link takes no answers any more."""
    Invitation.objects.filter(pk=invitation.pk).update(state=Invitation.State.WITHDRAWN)
