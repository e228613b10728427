"""Writes to the ledger."""

from rapport.rooms.signals.services.record import (
    NewComment,
    NewScore,
    NewSignal,
    Recorded,
    SignalRefused,
    record_signal,
)

__all__ = ["NewComment", "NewScore", "NewSignal", "Recorded", "SignalRefused", "record_signal"]
