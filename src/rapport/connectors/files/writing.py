"""The one door for writing: rows in, a file out piece by piece, formulas made inert."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rapport.connectors.files.formats import csv, excel, json_lines, parquet
from rapport.connectors.files.tables import Format


class FileKind(NamedTuple):
    """How a format is named and served."""

    label: str
    suffix: str
    content_type: str


FILE_KINDS: dict[Format, FileKind] = {
    "csv": FileKind("CSV", ".csv", "text/csv; charset=utf-8"),
    "excel": FileKind("Excel", ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "parquet": FileKind("Parquet", ".parquet", "application/vnd.apache.parquet"),
    "jsonl": FileKind("JSON Lines", ".jsonl", "application/jsonl; charset=utf-8"),
}
_WRITERS = {"csv": csv.write, "excel": excel.write, "parquet": parquet.write, "jsonl": json_lines.write}
_ALSO_CALLED: dict[str, Format] = {"xlsx": "excel", "json": "jsonl", "ndjson": "jsonl"}


def write_table(kind: Format, names: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield the file's bytes; memory stays flat however many rows there are."""
    return _WRITERS[kind](names, rows)


def format_called(word: str) -> Format:
    """Return the format a person names (csv, xlsx, parquet, jsonl); raise ValueError when there is none."""
    kind = _ALSO_CALLED.get(word.lower(), word.lower())
    for known in FILE_KINDS:
        if known == kind:
            return known
    raise ValueError(f"'{word}' is not a format. Choose csv, xlsx, parquet or jsonl.")
