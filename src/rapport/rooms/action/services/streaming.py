"""Sending a stream's messages: claimed, looked at again for who may see what, tried until they are taken.

Mail goes through the outbox, in the transaction that settles the message: exactly once. Everything else is
told at least once under the same id, because a worker may die before it has read the answer.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from rapport.kernel.environment import environment
from rapport.kernel.mail.queue import queue_mails
from rapport.kernel.outbound.addresses import AddressRefused
from rapport.kernel.outbound.posting import NotReached, post
from rapport.kernel.outbound.signing import signed_headers
from rapport.kernel.sealing import SealBroken, unseal
from rapport.rooms.action.models import Stream, StreamMessage
from rapport.rooms.action.services import stream_words
from rapport.rooms.action.services.chats import ChatFailed, tell_chat
from rapport.rooms.action.services.streams import ADDRESS, SECRET, may_stream, pause, seen_by
from rapport.rooms.signals.api import ReadSignal, read_signals

State, Channel = StreamMessage.State, Stream.Channel
# Longer than one attempt can take, so that a message still "being sent" then has lost its worker.
CLAIM_HOLDS = timedelta(seconds=90)
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=6)
TRIED_FOR = timedelta(days=3)
GONE = 410
BATCH = 500


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt."""

    taken: bool
    status: int | None = None
    error: str = ""
    for_good: bool = False


def deliver(message_id: UUID, *, now: datetime) -> StreamMessage | None:
    """Try a message if it is due and nobody else is at it; return it as it stands then."""
    message = _claim(message_id, now)
    if message is None:
        return None
    stream = message.stream
    signals = _shown(message)
    if not signals and not message.trial:
        _settle(message, State.EMPTY, now, shown=0)
    elif stream.channel == Channel.EMAIL:
        with transaction.atomic():
            _settle(message, State.SENT, now, shown=len(signals))
            queue_mails([stream_words.mail(message, signals)], now=now)
    else:
        _note(message, _tell(message, signals, now), len(signals), now)
    message.refresh_from_db()
    return message


def _shown(message: StreamMessage) -> tuple[ReadSignal, ...]:
    """Return what the owner may see at this moment of what was put into a message."""
    stream = message.stream
    if not may_stream(stream.owner, stream.channel):
        return ()
    ids = list(message.items.values_list("signal", flat=True))
    seen = seen_by(stream.owner, ids)
    return read_signals([pk for pk in ids if pk in seen])


def _claim(message_id: UUID, now: datetime) -> StreamMessage | None:
    with transaction.atomic():
        rows = StreamMessage.objects.select_for_update(of=("self",), skip_locked=True)
        message = rows.select_related("stream__owner").filter(due(now), pk=message_id).first()
        if message is None:
            return None
        message.state, message.claim, message.claimed_at = State.SENDING, uuid4(), now
        message.attempts += 1
        message.save(update_fields=["state", "claim", "claimed_at", "attempts"])
    return message


def due(now: datetime) -> Q:
    """Return the condition on messages to try now: waiting long enough, or left by a worker that died."""
    waiting = Q(state=State.WAITING) & (Q(not_before=None) | Q(not_before__lte=now))
    left = Q(state=State.SENDING, claimed_at__lte=now - CLAIM_HOLDS)
    return (waiting | left) & Q(stream__paused_at=None, stream__owner__is_active=True)


def _tell(message: StreamMessage, signals: tuple[ReadSignal, ...], now: datetime) -> Outcome:
    stream = message.stream
    ways: dict[str, Callable[[str], Outcome]] = {
        Channel.WEBHOOK: lambda address: _post(message, signals, address, now),
        Channel.SLACK: lambda address: _chat(message, signals, address),
        Channel.TEAMS: lambda address: _chat(message, signals, address),
    }
    try:
        return ways[stream.channel](unseal(stream.address_sealed, purpose=ADDRESS))
    except (AddressRefused, SealBroken) as refused:
        return Outcome(taken=False, error=str(refused), for_good=True)
    except (NotReached, ChatFailed) as failure:
        return Outcome(taken=False, error=str(failure))


def _post(message: StreamMessage, signals: tuple[ReadSignal, ...], address: str, now: datetime) -> Outcome:
    body = json.dumps(stream_words.payload(message, signals), ensure_ascii=False).encode()
    secret = unseal(message.stream.secret_sealed, purpose=SECRET)
    headers = signed_headers(secret, message.key, int(now.timestamp()), body)
    reply = post(address, body, headers, allow_private=environment().private_addresses)
    said = "" if reply.taken else f"{reply.status} {reply.reason}"
    return Outcome(reply.taken, reply.status, said, for_good=reply.status == GONE)


def _chat(message: StreamMessage, signals: tuple[ReadSignal, ...], address: str) -> Outcome:
    title, text = stream_words.chat(message, signals)
    tell_chat(message.stream.channel, address, title=title, text=text)
    return Outcome(taken=True)


def _note(message: StreamMessage, outcome: Outcome, shown: int, now: datetime) -> None:
    """Write down what became of an attempt; after three days, or where it never can be, give up and say."""
    said = {"status": outcome.status, "error": outcome.error[:300]}
    if outcome.taken:
        _settle(message, State.SENT, now, shown=shown, **said)
        return
    wait = min(FIRST_WAIT * 2 ** min(message.attempts - 1, 20), LONGEST_WAIT)
    if not outcome.for_good and now + wait - message.tried_since <= TRIED_FOR:
        with transaction.atomic():
            _change(message, state=State.WAITING, not_before=now + wait, **said)
            _later(message, wait)
        return
    with transaction.atomic():
        if _settle(message, State.FAILED, now, **said):
            because = _("A message could not be delivered: %(error)s") % {"error": outcome.error}
            pause(message.stream, now=now, because=because)
            queue_mails([stream_words.failure(message, outcome.error)], now=now)


def _settle(message: StreamMessage, state: str, now: datetime, **changes: object) -> bool:
    return _change(message, state=state, settled_at=now, **changes)


def _change(message: StreamMessage, **changes: object) -> bool:
    """Write the outcome down, unless another worker has taken the message over since."""
    mine = StreamMessage.objects.filter(pk=message.pk, claim=message.claim, state=State.SENDING)
    return bool(mine.update(**changes))


def _later(message: StreamMessage, wait: timedelta) -> None:
    from rapport.rooms.action.tasks import deliver_stream

    deliver_stream.configure(schedule_in={"seconds": int(wait.total_seconds()) + 1}).defer(
        message=str(message.pk)
    )


def take_up_left(*, now: datetime) -> list[UUID]:
    """Return the messages to try that nobody may be coming for."""
    rows = StreamMessage.objects.filter(due(now), made_at__lte=now - timedelta(minutes=1))
    return list(rows.order_by("not_before", "pk").values_list("pk", flat=True)[:BATCH])
