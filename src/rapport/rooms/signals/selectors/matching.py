"""The matching list: what came in about customers we do not know by that name, and whom they may mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Max, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rapport.kernel.models import User
from rapport.rooms.accounts.api import search_accounts
from rapport.rooms.accounts.models import Account
from rapport.rooms.signals.models import Signal, SignalQuerySet
from rapport.rooms.signals.selectors.listing import ReadSignal, read_signals

GROUPS = 25
COUNTED = 10_000
SUGGESTED = 3


@dataclass(frozen=True)
class Suggestion:
    """An account that may be meant, and why."""

    code: str
    name: str
    detail: str
    why: str | Promise


@dataclass(frozen=True)
class Unmatched:
    """All signals that named their account alike."""

    hint: str
    people: tuple[str, ...]
    count: int
    latest: datetime
    example: ReadSignal | None
    suggestions: tuple[Suggestion, ...]


def waiting(user: User) -> SignalQuerySet:
    """Return the signals without an account that the user may match."""
    return Signal.objects.in_scope(user).filter(account=None, anonymous=False, superseded=False)


def count_unmatched(user: User) -> int:
    """Count the signals that wait for their account, up to COUNTED."""
    return waiting(user).order_by()[:COUNTED].count()


def unmatched_groups(user: User, words: str = "") -> list[Unmatched]:
    """Return the names that wait for an account, those with most signals first."""
    rows = waiting(user)
    if words:
        rows = rows.filter(Q(account_hint__icontains=words) | Q(contact_hint__icontains=words))
    groups = (
        rows.order_by()
        .values("account_hint")
        .annotate(
            count=Count("pk"),
            latest=Max("occurred_at"),
            people=ArrayAgg("contact_hint", distinct=True, filter=~Q(contact_hint="")),
        )
        .order_by("-count", "-latest", "account_hint")[:GROUPS]
    )
    examples = _newest(user, [row["account_hint"] for row in groups])
    return [
        Unmatched(
            hint=row["account_hint"],
            people=tuple(sorted(row["people"] or [])[:5]),
            count=row["count"],
            latest=row["latest"],
            example=examples.get(row["account_hint"]),
            suggestions=tuple(_suggestions(user, row["account_hint"], row["people"] or [])),
        )
        for row in groups
    ]


def _newest(user: User, hints: Sequence[str]) -> dict[str, ReadSignal]:
    """Return the newest signal of each name, read at once."""
    rows = waiting(user).filter(account_hint__in=hints)
    newest = rows.order_by("account_hint", "-occurred_at", "-id").distinct("account_hint")
    by_id = {pk: hint for hint, pk in newest.values_list("account_hint", "pk")}
    return {by_id[signal.id]: signal for signal in read_signals(list(by_id))}


def _suggestions(user: User, hint: str, people: Sequence[str]) -> list[Suggestion]:
    rows = Account.objects.visible_to(user).unmerged().select_related("parent")
    found: dict[int, Suggestion] = {}
    domains = {named.rpartition("@")[2].lower() for named in (*people, hint) if "@" in named}
    if domains:
        for account in rows.filter(domain__in=domains).order_by("name", "pk")[:SUGGESTED]:
            found[account.pk] = _suggest(account, _("same e-mail domain"))
    if hint:
        alike = search_accounts(Account.objects.visible_to(user).unmerged(), hint, most=SUGGESTED)
        by_id = {account.pk: account for account in rows.filter(pk__in=alike)}
        for pk in alike:
            found.setdefault(pk, _suggest(by_id[pk], _("similar name")))
    return list(found.values())[:SUGGESTED]


def _suggest(account: Account, why: str | Promise) -> Suggestion:
    above = account.parent.name if account.parent else ""
    detail = ", ".join(part for part in (above, account.city, account.country) if part)
    return Suggestion(account.code, account.name, detail, why)
