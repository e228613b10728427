"""What the room listens to, its own events among it."""

from django.utils import timezone

from rapport.kernel.events import listen_to
from rapport.rooms.accounts.events import TouchpointPassed
from rapport.rooms.listening.channels.rewards import earn_rewards
from rapport.rooms.listening.events import ResponsesSent
from rapport.rooms.listening.programmes.occasions import note_event


@listen_to(TouchpointPassed)
def on_touchpoint_passed(event: TouchpointPassed) -> None:
    """Note what happened for the programmes that wait for it; they ask when their delay is over."""
    note_event(event, now=timezone.now())


@listen_to(ResponsesSent)
def on_responses_sent(event: ResponsesSent) -> None:
    """Whoever has answered has earned what was promised for it."""
    earn_rewards(event.response_ids, now=timezone.now())
