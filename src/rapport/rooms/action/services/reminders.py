"""Reminders before a case is due and word when it is overdue; each leaves once for each due time."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from rapport.kernel.mail.queue import NewMail, queue_mails
from rapport.kernel.models import User
from rapport.rooms.action.models import Case, CaseEvent
from rapport.rooms.action.services import mails
from rapport.rooms.action.services.owners import can_work

BATCH = 200
UNTOLD = (Case.State.OPEN, Case.State.ACKNOWLEDGED, Case.State.FIXED)


def send_reminders(*, now: datetime) -> int:
    """Send whatever has fallen due and was not sent yet; return how many cases it was about."""
    sent = _in_batches(_to_remind, _remind, now)
    sent += _in_batches(_to_call_overdue, _call_overdue, now)
    sent += _in_batches(_without_contact, _call_for_contact, now)
    return sent + _in_batches(_unconfirmed, _ask_to_confirm, now)


def _in_batches(
    find: Callable[[datetime], QuerySet[Case]], act: Callable[[Case, datetime], None], now: datetime
) -> int:
    done = 0
    while True:
        with transaction.atomic():
            cases = list(find(now).select_for_update(skip_locked=True, of=("self",))[:BATCH])
            for case in cases:
                act(case, now)
        done += len(cases)
        if len(cases) < BATCH:
            return done


def _open() -> QuerySet[Case]:
    return Case.objects.filter(state__in=UNTOLD).select_related("owner", "rule__fallback", "account")


def _to_remind(now: datetime) -> QuerySet[Case]:
    awake = _open().filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now))
    return awake.filter(remind_at__lte=now, due_at__gt=now).order_by("remind_at")


def _remind(case: Case, now: datetime) -> None:
    case.remind_at = None
    case.save(update_fields=["remind_at"])
    if case.owner:
        _note(case, CaseEvent.Kind.REMINDED, now, case.owner, [mails.about_due(case, case.owner)])


def _to_call_overdue(now: datetime) -> QuerySet[Case]:
    told = CaseEvent.objects.filter(
        case=OuterRef("pk"), kind=CaseEvent.Kind.OVERDUE, due_at=OuterRef("due_at")
    )
    return _open().filter(~Exists(told), due_at__lt=now).order_by("due_at")


def _call_overdue(case: Case, now: datetime) -> None:
    _note(
        case,
        CaseEvent.Kind.OVERDUE,
        now,
        case.owner,
        [mails.about_overdue(case, case.owner)] if case.owner else [],
    )
    fallback = case.rule.fallback if case.rule else None
    if fallback and fallback != case.owner and can_work(fallback):
        _note(case, CaseEvent.Kind.OVERDUE_FALLBACK, now, fallback, [mails.about_overdue(case, fallback)])


def _without_contact(now: datetime) -> QuerySet[Case]:
    told = CaseEvent.objects.filter(case=OuterRef("pk"), kind=CaseEvent.Kind.CONTACT_LATE)
    return _open().filter(~Exists(told), contact_due_at__lt=now, first_contact_at=None).order_by("pk")


def _call_for_contact(case: Case, now: datetime) -> None:
    letters = [mails.about_late_contact(case, case.owner)] if case.owner else []
    _note(case, CaseEvent.Kind.CONTACT_LATE, now, case.owner, letters, at=case.contact_due_at)


def _unconfirmed(now: datetime) -> QuerySet[Case]:
    told = CaseEvent.objects.filter(
        case=OuterRef("pk"), kind=CaseEvent.Kind.UNCONFIRMED, due_at=OuterRef("confirm_due_at")
    )
    waiting = Case.objects.filter(state=Case.State.TOLD, confirmed_at=None).select_related("owner", "account")
    return waiting.filter(~Exists(told), confirm_due_at__lt=now).order_by("pk")


def _ask_to_confirm(case: Case, now: datetime) -> None:
    letters = [mails.about_no_confirmation(case, case.owner)] if case.owner else []
    _note(case, CaseEvent.Kind.UNCONFIRMED, now, case.owner, letters, at=case.confirm_due_at)


def _note(
    case: Case,
    kind: CaseEvent.Kind,
    now: datetime,
    to: User | None,
    letters: list[NewMail],
    at: datetime | None = None,
) -> None:
    """Write down that word was sent, with a key that keeps it from being sent again for the same due time."""
    due = at or case.due_at
    once = f"{kind}:{int(due.timestamp())}"
    CaseEvent.objects.create(case=case, kind=kind, at=now, to_owner=to, due_at=due, once=once)
    queue_mails(letters, now=now)
