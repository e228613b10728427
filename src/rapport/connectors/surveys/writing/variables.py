"""A survey laid out flat: the variables that tables, SPSS and Triple-S hold answers in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from rapport.rooms.listening.definition import Answers, Choice, Definition, Matrix, Question
from rapport.rooms.listening.definition.texts import words

Say = Callable[[dict[str, str]], str]
Kind = Literal["single", "quantity", "character", "date", "logical"]


@dataclass(frozen=True)
class Variable:
    """One column: its name, label, kind, and the codes it is written in."""

    name: str
    label: str
    kind: Kind
    question: str
    row: str = ""
    choice: str = ""
    words: bool = False
    """The words beside a choice."""
    codes: tuple[tuple[int, str, str], ...] = ()
    """Code, key and words of each choice."""
    low: float | None = None
    high: float | None = None
    decimals: int = 0
    size: int = 0
    rank: bool = False
    heading: str = ""
    """What the marks of one multiple choice have in common."""

    def value(self, answers: Answers) -> str | float | bool | None:
        """Return what stands in this column for one response; a choice as its code."""
        if self.words:
            found = answers.get(f"{self.question}.{self.choice}")
            return found if isinstance(found, str) else None
        answer = answers.get(self.question)
        if self.row and not isinstance(answer, dict):
            return None
        part = answer.get(self.row) if self.row and isinstance(answer, dict) else answer
        if part is None:
            return None
        if self.rank:
            return (
                float(part.index(self.choice) + 1) if isinstance(part, list) and self.choice in part else None
            )
        if self.choice and self.kind == "logical":
            return self.choice in part if isinstance(part, list) else None
        if self.choice and isinstance(part, dict):
            share = part.get(self.choice)
            return float(share) if isinstance(share, int | float) else None
        if self.kind == "single":
            return next((float(code) for code, key, _words in self.codes if key == part), None)
        if self.kind == "quantity":
            return float(part) if isinstance(part, int | float) and not isinstance(part, bool) else None
        if self.kind == "logical":
            return bool(part)
        return part if isinstance(part, str) else None


def variables_of(definition: Definition, language: str = "") -> list[Variable]:
    """Return the columns of a survey in order; words in one language."""
    spoken = language or definition.language
    taken: set[str] = set()
    found = []
    for question in definition.questions():
        for variable in _of(question, definition.language, spoken):
            name = variable.name[:60]
            number = 2
            while name.lower() in taken:
                name, number = f"{variable.name[:56]}_{number}", number + 1
            taken.add(name.lower())
            found.append(replace(variable, name=name))
    return found


def _of(question: Question, default: str, language: str) -> Iterator[Variable]:
    def say(text: dict[str, str]) -> str:
        return " ".join(words(text, language, default).replace("{{", "{").split())

    key, label = question.key, say(question.text)
    if question.type in ("nps", "csat", "effort", "rating"):
        yield Variable(key, label, "quantity", key, low=question.low, high=question.high)
    elif question.type == "number":
        yield Variable(
            key, label, "quantity", key, low=question.low, high=question.high, decimals=question.decimals
        )
    elif question.type == "choice":
        yield Variable(key, label, "single", key, codes=_codes(question.choices, say))
    elif question.type == "choices":
        for choice in question.choices:
            yield Variable(
                f"{key}_{choice.key}",
                f"{label}: {say(choice.text)}",
                "logical",
                key,
                choice=choice.key,
                heading=label,
            )
    elif question.type == "ranking":
        for choice in question.choices:
            yield Variable(
                f"{key}_{choice.key}",
                f"{label}: {say(choice.text)}",
                "quantity",
                key,
                choice=choice.key,
                low=1,
                high=max(len(question.choices), 1),
                rank=True,
            )
    elif question.type == "constant_sum":
        for choice in question.choices:
            yield Variable(
                f"{key}_{choice.key}",
                f"{label}: {say(choice.text)}",
                "quantity",
                key,
                choice=choice.key,
                low=0,
                high=question.total,
                decimals=2,
            )
    elif question.type == "matrix":
        yield from _matrix(question, label, say)
    elif question.type in ("consent", "contact_request"):
        yield Variable(key, label, "logical", key)
    elif question.type == "date":
        yield Variable(key, label, "date", key)
    elif question.type == "emotions":
        for feeling in question.offered:
            yield Variable(
                f"{key}_{feeling}", f"{label}: {feeling}", "logical", key, choice=feeling, heading=label
            )
    elif question.type in ("text", "long_text"):
        yield Variable(key, label, "character", key, size=question.most)
    for choice in getattr(question, "choices", ()):
        if choice.open:
            yield Variable(
                f"{key}_{choice.key}_words",
                f"{label}: {say(choice.text)}",
                "character",
                key,
                choice=choice.key,
                words=True,
                size=4000,
            )


def _matrix(question: Matrix, label: str, say: Say) -> Iterator[Variable]:
    codes = _codes(question.columns, say)
    for row in question.rows:
        heading = f"{label}: {say(row.text)}"
        if not question.multiple:
            yield Variable(
                f"{question.key}_{row.key}", heading, "single", question.key, row=row.key, codes=codes
            )
            continue
        for _code, column, told in codes:
            yield Variable(
                f"{question.key}_{row.key}_{column}",
                f"{heading}: {told}",
                "logical",
                question.key,
                row=row.key,
                choice=column,
                heading=heading,
            )


def _codes(choices: tuple[Choice, ...], say: Say) -> tuple[tuple[int, str, str], ...]:
    """Give each choice the number it stands for where all have a whole one of their own, else its place."""
    values = [choice.value for choice in choices]
    own = all(value is not None and value == int(value) and 0 <= value < 1e9 for value in values) and len(
        set(values)
    ) == len(values)
    return tuple(
        (int(choice.value or 0) if own else place, choice.key, say(choice.text))
        for place, choice in enumerate(choices, 1)
    )
