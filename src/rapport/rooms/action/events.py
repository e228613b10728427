"""What the room listens to."""

from django.utils import timezone

from rapport.kernel.events import listen_to
from rapport.rooms.action.models import Stream
from rapport.rooms.action.selectors.publications import done_for
from rapport.rooms.action.services.contact_wishes import answer_wish
from rapport.rooms.action.tasks import evaluate, match
from rapport.rooms.listening.api import ContactWanted, tell_what_was_done
from rapport.rooms.signals.api import SignalsRecorded

MOST_A_JOB = 500


@listen_to(SignalsRecorded)
def on_signals_recorded(event: SignalsRecorded) -> None:
    """Have live feedback held against the rules and the streams, as soon as it is committed."""
    if not event.live:
        return
    ids = [str(signal_id) for signal_id in event.signal_ids]
    flowing = Stream.objects.flowing().exists()
    for start in range(0, len(ids), MOST_A_JOB):
        evaluate.defer(signal_ids=[*ids[start : start + MOST_A_JOB]])
        if flowing:
            match.defer(signal_ids=[*ids[start : start + MOST_A_JOB]])


@listen_to(ContactWanted)
def on_contact_wanted(event: ContactWanted) -> None:
    """Have somebody call, in the transaction of the wish: a job might run twice."""
    answer_wish(event, now=timezone.now())


tell_what_was_done(done_for)
