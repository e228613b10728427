"""What the room listens to: its own events, for the facts derived from it."""

from django.db import transaction

from rapport.kernel.events import listen_to
from rapport.rooms.signals.events import SignalsRecorded


@listen_to(SignalsRecorded)
def on_signals_recorded(event: SignalsRecorded) -> None:
    """Have the facts refreshed once the signals are there.

    Outside their transaction: waiting for the one job in the queue would make recorders wait for each other.
    The notes of changes are written with the signals, so a lost call only means a minute's delay.
    """
    from rapport.rooms.signals.tasks import defer_refresh

    transaction.on_commit(defer_refresh, robust=True)
