"""The room's jobs."""

from uuid import UUID

from django.utils import timezone

from rapport.kernel.jobs import job, periodic
from rapport.rooms.action.services.complaints import call_late_receipts
from rapport.rooms.action.services.escalation import climb, escalate_overdue
from rapport.rooms.action.services.evaluate import evaluate_rules
from rapport.rooms.action.services.playbooks import call_late_tasks
from rapport.rooms.action.services.recurrence import look_at_all
from rapport.rooms.action.services.reminders import send_reminders
from rapport.rooms.action.services.replies import forget_aside
from rapport.rooms.action.services.snoozing import wake_all
from rapport.rooms.action.services.streaming import deliver, take_up_left
from rapport.rooms.action.services.streams import gather_due, match_streams
from rapport.rooms.action.services.workshops import remind as remind_agreed


@job(queue="action", priority=10)
def evaluate(signal_ids: list[str]) -> None:
    """Hold recorded signals against the active rules."""
    evaluate_rules([UUID(signal_id) for signal_id in signal_ids], now=timezone.now())


@periodic("* * * * *")
def remind(timestamp: int) -> None:
    """Take up what was put aside until now, remind of what falls due, and tell of what is overdue."""
    now = timezone.now()
    wake_all(now=now)
    send_reminders(now=now)
    call_late_tasks(now=now)
    call_late_receipts(now=now)
    escalate_overdue(now=now)
    climb(now=now)


@periodic("20 6 * * *")
def remind_of_workshops(timestamp: int) -> None:
    """Remind of what was agreed in workshops."""
    remind_agreed(now=timezone.now())


@periodic("40 4 * * *")
def forget_mail_put_aside(timestamp: int) -> None:
    """Throw away replies from other addresses that nobody asked for."""
    forget_aside(now=timezone.now())


@periodic("15 5 * * *")
def look_for_recurrence(timestamp: int) -> None:
    """Look at each improvement in force once a week; asked daily, so that a missed Monday is made up for."""
    look_at_all(now=timezone.now())


@job(queue="action")
def match(signal_ids: list[str]) -> None:
    """Put recorded signals on their way through the streams they belong to."""
    match_streams([UUID(signal_id) for signal_id in signal_ids], now=timezone.now())


@job(queue="streams")
def deliver_stream(message: str) -> None:
    """Try one message of a stream."""
    deliver(UUID(message), now=timezone.now())


@periodic("* * * * *")
def keep_streams_flowing(timestamp: int) -> None:
    """Send what streams at intervals have gathered, and take up messages that were left lying."""
    now = timezone.now()
    gather_due(now=now)
    for pk in take_up_left(now=now):
        deliver_stream.defer(message=str(pk))
