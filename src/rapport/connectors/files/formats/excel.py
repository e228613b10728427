"""Excel workbooks: checked for traps before they are opened; written so that no text runs as a formula."""

import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import xlsxwriter
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from rapport.connectors.files.detecting import find_header
from rapport.connectors.files.tables import (
    BATCH_ROWS,
    MAX_CELL,
    Batch,
    FileOptions,
    FileRefused,
    Problem,
    Table,
    column_names,
)
from rapport.connectors.files.values import as_text

_UNPACKED_LIMIT = 1_500 * 1024**2
_RATIO_LIMIT = 300
_PARTS_LIMIT = 5_000
_CELLS_LIMIT = 10_000_000
_HEADER_ROWS = 50
_ERRORS_KEPT = 10_000


class ExcelTable(Table):
    """One sheet of a workbook. Rows have the numbers Excel shows."""

    def __init__(self, path: Path, options: FileOptions) -> None:
        super().__init__(path, options)
        check_workbook(path)
        try:
            self._workbook = CalamineWorkbook.from_path(str(path))
            self._choose_sheet()
            self._sheet: CalamineSheet = self._workbook.get_sheet_by_name(self.options.sheet)
        except (CalamineError, OSError) as error:
            raise FileRefused(f"{path.name} cannot be read as a workbook: {error}.") from error
        self._settle_header()
        self._errors = _error_cells(path, self._workbook.sheet_names.index(self.options.sheet))

    @property
    def names(self) -> tuple[str, ...]:
        return self._names

    @property
    def sheets(self) -> tuple[str, ...]:
        """The sheets that can be chosen."""
        return tuple(
            sheet.name
            for sheet in self._workbook.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
        )

    def _choose_sheet(self) -> None:
        if self.options.sheet:
            if self.options.sheet not in self._workbook.sheet_names:
                raise FileRefused(
                    f"{self.path.name} has no sheet '{self.options.sheet}'. It has: {', '.join(self.sheets)}."
                )
            return
        filled = [name for name in self.sheets if self._workbook.get_sheet_by_name(name).end is not None]
        if not filled:
            raise FileRefused(f"{self.path.name} holds no rows.")
        self.settle(sheet=filled[0])
        if len(filled) > 1:
            others = ", ".join(filled[1:6])
            self.remark(f"The sheet '{filled[0]}' is read; the workbook also has {others}.")

    def _settle_header(self) -> None:
        first: list[list[object]] = [list(row) for row in islice(self._sheet.iter_rows(), _HEADER_ROWS)]
        if not any(_filled(row) for row in first):
            raise FileRefused(
                f"The sheet '{self.options.sheet}' of {self.path.name} holds no rows in its first lines."
            )
        if self.options.header_row is None:
            position = find_header(first)
            rows = 1
            if position >= 0 and self._headings_below(position) and position + 1 < len(first):
                position, rows = position + 1, 2
            elif position > 0 and self._headings_below(position - 1):
                rows = 2
            self.settle(header_row=position + 1, header_rows=rows)
        at = self.options.header_row or 0
        if at > len(first):
            raise FileRefused(f"The sheet '{self.options.sheet}' has no header in row {at}.")
        width = max(len(row) for row in first)
        headings = self._headings(first, at, width) if at else [""] * width
        while (
            len(headings) > 1 and not headings[-1] and not any(_at(row, len(headings) - 1) for row in first)
        ):
            headings.pop()
        self._names = column_names(headings, self.path)

    def _headings_below(self, row: int) -> bool:
        """Tell whether a heading in this row is merged over several columns, with finer ones below."""
        return any(top == bottom == row and right > left for (top, left), (bottom, right) in self._merged)

    @property
    def _merged(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        return list(self._sheet.merged_cell_ranges or [])

    def _headings(self, first: list[list[object]], at: int, width: int) -> list[str]:
        parts: list[list[str]] = [[] for _ in range(width)]
        for row in range(max(0, at - self.options.header_rows), at):
            texts = [as_text(_at(first[row], column) or "") for column in range(width)]
            for (top, left), (bottom, right) in self._merged:
                if top <= row <= bottom:
                    heading = as_text(_at(first[top], left) or "") if top < len(first) else ""
                    for column in range(left, min(right + 1, width)):
                        texts[column] = texts[column] or heading
            for column, text in enumerate(texts):
                if text and text not in parts[column]:
                    parts[column].append(text)
        return [" ".join(part) for part in parts]

    def batches(self, size: int = BATCH_ROWS, only: Sequence[str] | None = None) -> Iterator[Batch]:
        names = self._names
        wanted = [i for i, name in enumerate(names) if only is None or name in only]
        total = max(1, self._sheet.total_height)
        rows: list[int] = []
        records: list[list[object]] = []
        problems: list[Problem] = []

        def finish(share: float) -> Batch:
            values = {names[i]: [_native(_at(record, i)) for record in records] for i in wanted}
            return Batch(rows, values, problems, share)

        for number, row in enumerate(self._sheet.iter_rows(), start=1):
            if number <= (self.options.header_row or 0) or not _filled(row):
                continue
            cells: list[object] = list(row)
            problem = self._oversized(number, cells)
            if problem is None:
                rows.append(number)
                records.append(cells)
                problems.extend(self._broken_formulas(number))
            else:
                problems.append(problem)
            if len(rows) + len(problems) >= size:
                yield finish(number / total)
                rows, records, problems = [], [], []
        if rows or problems:
            yield finish(1.0)

    def _oversized(self, number: int, cells: list[object]) -> Problem | None:
        for position, cell in enumerate(cells):
            if isinstance(cell, str) and len(cell) > MAX_CELL:
                name = self._names[position] if position < len(self._names) else f"Cell {position + 1}"
                return Problem(
                    number, name, cell[:100], f"A cell holds {len(cell):,} characters.", "Shorten it."
                )
        if any(_is_value(cell) for cell in cells[len(self._names) :]):
            return Problem(
                number,
                f"Cell {len(self._names) + 1}",
                as_text(next(c for c in cells[len(self._names) :] if _is_value(c)))[:100],
                "There is a value to the right of the last heading.",
                "Give the column a heading, or clear the cell.",
            )
        return None

    def _broken_formulas(self, number: int) -> Iterator[Problem]:
        for position, text in self._errors.get(number, ()):
            if position < len(self._names):
                yield Problem(
                    number,
                    self._names[position],
                    text,
                    "The formula in this cell failed; the cell is read as empty.",
                    "Correct the formula in the workbook.",
                    rejected=False,
                )


def _at(row: Sequence[object], position: int) -> object:
    return row[position] if position < len(row) else None


def _is_value(cell: object) -> bool:
    return cell is not None and cell != ""


def _filled(row: Iterable[object]) -> bool:
    return any(_is_value(cell) for cell in row)


def _native(cell: object) -> object:
    if cell == "" and isinstance(cell, str):
        return None
    return as_text(cell) if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15 else cell


# ------------------------------------------------------------------ traps


class _Extent(NamedTuple):
    rows: int
    columns: int


_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]{0,400}?\br="([A-Z]{1,7})(\d{1,8})"')
_CELLS = re.compile(rb"<(?:\w+:)?c[\s>/]")


def check_workbook(path: Path) -> None:
    """Refuse a workbook made to exhaust or to spy: zip bombs, entities, sheets of absurd extent."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_parts(path, archive)
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, EOFError, RuntimeError) as error:
        raise FileRefused(
            f"{path.name} is not an Excel workbook (.xlsx) that can be opened: {error}."
        ) from error


def _check_parts(path: Path, archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if len(parts) > _PARTS_LIMIT:
        raise FileRefused(
            f"{path.name} holds {len(parts):,} parts. A workbook has a few dozen; it is not opened."
        )
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise FileRefused(f"{path.name} is not an Excel workbook (.xlsx). Save it as .xlsx or CSV.")
    left = _UNPACKED_LIMIT
    for part in parts:
        if part.filename.endswith((".xml", ".rels", ".vml")):
            left -= _check_xml(path, archive, part, left)


def _check_xml(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    unpacked, tail, rows, columns, cells = 0, b"", 0, 0, 0
    sheet = part.filename.startswith("xl/worksheets/")
    with archive.open(part) as stream:
        while piece := stream.read(1 << 20):
            unpacked += len(piece)
            ratio = unpacked / max(1, part.compress_size)
            if unpacked > left or (ratio > _RATIO_LIMIT and unpacked > 50 * 1024**2):
                raise FileRefused(
                    f"{path.name} unpacks to far more than its size suggests, as a zip bomb does. "
                    "If it is a real list, save it as CSV or Parquet."
                )
            text = tail + piece
            if (
                b"<!DOCTYPE" in text
                or b"<!ENTITY" in text
                or b"<\x00!\x00D" in text
                or b"\x00<\x00!\x00D" in text
            ):
                raise FileRefused(
                    f"{path.name} declares entities in {part.filename}; no workbook needs to. Not opened."
                )
            if sheet:
                cells += len(_CELLS.findall(text)) - len(_CELLS.findall(tail))
                extent = _extent(text)
                rows, columns = max(rows, extent.rows), max(columns, extent.columns)
                _check_extent(path, rows, columns, cells)
            tail = text[-500:]
    return unpacked


def _extent(text: bytes) -> _Extent:
    rows = columns = 0
    widest = b""
    for letters, digits in _CELL.findall(text):
        rows = max(rows, int(digits))
        if (len(letters), letters) > (len(widest), widest):
            widest = letters
    for letter in widest:
        columns = columns * 26 + letter - 64
    return _Extent(rows, columns)


def _check_extent(path: Path, rows: int, columns: int, cells: int) -> None:
    if columns > 16_384 or rows > 1_048_576:
        raise FileRefused(
            f"{path.name} claims cells beyond what a sheet can have ({rows:,} rows, {columns:,} columns)."
        )
    if rows * columns > _CELLS_LIMIT or cells > _CELLS_LIMIT:
        raise FileRefused(
            f"A sheet of {path.name} spans {rows:,} rows and {columns:,} columns, too many to hold. "
            "Clear stray cells at its far end, or save it as CSV or Parquet."
        )


_ERROR_CELL = re.compile(
    rb'<(?:\w+:)?c\s(?=[^>]*\bt="e")[^>]*\br="([A-Z]{1,3})(\d{1,7})"[^>]*>'
    rb"(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]{1,20})<",
    re.DOTALL,
)


def _error_cells(path: Path, index: int) -> dict[int, list[tuple[int, str]]]:
    """Find the cells whose formula failed; the reader gives them as empty."""
    found: dict[int, list[tuple[int, str]]] = {}
    with zipfile.ZipFile(path) as archive:
        part = _sheet_part(archive, index)
        if part is None:
            return found
        tail, kept = b"", 0
        with archive.open(part) as stream:
            while (piece := stream.read(1 << 20)) and kept < _ERRORS_KEPT:
                text = tail + piece
                end = 0
                for match in _ERROR_CELL.finditer(text):
                    column = 0
                    for letter in match[1]:
                        column = column * 26 + letter - 64
                    found.setdefault(int(match[2]), []).append(
                        (column - 1, match[3].decode("utf-8", "replace"))
                    )
                    kept, end = kept + 1, match.end()
                tail = text[max(end, len(text) - 2_000) :]
    return found


def _sheet_part(archive: zipfile.ZipFile, index: int) -> str | None:
    names = set(archive.namelist())
    relations_part = "xl/_rels/workbook.xml.rels"
    if relations_part not in names:
        return None
    relations: dict[str, str] = {}
    for tag in re.findall(
        r"<(?:\w+:)?Relationship\s[^>]*>", archive.read(relations_part).decode("utf-8", "replace")
    ):
        key, target = re.search(r'\bId="([^"]+)"', tag), re.search(r'\bTarget="([^"]+)"', tag)
        if key and target:
            relations[key[1]] = target[1]
    sheets = re.findall(
        r'<(?:\w+:)?sheet\s[^>]*?\br:id="([^"]+)"', archive.read("xl/workbook.xml").decode("utf-8", "replace")
    )
    if index >= len(sheets):
        return None
    target_path = relations.get(sheets[index], "")
    part = target_path.lstrip("/") if target_path.startswith("/") else f"xl/{target_path}"
    return part if part in names else None


# ------------------------------------------------------------------ writing

_SHEET_ROWS = 1_048_576
_CELL_TEXT = 32_767
_CUT = " … (cut: a cell holds 32,767 characters)"


def write(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield a finished workbook in pieces; rows go to disk as they come, so memory stays flat."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.xlsx"
        book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "tmpdir": folder,
                "strings_to_formulas": False,
                "strings_to_urls": False,
            },
        )
        formats = {
            "head": book.add_format({"bold": True, "bottom": 1, "quote_prefix": True}),
            "text": book.add_format({"quote_prefix": True}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "datetime": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        sheet, at, number = _new_sheet(book, names, formats, 1), 1, 1
        for row in rows:
            if at >= _SHEET_ROWS:
                number += 1
                sheet, at = _new_sheet(book, names, formats, number), 1
            for column, value in enumerate(row):
                _write_cell(sheet, at, column, value, formats)
            at += 1
        book.close()
        with path.open("rb") as stream:
            while piece := stream.read(1 << 18):
                yield piece


def _new_sheet(
    book: xlsxwriter.Workbook, names: Sequence[str], formats: dict[str, xlsxwriter.format.Format], number: int
) -> xlsxwriter.worksheet.Worksheet:
    sheet = book.add_worksheet("Data" if number == 1 else f"Data {number}")
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(names):
        sheet.write_string(0, column, name, formats["head"])
        sheet.set_column(column, column, min(60, max(12, len(name) + 2)))
    return sheet


def _write_cell(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    column: int,
    value: object,
    formats: dict[str, xlsxwriter.format.Format],
) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float | Decimal) and -1e15 < value < 1e15:
        sheet.write_number(row, column, float(value))
    elif isinstance(value, datetime) and value.year >= 1900:
        moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        sheet.write_datetime(row, column, moment, formats["datetime"])
    elif isinstance(value, date) and not isinstance(value, datetime) and value.year >= 1900:
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), formats["date"])  # noqa: DTZ001
    else:
        text = "".join(
            "\N{REPLACEMENT CHARACTER}" if "\ud800" <= c <= "\udfff" else c for c in as_text(value)
        )
        if len(text) > _CELL_TEXT:
            text = text[: _CELL_TEXT - len(_CUT)] + _CUT
        # A cell of type text with the quote mark set is never calculated, not even after editing.
        sheet.write_string(row, column, text, formats["text"])
