"""What later knowledge does to a case that is open already: its customer found, another rule agreeing."""

from collections.abc import Sequence
from datetime import datetime

from rapport.kernel.mail.queue import queue_mails
from rapport.rooms.action.models import Case, CaseCause, CaseEvent, Rule
from rapport.rooms.action.services import mails
from rapport.rooms.action.services.due import Holidays, due_times
from rapport.rooms.action.services.opening import Cause, cause_row
from rapport.rooms.action.services.owners import Owners
from rapport.rooms.signals.models import Signal

UNTOLD = (Case.State.OPEN, Case.State.ACKNOWLEDGED, Case.State.FIXED)


def join(case: Case, causes: Sequence[Cause], holidays: Holidays, now: datetime) -> None:
    """Note on a case that more rules agree; the strictest of them may make it due earlier."""
    CaseCause.objects.bulk_create(cause_row(case, cause, now) for cause in causes)
    CaseEvent.objects.bulk_create(
        CaseEvent(case=case, kind=CaseEvent.Kind.JOINED, at=now, words=cause.sentence) for cause in causes
    )
    rules = [cause.rule for cause in causes if cause.rule]
    if rules and case.state in UNTOLD and not case.reopened:
        _make_due_earlier(case, min(rules, key=lambda rule: rule.due_hours), holidays, now)


def _make_due_earlier(case: Case, rule: Rule, holidays: Holidays, now: datetime) -> None:
    due = due_times(
        now=case.opened_at,
        due_hours=rule.due_hours,
        remind_hours=rule.remind_hours,
        owner=case.owner,
        region=case.region_id,
        holidays=holidays,
    )
    if due.due_at >= case.due_at:
        return
    case.due_at, case.remind_at, case.due_hours = due.due_at, due.remind_at, rule.due_hours
    case.save(update_fields=["due_at", "remind_at", "due_hours"])
    CaseEvent.objects.create(case=case, kind=CaseEvent.Kind.DUE_MOVED, at=now, due_at=case.due_at)


def find_customer(case: Case, signal: Signal, owners: Owners, now: datetime) -> None:
    """Give a case the customer and person its signal was matched with since.

    While nobody has touched it, it also goes to whom its rule would have given it.
    """
    unknown = case.account_id is None and signal.account_id is not None
    nameless = case.contact_id is None and signal.contact_id is not None
    if not (unknown or nameless):
        return
    case.account_id, case.contact_id = signal.account_id, case.contact_id or signal.contact_id
    case.account = signal.account
    case.region_id = case.region_id or signal.region_id
    case.partner_id = case.partner_id or signal.partner_id
    case.save(update_fields=["account", "contact", "region", "partner"])
    CaseEvent.objects.create(case=case, kind=CaseEvent.Kind.MATCHED, at=now, words=str(signal.account or ""))
    if unknown and case.state == Case.State.OPEN and case.rule and case.owner_id == case.rule.fallback_id:
        _give_to_owner(case, case.rule, owners, now)


def _give_to_owner(case: Case, rule: Rule, owners: Owners, now: datetime) -> None:
    owner, before = owners.choose(rule, case.account), case.owner
    if owner is None or owner == before:
        return
    case.owner = owner
    case.save(update_fields=["owner"])
    event = CaseEvent.objects.create(
        case=case, kind=CaseEvent.Kind.REASSIGNED, at=now, from_owner=before, to_owner=owner
    )
    queue_mails([mails.about_handing_on(case, owner, by=None, reason="", event=event.pk)], now=now)
