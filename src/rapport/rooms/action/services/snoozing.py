"""Putting a case aside for a reason, for a while; its clocks keep running and lists keep counting it."""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from rapport.kernel.mail.queue import queue_mails
from rapport.kernel.models import User
from rapport.rooms.action.models import Case, CaseEvent
from rapport.rooms.action.services import mails
from rapport.rooms.action.services.steps import StepRefused, locked, note_event

LONGEST = timedelta(days=31)
BATCH = 200


def snooze(case: Case, *, by: User, until: datetime, reason: str, now: datetime) -> Case:
    """Put a case aside; raise StepRefused without a reason, for too long, or when it is told or closed.

    No reminder comes meanwhile. What is overdue stays overdue: nothing hides.
    """
    with transaction.atomic():
        case = locked(case)
        if case.is_closed or case.state == Case.State.TOLD:
            raise StepRefused(_("Only a case whose customer waits to be told can be put aside."))
        if not reason.strip():
            raise StepRefused(_("Say why it is put aside."))
        if not now < until <= now + LONGEST:
            raise StepRefused(_("Choose a time after now and within %(days)d days.") % {"days": LONGEST.days})
        case.snoozed_until, case.snooze_reason = until, reason.strip()
        case.save(update_fields=["snoozed_until", "snooze_reason"])
        words = _("until %(until)s: %(reason)s") % {
            "until": f"{until.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
            "reason": reason.strip(),
        }
        note_event(case, CaseEvent.Kind.SNOOZED, by=by, now=now, words=words)
    return case


def wake(case: Case, *, by: User | None, now: datetime) -> Case:
    """Take a case up again; raise StepRefused when it is not put aside."""
    with transaction.atomic():
        case = locked(case)
        if case.snoozed_until is None:
            raise StepRefused(_("%(code)s is not put aside.") % {"code": case.code})
        case.snoozed_until, case.snooze_reason = None, ""
        case.save(update_fields=["snoozed_until", "snooze_reason"])
        event = note_event(case, CaseEvent.Kind.WOKEN, by=by, now=now)
        if case.owner and case.owner != by:
            queue_mails([mails.about_waking(case, case.owner, event=event.pk)], now=now)
    return case


def wake_all(*, now: datetime) -> int:
    """Take up again whatever was put aside until now."""
    rows = Case.objects.filter(snoozed_until__lte=now).order_by("snoozed_until")
    woken = 0
    for case in rows[:BATCH]:
        try:
            wake(case, by=None, now=now)
        except StepRefused:  # a colleague was quicker
            continue
        woken += 1
    return woken
