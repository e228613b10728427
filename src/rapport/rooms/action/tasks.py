"""The room's jobs."""

from uuid import UUID

from django.utils import timezone

from rapport.kernel.jobs import job, periodic
from rapport.rooms.action.services.escalation import climb, escalate_overdue
from rapport.rooms.action.services.evaluate import evaluate_rules
from rapport.rooms.action.services.playbooks import call_late_tasks
from rapport.rooms.action.services.recurrence import look_at_all
from rapport.rooms.action.services.reminders import send_reminders
from rapport.rooms.action.services.snoozing import wake_all


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
    escalate_overdue(now=now)
    climb(now=now)


@periodic("15 5 * * *")
def look_for_recurrence(timestamp: int) -> None:
    """Look at each improvement in force once a week; asked daily, so that a missed Monday is made up for."""
    look_at_all(now=timezone.now())
