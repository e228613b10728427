"""Response files of every format, read row by row into one shape."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

Cell = str | float | bool | list[str] | None


@dataclass(frozen=True)
class ResponseRow:
    """One response as its file has it."""

    number: int
    """Its row in the file, counted from 1."""
    reference: str
    answered_at: datetime | None
    values: dict[str, Cell]
    """By the name of the column."""
    language: str = ""
    contact: str = ""
    account: str = ""
    test: bool = False


@dataclass(frozen=True)
class ResponseFile:
    """A response file: its columns, which of them are answers, and its rows as a stream."""

    format: str
    names: tuple[str, ...]
    """Columns that may hold answers, by the name they are known by."""
    rows: Iterator[ResponseRow]
    also: dict[str, str] = field(default_factory=dict)
    """A further name of a column, such as Qualtrics' ImportId."""


def moment(text: object) -> datetime | None:
    """Return a moment written `2016-05-13 12:14:41`; without a zone it is UTC; None for anything else."""
    try:
        found = datetime.fromisoformat(str(text or "").strip().replace("/", "-"))
    except ValueError:
        return None
    # LimeSurvey writes 1980 when a survey keeps no dates.
    if found.year <= 1980:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
