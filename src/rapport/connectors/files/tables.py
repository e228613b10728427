"""What every file looks like once opened: a table with columns, read in batches with its own row numbers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

Format = Literal["csv", "excel", "parquet", "jsonl"]
DateOrder = Literal["", "ymd", "dmy", "mdy"]
Kind = Literal[
    "text",
    "integer",
    "number",
    "money",
    "boolean",
    "date",
    "datetime",
    "email",
    "phone",
    "url",
    "language",
    "country",
    "currency",
    "choice",
]

MAX_COLUMNS = 2_000
MAX_LINE = 8_000_000
MAX_CELL = 131_072
SAMPLE_ROWS = 2_000
BATCH_ROWS = 5_000

# Words that other systems write where nothing was known; read as empty when a file uses them.
MISSING_WORDS = ("NULL", "null", "\\N", "#N/A", "N/A", "n/a", "NaN", "nan", "?")


class FileRefused(Exception):
    """The file as a whole cannot be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How to read a file. An empty value means: find out."""

    format: Format | Literal[""] = ""
    encoding: str = ""
    delimiter: str = ""
    quote: str = '"'
    sheet: str = ""
    header_row: int | None = None
    """Number of the (last) header row as the file counts; 0 when the file has none."""
    header_rows: int = 1
    """How many rows the header takes; more than one where headings are merged over others."""
    decimal: Literal["", ".", ","] = ""
    date_order: DateOrder = ""
    missing: tuple[str, ...] | None = None
    """Words that mean 'nothing here'. None: the usual ones the file uses."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what its values look like, and a few of them."""

    name: str
    kind: Kind = "text"
    samples: tuple[str, ...] = ()
    filled: float = 1.0
    distinct: int = 0
    """Different values among the rows looked at."""
    date_order: DateOrder = ""
    ambiguous: str = ""
    """What the values leave open, in words: day first or month first."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one row: where, the value, what is wrong and how to mend it."""

    row: int
    column: str
    value: str
    what: str
    mend: str
    rejected: bool = True
    """False for a remark on a row that lands all the same."""


@dataclass(slots=True)
class Batch:
    """Some rows of a table, column by column, with the numbers the file itself gives them."""

    rows: list[int]
    values: dict[str, list[object]]
    problems: list[Problem] = field(default_factory=list)
    """Rows that could not be read as rows at all; they are not in `rows`."""
    share: float = 0.0
    """How much of the file is read after this batch, 0 to 1."""


class Table(ABC):
    """A file that is open for reading. Nothing but one batch is held in memory."""

    def __init__(self, path: Path, options: FileOptions) -> None:
        self.path = path
        self.options = options
        self.columns: tuple[Column, ...] = ()
        self.findings: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    @abstractmethod
    def batches(self, size: int = BATCH_ROWS, only: Sequence[str] | None = None) -> Iterator[Batch]:
        """Yield the rows in order, `size` at a time; `only` names the columns that are wanted."""

    def settle(self, **changes: object) -> None:
        """Write down what was found out, so that the next reading need not guess."""
        self.options = replace(self.options, **changes)  # type: ignore[arg-type]

    def remark(self, finding: str) -> None:
        self.findings = (*self.findings, finding)


def column_names(header: Sequence[str], path: Path) -> tuple[str, ...]:
    """Give every column a name of its own; refuse a file that is too wide to be a list."""
    if len(header) > MAX_COLUMNS:
        raise FileRefused(
            f"{path.name} has {len(header):,} columns; at most {MAX_COLUMNS:,} can be read. "
            "Is the delimiter right? Otherwise keep only the columns you need."
        )
    names: list[str] = []
    seen: set[str] = set()
    for position, text in enumerate(header, start=1):
        name = " ".join(text.split())[:500] or f"Column {position}"
        distinct, copy = name, 2
        while distinct in seen:
            distinct, copy = f"{name} ({copy})", copy + 1
        names.append(distinct)
        seen.add(distinct)
    return tuple(names)


def shown(value: object, limit: int = 200) -> str:
    """Write a value so that a report can carry it: bad bytes and control characters made visible."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if "\ud800" <= c <= "\udfff"
        else chr(0x2400 + ord(c))
        if c < " " and c not in "\t\n\r"
        else c
        for c in text
    )
