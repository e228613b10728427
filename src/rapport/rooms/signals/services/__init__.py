"""Writes to the ledger."""

from rapport.rooms.signals.services.bulk import BulkRecorder, RecordedMany, Refusal, record_signals_in_bulk
from rapport.rooms.signals.services.record import (
    NewAnswer,
    NewComment,
    NewScore,
    NewSignal,
    Recorded,
    SignalRefused,
    record_signal,
)

__all__ = [
    "BulkRecorder",
    "NewAnswer",
    "NewComment",
    "NewScore",
    "NewSignal",
    "Recorded",
    "RecordedMany",
    "Refusal",
    "SignalRefused",
    "record_signal",
    "record_signals_in_bulk",
]
