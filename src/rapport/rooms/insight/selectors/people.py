"""Who is unhappy, who is silent, and what was said lately, as far as the reader may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from rapport.kernel.models import User
from rapport.rooms.accounts.models import BuyingRole
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.api import Filters, ReadSignal, read_signals
from rapport.rooms.signals.models import Score, Signal

SILENT_AFTER = timedelta(days=365)


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
    rows = filters.changed(bands=("det",)).scores(Score.objects.visible_to(user))
    newest = rows.filter(anonymous=False).order_by("-occurred_at", "-signal")
    seen: set[tuple[int | None, int | None]] = set()
    picked: list[UUID] = []
    for signal, account, contact in newest.values_list("signal", "account", "contact")[: most * 5]:
        if (account, contact) not in seen and len(picked) < most:
            seen.add((account, contact))
            picked.append(signal)
    return list(read_signals(picked))


def still_unhappy(user: User, accounts: Any, since: datetime, most: int) -> list[ReadSignal]:
    """Return the people whose latest recommendation is unhappy and recent, the latest first."""
    metrics = Metric.objects.filter(kind=Metric.Kind.NPS).values("pk")
    scored = Score.objects.visible_to(user).filter(metric__in=metrics)
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
    spoke = Signal.objects.visible_to(user).filter(
        contact=OuterRef("contact"), occurred_at__gt=now - SILENT_AFTER
    )
    rows = (
        BuyingRole.objects.visible_to(user)
        .held_on(now.date())
        .filter(
            Q(veto=True) | Q(weight__gt=0), decision=None, contact__merged_into=None, contact__left_on=None
        )
        .filter(~Exists(spoke))
        .select_related("contact__account")
    )
    if accounts is not None:
        rows = rows.filter(contact__account__in=accounts)
    ordered = rows.order_by("-veto", "-weight", "pk")
    picked: dict[int, BuyingRole] = {}
    for role in ordered[: most * 3]:
        if len(picked) < most:
            picked.setdefault(role.contact_id, role)
    last = last_words(user, list(picked))
    return [_silent(role, last.get(contact)) for contact, role in picked.items()]


def last_words(user: User, contacts: Sequence[int]) -> dict[int, datetime]:
    """Return when each of these people was last heard."""
    rows = Signal.objects.visible_to(user).filter(contact__in=contacts)
    latest = rows.order_by("contact", "-occurred_at").distinct("contact")
    return dict(latest.values_list("contact", "occurred_at"))


def lately_said(user: User, accounts: Any, since: datetime, most: int) -> list[ReadSignal]:
    """Return the newest signals since a moment, named ones only."""
    rows = Signal.objects.visible_to(user).filter(occurred_at__gt=since, anonymous=False)
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
