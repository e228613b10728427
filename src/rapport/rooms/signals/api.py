"""What other rooms may ask of the ledger."""

from rapport.rooms.signals.events import SignalsRecorded
from rapport.rooms.signals.services import (
    BulkRecorder,
    NewComment,
    NewScore,
    NewSignal,
    Recorded,
    RecordedMany,
    Refusal,
    SignalRefused,
    record_signal,
    record_signals_in_bulk,
)

__all__ = [
    "BulkRecorder",
    "NewComment",
    "NewScore",
    "NewSignal",
    "Recorded",
    "RecordedMany",
    "Refusal",
    "SignalRefused",
    "SignalsRecorded",
    "record_signal",
    "record_signals_in_bulk",
]
