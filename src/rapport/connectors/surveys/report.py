"""What an import kept, what it changed and what it could not take over, question by question."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Entry:
    """One question of the file and what became of it."""

    name: str
    text: str = ""
    questions: list[str] = field(default_factory=list)
    """The keys of the questions it became."""
    became: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)

    def change(self, *reasons: str) -> None:
        """Note what is not as it was."""
        self.changed += [reason for reason in reasons if reason not in self.changed]

    def lose(self, *reasons: str) -> None:
        """Note what could not be taken over."""
        self.unsupported += [reason for reason in reasons if reason not in self.unsupported]


@dataclass(frozen=True)
class Line:
    """One line of the report."""

    name: str
    text: str
    questions: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class LossReport:
    """The end of every import; the counts are those of the file."""

    format: str
    title: str
    questions: int
    choices: int
    groups: int
    languages: tuple[str, ...]
    kept: tuple[Line, ...]
    changed: tuple[Line, ...]
    unsupported: tuple[Line, ...]
    counts: dict[str, int]
    """What else the file has, by its own words: sub-questions, conditions, variables by type."""

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def lines_of(entries: list[Entry]) -> tuple[tuple[Line, ...], tuple[Line, ...], tuple[Line, ...]]:
    """Sort entries into kept, changed and unsupported; what changed and lost something stands in both."""

    def line(entry: Entry, reasons: list[str]) -> Line:
        return Line(entry.name, entry.text[:200], tuple(entry.questions), tuple(reasons))

    kept = tuple(line(e, e.became) for e in entries if not e.changed and not e.unsupported)
    changed = tuple(line(e, e.changed) for e in entries if e.changed)
    return kept, changed, tuple(line(e, e.unsupported) for e in entries if e.unsupported)
