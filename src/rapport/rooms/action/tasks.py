"""The room's jobs."""

from uuid import UUID

from django.utils import timezone

from rapport.kernel.jobs import job, periodic
from rapport.rooms.action.services.evaluate import evaluate_rules
from rapport.rooms.action.services.reminders import send_reminders


@job(queue="action", priority=10)
def evaluate(signal_ids: list[str]) -> None:
    """Hold recorded signals against the active rules."""
    evaluate_rules([UUID(signal_id) for signal_id in signal_ids], now=timezone.now())


@periodic("* * * * *")
def remind(timestamp: int) -> None:
    """Remind of cases that fall due, and tell of those that are overdue."""
    send_reminders(now=timezone.now())
