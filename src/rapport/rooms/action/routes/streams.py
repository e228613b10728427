"""Streams of one's own: what is followed, where it goes, and what became of each message."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.forms.streams import StreamForm
from rapport.rooms.action.models import Stream, StreamMessage
from rapport.rooms.action.routes.rules import ScoreIn, refuse
from rapport.rooms.action.selectors.streams import messages_of
from rapport.rooms.action.services import streams
from rapport.rooms.action.services.stream_words import sentence_of

router = Router(tags=["action"])


class StreamOut(Schema):
    """A stream, read back; `secret` is told only when it was just made."""

    code: str
    name: str
    sentence: str
    channel: str
    rhythm: str
    address: str
    paused: bool
    paused_because: str
    next_at: datetime | None
    secret: str = ""


class StreamIn(Schema):
    """What to follow and where it goes; conditions as in a rule, customers by code."""

    name: Annotated[str, Field(min_length=1)]
    channel: str = "email"
    rhythm: str = "once"
    address: str = ""
    accounts: list[str] = []
    mentions: list[str] = []
    score: ScoreIn | None = None
    tier: list[str] = []
    touchpoint: list[str] = []
    stage: list[str] = []
    product: list[str] = []
    region: list[str] = []
    partner: list[str] = []
    kind: list[str] = []


class FlowIn(Schema):
    """Whether it flows."""

    flow: bool


class StreamMessageOut(Schema):
    """What became of a message."""

    id: UUID
    key: str
    state: str
    made_at: datetime
    attempts: int
    not_before: datetime | None
    settled_at: datetime | None
    status: int | None
    error: str
    shown: int
    trial: bool


def _out(stream: Stream, secret: str = "") -> StreamOut:
    return StreamOut(
        code=stream.code,
        name=stream.name,
        sentence=sentence_of(stream),
        channel=stream.channel,
        rhythm=stream.rhythm,
        address=stream.address_shown,
        paused=stream.paused_at is not None,
        paused_because=stream.paused_because,
        next_at=stream.next_at,
        secret=secret,
    )


@router.get("/streams", response=list[StreamOut])
def list_streams(request: HttpRequest) -> list[StreamOut]:
    """List one's own streams, each read back."""
    user = require(request, Permission.SEE_CUSTOMERS)
    return [_out(stream) for stream in Stream.objects.visible_to(user)]


@router.post("/streams", response={201: StreamOut})
def make_stream(request: HttpRequest, given: StreamIn) -> Status[StreamOut]:
    """Make a stream. A webhook's secret is in the answer, and nowhere afterwards."""
    user = require(request, Permission.SEE_CUSTOMERS)
    return Status(201, _write(Stream(owner=user), given, user))


@router.get("/streams/{code}", response=StreamOut)
def show_stream(request: HttpRequest, code: str) -> StreamOut:
    """Show a stream."""
    return _out(_mine(request, code))


@router.put("/streams/{code}", response=StreamOut)
def change_stream(request: HttpRequest, code: str, given: StreamIn) -> StreamOut:
    """Change a stream; an empty address keeps the one there is."""
    stream = _mine(request, code)
    return _write(stream, given, stream.owner)


@router.delete("/streams/{code}", response={204: None})
def remove_stream(request: HttpRequest, code: str) -> Status[None]:
    """Remove a stream with its log."""
    _mine(request, code).delete()
    return Status(204, None)


@router.post("/streams/{code}/flow", response=StreamOut)
def switch_stream(request: HttpRequest, code: str, given: FlowIn) -> StreamOut:
    """Pause a stream or let it flow again."""
    stream = _mine(request, code)
    (streams.resume if given.flow else streams.pause)(stream, now=timezone.now())
    return _out(stream)


@router.post("/streams/{code}/trial", response={202: StreamMessageOut})
def try_stream(request: HttpRequest, code: str) -> Status[Any]:
    """Send a message without feedback."""
    return Status(202, streams.send_trial(_mine(request, code), now=timezone.now()))


@router.post("/streams/{code}/secret", response=StreamOut)
def renew_secret(request: HttpRequest, code: str) -> StreamOut:
    """Give a webhook a new secret."""
    stream = _mine(request, code)
    try:
        return _out(stream, streams.renew_secret(stream))
    except streams.StreamRefused as refused:
        raise HttpError(409, str(refused)) from refused


@router.get("/streams/{code}/messages", response=list[StreamMessageOut])
def list_messages(request: HttpRequest, code: str) -> list[Any]:
    """List the latest messages of a stream, newest first."""
    return list(messages_of(_mine(request, code)))


@router.post("/streams/messages/{uuid:pk}/again", response={202: StreamMessageOut})
def try_again(request: HttpRequest, pk: UUID) -> Status[Any]:
    """Try a message again, for three days."""
    user = require(request, Permission.SEE_CUSTOMERS)
    message = get_visible(StreamMessage, user, pk=pk)
    try:
        streams.try_again(message, now=timezone.now())
    except streams.StreamRefused as refused:
        raise HttpError(409, str(refused)) from refused
    message.refresh_from_db()
    return Status(202, message)


def _mine(request: HttpRequest, code: str) -> Stream:
    return get_visible(Stream, require(request, Permission.SEE_CUSTOMERS), code=code)


def _write(stream: Stream, given: StreamIn, user: User) -> StreamOut:
    score = given.score
    typed: dict[str, Any] = given.dict(exclude={"score"}) | {
        "accounts": "\n".join(given.accounts),
        "mentions": "\n".join(given.mentions),
        "score_metric": score.metric if score else "",
        "score_test": score.test if score else "",
        "score_threshold": "" if score is None or score.threshold is None else score.threshold,
    }
    form = StreamForm(typed, instance=stream, by=user)
    if not form.is_valid():
        refuse(form.errors)
    try:
        secret = streams.save_stream(form.instance, address=form.cleaned_data["address"], now=timezone.now())
    except streams.StreamRefused as refused:
        raise HttpError(422, str(refused)) from refused
    return _out(form.instance, secret)
