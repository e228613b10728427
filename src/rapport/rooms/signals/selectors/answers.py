"""The whole answer: everything that was answered to a survey beside the scores and words, as it was asked."""

from dataclasses import dataclass
from itertools import groupby

from rapport.rooms.signals.models import Answer, Signal


@dataclass(frozen=True)
class ReadLine:
    """One thing chosen, ranked or given: the row it stands for, and how it reads."""

    row: str
    told: str
    choice: str
    number: float | None
    day: str


@dataclass(frozen=True)
class ReadAnswer:
    """One question with what was answered to it."""

    question: str
    asked: str
    lines: tuple[ReadLine, ...]


def answers_of(signal: Signal) -> tuple[ReadAnswer, ...]:
    """Return the answers of a signal in the order they were asked.

    Of an anonymous one there are none: answers that are harmless one by one can name a person together.
    """
    if signal.anonymous:
        return ()
    rows = Answer.objects.filter(signal=signal).order_by("pk")
    return tuple(
        ReadAnswer(question, asked, tuple(_line(row) for row in group))
        for (question, asked), group in groupby(rows, key=lambda row: (row.question, row.asked))
    )


def _line(row: Answer) -> ReadLine:
    day = row.day.isoformat() if row.day else ""
    return ReadLine(row.row_words, row.told, row.choice, row.number, day)
