"""Signals: into the ledger by its bulk door, batch by batch; the unmatched are kept there."""

from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Any, cast

from rapport.connectors.files import Field, Group, Problem, Target
from rapport.connectors.files.tables import shown
from rapport.connectors.imports.fields import column_field
from rapport.connectors.imports.references import Looking, catalogue
from rapport.connectors.imports.rows import ParsedBatch
from rapport.rooms.signals.api import NewComment, NewScore, NewSignal
from rapport.rooms.signals.models import Signal

TARGET = Target(
    "signals",
    "Signals",
    "Feedback from anywhere: answers, remarks, reviews, tickets, with scores and words.",
    (
        Field(
            "external_id",
            "Reference in the source",
            help="By it a signal is known again. Without one, the row itself is its reference.",
            max_length=200,
            synonyms=("id", "response id", "ticket id", "reference", "tweet id"),
        ),
        column_field(Signal, "occurred_at", required=True),
        column_field(Signal, "kind", required=True),
        Field(
            "account",
            "Account",
            refers_to="account",
            help="Kept and put on the matching list when unknown.",
            max_length=300,
        ),
        Field(
            "contact",
            "Person",
            refers_to="contact",
            help="By id, our code, e-mail address or name.",
            max_length=300,
        ),
        column_field(Signal, "buying_role"),
        column_field(Signal, "touchpoint", refers_to="touchpoint"),
        column_field(Signal, "stage", refers_to="stage"),
        column_field(Signal, "product", refers_to="product"),
        column_field(Signal, "region", refers_to="region"),
        column_field(Signal, "division", refers_to="division"),
        column_field(Signal, "partner", refers_to="partner"),
        Field("emotions", "Feelings", help="Several are parted by commas.", max_length=600),
        column_field(Signal, "anonymous"),
    ),
    (
        Group(
            "scores",
            "Scores",
            (
                Field(
                    "metric",
                    "Metric",
                    required=True,
                    refers_to="metric",
                    help="Its key or name in the catalogue.",
                ),
                Field("value", "Score", "number", required=True),
                Field("scale_low", "Lowest possible", "number"),
                Field("scale_high", "Highest possible", "number"),
            ),
            "A number on a scale. Without a scale the metric's own applies.",
        ),
        Group(
            "comments",
            "Comments",
            (
                Field("text", "Words", required=True),
                Field("language", "Language", "language"),
                Field("question", "Question", help="A key for the question answered.", max_length=60),
            ),
            "What was said, in the person's own words.",
        ),
    ),
)
PLACES = ("touchpoint", "stage", "product", "region", "division", "partner")
_ORDER = (
    *("external_id", "occurred_at", "kind", "account", "contact", "buying_role", "emotions", "anonymous"),
    *PLACES,
)
_SCORE = ("metric", "value", "scale_low", "scale_high")
_COMMENT = ("text", "language", "question")


class SignalMaker:
    """Makes signals of parsed rows; what the catalogue does not have becomes a problem."""

    def __init__(
        self, source: str, looking: Looking, headings: dict[str, str], lenient: frozenset[str]
    ) -> None:
        self._source = source
        self._looking = looking
        self._headings = headings
        self._lenient = lenient
        self._places: dict[str, dict[str, str | None]] = {place: {} for place in (*PLACES, "metric")}
        self._copies: dict[str, int] = {}

    def make(self, parsed: ParsedBatch) -> Iterator[tuple[int, NewSignal | Problem]]:
        """Yield each row's number with its signal, or with the problem that keeps it out."""
        values = parsed.values
        for place in PLACES:
            if place in values:
                self._look_up(place, values[place])
        scores = [m for m in parsed.members if m.group == "scores"]
        comments = [m for m in parsed.members if m.group == "comments"]
        for member in scores:
            self._look_up("metric", member.values["metric"])
        blank: list[object] = [None] * len(parsed.rows)
        columns = [values.get(name) or blank for name in _ORDER]
        scored = [(m.there, *(m.values.get(name) or blank for name in _SCORE)) for m in scores]
        said = [(m.there, *(m.values.get(name) or blank for name in _COMMENT)) for m in comments]
        for i, (row, cells) in enumerate(zip(parsed.rows, zip(*columns, strict=True), strict=True)):
            try:
                yield row, self._signal(cells, self._scores(scored, i), _comments(said, i))
            except _Unknown as unknown:
                yield row, self._problem(row, unknown)

    def _signal(
        self, cells: tuple[Any, ...], scores: tuple[NewScore, ...], comments: tuple[NewComment, ...]
    ) -> NewSignal:
        reference, occurred_at, kind, account, contact, role, emotions, anonymous, *places = cells
        touchpoint, stage, product, region, division, partner = map(self._place, PLACES, places)
        return NewSignal(
            kind=kind,
            source=self._source,
            external_reference=reference or self._own_reference(cells, scores, comments),
            occurred_at=occurred_at,
            account=account or "",
            contact=contact or "",
            scores=scores,
            comments=comments,
            emotions=_listed(emotions) if emotions else (),
            buying_role=role or "",
            anonymous=bool(anonymous),
            touchpoint=touchpoint,
            stage=stage,
            product=product,
            region=region,
            division=division,
            partner=partner,
        )

    def _scores(self, members: list[tuple[Any, ...]], i: int) -> tuple[NewScore, ...]:
        return tuple(
            NewScore(
                cast(str, self._place("metric", metric[i])),
                float(value[i]),
                _number(low[i]),
                _number(high[i]),
            )
            for there, metric, value, low, high in members
            if there[i]
        )

    def _look_up(self, place: str, column: list[object]) -> None:
        known = self._places[place]
        fresh = {cast(str, word) for word in column if word is not None} - known.keys()
        if fresh:
            found = catalogue(place)(fresh, self._looking)
            known.update({word: cast(str | None, found.get(word)) for word in fresh})

    def _place(self, place: str, word: str | None) -> str | None:
        if word is None:
            return None
        key = self._places[place][word]
        if key is None and place not in self._lenient:
            raise _Unknown(place, word)
        return key

    def _own_reference(self, *told: object) -> str:
        """Make a reference of what the row says; equal rows are numbered, so that all of them are kept."""
        digest = sha256(repr(told).encode("utf-8", "replace")).hexdigest()[:32]
        copy = self._copies[digest] = self._copies.get(digest, 0) + 1
        return f"row:{digest}" if copy == 1 else f"row:{digest}:{copy}"

    def _problem(self, row: int, unknown: "_Unknown") -> Problem:
        return Problem(
            row,
            self._headings.get(unknown.place, unknown.place),
            shown(unknown.word),
            f"The catalogue has no {unknown.place} of this key or name.",
            "Add it to the catalogue, map the word to one that is there, or let the mapping create it.",
        )


class _Unknown(Exception):
    def __init__(self, place: str, word: str) -> None:
        super().__init__(place, word)
        self.place = place
        self.word = word


def _comments(members: list[tuple[Any, ...]], i: int) -> tuple[NewComment, ...]:
    return tuple(
        NewComment(text[i], language[i] or "", question[i] or "")
        for there, text, language, question in members
        if there[i]
    )


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _listed(text: object) -> tuple[str, ...]:
    return (
        tuple(part.strip()[:30] for part in text.split(",") if part.strip()) if isinstance(text, str) else ()
    )


SIGNAL_HEADINGS = ("When", "Kind", "Account", "Person", "Scores", "Words", "Place", "Reference")


def signal_cells(signal: NewSignal) -> tuple[str, ...]:
    """Write a signal as one row of a preview."""
    places = [getattr(signal, place) for place in PLACES]
    return (
        f"{signal.occurred_at:%Y-%m-%d %H:%M}",
        signal.kind,
        signal.account,
        signal.contact,
        ", ".join(f"{score.metric} {score.value:g}" for score in signal.scores),
        " / ".join(words.text for words in signal.comments)[:200],
        ", ".join(filter(None, places)),
        signal.external_reference,
    )
