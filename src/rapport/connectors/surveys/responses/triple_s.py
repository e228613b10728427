"""Data files of Triple-S, in fixed columns or separated by commas, read by the layout of their .sss."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from rapport.connectors.surveys.formats.triple_s import Layout, Variable
from rapport.connectors.surveys.languages import language_of
from rapport.connectors.surveys.opening import SurveyRefused
from rapport.connectors.surveys.responses.rows import Cell, ResponseFile, ResponseRow, moment

_WHEN = ("submitdate", "datestamp", "enddate", "interview_date", "startdate")
_WHOLE = re.compile(r"[0-9]{1,9}$")
_DAY = re.compile(r"[0-9]{8}$")


def read_triple_s_data(data: bytes, layout: Layout, name: str) -> ResponseFile:
    """Open a data file by its layout; raise SurveyRefused when the two do not belong together."""
    text = _decoded(data)
    records = _separated(text, layout, name) if layout.format == "csv" else _fixed(text, layout, name)
    names = tuple(one.name for one in layout.variables if not one.use)
    return ResponseFile("Triple-S data", names, _rows(records, layout))


def _decoded(data: bytes) -> str:
    for encoding in (
        "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig",
        "cp1252",
        "latin-1",
    ):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _fixed(text: str, layout: Layout, name: str) -> Iterator[list[str]]:
    """Cut lines by positions; a line break inside a text field does not end its record."""
    width = max((one.finish for one in layout.variables), default=0)
    if not width:
        raise SurveyRefused(f"{name}: the variables have no positions, so fixed columns cannot be cut.")
    at, end, skipped = 0, len(text), 0
    while at < end:
        stop = text.find("\n", at)
        stop = end if stop < 0 else stop
        if skipped < layout.skip:
            skipped, at = skipped + 1, stop + 1
            continue
        following = text.find("\n", at + width)
        line = text[at:stop].rstrip("\r")
        if (
            len(line) < width
            and following >= 0
            and "\n" in text[at : at + width]
            and text[at + width] in "\r\n"
        ):
            # The record is whole only with the break inside it.
            line, stop = text[at : at + width], following
        at = stop + 1
        if line.strip():
            yield [line[one.start - 1 : one.finish] if one.start else "" for one in layout.variables]


def _lines(text: str, name: str) -> Iterator[list[str]]:
    lines, number = csv.reader(io.StringIO(text, newline="")), 0
    try:
        for cells in lines:
            number += 1
            yield cells
    except csv.Error as error:
        raise SurveyRefused(f"{name}, row {number + 1}: {error}. Export it again.") from error


def _separated(text: str, layout: Layout, name: str) -> Iterator[list[str]]:
    for number, cells in enumerate(_lines(text, name)):
        if number < layout.skip or not any(cells):
            continue
        found = []
        for position, one in enumerate(layout.variables):
            at = one.start - 1 if one.start else position
            wide = one.finish - one.start + 1 if one.start else 1
            found.append(
                "\x1f".join(cells[at : at + wide]) if wide > 1 else cells[at] if at < len(cells) else ""
            )
        yield found


def _rows(records: Iterator[list[str]], layout: Layout) -> Iterator[ResponseRow]:
    for number, cells in enumerate(records, 1):
        values: dict[str, Cell] = {}
        reference, language = "", ""
        told: dict[str, str] = {}
        for variable, raw in zip(layout.variables, cells, strict=True):
            text = raw.strip()
            told[variable.name.lower()] = text
            if variable.use == "serial":
                reference = text
            elif not variable.use:
                values[variable.name] = _value(variable, raw)
            if variable.name.lower() == "startlanguage":
                language = language_of(text, "") if text else ""
        yield ResponseRow(number, reference or str(number), _when(told), values, language)


def _when(told: dict[str, str]) -> datetime | None:
    for name in _WHEN:
        day, hour = told.get(f"{name}_date") or told.get(name, ""), told.get(f"{name}_time", "")
        if _DAY.match(day):
            clock = hour.ljust(4, "0")[:4] if hour.isdigit() else "0000"
            try:
                found = datetime.strptime(day + clock, "%Y%m%d%H%M").replace(tzinfo=UTC)
            except ValueError:
                continue
            return found if found.year > 1980 else None
        if found_at := moment(day):
            return found_at
    return None


def _value(variable: Variable, raw: str) -> Cell:
    text = raw.strip()
    if variable.kind == "multiple":
        return _several(variable, raw) if raw.strip("\x1f ") else None
    if variable.kind == "date" and _DAY.match(text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if variable.kind == "character":
        return raw.rstrip()
    if variable.kind == "single" and text.isdigit() and text not in dict(variable.values):
        return text.lstrip("0") or "0"
    return text


def _several(variable: Variable, raw: str) -> list[str]:
    """Return the codes chosen: one bit for each value, or the codes side by side where spread."""
    codes = [code for code, _text in variable.values]
    if variable.subfields:
        width = variable.width or max(len(raw) // variable.subfields, 1)
        parts = (
            raw.split("\x1f") if "\x1f" in raw else [raw[at : at + width] for at in range(0, len(raw), width)]
        )
        found = [part.strip().lstrip("0") or part.strip() for part in parts if part.strip()]
        return [code for code in found if code != "0"]
    bits = raw.replace("\x1f", "")
    numbers = [int(code) for code in codes if _WHOLE.match(code)]
    by_code = len(numbers) == len(codes) and len(bits) >= max(numbers, default=0)
    places = {code: int(code) if by_code else place for place, code in enumerate(codes, 1)}
    return [code for code, place in places.items() if bits[place - 1 : place] == "1"]
