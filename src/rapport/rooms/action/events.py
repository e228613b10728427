"""What the room listens to."""

from rapport.kernel.events import listen_to
from rapport.rooms.action.tasks import evaluate
from rapport.rooms.signals.api import SignalsRecorded

MOST_A_JOB = 500


@listen_to(SignalsRecorded)
def on_signals_recorded(event: SignalsRecorded) -> None:
    """Have live feedback held against the rules, as soon as it is committed."""
    if not event.live:
        return
    ids = [str(signal_id) for signal_id in event.signal_ids]
    for start in range(0, len(ids), MOST_A_JOB):
        evaluate.defer(signal_ids=[*ids[start : start + MOST_A_JOB]])
