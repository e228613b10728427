"""Escalations as pages show them: the leadership's short list, and one of them whole."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, QuerySet, Sum

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contract
from rapport.rooms.action.models import Escalation, EscalationCall

SHORT = 10
LATELY = timedelta(days=30)


@dataclass(frozen=True)
class EscalationRow:
    """One escalation in a list."""

    code: str
    case_code: str
    title: str
    account: str
    tier: str
    worth: float
    currency: str
    level: str
    number: int
    reason: str
    words: str
    raised_at: datetime
    responder: str
    taken_on_by: str
    taken_on_at: datetime | None
    unanswered: bool
    answer_by: datetime | None
    ended_at: datetime | None
    changes: str
    on_list: bool


def open_escalations(user: User) -> list[EscalationRow]:
    """Return what is not over, what nobody answered first, then the highest level, then the longest open."""
    rows = (
        _rows(user)
        .filter(ended_at=None)
        .order_by(F("unanswered_at").asc(nulls_last=True), "-level__number", "raised_at")
    )
    return rows_of(rows)


def leadership_list(user: User) -> list[EscalationRow]:
    """Return the ones that leaders are to see, at most ten."""
    return [row for row in open_escalations(user) if row.on_list][:SHORT]


def lately_over(user: User, *, now: datetime) -> list[EscalationRow]:
    """Return those that ended in the last thirty days, the latest first."""
    return rows_of(_rows(user).filter(ended_at__gt=now - LATELY).order_by("-ended_at"))


def waiting_for(user: User) -> QuerySet[EscalationCall]:
    """Return the calls a user has not answered yet."""
    calls = EscalationCall.objects.filter(
        responder=user, acknowledged_at=None, passed_by_at=None, escalation__ended_at=None
    )
    return calls.select_related("escalation__case__account", "level").order_by("answer_by")


def _rows(user: User) -> "QuerySet[Escalation]":
    rows = Escalation.objects.visible_to(user).select_related("case__account", "level")
    return rows.prefetch_related("calls__responder")


def rows_of(escalations: "QuerySet[Escalation]") -> list[EscalationRow]:
    """Return escalations as rows, with what the customer's running contracts are worth a year."""
    found = list(escalations)
    accounts = {one.case.account_id for one in found if one.case.account_id}
    worth = worth_of(accounts)
    return [_row(one, *worth.get(one.case.account_id or 0, (0.0, ""))) for one in found]


def worth_of(accounts: set[int]) -> dict[int, tuple[float, str]]:
    """Return the yearly value of customers' running contracts, in the currency most of it is in."""
    rows = (
        Contract.objects.filter(account__in=accounts, status=Contract.Status.ACTIVE)
        .order_by()
        .values("account", "currency")
        .annotate(value=Sum("annual_value"))
        .order_by("value")
    )
    return {row["account"]: (float(row["value"] or 0), row["currency"]) for row in rows}


def _row(one: Escalation, worth: float, currency: str) -> EscalationRow:
    calls = list(one.calls.all())
    last = calls[-1] if calls else None
    taken = next((call for call in reversed(calls) if call.acknowledged_at), None)
    account: Account | None = one.case.account
    return EscalationRow(
        code=one.code,
        case_code=one.case.code,
        title=one.case.title,
        account=account.name if account else "",
        tier=account.tier if account else "",
        worth=worth,
        currency=currency,
        level=str(one.level),
        number=one.level.number,
        reason=one.get_reason_display(),
        words=one.words,
        raised_at=one.raised_at,
        responder=str(last.responder) if last else "",
        taken_on_by=str(taken.responder) if taken else "",
        taken_on_at=taken.acknowledged_at if taken else None,
        unanswered=one.unanswered_at is not None,
        answer_by=last.answer_by if last and not taken else None,
        ended_at=one.ended_at,
        changes=one.what_changes,
        on_list=one.level.on_list,
    )
