"""Who is unhappy, who is silent, and what was said lately, as far as the reader may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from rapport.kernel.models import User
from rapport.rooms.accounts.models import BuyingRole
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.api import Filters, ReadSignal, read_signals
from rapport.rooms.signals.models import Score, Signal

SILENT_AFTER = timedelta(days=365)
LOOKED_AT_FIRST = 200


@dataclass(frozen=True)
class SilentPerson:
    """Somebody whose say counts and who has not been heard."""

    name: str
    code: str
    title: str
    account: str
    role: str
    veto: bool
    weight: int | None
    heard_at: datetime | None


def unhappy_people(user: User, filters: Filters, most: int) -> list[ReadSignal]:
    """Return the newest unhappy answer of each person, the latest first; nobody without a name."""
    rows = filters.changed(bands=("det",)).scores(Score.objects.named(user))
    newest = rows.order_by("-occurred_at", "-signal")
    seen: set[tuple[int | None, int | None]] = set()
    picked: list[UUID] = []
    for signal, account, contact in newest.values_list("signal", "account", "contact")[: most * 5]:
        if (account, contact) not in seen and len(picked) < most:
            seen.add((account, contact))
            picked.append(signal)
    return list(read_signals(picked))


def still_unhappy(user: User, accounts: Any, since: datetime, most: int) -> list[ReadSignal]:
    """Return the people whose latest recommendation is unhappy and recent, the latest first."""
    metrics = list(Metric.objects.filter(kind=Metric.Kind.NPS).values_list("pk", flat=True))
    scored = Score.objects.named(user).filter(metric__in=metrics)
    later = scored.filter(contact=OuterRef("contact"), occurred_at__gt=OuterRef("occurred_at"), value__gt=6)
    rows = scored.filter(occurred_at__gt=since, value__lte=6, contact__isnull=False)
    rows = rows.filter(~Exists(later))
    if not user.scope.everything:
        rows = rows.filter(account__in=accounts)
    seen: set[int] = set()
    picked: list[UUID] = []
    for signal, contact in rows.order_by("-occurred_at", "-signal").values_list("signal", "contact")[
        : most * 5
    ]:
        if contact not in seen and len(picked) < most:
            seen.add(contact)
            picked.append(signal)
    return list(read_signals(picked))


def silent_people(user: User, accounts: Any, now: datetime, most: int) -> list[SilentPerson]:
    """Return the people with a veto or a weight not heard for a year, those with most at stake first."""
    rows = (
        BuyingRole.objects.visible_to(user)
        .held_on(now.date())
        .filter(
            Q(veto=True) | Q(weight__gt=0), decision=None, contact__merged_into=None, contact__left_on=None
        )
        .select_related("contact__account")
    )
    if accounts is not None:
        rows = rows.filter(contact__account__in=accounts)
    ordered = rows.order_by("-veto", "-weight", "pk")
    picked = _first_silent(user, ordered, now, most)
    last = last_words(user, list(picked))
    return [_silent(role, last.get(contact)) for contact, role in picked.items()]


def _first_silent(
    user: User, ordered: "QuerySet[BuyingRole]", now: datetime, most: int
) -> dict[int, BuyingRole]:
    """Return the first roles whose holders were not heard; a stretch, then ten times as many, and again.

    Asked all at once, the database would look for every person's words before it takes the first five.
    """
    picked: dict[int, BuyingRole] = {}
    start, size = 0, LOOKED_AT_FIRST
    while len(picked) < most:
        contacts = list(ordered.values_list("pk", "contact")[start : start + size])
        silent = _not_heard(user, {contact for _pk, contact in contacts}, now - SILENT_AFTER)
        wanted = [pk for pk, contact in contacts if contact in silent][: most * 3]
        for role in ordered.filter(pk__in=wanted):
            if len(picked) < most:
                picked.setdefault(role.contact_id, role)
        if len(contacts) < size:
            break
        start, size = start + size, size * 10
    return picked


def _not_heard(user: User, contacts: set[int], since: datetime) -> set[int]:
    spoke = Signal.objects.named(user).filter(contact__in=contacts, occurred_at__gt=since)
    return contacts - set(spoke.order_by().values_list("contact", flat=True).distinct())


def last_words(user: User, contacts: Sequence[int]) -> dict[int, datetime]:
    """Return when each of these people was last heard."""
    rows = Signal.objects.named(user).filter(contact__in=contacts)
    latest = rows.order_by("contact", "-occurred_at").distinct("contact")
    return dict(latest.values_list("contact", "occurred_at"))


def lately_said(user: User, accounts: Any, since: datetime, most: int) -> list[ReadSignal]:
    """Return the newest signals since a moment, named ones only."""
    rows = Signal.objects.named(user).filter(occurred_at__gt=since)
    if accounts is not None:
        rows = rows.filter(account__in=accounts)
    return list(read_signals(list(rows.order_by("-occurred_at", "-id").values_list("pk", flat=True)[:most])))


def _silent(role: BuyingRole, heard_at: datetime | None) -> SilentPerson:
    contact = role.contact
    return SilentPerson(
        name=contact.name,
        code=contact.code,
        title=contact.title,
        account=contact.account.name,
        role=role.role,
        veto=role.veto,
        weight=role.weight,
        heard_at=heard_at,
    )
