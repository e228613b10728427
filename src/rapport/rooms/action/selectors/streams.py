"""Streams as their page shows them, and what one would have carried lately."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q

from rapport.kernel.models import User
from rapport.rooms.action.conditions import Condition, where_all
from rapport.rooms.action.models import Stream, StreamMessage
from rapport.rooms.action.services.stream_words import sentence_of
from rapport.rooms.signals.api import ReadSignal, read_signals
from rapport.rooms.signals.models import Signal

LOOK_BACK = timedelta(days=30)
LATEST = 5
MOST_MESSAGES = 50


@dataclass(frozen=True)
class StreamRow:
    """One stream in the list."""

    code: str
    name: str
    sentence: str
    paused: bool
    because: str
    carried: int
    waiting: int
    last_at: datetime | None


@dataclass(frozen=True)
class Trial:
    """What a stream would have carried in the last days."""

    days: int
    signals: int
    latest: tuple[ReadSignal, ...]


def stream_rows(user: User) -> list[StreamRow]:
    """Return the user's streams, each read back."""
    streams: Any = Stream.objects.visible_to(user).annotate(
        carried=Count("items", filter=Q(items__message__state=StreamMessage.State.SENT)),
        waiting=Count("items", filter=Q(items__message=None)),
        last_at=Max("items__message__settled_at", filter=Q(items__message__state=StreamMessage.State.SENT)),
    )
    return [
        StreamRow(
            code=one.code,
            name=one.name,
            sentence=sentence_of(one),
            paused=one.paused_at is not None,
            because=one.paused_because,
            carried=one.carried,
            waiting=one.waiting,
            last_at=one.last_at,
        )
        for one in streams.order_by("name", "pk")
    ]


def try_stream(conditions: Iterable[Condition], user: User, *, now: datetime) -> Trial:
    """Try conditions on the last days' feedback in the user's scope; nothing is written."""
    recent = Signal.objects.named(user).filter(occurred_at__gt=now - LOOK_BACK, occurred_at__lte=now)
    met = recent.filter(where_all(conditions))
    latest = list(met.order_by("-occurred_at", "-pk").values_list("pk", flat=True)[:LATEST])
    return Trial(LOOK_BACK.days, met.count(), read_signals(latest))


def messages_of(stream: Stream) -> list[StreamMessage]:
    """Return the latest messages of a stream."""
    return list(stream.messages.annotate(count=Count("items")).order_by("-made_at", "-pk")[:MOST_MESSAGES])
