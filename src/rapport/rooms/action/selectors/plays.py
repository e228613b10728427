"""Which plays work: customers a playbook was started for, against comparable ones in trouble without it."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Min
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contract
from rapport.rooms.action.models import Case, CaseEvent, CaseTask, Playbook
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.models import Score
from rapport.stats import Balance, MatchedComparison, holm, matched_difference

LOOKED_BACK = timedelta(days=730)
BEFORE, SOONEST, LATEST = timedelta(days=365), timedelta(days=30), timedelta(days=365)


@dataclass(frozen=True)
class Start:
    """A customer in trouble at a time: when the play was started for it, or its case opened without."""

    account: int
    at: datetime
    played: bool


@dataclass(frozen=True)
class Outcome:
    """One outcome compared: what it is, the comparison, and p adjusted for looking at several."""

    label: str
    scale: str
    found: MatchedComparison
    p_adjusted: float | None
    unknown: int

    @property
    def proven(self) -> bool:
        """Whether the difference stands after adjusting for the other outcomes, on comparable sides."""
        return self.p_adjusted is not None and self.p_adjusted < 0.05 and self.found.is_balanced


@dataclass(frozen=True)
class Works:
    """What is known of whether a play works."""

    played: int
    others: int
    outcomes: tuple[Outcome, ...]
    balance: tuple[Balance, ...]


@dataclass(frozen=True)
class _Customer:
    start: Start
    stratum: tuple[str, str, bool]
    before: float
    worth: float
    after: float | None
    kept: float | None


def does_it_work(book: Playbook, user: User, *, now: datetime) -> Works:
    """Compare within the user's scope, over two years; each customer counts once, with its first start.

    A customer without a score in the year before has nothing to be compared by and is left out.
    """
    starts = _starts(book, user, now=now)
    known = _customers(starts, now=now)
    outcomes = [
        (_("Change of likelihood to recommend"), "change", [_minus(one.after, one.before) for one in known]),
        (_("Next likelihood to recommend"), "scale", [one.after for one in known]),
        (_("Contract kept when it was up for renewal"), "share", [one.kept for one in known]),
    ]
    found = [(label, scale, _compare(known, values), values) for label, scale, values in outcomes]
    adjusted = _adjusted([compared for _label, _scale, compared, _values in found])
    shown = tuple(
        Outcome(label, scale, compared, p, sum(value is None for value in values))
        for (label, scale, compared, values), p in zip(found, adjusted, strict=True)
    )
    return Works(
        played=sum(start.played for start in starts),
        others=sum(not start.played for start in starts),
        outcomes=shown,
        balance=shown[0].found.balance,
    )


def _minus(after: float | None, before: float) -> float | None:
    return None if after is None else after - before


def _compare(customers: Sequence[_Customer], values: Sequence[float | None]) -> MatchedComparison:
    found = matched_difference(
        values,
        [one.start.played for one in customers],
        [one.stratum for one in customers],
        {
            _("score before"): [one.before for one in customers],
            _("worth a year"): [one.worth for one in customers],
        },
    )
    if found.difference.value is None:
        reason = _("Only %(count)d with the play found a comparable customer; at least ten are needed.")
        said = replace(found.difference, reason=reason % {"count": found.matched})
        return replace(found, difference=said)
    return found


def _adjusted(found: Sequence[MatchedComparison]) -> list[float | None]:
    tested = [one.difference.p_value for one in found if one.difference.p_value is not None]
    adjusted = iter(holm(tested).tolist() if tested else [])
    return [None if one.difference.p_value is None else next(adjusted) for one in found]


def _starts(book: Playbook, user: User, *, now: datetime) -> list[Start]:
    """Return each customer once: where the play was ever started, its first start; else its first case."""
    since = now - LOOKED_BACK
    visible = Account.objects.visible_to(user).values("pk")
    cases = Case.objects.filter(account__in=visible, opened_at__gte=since, opened_at__lte=now)
    started = _first_starts(book, since)
    ever = set(CaseTask.objects.filter(playbook=book).values_list("case__account", flat=True).distinct())
    played: dict[int, datetime] = {}
    for pk, account in cases.filter(pk__in=started).values_list("pk", "account"):
        played[account] = min(started[pk], played.get(account, started[pk]))
    others = dict(
        cases.exclude(account__in=[pk for pk in ever if pk])
        .order_by()
        .values_list("account")
        .annotate(first=Min("opened_at"))
    )
    return [
        *(Start(account, at, True) for account, at in sorted(played.items())),
        *(Start(account, at, False) for account, at in sorted(others.items())),
    ]


def _first_starts(book: Playbook, since: datetime) -> dict[int, datetime]:
    """Return when the play was started on each case; a renamed playbook is known by old names too."""
    history: Any = book
    names = {book.name, *history.events.values_list("name", flat=True)}
    cases = CaseTask.objects.filter(playbook=book, case__opened_at__gte=since)
    opened = dict(cases.order_by().values_list("case", "case__opened_at").distinct())
    noted = CaseEvent.objects.filter(case__in=opened, kind=CaseEvent.Kind.PLAYED, words__in=names)
    return opened | dict(noted.order_by().values_list("case").annotate(first=Min("at")))


def _customers(starts: Sequence[Start], *, now: datetime) -> list[_Customer]:
    accounts = Account.objects.in_bulk([start.account for start in starts])
    scores = _scores(accounts)
    contracts = _contracts(accounts)
    customers = []
    for start in starts:
        before, after = _around(scores.get(start.account, ()), start.at)
        if before is None:
            continue
        account, held = accounts[start.account], contracts.get(start.account, ())
        worth = _worth(held, start.at)
        stratum = (account.tier, account.region_id or "", worth is None)
        kept = _kept(held, start.at, now)
        customers.append(_Customer(start, stratum, before, math.log1p(float(worth or 0)), after, kept))
    return customers


def _scores(accounts: Iterable[int]) -> Mapping[int, list[tuple[datetime, float]]]:
    metrics = Metric.objects.filter(kind=Metric.Kind.NPS)
    rows = Score.objects.filter(metric__in=metrics, account__in=accounts, superseded=False, anonymous=False)
    found: defaultdict[int, list[tuple[datetime, float]]] = defaultdict(list)
    for account, at, value in rows.order_by("occurred_at").values_list("account", "occurred_at", "value"):
        found[account].append((at, value))
    return found


def _around(scores: Sequence[tuple[datetime, float]], at: datetime) -> tuple[float | None, float | None]:
    """Return the mean of the year before the start, and of the answers from a month to a year after it."""
    before = [value for when, value in scores if at - BEFORE <= when <= at]
    after = [value for when, value in scores if at + SOONEST <= when <= at + LATEST]
    return _mean(before), _mean(after)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _contracts(accounts: Iterable[int]) -> Mapping[int, list[Contract]]:
    found: defaultdict[int, list[Contract]] = defaultdict(list)
    for contract in Contract.objects.filter(account__in=accounts):
        found[contract.account_id].append(contract)
    return found


def _worth(contracts: Sequence[Contract], at: datetime) -> Decimal | None:
    """Return the yearly value of the contracts running then; none where unknown or in two currencies."""
    day = at.date()
    running = [
        one
        for one in contracts
        if one.annual_value is not None
        and one.starts_on <= day
        and (one.ends_on is None or one.ends_on >= day)
    ]
    if not running or len({one.currency for one in running}) > 1:
        return None
    return sum((one.annual_value or Decimal(0) for one in running), Decimal(0))


def _kept(contracts: Sequence[Contract], at: datetime, now: datetime) -> float | None:
    """Return the share of the contracts decided within a year after the start that were renewed."""
    gone = {Contract.Status.LOST, Contract.Status.CANCELLED}
    decided = [
        one.status
        for one in contracts
        if (one.renewal_on or one.ends_on)
        and at.date() < (one.renewal_on or one.ends_on or at.date()) <= min(at + LATEST, now).date()
        and one.status in {Contract.Status.RENEWED, *gone}
    ]
    return sum(status == Contract.Status.RENEWED for status in decided) / len(decided) if decided else None
