"""Delimited text: read line by line with the file's own line numbers, written with formulas made inert."""

import csv
import gzip
import io
import re
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from rapport.connectors.files.detecting import detect_delimiter, detect_encoding, find_header
from rapport.connectors.files.tables import (
    BATCH_ROWS,
    MAX_CELL,
    MAX_LINE,
    Batch,
    FileOptions,
    FileRefused,
    Problem,
    Table,
    column_names,
    shown,
)

_HEADER_LINES = 50
_RECORD_LINES = 2_000
_UNPACKED_LIMIT = 20 * 1024**3

csv.field_size_limit(MAX_CELL)


class CsvTable(Table):
    """A delimited text file, perhaps gzipped."""

    def __init__(self, path: Path, options: FileOptions) -> None:
        super().__init__(path, options)
        self._size = max(1, path.stat().st_size)
        self._settle_encoding()
        self._settle_delimiter()
        self._settle_header()

    # -- what the file leaves open

    def _settle_encoding(self) -> None:
        if self.options.encoding:
            self._check_encoding(self.options.encoding)
            return
        try:
            with self._open_bytes() as stream:
                found = detect_encoding(stream)
        except (EOFError, OSError, zlib.error) as error:
            raise FileRefused(f"{self.path.name} is damaged: {error}.") from error
        self.settle(encoding=found.name)
        if found.remark:
            self.remark(found.remark)

    def _check_encoding(self, name: str) -> None:
        try:
            "".encode(name)
        except LookupError:
            raise FileRefused(f"The encoding '{name}' is not known. Write it as utf-8 or cp1252.") from None

    def _settle_delimiter(self) -> None:
        if not self.options.delimiter:
            with self._open_text() as stream:
                lines = _Lines(stream, self.path)
                sample = list(islice(lines, 200))
            self.settle(delimiter=detect_delimiter(sample, self.options.quote))

    def _settle_header(self) -> None:
        entries = islice(self._records(), _HEADER_LINES)
        first = [entry for entry in entries if not isinstance(entry, Problem)]
        if not first:
            raise FileRefused(f"{self.path.name} holds no rows.")
        if self.options.header_row is None:
            position = find_header([cells for _, cells in first])
            self.settle(header_row=first[position][0] if position >= 0 else 0)
        header = next((cells for line, cells in first if line == self.options.header_row), None)
        if header is None and self.options.header_row:
            raise FileRefused(f"{self.path.name} has no header in line {self.options.header_row}.")
        width = max(len(cells) for _, cells in first)
        self._names = column_names(header if header is not None else [""] * width, self.path)

    @property
    def names(self) -> tuple[str, ...]:
        return self._names

    # -- reading

    def batches(self, size: int = BATCH_ROWS, only: Sequence[str] | None = None) -> Iterator[Batch]:
        names = self._names
        wanted = [i for i, name in enumerate(names) if only is None or name in only]
        width, header_line = len(names), self.options.header_row or 0
        rows: list[int] = []
        records: list[list[str]] = []
        problems: list[Problem] = []

        def finish() -> Batch:
            columns = list(zip(*records, strict=True)) if records else [()] * width
            values: dict[str, list[object]] = {names[i]: list(columns[i]) for i in wanted}
            return Batch(rows, values, problems, self._share)

        for entry in self._records():
            if isinstance(entry, Problem):
                if entry.row > header_line:
                    problems.append(entry)
            elif entry[0] > header_line:
                line, cells = entry
                if len(cells) != width and (problem := self._mend_width(line, cells)) is not None:
                    problems.append(problem)
                else:
                    rows.append(line)
                    records.append(cells)
            if len(rows) + len(problems) >= size:
                yield finish()
                rows, records, problems = [], [], []
        if rows or problems:
            self._share = 1.0
            yield finish()

    def _mend_width(self, line: int, cells: list[str]) -> Problem | None:
        width = len(self._names)
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            del cells[width:]
            return None
        if len(cells) > width:
            return Problem(
                line,
                f"Cell {width + 1}",
                shown(cells[width]),
                f"The row has {len(cells)} cells, the header {width}.",
                "Put cells that hold the delimiter in quotation marks, or remove what is too much.",
            )
        return Problem(
            line,
            self._names[len(cells)],
            "",
            f"The row has {len(cells)} cells, the header {width}.",
            "Add the cells that are missing; empty ones too.",
        )

    _share = 0.0

    def _records(self) -> Iterator[tuple[int, list[str]] | Problem]:
        """Yield each record with its first line's number; a broken one as a problem, then go on after it."""
        with self._open_bytes() as raw, self._text_over(raw) as stream:
            lines = _Lines(stream, self.path)
            reader = csv.reader(
                lines,
                delimiter=self.options.delimiter,
                quotechar=self.options.quote or None,
                quoting=csv.QUOTE_MINIMAL if self.options.quote else csv.QUOTE_NONE,
                skipinitialspace=True,
                strict=True,
            )
            held, count = lines.held, 0
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except (csv.Error, _RecordTooLongError) as error:
                    yield self._broken(lines, error)
                    lines.take_back()
                    continue
                line = lines.number - len(held) + 1
                held.clear()
                count += 1
                if count % 1_000 == 0:
                    self._note_share(raw)
                if cells:
                    yield line, cells

    def _note_share(self, raw: BinaryIO) -> None:
        packed = getattr(raw, "fileobj", None)
        self._share = min(1.0, (packed or raw).tell() / self._size)
        if packed and raw.tell() > _UNPACKED_LIMIT:
            raise FileRefused(f"{self.path.name} unpacks to more than 20 GB. Split it and import the parts.")

    def _broken(self, lines: "_Lines", error: Exception) -> Problem:
        first = lines.held[0] if lines.held else ""
        position = _broken_cell(first, self.options.delimiter, self.options.quote)
        names = getattr(self, "_names", ())
        column = names[position] if position < len(names) else f"Cell {position + 1}"
        if "field larger" in str(error):
            what = f"A cell holds more than {MAX_CELL:,} characters."
            mend = "Shorten it. Is a quotation mark missing?"
        elif "expected after" in str(error):
            what = "A quotation mark stands inside a quoted cell."
            mend = 'Double it ("" for ") or remove it.'
        else:
            what = "A quotation mark is opened and never closed."
            mend = "Close it, or double it if it belongs to the text."
        return Problem(lines.number - len(lines.held) + 1, column, shown(first.rstrip("\r\n")), what, mend)

    def _open_bytes(self) -> BinaryIO:
        if self.path.suffix.lower() == ".gz":
            return cast(BinaryIO, gzip.open(self.path, "rb"))
        return self.path.open("rb")

    def _text_over(self, raw: BinaryIO) -> TextIO:
        return io.TextIOWrapper(raw, encoding=self.options.encoding, errors="rapport-mark", newline="")

    def _open_text(self) -> TextIO:
        return self._text_over(self._open_bytes())


class _RecordTooLongError(Exception):
    """A record runs over more lines than any honest one."""


class _Lines:
    """The lines of a file, numbered; those of a broken record can be taken back and read again."""

    def __init__(self, stream: TextIO, path: Path) -> None:
        self._readline = stream.readline
        self._path = path
        self._again: deque[str] = deque()
        self.held: list[str] = []
        self.number = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.held.append(line)
        if len(self.held) > _RECORD_LINES:
            raise _RecordTooLongError
        return line

    def _read(self) -> str:
        try:
            line = self._readline(MAX_LINE)
        except (EOFError, OSError, zlib.error) as error:
            raise FileRefused(f"{self._path.name} is damaged after line {self.number:,}: {error}.") from error
        if len(line) >= MAX_LINE:
            raise FileRefused(
                f"Line {self.number + 1:,} of {self._path.name} is longer than "
                f"{MAX_LINE // 1_000_000} million characters. This is no table of rows; check the export."
            )
        return line

    def take_back(self) -> None:
        """Read again all but the first of the lines that made up a broken record."""
        self._again.extendleft(reversed(self.held[1:]))
        self.number -= max(0, len(self.held) - 1)
        self.held.clear()


def _broken_cell(line: str, delimiter: str, quote: str) -> int:
    """Return the position of the cell whose quotation marks do not match."""
    mark, stop = re.escape(quote or '"'), re.escape(delimiter)
    cell = re.compile(
        rf"\s*{mark}(?:[^{mark}]|{mark}{mark})*{mark}(?={stop}|\r|\n|$)|[^{mark}{stop}][^{stop}]*|(?={stop})"
    )
    at = position = 0
    while found := cell.match(line, at):
        at = found.end()
        if line[at : at + 1] != delimiter:
            break
        at, position = at + 1, position + 1
    return position


# ------------------------------------------------------------------ writing

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?%?", re.ASCII)


def inert(value: object) -> object:
    """Return the cell so that no spreadsheet runs it as a formula; numbers stay numbers."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_DANGEROUS) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def _written(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return inert(value)


def write(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield the file piece by piece: UTF-8 with a mark, so that Excel reads accents."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow([_written(name) for name in names])
    for row in rows:
        writer.writerow([_written(value) for value in row])
        if buffer.tell() > 64_000:
            yield buffer.getvalue().encode("utf-8", "replace")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("utf-8", "replace")
