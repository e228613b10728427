"""The room's jobs."""

from django.utils import timezone

from rapport.kernel.jobs import periodic
from rapport.rooms.listening.channels.messages import deliver_message, doubt_lost_messages
from rapport.rooms.listening.channels.sending import note_refused_mail, send_due
from rapport.rooms.listening.programmes.occasions import ask_about_due_occasions
from rapport.rooms.listening.programmes.services import draw_due_programmes

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
