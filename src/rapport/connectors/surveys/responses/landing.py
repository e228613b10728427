"""Answers of a rival's survey on their way into the ledger: each response once, under its reference."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from rapport.connectors.surveys.responses.mapping import Mapper
from rapport.connectors.surveys.responses.rows import ResponseFile, ResponseRow
from rapport.kernel.models import User
from rapport.rooms.catalog.models import Metric
from rapport.rooms.listening.definition import Answers, Definition
from rapport.rooms.signals.api import BulkRecorder, NewComment, NewScore, NewSignal

_AT_ONCE = 2_000
_MOST_PROBLEMS = 200


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
    """Mapped, but without any score or words the ledger keeps."""
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

    def note(self, row: int, column: str, value: str, reason: str) -> None:
        """Keep a problem, the first few hundred of them."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(row, column, value, reason))


@dataclass(frozen=True)
class Landing:
    """How responses are to be recorded."""

    source: str
    author: User | None
    now: datetime
    when: datetime | None = None
    """For responses whose file tells no date."""
    anonymous: bool = False


def land_responses(
    file: ResponseFile, name: str, columns: Any, definition: Definition, landing: Landing
) -> Landed:
    """Record every response of a file once; importing it again changes nothing."""
    mapper = Mapper(columns, definition, file)
    landed = Landed(name, file.format, mapped_columns=mapper.mapped)
    landed.columns_without_question = [*mapper.without, *mapper.gone]
    recorder = BulkRecorder(author=landing.author, now=landing.now, live=False, seen_by=landing.author)
    metrics = frozenset(Metric.objects.values_list("pk", flat=True))
    said = _Speaker(definition, metrics)
    stream = _signals(file, mapper, said, landed, landing)
    while part := list(islice(stream, _AT_ONCE)):
        rows, signals = [row for row, _signal in part], [signal for _row, signal in part]
        result = recorder.record(signals)
        landed.recorded += len(result.signal_ids)
        landed.known += result.known
        landed.unmatched += result.unmatched
        landed.refused += len(result.refusals)
        for refusal in result.refusals:
            landed.note(rows[refusal.position], refusal.field, "", refusal.message)
    return landed


def _signals(
    file: ResponseFile, mapper: Mapper, said: "_Speaker", landed: Landed, landing: Landing
) -> Iterator[tuple[int, NewSignal]]:
    seen: Counter[str] = Counter()
    for row in file.rows:
        landed.read += 1
        if row.test:
            landed.tests += 1
            continue
        answered = mapper.answers(row)
        landed.answers += len(answered.answers)
        landed.misfits += len(answered.misfits)
        for misfit in answered.misfits:
            landed.note(row.number, misfit.column, misfit.value, misfit.reason)
        scores, comments = said.scores(answered.answers), said.comments(answered.answers, row.language)
        when = row.answered_at or landing.when
        if when is None:
            landed.refused += 1
            landed.note(
                row.number, "", "", "The file tells no date; say on which day such responses were given."
            )
        elif not scores and not comments:
            landed.without_words += 1
        else:
            yield row.number, _signal(row, seen, when, scores, comments, landing)


def _signal(
    row: ResponseRow,
    seen: "Counter[str]",
    when: datetime,
    scores: tuple[NewScore, ...],
    comments: tuple[NewComment, ...],
    landing: Landing,
) -> NewSignal:
    reference = (row.reference or f"row {row.number}")[:180]
    seen[reference] += 1
    return NewSignal(
        kind="survey",
        source=landing.source,
        external_reference=reference if seen[reference] == 1 else f"{reference} ({seen[reference]})",
        occurred_at=when,
        account="" if landing.anonymous else row.account[:300],
        contact="" if landing.anonymous else row.contact[:300],
        scores=scores,
        comments=comments,
        anonymous=landing.anonymous,
    )


class _Speaker:
    """Says what of the answers the ledger keeps: scores of metrics, and words."""

    def __init__(self, definition: Definition, metrics: frozenset[str]) -> None:
        self._scales: dict[str, tuple[str, float, float, dict[str, float]]] = {}
        self._texts: set[str] = set()
        for question in definition.questions():
            metric = getattr(question, "metric", "")
            values = {one.key: one.value for one in getattr(question, "choices", ()) if one.value is not None}
            if question.type in ("text", "long_text"):
                self._texts.add(question.key)
            if metric not in metrics or not metric:
                continue
            if question.type in ("nps", "csat", "effort", "rating"):
                self._scales[question.key] = (metric, question.low, question.high, {})
            elif question.type == "choice" and len(values) > 1:
                self._scales[question.key] = (metric, min(values.values()), max(values.values()), values)

    def scores(self, answers: Answers) -> tuple[NewScore, ...]:
        """Return the scores, one a metric."""
        found: dict[str, NewScore] = {}
        for key, (metric, low, high, values) in self._scales.items():
            answer = answers.get(key)
            number = values.get(answer) if isinstance(answer, str) else answer
            if isinstance(number, float | int) and not isinstance(number, bool) and low <= number <= high:
                found.setdefault(metric, NewScore(metric, float(number), low, high))
        return tuple(found.values())

    def comments(self, answers: Answers, language: str) -> tuple[NewComment, ...]:
        """Return the words, each with the question they answer."""
        return tuple(
            NewComment(answer, language, key[:60])
            for key, answer in answers.items()
            if isinstance(answer, str) and (key in self._texts or "." in key)
        )
