"""Recording one signal: checked, placed, written once, announced in the same transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.core.files.base import File
from django.db import IntegrityError, transaction

from rapport.kernel.events import announce
from rapport.kernel.measures import SIGNALS_RECORDED
from rapport.kernel.models import User
from rapport.rooms.accounts.api import find_account, find_contact, role_held
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals import anonymity
from rapport.rooms.signals.events import SignalsRecorded
from rapport.rooms.signals.models import Answer, Attachment, Comment, Score, Signal, new_id

CLOCK_TOLERANCE = timedelta(minutes=5)
KINDS = frozenset(Signal.Kind.values)
PLACES = ("touchpoint", "stage", "product", "region", "division", "partner")


class SignalRefused(ValueError):
    """A signal cannot be recorded; `field` names what is wrong and the message says how to mend it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.field = name


@dataclass(frozen=True)
class NewScore:
    """A score to record; without a scale the metric's own applies."""

    metric: str
    value: float
    scale_low: float | None = None
    scale_high: float | None = None


@dataclass(frozen=True)
class PlacedScore:
    """A score on the scale it was given on."""

    metric: str
    value: float
    scale_low: float
    scale_high: float


@dataclass(frozen=True)
class NewComment:
    """Words to record, in the language they were said in."""

    text: str
    language: str = ""
    question_key: str = ""


@dataclass(frozen=True)
class NewAnswer:
    """An answer of a survey to record beside scores and words: what was asked, and what was said to it."""

    question: str
    asked: str
    told: str = ""
    choice: str = ""
    row: str = ""
    row_words: str = ""
    number: float | None = None
    day: date | None = None


@dataclass(frozen=True)
class NewAttachment:
    """A file to keep with a signal."""

    file: "File[bytes]"
    name: str
    content_type: str


@dataclass(frozen=True)
class NewSignal:
    """One piece of feedback as it reaches us.

    `account` and `contact` are whatever the source calls them: our code, `system:id`, an e-mail address or a
    name. What cannot be found is kept as a hint and put on the matching list. Places are keys of the catalog.
    """

    kind: str
    source: str
    external_reference: str
    occurred_at: datetime
    account: str = ""
    contact: str = ""
    scores: tuple[NewScore, ...] = ()
    comments: tuple[NewComment, ...] = ()
    emotions: tuple[str, ...] = ()
    answers: tuple[NewAnswer, ...] = ()
    attachments: tuple[NewAttachment, ...] = ()
    buying_role: str = ""
    touchpoint: str | None = None
    stage: str | None = None
    product: str | None = None
    region: str | None = None
    division: str | None = None
    partner: str | None = None
    anonymous: bool = False
    supersedes: UUID | None = None


@dataclass(frozen=True)
class Recorded:
    """What became of a signal: its id, and whether it is new or had been recorded before."""

    signal_id: UUID
    created: bool
    matched: bool = True


@dataclass(frozen=True)
class _Placed:
    """A signal with its account, person and role found."""

    new: NewSignal
    account: Account | None = None
    contact: Contact | None = None
    buying_role: str = ""
    scores: tuple[PlacedScore, ...] = field(default=())


def record_signal(
    new: NewSignal, *, author: User | None, now: datetime, live: bool = True, seen_by: User | None = None
) -> Recorded:
    """Write a signal and everything that belongs to it, once; recording it again changes nothing.

    With `seen_by` only accounts and people in that user's scope are found; others go to the matching list.
    Raises SignalRefused naming the field when something cannot be recorded as given.
    """
    _check(new, now)
    scores = on_their_scales(new.scores, Metric.objects.in_bulk([score.metric for score in new.scores]))
    placed = _anonymised(new, scores) if new.anonymous else _placed(new, scores, seen_by)
    with transaction.atomic():
        known = _known(placed.new)
        if known:
            return known
        try:
            with transaction.atomic():
                signal = _write(placed, author=author, now=now)
        except IntegrityError:
            known = _known(placed.new)
            if known is None:
                raise
            return known
        announce(SignalsRecorded((signal.pk,), live=live and not new.anonymous))
    SIGNALS_RECORDED.labels(new.kind).inc()
    return Recorded(signal.pk, created=True, matched=new.anonymous or signal.account_id is not None)


def _check(new: NewSignal, now: datetime) -> None:
    check_said(new, now)
    _check_places(new)


def check_said(new: NewSignal, now: datetime) -> None:
    """Raise SignalRefused when what was said cannot be recorded, whatever the catalog holds."""
    if new.kind not in KINDS:
        raise SignalRefused(
            "kind", f"{new.kind!r} is no kind of signal; choose from {', '.join(Signal.Kind.values)}."
        )
    if not new.source or len(new.source) > 60:
        raise SignalRefused("source", "Name the source in 1 to 60 characters.")
    if not new.external_reference or len(new.external_reference) > 200:
        raise SignalRefused("external_reference", "Give the source's own reference in 1 to 200 characters.")
    if new.occurred_at.tzinfo is None:
        raise SignalRefused("occurred_at", "Give the time with its zone, like 2026-09-17T10:41:00+02:00.")
    if new.occurred_at > now + CLOCK_TOLERANCE:
        raise SignalRefused("occurred_at", f"{new.occurred_at:%Y-%m-%d %H:%M} lies in the future.")
    if not (new.scores or new.comments or new.emotions or new.answers or new.attachments):
        raise SignalRefused("scores", "Nothing was said: give a score, a comment, a feeling or a file.")
    if any(not comment.text.strip() or "\0" in comment.text for comment in new.comments):
        raise SignalRefused("comments", "A comment is empty or holds a zero byte.")
    for answer in new.answers:
        _check_answer(answer)


def _check_answer(answer: NewAnswer) -> None:
    if not 0 < len(answer.question) <= 60 or len(answer.row) > 60 or len(answer.choice) > 60:
        raise SignalRefused(
            "answers", "Name the question of an answer, its row and choice in 1 to 60 characters."
        )
    if "\0" in f"{answer.asked}{answer.told}{answer.row_words}{answer.question}{answer.row}{answer.choice}":
        raise SignalRefused("answers", f"The answer to {answer.question!r} holds a zero byte.")


def _check_places(new: NewSignal) -> None:
    for place in PLACES:
        key = getattr(new, place)
        if key is None:
            continue
        table: Any = Signal._meta.get_field(place).related_model
        if not table.objects.filter(pk=key).exists():
            raise SignalRefused(place, f"There is no {place} {key!r} in the catalog.")


def on_their_scales(scores: tuple[NewScore, ...], metrics: Mapping[str, Metric]) -> tuple[PlacedScore, ...]:
    """Return the scores with their scales; raise SignalRefused when one lies outside or has no metric."""
    if len(scores) > 1 and len({score.metric for score in scores}) < len(scores):
        raise SignalRefused("scores", "A metric is scored twice; a signal holds one score a metric.")
    whole = []
    for score in scores:
        metric = metrics.get(score.metric)
        if metric is None:
            raise SignalRefused("scores", f"There is no metric {score.metric!r} in the catalog.")
        low = metric.scale_low if score.scale_low is None else score.scale_low
        high = metric.scale_high if score.scale_high is None else score.scale_high
        if not low <= score.value <= high:
            raise SignalRefused("scores", f"{metric.name}: {score.value:g} lies outside {low:g} to {high:g}.")
        whole.append(PlacedScore(score.metric, score.value, low, high))
    return tuple(whole)


def _placed(new: NewSignal, scores: tuple[PlacedScore, ...], seen_by: User | None) -> _Placed:
    contact = find_contact(new.contact, within=new.account) if new.contact else None
    account = find_account(new.account) if new.account else None
    if seen_by and account and not Account.objects.visible_to(seen_by).filter(pk=account.pk).exists():
        account = None
    if seen_by and contact and not Contact.objects.visible_to(seen_by).filter(pk=contact.pk).exists():
        contact = None
    if contact and not new.account:
        account = contact.account
    role = new.buying_role or (role_held(contact, new.occurred_at.date()) if contact else "")
    return _Placed(new=new, account=account, contact=contact, buying_role=role, scores=scores)


def _anonymised(new: NewSignal, scores: tuple[PlacedScore, ...]) -> _Placed:
    account = find_account(new.account) if new.account else None
    return _Placed(new=made_coarse(new, account.region_id if account else None), scores=scores)


def made_coarse(new: NewSignal, account_region: str | None) -> NewSignal:
    """Take away whatever could lead back to the person, before anything is written."""
    return replace(
        new,
        external_reference=anonymity.hide_reference(new.source, new.external_reference),
        occurred_at=anonymity.month_of(new.occurred_at),
        account="",
        contact="",
        buying_role="",
        attachments=(),
        region=new.region or account_region,
        touchpoint=None,
        stage=None,
        product=None,
        division=None,
        partner=None,
    )


def _known(new: NewSignal) -> Recorded | None:
    row = (
        Signal.objects.filter(source=new.source, external_reference=new.external_reference)
        .values_list("pk", "account_id", "anonymous")
        .first()
    )
    return Recorded(row[0], created=False, matched=row[1] is not None or row[2]) if row else None


def _write(placed: _Placed, *, author: User | None, now: datetime) -> Signal:
    new, account = placed.new, placed.account
    signal = Signal(
        # A time-ordered id would tell when an anonymous answer came in.
        id=uuid4() if new.anonymous else new_id(),
        occurred_at=new.occurred_at,
        recorded_at=anonymity.month_of(now) if new.anonymous else now,
        kind=new.kind,
        source=new.source,
        external_reference=new.external_reference,
        account=account,
        contact=placed.contact,
        account_hint="" if account else new.account,
        contact_hint="" if placed.contact else new.contact,
        buying_role=placed.buying_role,
        touchpoint_id=new.touchpoint,
        stage_id=new.stage,
        product_id=new.product,
        region_id=new.region or (account.region_id if account else None),
        division_id=new.division or (account.division_id if account else None),
        partner_id=new.partner or (account.partner_id if account else None),
        author=None if new.anonymous else author,
        emotions=list(new.emotions),
        anonymous=new.anonymous,
        block=_block(placed, now) if new.anonymous else "",
    )
    if new.supersedes:
        _supersede(signal, new.supersedes)
    signal.save(force_insert=True)
    Score.objects.bulk_create(
        Score(
            signal=signal,
            metric_id=score.metric,
            value=score.value,
            scale_low=score.scale_low,
            scale_high=score.scale_high,
        )
        for score in placed.scores
    )
    Comment.objects.bulk_create(
        Comment(signal=signal, text=words.text, language=words.language, question_key=words.question_key)
        for words in new.comments
    )
    Answer.objects.bulk_create(Answer(signal=signal, **vars(answer)) for answer in new.answers)
    for item in new.attachments:
        size = item.file.size
        Attachment.objects.create(
            signal=signal, file=item.file, name=item.name, content_type=item.content_type, size=size
        )
    return signal


def _block(placed: _Placed, now: datetime) -> str:
    new = placed.new
    return anonymity.block_of(
        region=new.region,
        kind=new.kind,
        source=new.source,
        metrics=[score.metric for score in placed.scores],
        occurred=new.occurred_at,
        recorded=now,
    )


def _supersede(signal: Signal, old_id: UUID) -> None:
    changed = Signal.objects.filter(pk=old_id, superseded=False, anonymous=False).update(superseded=True)
    if not changed:
        raise SignalRefused("supersedes", "There is no such signal to correct, or it was corrected before.")
    signal.supersedes_id = old_id
