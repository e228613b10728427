"""What other rooms may ask of the ledger."""

from rapport.rooms.signals.bands import DETRACTOR_TO, PROMOTER_FROM, band_condition, band_of
from rapport.rooms.signals.emotions import FEELINGS
from rapport.rooms.signals.events import SignalsRecorded
from rapport.rooms.signals.selectors.choices import offer_filter, offered_filters
from rapport.rooms.signals.selectors.filters import (
    Filters,
    filter_keys,
    find_signals_of_programmes,
    read_filters,
)
from rapport.rooms.signals.selectors.listing import ReadSignal, read_signals
from rapport.rooms.signals.services import (
    BulkRecorder,
    NewAnswer,
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
from rapport.rooms.signals.services.files import read_upload
from rapport.rooms.signals.services.record import NewAttachment

__all__ = [
    "DETRACTOR_TO",
    "FEELINGS",
    "PROMOTER_FROM",
    "BulkRecorder",
    "Filters",
    "NewAnswer",
    "NewAttachment",
    "NewComment",
    "NewScore",
    "NewSignal",
    "ReadSignal",
    "Recorded",
    "RecordedMany",
    "Refusal",
    "SignalRefused",
    "SignalsRecorded",
    "band_condition",
    "band_of",
    "filter_keys",
    "find_signals_of_programmes",
    "offer_filter",
    "offered_filters",
    "read_filters",
    "read_signals",
    "read_upload",
    "record_signal",
    "record_signals_in_bulk",
]
