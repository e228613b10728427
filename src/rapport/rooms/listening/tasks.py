"""The room's jobs."""

import random
from datetime import timedelta

from django.utils import timezone

from rapport.kernel.environment import environment
from rapport.kernel.jobs import job, periodic
from rapport.rooms.listening.channels.messages import deliver_message, doubt_lost_messages
from rapport.rooms.listening.channels.sending import note_refused_mail, send_due
from rapport.rooms.listening.programmes.occasions import ask_about_due_occasions
from rapport.rooms.listening.programmes.services import draw_due_programmes
from rapport.rooms.listening.services.forgetting import clear_unused_files, forget_partial_answers
from rapport.rooms.listening.services.passing_on import empty_ballots, pass_on

__all__ = ["deliver_message", "run_programmes"]


@periodic("* * * * *")
def run_programmes(timestamp: int) -> None:
    """Draw the samples that are due, ask about events whose delay is over, and send what may leave now."""
    now = timezone.now()
    draw_due_programmes(now=now)
    ask_about_due_occasions(now=now)
    send_due(now=now)
    note_refused_mail(now=now)
    doubt_lost_messages(now=now)


@job(queue="listening", priority=10)
def pass_on_responses() -> None:
    """Pass sent responses on to the ledger."""
    pass_on(now=timezone.now())


@periodic("* * * * *")
def pass_on_what_waits(timestamp: int) -> None:
    """Pass on responses whose own call was lost."""
    pass_on(now=timezone.now())


@periodic("17 3 * * *")
def carry_ballots(timestamp: int) -> None:
    """Carry the anonymous answers of the day to the ledger."""
    empty_ballots(now=timezone.now(), rng=random.SystemRandom())


@periodic("47 3 * * *")
def forget_what_was_not_sent(timestamp: int) -> None:
    """Take away answers that nobody sent in time, and files whose answer was replaced or taken back."""
    now = timezone.now()
    forget_partial_answers(before=now - timedelta(days=environment().partial_answer_days), now=now)
    clear_unused_files(now=now)
