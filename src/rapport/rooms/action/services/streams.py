"""Streams: writing them, and putting recorded feedback on its way through those it belongs to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from rapport.kernel.environment import environment
from rapport.kernel.models import User
from rapport.kernel.outbound.addresses import AddressRefused, check_address
from rapport.kernel.outbound.signing import new_secret
from rapport.kernel.roles import Permission
from rapport.kernel.sealing import seal
from rapport.rooms.accounts.models import Account
from rapport.rooms.action.conditions import meets_all, read_all
from rapport.rooms.action.models import Stream, StreamItem, StreamMessage
from rapport.rooms.action.services.chats import check_chat
from rapport.rooms.action.services.evaluate import facts_of
from rapport.rooms.signals.models import Signal

HOUR_OF_DAY = time(7)
# A person reads a few and follows a link to the rest; a program gets them all, in pieces.
MOST_FOR_A_PROGRAM = 50
ADDRESS = "stream address"
SECRET = "stream secret"  # noqa: S105  (what it is kept for)
Channel, Rhythm, State = Stream.Channel, Stream.Rhythm, StreamMessage.State


class StreamRefused(ValueError):
    """The stream cannot be as asked; the message says why and what to do."""


def may_stream(user: User, channel: str) -> bool:
    """Say whether a user may stream there: what leaves for a tool that others read is an export."""
    if not user.is_active or not user.may(Permission.SEE_CUSTOMERS):
        return False
    return channel == Channel.EMAIL or user.may(Permission.EXPORT)


def check_where(channel: str, address: str) -> None:
    """Raise StreamRefused when an address is none that this channel goes to."""
    if channel == Channel.EMAIL:
        return
    try:
        if channel == Channel.WEBHOOK:
            check_address(address, allow_private=environment().private_addresses)
        else:
            check_chat(channel, address)
    except AddressRefused as refused:
        raise StreamRefused(str(refused)) from refused


def save_stream(stream: Stream, *, address: str, now: datetime) -> str:
    """Write a new or changed stream; return the webhook's new secret, which is told only now, or nothing.

    An empty address keeps the one there is. Raises StreamRefused when it may not go there.
    """
    if not may_stream(stream.owner, stream.channel):
        raise StreamRefused(_("Streams into tools that others read need the permission to export."))
    if address or (stream.channel != Channel.EMAIL and not stream.address_sealed):
        check_where(stream.channel, address)
    secret = ""
    with transaction.atomic():
        _put_address(stream, address)
        if stream.channel == Channel.WEBHOOK and not stream.secret_sealed:
            secret = new_secret()
            stream.secret_sealed = seal(secret, purpose=SECRET)
        stream.next_at = next_time(stream, now)
        stream.save()
        if stream.rhythm == Rhythm.ONCE:
            gather(stream, now=now)
    return secret


def _put_address(stream: Stream, address: str) -> None:
    if stream.channel == Channel.EMAIL:
        stream.address_sealed = stream.address_shown = stream.secret_sealed = ""
    elif address:
        stream.address_sealed = seal(address, purpose=ADDRESS)
        # The path often holds a token: the host and the end are enough to tell two apart.
        stream.address_shown = f"{urlsplit(address).hostname or ''} … {address[-4:]}"[:120]


def renew_secret(stream: Stream) -> str:
    """Give a webhook a new secret, told only now; the old one signs nothing from here on."""
    if stream.channel != Channel.WEBHOOK:
        raise StreamRefused(_("Only a webhook has a secret."))
    secret = new_secret()
    stream.secret_sealed = seal(secret, purpose=SECRET)
    stream.save(update_fields=["secret_sealed"])
    return secret


def pause(stream: Stream, *, now: datetime, because: str = "") -> None:
    """Stop a stream: nothing is put on its way and nothing leaves until it flows again."""
    Stream.objects.filter(pk=stream.pk, paused_at=None).update(paused_at=now, paused_because=because[:300])
    stream.refresh_from_db()


def resume(stream: Stream, *, now: datetime) -> None:
    """Let a stream flow again; what waits is tried afresh for three days."""
    with transaction.atomic():
        stream.paused_at, stream.paused_because = None, ""
        stream.next_at = next_time(stream, now)
        stream.save(update_fields=["paused_at", "paused_because", "next_at"])
        waiting = stream.messages.filter(state__in=[State.WAITING, State.SENDING])
        waiting.update(tried_since=now, not_before=None)
        send_later(waiting)


def try_again(message: StreamMessage, *, now: datetime) -> None:
    """Try a message that was given up for three more days; raise StreamRefused when it was not."""
    with transaction.atomic():
        rows = StreamMessage.objects.filter(pk=message.pk, state__in=[State.FAILED, State.WAITING])
        if not rows.update(
            state=State.WAITING, tried_since=now, not_before=None, attempts=0, settled_at=None
        ):
            raise StreamRefused(_("This message was sent, or is being sent right now."))
        send_later([message])


def send_trial(stream: Stream, *, now: datetime) -> StreamMessage:
    """Send a message without feedback, to see whether it arrives."""
    with transaction.atomic():
        message = StreamMessage.objects.create(stream=stream, made_at=now, tried_since=now, trial=True)
        send_later([message])
    return message


def next_time(stream: Stream, after: datetime) -> datetime | None:
    """Return when a stream at intervals is sent next: at seven where its owner is, on Mondays if weekly."""
    if stream.rhythm == Rhythm.ONCE:
        return None
    zone = ZoneInfo(stream.owner.time_zone)
    day = after.astimezone(zone).date()
    if stream.rhythm == Rhythm.WEEKLY:
        day -= timedelta(days=day.weekday())
    step = timedelta(days=7 if stream.rhythm == Rhythm.WEEKLY else 1)
    while (moment := datetime.combine(day, HOUR_OF_DAY, zone)) <= after:
        day += step
    return moment


def match_streams(signal_ids: Sequence[UUID], *, now: datetime) -> int:
    """Put signals on their way through every stream they belong to; return how many ways were found.

    Anonymous feedback never flows. A signal goes through a stream once, so matching again changes nothing,
    unless more is known by then. The signals are locked, so that two at a time take turns.
    """
    with transaction.atomic():
        streams = [one for one in _flowing() if may_stream(one.owner, one.channel)]
        signals = _locked(signal_ids) if streams else []
        met = _met(streams, signals)
        for stream, pks in met.items():
            StreamItem.objects.bulk_create(
                [StreamItem(stream=stream, signal_id=pk, matched_at=now) for pk in pks]
            )
            if stream.rhythm == Rhythm.ONCE:
                gather(stream, now=now)
    return sum(map(len, met.values()))


def _flowing() -> list[Stream]:
    return list(Stream.objects.flowing().select_related("owner").order_by("pk"))


def _locked(signal_ids: Sequence[UUID]) -> list[Signal]:
    rows = (
        Signal.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=signal_ids, superseded=False, anonymous=False)
        .select_related("account")
        .prefetch_related("scores__metric", "comments")
        .order_by("pk")
    )
    return list(rows)


def _met(streams: Sequence[Stream], signals: Sequence[Signal]) -> Mapping[Stream, list[UUID]]:
    """Return which signals each stream is asked to carry: met, seen by its owner, and not carried before."""
    if not signals:
        return {}
    above = accounts_above(signals)
    facts = {signal.pk: facts_of(signal, above[signal.pk]) for signal in signals}
    carried = set(
        StreamItem.objects.filter(signal__in=signals, stream__in=streams).values_list("stream", "signal")
    )
    asked = {stream: read_all(stream.conditions) for stream in streams}
    met = {
        stream: [
            pk for pk, fact in facts.items() if (stream.pk, pk) not in carried and meets_all(conditions, fact)
        ]
        for stream, conditions in asked.items()
    }
    wanted: dict[User, set[UUID]] = defaultdict(set)
    for stream, pks in met.items():
        wanted[stream.owner].update(pks)
    seen = {owner: seen_by(owner, pks) for owner, pks in wanted.items() if pks}
    kept = {stream: [pk for pk in pks if pk in seen[stream.owner]] for stream, pks in met.items() if pks}
    return {stream: pks for stream, pks in kept.items() if pks}


def seen_by(owner: User, signals: Iterable[UUID]) -> set[UUID]:
    """Return which of these signals have a name and lie in somebody's scope now."""
    return set(Signal.objects.named(owner).filter(pk__in=list(signals)).values_list("pk", flat=True))


def accounts_above(signals: Iterable[Signal]) -> dict[UUID, frozenset[str]]:
    """Return, for each signal, the codes of its customer and of all above it."""
    paths = {one.pk: str(one.account.path).split(".") if one.account else [] for one in signals}
    wanted = {int(pk) for path in paths.values() for pk in path}
    codes = dict(Account.objects.filter(pk__in=wanted).values_list("pk", "code"))
    return {one: frozenset(codes[int(pk)] for pk in path if int(pk) in codes) for one, path in paths.items()}


def gather(stream: Stream, *, now: datetime) -> list[StreamMessage]:
    """Put what waits in a stream into messages and send them, in the caller's transaction."""
    waiting = list(stream.items.filter(message=None).values_list("pk", flat=True))
    size = MOST_FOR_A_PROGRAM if stream.channel == Channel.WEBHOOK else max(len(waiting), 1)
    made = []
    for start in range(0, len(waiting), size):
        message = StreamMessage.objects.create(stream=stream, made_at=now, tried_since=now)
        StreamItem.objects.filter(pk__in=waiting[start : start + size]).update(message=message)
        made.append(message)
    send_later(made)
    return made


def gather_due(*, now: datetime) -> int:
    """Send what the streams at intervals have gathered until now; where nothing came, nothing is sent."""
    sent = 0
    for pk in list(Stream.objects.flowing().filter(next_at__lte=now).values_list("pk", flat=True)):
        with transaction.atomic():
            rows = Stream.objects.select_for_update(of=("self",), skip_locked=True).select_related("owner")
            stream = rows.filter(pk=pk, next_at__lte=now).first()
            if stream is None:  # another worker is at it
                continue
            sent += len(gather(stream, now=now))
            stream.next_at = next_time(stream, now)
            stream.save(update_fields=["next_at"])
    return sent


def send_later(messages: Iterable[StreamMessage] | Any) -> None:
    """Have messages sent once this transaction is committed."""
    # Imported here because the job's module needs this one's tables.
    from rapport.rooms.action.tasks import deliver_stream

    for message in messages:
        deliver_stream.defer(message=str(message.pk))
