"""The room's jobs."""

import random

from django.utils import timezone

from rapport.kernel.jobs import job, periodic
from rapport.rooms.listening.services.passing_on import empty_ballots, pass_on


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
