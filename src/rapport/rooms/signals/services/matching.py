"""Giving signals of unknown customers their account and person: blanks are filled, nothing else changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from rapport.kernel.events import announce
from rapport.kernel.models import User
from rapport.rooms.accounts.api import find_contact, role_held
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.signals.events import SignalsRecorded
from rapport.rooms.signals.models import Signal, SignalQuerySet

RECENT = timedelta(days=7)


@dataclass(frozen=True)
class Matched:
    """What a match did: how many signals have their account now, and how many people were made."""

    signals: int
    people_made: int


def unmatched_by(hint: str, user: User) -> SignalQuerySet:
    """Return the signals the user may match that named their account like this."""
    return Signal.objects.in_scope(user).filter(
        account=None, anonymous=False, superseded=False, account_hint=hint
    )


@transaction.atomic
def match_account(
    hint: str, account: Account, *, user: User, now: datetime, make_people: bool = False
) -> Matched:
    """Give all signals with this hint their account, and their people where these are known or to be made."""
    rows = unmatched_by(hint, user).select_for_update()
    found = {
        pk: (contact_hint, at)
        for pk, contact_hint, at in rows.values_list("pk", "contact_hint", "occurred_at")
    }
    Signal.objects.filter(pk__in=found).update(
        account=account,
        region=Coalesce(F("region"), Value(account.region_id)),
        division=Coalesce(F("division"), Value(account.division_id)),
        partner=Coalesce(F("partner"), Value(account.partner_id)),
    )
    made = 0
    for contact_hint in {contact_hint for contact_hint, _at in found.values() if contact_hint}:
        people = find_contact(contact_hint, within=account.code)
        if people is None and make_people:
            people = _make_contact(contact_hint, account)
            made += 1
        if people:
            _match_contact([pk for pk, (named, _at) in found.items() if named == contact_hint], people)
    _announce_recent({pk: at for pk, (_named, at) in found.items()}, now)
    return Matched(len(found), made)


def _match_contact(ids: Iterable[UUID], contact: Contact) -> None:
    """Give signals their person, with the role the person held on the day of each."""
    rows = Signal.objects.filter(pk__in=list(ids), contact=None).values_list(
        "pk", "occurred_at", "buying_role"
    )
    by_role: dict[str, list[UUID]] = {}
    for pk, at, role in rows:
        by_role.setdefault(role or role_held(contact, at.date()), []).append(pk)
    for role, some in by_role.items():
        Signal.objects.filter(pk__in=some).update(contact=contact, buying_role=role)


def _make_contact(hint: str, account: Account) -> Contact:
    named = hint.strip()
    is_address = "@" in named and " " not in named
    name = named.partition("@")[0].replace(".", " ").replace("_", " ").title() if is_address else named
    return Contact.objects.create(account=account, name=name[:200], email=named[:254] if is_address else "")


def _announce_recent(found: dict[UUID, datetime], now: datetime) -> None:
    """Tell the rooms above about signals young enough for somebody still to act on."""
    recent = tuple(pk for pk, at in found.items() if now - at <= RECENT)
    if recent:
        announce(SignalsRecorded(recent, live=True))
