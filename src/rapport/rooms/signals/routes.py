"""The signals room's part of the programming interface: recording, reading, correcting."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import File, Router, Schema, Status, UploadedFile
from pydantic import ConfigDict, Field

from rapport.kernel.api_access import require
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.signals.models import Attachment, Signal
from rapport.rooms.signals.selectors.answers import answers_of
from rapport.rooms.signals.selectors.filters import read_filters
from rapport.rooms.signals.selectors.listing import ReadSignal, read_signals, stretch
from rapport.rooms.signals.services.bulk import BulkRecorder
from rapport.rooms.signals.services.capture import reach_of
from rapport.rooms.signals.services.correct import correct_signal, may_correct
from rapport.rooms.signals.services.files import MOST, read_upload
from rapport.rooms.signals.services.record import (
    NewComment,
    NewScore,
    NewSignal,
    SignalRefused,
    made_coarse,
    record_signal,
)

router = Router(tags=["signals"])
LARGEST_BATCH = 1000
LARGEST_PAGE = 200
EMPTIED = frozenset({"touchpoint", "stage", "product"})


class ScoreIn(Schema):
    """A score to record; without a scale the metric's own applies."""

    model_config = ConfigDict(extra="forbid")

    metric: str
    value: float
    scale_low: float | None = None
    scale_high: float | None = None


class CommentIn(Schema):
    """Words to record."""

    model_config = ConfigDict(extra="forbid")

    text: str
    language: str = Field("", max_length=12)
    question_key: str = Field("", max_length=60)


class SignalIn(Schema):
    """One piece of feedback; `account` and `contact` are our code, `system:id`, an address or a name."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    source: str
    external_reference: str
    occurred_at: datetime
    account: str = Field("", max_length=300)
    contact: str = Field("", max_length=300)
    scores: list[ScoreIn] = []
    comments: list[CommentIn] = []
    emotions: list[str] = []
    buying_role: str = Field("", max_length=16)
    touchpoint: str | None = None
    stage: str | None = None
    product: str | None = None
    region: str | None = None
    division: str | None = None
    partner: str | None = None
    anonymous: bool = False


class CorrectionIn(Schema):
    """What is to be different; whatever is left out stays as it was."""

    model_config = ConfigDict(extra="forbid")

    occurred_at: datetime | None = None
    account: str | None = Field(None, max_length=300)
    contact: str | None = Field(None, max_length=300)
    scores: list[ScoreIn] | None = None
    comments: list[CommentIn] | None = None
    emotions: list[str] | None = None
    buying_role: str | None = None
    touchpoint: str | None = None
    stage: str | None = None
    product: str | None = None


class RecordedOut(Schema):
    """What became of a signal. An anonymous one has no id: it would lead from the reference to the answer."""

    id: UUID | None
    created: bool


class RefusedOut(Schema):
    """Why something cannot be recorded: the field, and how to mend it."""

    field: str
    message: str


class RowOut(Schema):
    """What became of one row of a batch."""

    row: int
    status: str
    id: UUID | None = None
    field: str = ""
    message: str = ""


class BatchOut(Schema):
    """What became of a batch, row by row."""

    created: int
    known: int
    refused: int
    rows: list[RowOut]


class ScoreOut(Schema):
    """A score."""

    metric: str
    value: float
    mood: str


class CommentOut(Schema):
    """Words."""

    text: str
    language: str


class FileOut(Schema):
    """A file and where it lies."""

    name: str
    url: str
    content_type: str
    size: int


class SignalOut(Schema):
    """One signal as far as it may be read."""

    id: UUID
    occurred_at: datetime
    kind: str
    source: str
    account: str
    account_name: str
    contact: str
    contact_name: str
    buying_role: str
    touchpoint: str
    product: str
    region: str
    partner: str
    anonymous: bool
    words_hidden: bool
    scores: list[ScoreOut]
    comments: list[CommentOut]
    emotions: list[str]
    attachments: list[FileOut]


class AnswerLineOut(Schema):
    """One thing chosen, ranked or given; `row` where the question has rows."""

    row: str
    told: str
    choice: str
    number: float | None
    day: str


class AnswerOut(Schema):
    """A question of the survey and what was answered to it."""

    question: str
    asked: str
    lines: list[AnswerLineOut]


class WholeSignalOut(SignalOut):
    """One signal with everything that was answered beside its scores and words."""

    answers: list[AnswerOut]


class SignalsOut(Schema):
    """A stretch of signals, newest first; `after` asks for the next."""

    signals: list[SignalOut]
    after: str


Answer = Status[Any]


@router.post("/signals", response={201: RecordedOut, 200: RecordedOut, 422: RefusedOut})
def record(request: HttpRequest, given: SignalIn) -> Answer:
    """Record one signal. The same source and reference again changes nothing and answers 200."""
    user = require(request, Permission.CAPTURE)
    try:
        done = record_signal(_new(given), author=user, now=timezone.now(), seen_by=reach_of(user))
    except SignalRefused as refused:
        return _refused(refused)
    found = RecordedOut(id=None if given.anonymous else done.signal_id, created=done.created)
    return Status(201 if done.created else 200, found)


@router.post("/signals/batch", response={200: BatchOut, 422: RefusedOut})
def record_batch(request: HttpRequest, given: list[SignalIn]) -> Answer:
    """Record up to 1,000 signals; each row says what became of it."""
    user = require(request, Permission.CAPTURE)
    if len(given) > LARGEST_BATCH:
        return Status(422, RefusedOut(field="", message=f"A batch holds at most {LARGEST_BATCH} signals."))
    batch = [_new(one) for one in given]
    recorder = BulkRecorder(author=user, now=timezone.now(), live=True, seen_by=reach_of(user))
    done = recorder.record(batch)
    refused = {refusal.position: refusal for refusal in done.refusals}
    ids = _ids_of([new for place, new in enumerate(batch) if place not in refused])
    fresh = set(done.signal_ids)
    rows = []
    for place, new in enumerate(batch):
        if place in refused:
            why = refused[place]
            rows.append(RowOut(row=place, status="refused", field=why.field, message=why.message))
            continue
        pk = ids.get(_key(new))
        status = "created" if pk in fresh else "known"
        if pk:
            fresh.discard(pk)
        rows.append(RowOut(row=place, status=status, id=None if new.anonymous else pk))
    created = sum(1 for row in rows if row.status == "created")
    known = sum(1 for row in rows if row.status == "known")
    return Status(200, BatchOut(created=created, known=known, refused=len(refused), rows=rows))


@router.get("/signals", response=SignalsOut)
def read_many(request: HttpRequest, after: str = "", limit: int = 50) -> SignalsOut:
    """Read signals, newest first, with the filters of the feedback list: `from`, `to`, `q` and more."""
    user = require(request, Permission.SEE_CUSTOMERS)
    asked = read_filters(request.GET, timezone.now().date())
    found = stretch(user, asked, after=after, size=max(1, min(limit, LARGEST_PAGE)))
    return SignalsOut(signals=[_out(row) for row in found.rows], after=found.older)


@router.get("/signals/{uuid:pk}", response=WholeSignalOut)
def read_one(request: HttpRequest, pk: UUID) -> Any:
    """Read one signal."""
    user = require(request, Permission.SEE_CUSTOMERS)
    signal = get_visible(Signal, user, pk=pk)
    found = _out(read_signals([signal.pk])[0]).model_dump()
    return {**found, "answers": [asdict(one) for one in answers_of(signal)]}


@router.post("/signals/{uuid:pk}/correction", response={201: RecordedOut, 200: RecordedOut, 422: RefusedOut})
def correct(request: HttpRequest, pk: UUID, given: CorrectionIn) -> Answer:
    """Record a correction that takes the signal's place."""
    user = require(request, Permission.CAPTURE)
    signal = _own_or_visible(user, pk)
    if not may_correct(user, signal):
        raise Http404
    try:
        done = correct_signal(signal, _changes(given), author=user, now=timezone.now())
    except SignalRefused as refused:
        return _refused(refused)
    return Status(201 if done.created else 200, RecordedOut(id=done.signal_id, created=done.created))


@router.post("/signals/{uuid:pk}/attachments", response={201: FileOut, 422: RefusedOut})
def attach(request: HttpRequest, pk: UUID, file: File[UploadedFile]) -> Answer:
    """Add a file to a signal one recorded oneself; the same name and size again changes nothing."""
    user = require(request, Permission.CAPTURE)
    signal = _own_or_visible(user, pk)
    if signal.anonymous or signal.superseded or signal.author_id != user.pk:
        raise Http404
    try:
        upload = read_upload(file, "file")
        item = _attach(signal, upload)
    except SignalRefused as refused:
        return _refused(refused)
    read = read_signals([signal.pk])[0]
    found = next(one for one in read.files if one.url.endswith(f"/{item.pk}/"))
    return Status(201, FileOut(**_fields(found)))


def _attach(signal: Signal, upload: Any) -> Attachment:
    with transaction.atomic():
        locked = Signal.objects.select_for_update().get(pk=signal.pk)
        known = locked.attachments.filter(name=upload.name, size=upload.file.size).first()
        if known:
            return known
        if locked.attachments.count() >= MOST:
            raise SignalRefused("file", f"A signal holds at most {MOST} files.")
        return Attachment.objects.create(
            signal=locked,
            file=upload.file,
            name=upload.name,
            content_type=upload.content_type,
            size=upload.file.size,
        )


def _own_or_visible(user: User, pk: UUID) -> Signal:
    own = Signal.objects.filter(pk=pk, author=user, superseded=False).first()
    if own is None and not user.may(Permission.SEE_CUSTOMERS):
        raise Http404
    return own or get_visible(Signal, user, pk=pk)


def _new(given: SignalIn) -> NewSignal:
    plain = given.model_dump(exclude={"scores", "comments", "emotions"})
    return NewSignal(
        **plain,
        scores=_scores(given.scores),
        comments=_comments(given.comments),
        emotions=tuple(given.emotions),
    )


def _scores(given: list[ScoreIn]) -> tuple[NewScore, ...]:
    return tuple(NewScore(**score.model_dump()) for score in given)


def _comments(given: list[CommentIn]) -> tuple[NewComment, ...]:
    return tuple(NewComment(**words.model_dump()) for words in given)


def _changes(given: CorrectionIn) -> dict[str, Any]:
    changes = given.model_dump(exclude_unset=True, exclude={"scores", "comments", "emotions"})
    changes = {name: value for name, value in changes.items() if value is not None or name in EMPTIED}
    if given.scores is not None:
        changes["scores"] = _scores(given.scores)
    if given.comments is not None:
        changes["comments"] = _comments(given.comments)
    if given.emotions is not None:
        changes["emotions"] = tuple(given.emotions)
    if "account" in changes:
        changes |= {"region": None, "division": None, "partner": None}
    return changes


def _key(new: NewSignal) -> tuple[str, str]:
    coarse = made_coarse(new, None) if new.anonymous else new
    return coarse.source, coarse.external_reference


def _ids_of(batch: list[NewSignal]) -> dict[tuple[str, str], UUID]:
    found: dict[tuple[str, str], UUID] = {}
    keys = [_key(new) for new in batch]
    for source in {source for source, _reference in keys}:
        references = [reference for of, reference in keys if of == source]
        rows = Signal.objects.filter(source=source, external_reference__in=references)
        for pk, reference in rows.values_list("pk", "external_reference"):
            found[source, reference] = pk
    return found


def _refused(refused: SignalRefused) -> Answer:
    return Status(422, RefusedOut(field=refused.field, message=str(refused)))


def _fields(item: Any) -> dict[str, Any]:
    return {"name": item.name, "url": item.url, "content_type": item.content_type, "size": item.size}


def _out(row: ReadSignal) -> SignalOut:
    return SignalOut(
        id=row.id,
        occurred_at=row.at,
        kind=row.kind,
        source=row.source,
        account=row.account_code,
        account_name=row.account,
        contact=row.contact_code,
        contact_name=row.contact,
        buying_role=row.role,
        touchpoint=row.touchpoint,
        product=row.product,
        region=row.region,
        partner=row.partner,
        anonymous=row.anonymous,
        words_hidden=row.words_hidden,
        scores=[ScoreOut(metric=score.metric, value=score.value, mood=score.mood) for score in row.scores],
        comments=[CommentOut(text=words.text, language=words.language) for words in row.words],
        emotions=list(row.feelings),
        attachments=[FileOut(**_fields(item)) for item in row.files],
    )
