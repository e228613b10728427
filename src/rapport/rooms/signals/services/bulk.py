"""Recording many signals at once by COPY, under the very rules of recording one."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from secrets import token_bytes
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from psycopg.errors import DeadlockDetected, UniqueViolation

from rapport.kernel.events import announce
from rapport.kernel.measures import SIGNALS_RECORDED
from rapport.kernel.models import User
from rapport.rooms.accounts.api import (
    FoundAccount,
    FoundContact,
    find_accounts,
    find_contacts,
    role_on,
    roles_of,
)
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals import anonymity
from rapport.rooms.signals.events import SignalsRecorded
from rapport.rooms.signals.models import Signal
from rapport.rooms.signals.services.record import (
    PLACES,
    NewSignal,
    PlacedScore,
    SignalRefused,
    check_said,
    made_coarse,
    on_their_scales,
    record_signal,
)

_REMEMBERED = 200_000
_SIGNAL_COLUMNS = (
    *("id", "occurred_at", "recorded_at", "kind", "source", "external_reference", "account_id", "contact_id"),
    *("account_hint", "contact_hint", "buying_role", "touchpoint_id", "stage_id", "product_id", "region_id"),
    *("division_id", "partner_id", "author_id", "emotions", "anonymous", "block", "superseded"),
)
_KNOWN = "SELECT external_reference FROM signals_signal WHERE source = %s AND external_reference = ANY(%s)"
_COPY_SIGNALS = f"COPY signals_signal ({', '.join(_SIGNAL_COLUMNS)}) FROM STDIN"
_SCORE_COLUMNS = (
    *("signal_id", "metric_id", "value", "scale_low", "scale_high", "occurred_at", "kind", "source"),
    *("account_id", "contact_id", "buying_role", "touchpoint_id", "product_id", "region_id", "partner_id"),
    *("anonymous", "block", "superseded"),
)
_COPY_SCORES = f"COPY signals_score ({', '.join(_SCORE_COLUMNS)}) FROM STDIN"
_ANSWER_COLUMNS = ("signal_id", "question", "asked", "row", "row_words", "choice", "told", "number", "day")
_COPY_ANSWERS = f"COPY signals_answer ({', '.join(_ANSWER_COLUMNS)}) FROM STDIN"
_COPY_COMMENTS = "COPY signals_comment (signal_id, text, language, question_key) FROM STDIN"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One signal of a batch that cannot be recorded: its position, the field, and why."""

    position: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class RecordedMany:
    """What became of a batch."""

    signal_ids: tuple[UUID, ...] = ()
    """The new ones, in the order given."""
    known: int = 0
    """How many had been recorded before, or stand twice in the batch."""
    unmatched: int = 0
    """How many of the new ones are on the matching list."""
    refusals: tuple[Refusal, ...] = ()


# Given to a signal when it turns out to be new.
NOT_YET = UUID(int=0)


@dataclass(slots=True)
class _Ready:
    """A signal with everything looked up, about to be written."""

    new: NewSignal
    scores: tuple[PlacedScore, ...]
    account: FoundAccount | None = None
    contact: FoundContact | None = None
    buying_role: str = ""
    id: UUID = NOT_YET


class BulkRecorder:
    """Records batch after batch; what was looked up for one is kept for the next.

    `system` names the system whose account and contact ids are given without a prefix. `seen_by` narrows the
    accounts found to a user's scope. With `live` false nobody is roused by what comes in.
    """

    def __init__(
        self,
        *,
        author: User | None,
        now: datetime,
        live: bool = False,
        system: str = "",
        seen_by: User | None = None,
    ) -> None:
        self._author, self._now, self._live = author, now, live
        self._system, self._seen_by = system, seen_by
        self._metrics = Metric.objects.in_bulk()
        self._places = {place: _keys_of(place) for place in PLACES}
        self._accounts: dict[str, FoundAccount | None] = {}
        self._contacts: dict[tuple[str, int | None], FoundContact | None] = {}
        self._roles: dict[int, list[Any]] = {}

    def record(self, batch: Sequence[NewSignal]) -> RecordedMany:
        """Write the signals that are new, in one transaction, and announce them once."""
        ready: list[_Ready] = []
        refusals: list[Refusal] = []
        singly: list[tuple[int, NewSignal]] = []
        self._look_up(batch)
        for position, new in enumerate(batch):
            try:
                if new.attachments or new.supersedes:
                    singly.append((position, new))
                else:
                    ready.append(self._prepare(new))
            except SignalRefused as refused:
                refusals.append(Refusal(position, refused.field, str(refused)))
        with transaction.atomic():
            written = self._write_new(ready)
            self._announce(written)
            one_by_one = self._record_singly(singly, refusals)
        for kind, count in Counter(row.new.kind for row in written).items():
            SIGNALS_RECORDED.labels(kind).inc(count)
        new_ids = (*(row.id for row in written), *one_by_one)
        return RecordedMany(
            signal_ids=new_ids,
            known=len(batch) - len(refusals) - len(new_ids),
            unmatched=sum(1 for row in written if row.account is None and not row.new.anonymous),
            refusals=tuple(refusals),
        )

    def known(self, batch: Sequence[NewSignal]) -> list[bool]:
        """Say of each signal whether it is recorded already."""
        fresh = {id(row.new) for row in self._not_recorded([_Ready(new, ()) for new in batch])}
        return [id(new) not in fresh for new in batch]

    # -- rules

    def _prepare(self, new: NewSignal) -> _Ready:
        check_said(new, self._now)
        for place, keys in self._places.items():
            key = getattr(new, place)
            if key is not None and key not in keys and key not in self._anew(place):
                raise SignalRefused(place, f"There is no {place} {key!r} in the catalog.")
        scores = on_their_scales(new.scores, self._metrics)
        account = self._accounts.get(new.account) if new.account else None
        if new.anonymous:
            return _Ready(made_coarse(new, account.region if account else None), scores, id=uuid4())
        contact = self._contacts.get((new.contact, account.id if account else None)) if new.contact else None
        if contact and not new.account:
            account = self._account_of(contact)
        role = new.buying_role or (self._role(contact, new.occurred_at) if contact else "")
        return _Ready(new, scores, account, contact, role)

    def _anew(self, place: str) -> frozenset[str]:
        """Read a reference table again: it may have grown since the first batch."""
        self._places[place] = _keys_of(place)
        return self._places[place]

    def _role(self, contact: FoundContact, moment: datetime) -> str:
        roles = self._roles.get(contact.id)
        return role_on(roles, moment.date()) if roles else ""

    def _account_of(self, contact: FoundContact) -> FoundAccount | None:
        return self._accounts.get(f"A{contact.account_id}")

    # -- looking up

    def _look_up(self, batch: Sequence[NewSignal]) -> None:
        for known in (self._accounts, self._contacts, self._roles):
            if len(known) > _REMEMBERED:
                known.clear()
        self._look_up_accounts({new.account for new in batch if new.account})
        named = {(new.contact, self._within(new)) for new in batch if new.contact and not new.anonymous}
        named -= self._contacts.keys()
        found = find_contacts(list(named), system=self._system, user=self._seen_by)
        self._contacts.update({pair: found.get(pair) for pair in named})
        fresh = {contact.id for contact in found.values()} - self._roles.keys()
        if fresh:
            held = roles_of(fresh)
            self._roles.update({contact: held.get(contact, []) for contact in fresh})
        self._look_up_accounts({f"A{contact.account_id}" for contact in found.values()})

    def _look_up_accounts(self, names: set[str]) -> None:
        names -= self._accounts.keys()
        found = find_accounts(list(names), system=self._system, user=self._seen_by)
        self._accounts.update({name: found.get(name) for name in names})

    def _within(self, new: NewSignal) -> int | None:
        account = self._accounts.get(new.account) if new.account else None
        return account.id if account else None

    # -- writing

    def _write_new(self, ready: list[_Ready]) -> list[_Ready]:
        """Write what is not there yet; when another process writes the same meanwhile, look again."""
        for attempt in range(3):
            fresh = self._not_recorded(ready)
            for row, new_id in zip(fresh, _new_ids(len(fresh)), strict=True):
                if not row.new.anonymous:
                    row.id = new_id
            try:
                with transaction.atomic():
                    self._copy(fresh)
                return fresh
            except (UniqueViolation, DeadlockDetected):
                # Somebody records the same signals at this moment: look again what is there now.
                if attempt == 2:
                    raise
        return []

    def _not_recorded(self, ready: list[_Ready]) -> list[_Ready]:
        first: dict[tuple[str, str], _Ready] = {}
        for row in ready:
            first.setdefault((row.new.source, row.new.external_reference), row)
        for source in {source for source, _ in first}:
            references = [reference for place, reference in first if place == source]
            with connection.cursor() as cursor:
                cursor.execute(_KNOWN, [source, references])
                for (reference,) in cursor.fetchall():
                    del first[source, reference]
        return list(first.values())

    def _copy(self, rows: list[_Ready]) -> None:
        if not rows:
            return
        with connection.cursor() as cursor:
            for statement, lines in (
                (_COPY_SIGNALS, map(self._signal_line, rows)),
                (_COPY_SCORES, self._score_lines(rows)),
                (_COPY_COMMENTS, _comment_lines(rows)),
                (_COPY_ANSWERS, _answer_lines(rows)),
            ):
                with cursor.copy(statement) as copy:
                    while part := "".join(islice(lines, _LINES)):
                        copy.write(part)

    def _signal_line(self, row: _Ready) -> str:
        """Write a signal as COPY reads it: tabs between, \\N for nothing."""
        new, account = row.new, row.account
        now = anonymity.month_of(self._now) if new.anonymous else self._now
        return "\t".join(
            (
                row.id.hex,
                new.occurred_at.isoformat(),
                now.isoformat(),
                new.kind,
                _escaped(new.source),
                _escaped(new.external_reference),
                str(account.id) if account else _NULL,
                str(row.contact.id) if row.contact else _NULL,
                "" if account else _escaped(new.account),
                "" if row.contact else _escaped(new.contact),
                _escaped(row.buying_role),
                new.touchpoint or _NULL,
                new.stage or _NULL,
                new.product or _NULL,
                _place(row, "region") or _NULL,
                _place(row, "division") or _NULL,
                _place(row, "partner") or _NULL,
                _NULL if new.anonymous or self._author is None else str(self._author.pk),
                _escaped(_array(new.emotions)) if new.emotions else "{}",
                "t" if new.anonymous else "f",
                self._block(row),
                "f\n",
            )
        )

    def _score_lines(self, rows: Iterable[_Ready]) -> Iterator[str]:
        """Write scores with their signal's place beside them, as the table's trigger would."""
        for row in rows:
            new = row.new
            place = "\t".join(
                (
                    new.occurred_at.isoformat(),
                    new.kind,
                    _escaped(new.source),
                    str(row.account.id) if row.account else _NULL,
                    str(row.contact.id) if row.contact else _NULL,
                    _escaped(row.buying_role),
                    new.touchpoint or _NULL,
                    new.product or _NULL,
                    _place(row, "region") or _NULL,
                    _place(row, "partner") or _NULL,
                    "t" if new.anonymous else "f",
                    self._block(row),
                    "f\n",
                )
            )
            for score in row.scores:
                numbers = f"{score.value!r}\t{score.scale_low!r}\t{score.scale_high!r}"
                yield f"{row.id.hex}\t{score.metric}\t{numbers}\t{place}"

    def _block(self, row: _Ready) -> str:
        if not row.new.anonymous:
            return ""
        block = anonymity.block_of(
            region=row.new.region,
            kind=row.new.kind,
            source=row.new.source,
            metrics=[score.metric for score in row.scores],
            occurred=row.new.occurred_at,
            recorded=self._now,
        )
        return _escaped(block)

    def _announce(self, rows: list[_Ready]) -> None:
        named = tuple(row.id for row in rows if not row.new.anonymous)
        nameless = tuple(row.id for row in rows if row.new.anonymous)
        if named:
            announce(SignalsRecorded(named, live=self._live))
        if nameless:
            announce(SignalsRecorded(nameless, live=False))

    def _record_singly(self, singly: list[tuple[int, NewSignal]], refusals: list[Refusal]) -> list[UUID]:
        """Record corrections and signals with files one at a time; they are few."""
        ids: list[UUID] = []
        for position, new in singly:
            try:
                done = record_signal(new, author=self._author, now=self._now, live=self._live)
                ids.extend([done.signal_id] if done.created else [])
            except SignalRefused as refused:
                refusals.append(Refusal(position, refused.field, str(refused)))
        return ids


def record_signals_in_bulk(
    signals: Iterable[NewSignal],
    *,
    author: User | None,
    now: datetime,
    live: bool = False,
    batch: int = 5_000,
) -> RecordedMany:
    """Record any number of signals, a transaction a batch; return what became of them all.

    A refusal's position counts from the first signal given.
    """
    recorder = BulkRecorder(author=author, now=now, live=live)
    stream, ids, refusals, known, unmatched, done = iter(signals), list[UUID](), list[Refusal](), 0, 0, 0
    while part := list(islice(stream, batch)):
        result = recorder.record(part)
        ids += result.signal_ids
        known += result.known
        unmatched += result.unmatched
        refusals += [Refusal(done + r.position, r.field, r.message) for r in result.refusals]
        done += len(part)
    return RecordedMany(tuple(ids), known, unmatched, tuple(refusals))


def _keys_of(place: str) -> frozenset[str]:
    table: Any = Signal._meta.get_field(place).related_model
    return frozenset(table.objects.values_list("pk", flat=True))


def _place(row: _Ready, name: str) -> str | None:
    """Return what was said of the place, or else the account's."""
    return getattr(row.new, name) or (getattr(row.account, name) if row.account else None)


_NULL = "\\N"
_LINES = 500
_NEEDS_ESCAPE = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES) if _NEEDS_ESCAPE.search(text) else text


def _array(words: Iterable[str]) -> str:
    quoted = (word.replace("\\", "\\\\").replace('"', '\\"') for word in words)
    return "{" + ",".join(f'"{word}"' for word in quoted) + "}"


def _comment_lines(rows: Iterable[_Ready]) -> Iterator[str]:
    for row in rows:
        for words in row.new.comments:
            text, key = _escaped(words.text), _escaped(words.question_key)
            yield f"{row.id.hex}\t{text}\t{_escaped(words.language)}\t{key}\n"


def _answer_lines(rows: Iterable[_Ready]) -> Iterator[str]:
    for row in rows:
        for one in row.new.answers:
            said = (one.question, one.asked, one.row, one.row_words, one.choice, one.told)
            number = _NULL if one.number is None else repr(one.number)
            day = _NULL if one.day is None else one.day.isoformat()
            yield "\t".join((row.id.hex, *map(_escaped, said), number, f"{day}\n"))


def _new_ids(count: int) -> Iterator[UUID]:
    """Make ids that sort by time (UUID version 7); a counter keeps those of one millisecond in order."""
    now, chance = time.time_ns() // 1_000_000, token_bytes(8 * count)
    for n in range(count):
        low = int.from_bytes(chance[8 * n : 8 * n + 8]) >> 2
        yield UUID(int=(now + (n >> 12)) << 80 | 7 << 76 | (n & 0xFFF) << 64 | 2 << 62 | low)
