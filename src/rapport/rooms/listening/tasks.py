"""The room's jobs."""

from django.utils import timezone

from rapport.kernel.jobs import periodic
from rapport.rooms.listening.programmes.occasions import ask_about_due_occasions
from rapport.rooms.listening.programmes.services import draw_due_programmes


@periodic("* * * * *")
def run_programmes(timestamp: int) -> None:
    """Draw the samples that are due, and ask about events whose delay is over."""
    now = timezone.now()
    draw_due_programmes(now=now)
    ask_about_due_occasions(now=now)
