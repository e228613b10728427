"""Answers of a rival's survey on their way into the ledger: each response once, under its reference."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction

from rapport.connectors.surveys.languages import language_of
from rapport.connectors.surveys.opening import keepable
from rapport.connectors.surveys.responses.mapping import Mapper
from rapport.connectors.surveys.responses.rows import ResponseFile, ResponseRow
from rapport.kernel.models import User
from rapport.rooms.catalog.models import Metric
from rapport.rooms.listening.api import Definition, Said, said_in
from rapport.rooms.signals.api import BulkRecorder, NewSignal

AT_ONCE = 2_000
_MOST_PROBLEMS = 200
_LONGEST_LANGUAGE = 12


@dataclass(frozen=True)
class Problem:
    """What kept a row or a value out: where, and what to do."""

    row: int
    column: str
    value: str
    reason: str


@dataclass
class Landed:
    """What became of a response file."""

    file_name: str
    format: str
    read: int = 0
    recorded: int = 0
    known: int = 0
    """Recorded before: nothing changed."""
    unmatched: int = 0
    """On the matching list."""
    without_words: int = 0
    """Without any answer that belongs to a question."""
    refused: int = 0
    tests: int = 0
    answers: int = 0
    mapped_columns: int = 0
    columns_without_question: list[str] = field(default_factory=list)
    misfits: int = 0
    problems: list[Problem] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Landed":
        """Return what was stored as plain data."""
        problems = [Problem(**problem) for problem in stored.get("problems", [])]
        return cls(**{**stored, "problems": problems})

    def note(self, row: int, column: str, value: str, reason: str) -> None:
        """Keep a problem, the first few hundred of them."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(row, keepable(column), keepable(value), reason))


@dataclass(frozen=True)
class Landing:
    """How responses are to be recorded."""

    source: str
    author: User | None
    now: datetime
    when: datetime | None = None
    """For responses whose file tells no date."""
    anonymous: bool = False


Keep = Callable[[int, Landed], None]


def land_responses(
    file: ResponseFile,
    name: str,
    columns: Any,
    definition: Definition,
    landing: Landing,
    *,
    landed: Landed | None = None,
    keep: Keep | None = None,
) -> Landed:
    """Record every response of a file once; importing it again changes nothing.

    Given what has `landed` before it goes on behind that. `keep` is called in the transaction of each stretch
    with the number of rows before it, and what has landed with it.
    """
    mapper = Mapper(columns, definition, file)
    landed = landed or Landed(name, file.format)
    landed.mapped_columns = mapper.mapped
    landed.columns_without_question = keepable([*mapper.without, *mapper.gone])
    recorder = BulkRecorder(author=landing.author, now=landing.now, live=False, seen_by=landing.author)
    work = _Stretches(mapper, definition, landing, landed)
    done, rows = landed.read, iter(file.rows)
    for row in islice(rows, done):
        # References are told apart by how often they came: those before count too.
        work.reference(row)
    while part := list(islice(rows, AT_ONCE)):
        with transaction.atomic():
            work.record(part, recorder)
            if keep is not None:
                keep(done, landed)
        done = landed.read
    return landed


class _Stretches:
    """Makes signals of rows and counts what becomes of them."""

    def __init__(self, mapper: Mapper, definition: Definition, landing: Landing, landed: Landed) -> None:
        self._mapper, self._definition = mapper, definition
        self._landing, self._landed = landing, landed
        self._metrics = frozenset(Metric.objects.values_list("pk", flat=True))
        self._seen: Counter[str] = Counter()

    def reference(self, row: ResponseRow) -> str:
        """Return what a response is known by; the second of the same name is told apart."""
        reference = (keepable(row.reference) or f"row {row.number}")[:180]
        if row.test:
            return reference
        self._seen[reference] += 1
        times = self._seen[reference]
        return reference if times == 1 else f"{reference} ({times})"

    def record(self, part: Sequence[ResponseRow], recorder: BulkRecorder) -> None:
        """Record a stretch of rows."""
        made = [(row, signal) for row in part if (signal := self._made(row)) is not None]
        landed = self._landed
        landed.read += len(part)
        result = recorder.record([signal for _row, signal in made])
        landed.recorded += len(result.signal_ids)
        landed.known += result.known
        landed.unmatched += result.unmatched
        landed.refused += len(result.refusals)
        for refusal in result.refusals:
            landed.note(made[refusal.position][0].number, refusal.field, "", refusal.message)

    def _made(self, row: ResponseRow) -> NewSignal | None:
        reference, landed, landing = self.reference(row), self._landed, self._landing
        if row.test:
            landed.tests += 1
            return None
        answered = self._mapper.answers(row)
        landed.answers += len(answered.answers)
        landed.misfits += len(answered.misfits)
        for misfit in answered.misfits:
            landed.note(row.number, misfit.column, misfit.value, misfit.reason)
        said = said_in(self._definition, answered.answers, _language(row), self._metrics)
        when = row.answered_at or landing.when
        if when is None:
            landed.refused += 1
            landed.note(
                row.number, "", "", "The file tells no date; say on which day such responses were given."
            )
        elif said.is_empty:
            landed.without_words += 1
        else:
            return _signal(row, reference, when, said, landing)
        return None


def _language(row: ResponseRow) -> str:
    """Return the language a file names, where it is one."""
    found = language_of(row.language, "")
    return found if len(found) <= _LONGEST_LANGUAGE else ""


def _signal(row: ResponseRow, reference: str, when: datetime, said: Said, landing: Landing) -> NewSignal:
    return NewSignal(
        kind="survey",
        source=landing.source,
        external_reference=reference,
        occurred_at=when,
        account="" if landing.anonymous else keepable(row.account)[:300],
        contact="" if landing.anonymous else keepable(row.contact)[:300],
        scores=said.scores,
        comments=said.comments,
        emotions=said.emotions,
        answers=said.answers,
        anonymous=landing.anonymous,
    )
