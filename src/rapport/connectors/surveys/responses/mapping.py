"""Values of a response file become answers to our questions, by what the survey file said of its columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rapport.connectors.surveys.comparing import code_of
from rapport.connectors.surveys.responses.rows import Cell, ResponseFile, ResponseRow
from rapport.connectors.surveys.slots import Columns, Slot, slot_of
from rapport.rooms.listening.definition import Answers, Definition, Ranking, Scale, Value

_NOT_CHOSEN = frozenset(("", "0", "0.0", "n", "no", "false", "not selected", "not chosen"))
# What Qualtrics writes for a question that was seen and not answered.
_SEEN = "-99"
_YES = frozenset(("1", "1.0", "y", "yes", "true"))


@dataclass(frozen=True)
class Misfit:
    """A value that fits no answer of its question."""

    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Answered:
    """The answers of one response, and what did not fit."""

    answers: Answers
    misfits: tuple[Misfit, ...]


class Mapper:
    """Maps the rows of one file."""

    def __init__(self, columns: Columns, definition: Definition, file: ResponseFile) -> None:
        there = {question.key for question in definition.questions()}
        self._slots: dict[str, Slot] = {}
        self.without: list[str] = []
        """Columns that belong to no question."""
        self.gone: list[str] = []
        """Columns whose question is no longer in the survey."""
        for name in file.names:
            slot = columns.get(file.also.get(name, "")) or slot_of(columns, name)
            if slot is None:
                self.without.append(name)
            elif slot.kind != "none" and slot.question not in there:
                self.gone.append(name)
            else:
                self._slots[name] = slot
        self._order = {
            question.key: [
                choice.key for choice in getattr(question, "choices", ()) or getattr(question, "columns", ())
            ]
            for question in definition.questions()
            # A ranking keeps the order it was given in.
            if not isinstance(question, Ranking)
        }
        self._limits = {
            question.key: (float(question.low), float(question.high))
            for question in definition.questions()
            if isinstance(question, Scale)
        }

    @property
    def mapped(self) -> int:
        """How many columns belong to a question."""
        return len(self._slots)

    def answers(self, row: ResponseRow) -> Answered:
        """Return one row's answers."""
        made = _Making(self._limits)
        for name, cell in row.values.items():
            slot = self._slots.get(name)
            if slot is not None and slot.kind != "none" and cell not in (None, ""):
                made.put(name, slot, cell)
        return Answered(made.finish(self._order), tuple(made.misfits))


class _Making:
    """Gathers the answers of one row."""

    def __init__(self, limits: Mapping[str, tuple[float, float]]) -> None:
        self.misfits: list[Misfit] = []
        self._limits = limits
        self._plain: dict[str, Value] = {}
        self._several: dict[str, list[str]] = {}
        self._rows: dict[str, dict[str, str]] = {}
        self._rows_several: dict[str, dict[str, list[str]]] = {}
        self._shares: dict[str, dict[str, float]] = {}
        self._places: dict[str, list[tuple[float, str]]] = {}

    def put(self, name: str, slot: Slot, cell: Cell) -> None:
        """Take one cell in; what does not fit is noted and left out."""
        try:
            getattr(self, f"_{slot.kind}")(slot, cell)
        except _Unfit as unfit:
            self.misfits.append(Misfit(name, str(cell)[:100], str(unfit)))

    def finish(self, order: Mapping[str, list[str]]) -> Answers:
        """Return the answers, choices in the order of the survey."""
        for question, chosen in self._several.items():
            self._plain[question] = _ordered(chosen, order.get(question, []))
        self._plain |= self._rows
        for question, rows in self._rows_several.items():
            self._plain[question] = {
                row: _ordered(chosen, order.get(question, [])) for row, chosen in rows.items()
            }
        self._plain |= self._shares
        for question, places in self._places.items():
            self._plain[question] = list(dict.fromkeys(key for _place, key in sorted(places)))
        return self._plain

    def _code(self, slot: Slot, cell: Cell) -> None:
        if code_of(cell) == _SEEN and _SEEN not in slot.codes:
            return
        key = _key(slot, cell)
        if slot.row:
            self._rows.setdefault(slot.question, {})[slot.row] = key
        else:
            self._plain[slot.question] = key

    def _codes(self, slot: Slot, cell: Cell) -> None:
        if not slot.row:
            self._several.setdefault(slot.question, [])
        for key in _keys(slot, cell):
            self._choose(slot.question, slot.row, key)

    def _mark(self, slot: Slot, cell: Cell) -> None:
        written = code_of(cell)
        chosen = written in slot.codes if slot.codes else written.lower() not in _NOT_CHOSEN
        if chosen:
            self._choose(slot.question, slot.row, slot.choice)
        elif not slot.row:
            # Asked and not chosen is an answer: none of them.
            self._several.setdefault(slot.question, [])

    def _choose(self, question: str, row: str, key: str) -> None:
        into = (
            self._rows_several.setdefault(question, {}).setdefault(row, [])
            if row
            else self._several.setdefault(question, [])
        )
        if key not in into:
            into.append(key)

    def _number(self, slot: Slot, cell: Cell) -> None:
        number = _number(cell)
        low, high = self._limits.get(slot.question, (number, number))
        if not low <= number <= high:
            raise _Unfit(f"It lies outside {low:g} to {high:g}.")
        self._plain[slot.question] = number

    def _share(self, slot: Slot, cell: Cell) -> None:
        self._shares.setdefault(slot.question, {})[slot.choice] = _number(cell)

    def _place(self, slot: Slot, cell: Cell) -> None:
        self._places.setdefault(slot.question, []).append((float(slot.choice), _key(slot, cell)))

    def _position(self, slot: Slot, cell: Cell) -> None:
        self._places.setdefault(slot.question, []).append((_number(cell), slot.choice))

    def _text(self, slot: Slot, cell: Cell) -> None:
        words = code_of(cell) if not isinstance(cell, str) else cell
        clean = words.replace("\0", "").strip()
        if clean:
            self._plain[slot.question] = clean

    def _words(self, slot: Slot, cell: Cell) -> None:
        clean = str(cell).replace("\0", "").strip()
        if clean and not slot.row:
            self._plain[f"{slot.question}.{slot.choice}"] = clean

    def _date(self, slot: Slot, cell: Cell) -> None:
        day = str(cell).strip()[:10]
        try:
            self._plain[slot.question] = date.fromisoformat(day).isoformat()
        except ValueError as error:
            raise _Unfit("It is no day written YYYY-MM-DD.") from error

    def _flag(self, slot: Slot, cell: Cell) -> None:
        self._plain[slot.question] = code_of(cell).lower() in _YES


class _Unfit(Exception):
    """A value is no answer to its question."""


def _key(slot: Slot, cell: Cell) -> str:
    written = code_of(cell)
    key = slot.codes.get(written) or slot.codes.get(" ".join(written.split()))
    if key is None:
        raise _Unfit("It is no choice of its question.")
    return key


def _keys(slot: Slot, cell: Cell) -> list[str]:
    if isinstance(cell, list):
        return [_key(slot, one) for one in cell]
    if code_of(cell) in slot.codes:
        return [_key(slot, cell)]
    return [_key(slot, one.strip()) for one in str(cell).replace(";", ",").split(",") if one.strip()]


def _number(cell: Cell) -> float:
    try:
        number = float(cell if isinstance(cell, int | float) else str(cell).strip().replace(",", "."))
    except ValueError as error:
        raise _Unfit("It is no number.") from error
    if number != number or abs(number) == float("inf"):
        raise _Unfit("It is no number.")
    return number


def _ordered(chosen: list[str], order: list[str]) -> list[str]:
    places = {key: place for place, key in enumerate(order)}
    return sorted(chosen, key=lambda key: places.get(key, len(places)))
