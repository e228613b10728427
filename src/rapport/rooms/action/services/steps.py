"""The steps of a case, each written down, from the first word to the customer to the last."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from rapport.kernel.mail.queue import queue_mails
from rapport.kernel.models import User
from rapport.rooms.action.models import Case, CaseEvent, Complaint
from rapport.rooms.action.services import mails
from rapport.rooms.action.services.due import Allowed, due_times, load_holidays
from rapport.rooms.action.services.watching import tell_watchers
from rapport.rooms.action.working_hours import working_time_between

State = Case.State
Kind = CaseEvent.Kind
REOPENED_REMIND_HOURS = 2


class StepRefused(ValueError):
    """A case is not at the step this needs; the message says what to do first."""


def acknowledge(case: Case, *, by: User, now: datetime) -> Case:
    """Say that somebody is looking after it; raise StepRefused unless the case is new."""
    with transaction.atomic():
        case = locked(case)
        if case.state != State.OPEN:
            raise StepRefused(_("%(code)s was acknowledged before.") % {"code": case.code})
        case.state, case.acknowledged_at = State.ACKNOWLEDGED, now
        case.save(update_fields=["state", "acknowledged_at"])
        note_event(case, Kind.ACKNOWLEDGED, by=by, now=now)
    return case


def record_contact(case: Case, *, by: User, how: str, words: str, at: datetime, now: datetime) -> Case:
    """Write down the first time a colleague spoke to the customer; it stops the first clock.

    Raises StepRefused when that was written down before, or when it cannot have been then.
    """
    with transaction.atomic():
        case = locked(case)
        _refuse_closed(case)
        if case.first_contact_at:
            raise StepRefused(_("The first contact was written down before; add a note about this one."))
        if how not in Case.ToldHow.values or how == Case.ToldHow.NOBODY:
            raise StepRefused(_("Choose how you reached the customer."))
        _need(words, _("Write down what was said."))
        _check_moment(case, at, now)
        _note_contact(case, at)
        _acknowledged(case, now)
        case.save(update_fields=["state", "acknowledged_at", "first_contact_at", "contact_minutes"])
        said = f"{Case.ToldHow(how).label}: {words.strip()}"
        note_event(case, Kind.CONTACTED, by=by, now=now, words=said)
    return case


def record_fix(case: Case, *, by: User, words: str, now: datetime) -> Case:
    """Write down what was done for this customer; raise StepRefused when it is too late or empty."""
    with transaction.atomic():
        case = locked(case)
        if case.state not in {State.OPEN, State.ACKNOWLEDGED}:
            raise StepRefused(
                _("The fix of %(code)s was written down before; add a note.") % {"code": case.code}
            )
        _need(words, _("Say what was done for the customer."))
        case.acknowledged_at = case.acknowledged_at or now
        case.state, case.fixed_at = State.FIXED, now
        case.save(update_fields=["state", "acknowledged_at", "fixed_at"])
        note_event(case, Kind.FIXED, by=by, now=now, words=words)
    return case


def tell_customer(case: Case, *, by: User, how: str, words: str, told_at: datetime, now: datetime) -> Case:
    """Write down how, when and in which words the customer was told; without it a case cannot be closed.

    Raises StepRefused when the case is closed, when it was told before, or when something is missing.
    """
    with transaction.atomic():
        case = locked(case)
        _refuse_closed(case)
        if case.state == State.TOLD:
            raise StepRefused(_("The customer was told before; add a note about what was said now."))
        if how not in Case.ToldHow.values:
            raise StepRefused(_("Choose how the customer was told."))
        _need(words, _("Write down what the customer was told, or why nobody can be."))
        _refuse_undecided(case)
        _check_moment(case, told_at, now)
        case.acknowledged_at = case.acknowledged_at or now
        if how != Case.ToldHow.NOBODY and case.first_contact_at is None:
            _note_contact(case, told_at)
        case.state, case.customer_told_at = State.TOLD, told_at
        case.told_how, case.told_words, case.remind_at = how, words.strip(), None
        _wake(case)
        case.save()
        said = f"{case.get_told_how_display()}: {words.strip()}"
        event = note_event(case, Kind.TOLD, by=by, now=now, words=said)
        tell_watchers(case, event, now=now)
    return case


def confirm_fixed(case: Case, *, by: User | None, words: str, now: datetime) -> Case:
    """Write down that the customer says it is fixed; raise StepRefused before they were told, or twice."""
    with transaction.atomic():
        case = locked(case)
        if case.state not in {State.TOLD, State.CLOSED}:
            raise StepRefused(_("Tell the customer first; then ask whether it is fixed."))
        if case.confirmed_at:
            raise StepRefused(_("The customer said before that it is fixed."))
        case.confirmed_at = now
        case.save(update_fields=["confirmed_at"])
        event = note_event(case, Kind.CONFIRMED, by=by, now=now, words=words)
        tell_watchers(case, event, now=now)
    return case


def deny_fixed(case: Case, *, by: User | None, words: str, now: datetime) -> Case:
    """Write down that the customer says it is not fixed, which opens the case again.

    Raises StepRefused before the customer was told.
    """
    with transaction.atomic():
        case = locked(case)
        if case.state not in {State.TOLD, State.CLOSED}:
            raise StepRefused(_("Tell the customer first; then ask whether it is fixed."))
        note_event(case, Kind.DENIED, by=by, now=now, words=words)
        _open_again(case, by=by, reason=words.strip() or _("The customer says it is not fixed."), now=now)
    return case


def close_case(case: Case, *, by: User, resolution: str, now: datetime) -> Case:
    """Close a case whose customer was told; raise StepRefused otherwise."""
    with transaction.atomic():
        case = locked(case)
        _refuse_closed(case)
        if case.state != State.TOLD:
            raise StepRefused(
                _("Tell the customer first; then %(code)s can be closed.") % {"code": case.code}
            )
        _need(resolution, _("Say in a sentence how it ended."))
        case.state, case.closed_at, case.resolution = State.CLOSED, now, resolution.strip()
        case.save(update_fields=["state", "closed_at", "resolution"])
        event = note_event(case, Kind.CLOSED, by=by, now=now, words=resolution)
        tell_watchers(case, event, now=now)
    return case


def reopen_case(case: Case, *, by: User, reason: str, now: datetime) -> Case:
    """Open a closed case again with a new time; the customer has to be told again before it can close."""
    with transaction.atomic():
        case = locked(case)
        if case.state != State.CLOSED:
            raise StepRefused(_("%(code)s is still open.") % {"code": case.code})
        _need(reason, _("Say why it is opened again."))
        _open_again(case, by=by, reason=reason, now=now)
    return case


def _open_again(case: Case, *, by: User | None, reason: str, now: datetime) -> None:
    due = due_times(
        now=now,
        allowed=Allowed(case.due_hours, REOPENED_REMIND_HOURS, confirm=case.confirm_hours),
        owner=case.owner,
        region=case.region_id,
        holidays=load_holidays([case.region_id], since=now.date()),
    )
    case.state, case.reopened = State.ACKNOWLEDGED, case.reopened + 1
    case.due_at, case.remind_at, case.time_zone = due.due_at, due.remind_at, due.time_zone
    case.confirm_due_at = due.confirm_at
    case.fixed_at = case.customer_told_at = case.closed_at = case.confirmed_at = None
    case.told_how = case.told_words = case.resolution = ""
    case.save()
    event = note_event(case, Kind.REOPENED, by=by, now=now, words=reason)
    if case.owner and case.owner != by:
        letter = mails.about_reopening(case, case.owner, by=by, reason=reason.strip(), event=event.pk)
        queue_mails([letter], now=now)
    tell_watchers(case, event, now=now)


def locked(case: Case) -> Case:
    """Read a case as it is now and hold it until the transaction ends, so that two colleagues take turns."""
    rows = Case.objects.select_for_update(of=("self",)).select_related("owner", "account", "contact", "rule")
    return rows.get(pk=case.pk)


def note_event(
    case: Case,
    kind: CaseEvent.Kind,
    *,
    by: User | None,
    now: datetime,
    words: str = "",
    from_owner: User | None = None,
    to_owner: User | None = None,
) -> CaseEvent:
    """Write down that something happened."""
    return CaseEvent.objects.create(
        case=case,
        kind=kind,
        at=now,
        by=by,
        words=words.strip(),
        from_owner=from_owner,
        to_owner=to_owner,
        due_at=case.due_at,
    )


def _note_contact(case: Case, at: datetime) -> None:
    """Stop the first clock, and keep how much working time it took."""
    off = load_holidays([case.region_id], since=case.opened_at.date()).of(case.region_id)
    took = working_time_between(case.opened_at, at, ZoneInfo(case.time_zone), off)
    case.first_contact_at = at
    case.contact_minutes = round(max(took, timedelta(0)).total_seconds() / 60)


def _acknowledged(case: Case, now: datetime) -> None:
    if case.state == State.OPEN:
        case.state, case.acknowledged_at = State.ACKNOWLEDGED, now


def _wake(case: Case) -> None:
    case.snoozed_until, case.snooze_reason = None, ""


def _check_moment(case: Case, at: datetime, now: datetime) -> None:
    if at > now or at < case.opened_at:
        raise StepRefused(_("The customer cannot have been told before the case was opened, or after now."))


def _refuse_closed(case: Case) -> None:
    if case.state == State.CLOSED:
        raise StepRefused(_("%(code)s is closed; open it again first.") % {"code": case.code})


def _refuse_undecided(case: Case) -> None:
    """Refuse to tell the customer of a complaint before it is decided: the decision is what they are told."""
    if Complaint.objects.filter(case=case, decision="").exists():
        raise StepRefused(_("Decide on the complaint first; the customer is told the decision."))


def _need(words: str, message: str) -> None:
    if not words.strip():
        raise StepRefused(message)
