"""What other rooms may ask of the ledger."""

from rapport.rooms.signals.events import SignalsRecorded
from rapport.rooms.signals.services import (
    NewComment,
    NewScore,
    NewSignal,
    Recorded,
    SignalRefused,
    record_signal,
)

__all__ = [
    "NewComment",
    "NewScore",
    "NewSignal",
    "Recorded",
    "SignalRefused",
    "SignalsRecorded",
    "record_signal",
]
