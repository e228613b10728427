"""SPSS system files (.sav), written response by response.

The reader we use for SPSS writes only from whole tables in memory, and needs a large package to do so. The
format is public (PSPP's description of it) and the little we need of it is here: numeric and string
variables of any length, labels, value labels, and multiple response sets of dichotomies.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import ceil, nextafter
from sys import float_info

from rapport.connectors.surveys.writing.responses import ABOUT, Given
from rapport.connectors.surveys.writing.variables import Variable, variables_of
from rapport.rooms.listening.definition import Definition
from rapport.rooms.listening.definition.texts import words

_MISSING = -float_info.max
_FORMATS = {"A": 1, "F": 5, "SDATE": 39, "DATETIME": 22}
_SEGMENT, _SHARE, _WIDEST = 255, 252, 32_767
_FIRST_DAY = date(1582, 10, 14).toordinal()
Rows = Callable[[], Iterable[Given]]


@dataclass(frozen=True)
class SavColumn:
    """A variable of the file: a number, or a string of so many bytes."""

    name: str
    label: str
    width: int = 0
    format: str = "F"
    decimals: int = 0
    labels: tuple[tuple[int, str], ...] = ()
    variable: Variable | None = None
    short: str = ""

    @property
    def segments(self) -> list[int]:
        """Return the widths of the parts a long string is kept in."""
        if self.width <= _SEGMENT:
            return [self.width]
        count = ceil(self.width / _SHARE)
        return [*[_SEGMENT] * (count - 1), self.width - (count - 1) * _SHARE]


def write_sav(definition: Definition, rows: Rows, *, now: datetime) -> Iterator[bytes]:
    """Yield a .sav file; `rows` is gone through twice, first to find how wide its words are."""
    columns = _columns(definition, rows)
    title = words(definition.title, definition.language, definition.language)
    yield _header(title, columns, now)
    yield from map(_declaration, columns)
    yield from _value_labels(columns)
    yield _extensions(columns, definition)
    yield struct.pack("<ii", 999, 0)
    for given in rows():
        yield b"".join(
            _cell(column, value) for column, value in zip(columns, _values(given, columns), strict=True)
        )


def write_columns(
    title: str, columns: list[SavColumn], rows: Iterable[Sequence[object]], *, now: datetime
) -> Iterator[bytes]:
    """Yield a .sav file of plain columns; each text column must be as wide as its widest text."""
    numbered = [replace(column, short=f"V{number:05}") for number, column in enumerate(columns, 1)]
    yield _header(title, numbered, now)
    yield from map(_declaration, numbered)
    yield from _value_labels(numbered)
    yield _extensions(numbered, None)
    yield struct.pack("<ii", 999, 0)
    for row in rows:
        yield b"".join(_cell(column, value) for column, value in zip(numbered, row, strict=True))


def _columns(definition: Definition, rows: Rows) -> list[SavColumn]:
    columns = [
        SavColumn(
            name, name, format="DATETIME" if name == "sent_at" else "A", width=0 if name == "sent_at" else 1
        )
        for name in ABOUT
    ]
    columns += [_column(variable) for variable in variables_of(definition)]
    widths = [column.width for column in columns]
    for given in rows():
        for at, value in enumerate(_values(given, columns)):
            if isinstance(value, str):
                widths[at] = max(widths[at], len(value.encode("utf-8")))
    return [
        replace(column, width=min(width, _WIDEST) if column.format == "A" else 0, short=f"V{number:05}")
        for number, (column, width) in enumerate(zip(columns, widths, strict=True), 1)
    ]


def _column(variable: Variable) -> SavColumn:
    labels = tuple((code, told) for code, _key, told in variable.codes)
    if variable.kind == "character":
        return SavColumn(variable.name, variable.label, width=1, format="A", variable=variable)
    if variable.kind == "date":
        return SavColumn(variable.name, variable.label, format="SDATE", variable=variable)
    if variable.kind == "logical":
        labels = ((0, "No"), (1, "Yes"))
    return SavColumn(
        variable.name, variable.label, decimals=variable.decimals, labels=labels, variable=variable
    )


def _values(given: Given, columns: list[SavColumn]) -> Iterator[object]:
    yield from given.about()
    for column in columns[len(ABOUT) :]:
        assert column.variable is not None
        yield column.variable.value(given.answers)


def _cut(text: str, most: int) -> bytes:
    """Return the text in UTF-8, no longer than so many bytes and never within a sign."""
    return text.encode("utf-8")[:most].decode("utf-8", "ignore").encode("utf-8")


def _header(title: str, columns: list[SavColumn], now: datetime) -> bytes:
    case = sum(ceil(width / 8) if width else 1 for column in columns for width in column.segments)
    return struct.pack(
        "<4s60siiiiid9s8s64s3x",
        b"$FL2",
        b"@(#) SPSS DATA FILE Rapport".ljust(60),
        2,
        case,
        0,
        0,
        -1,
        100.0,
        now.strftime("%d %b %y").encode("ascii"),
        now.strftime("%H:%M:%S").encode("ascii"),
        _cut(title, 64).ljust(64),
    )


def _declaration(column: SavColumn) -> bytes:
    parts = []
    for number, width in enumerate(column.segments):
        size = width if column.format == "A" else {"SDATE": 10, "DATETIME": 20}.get(column.format, 8)
        shape = _FORMATS[column.format] << 16 | size << 8 | (column.decimals if column.format == "F" else 0)
        name = column.short if number == 0 else _segment_name(column.short, number)
        label = _cut(column.label, 252) if number == 0 else b""
        parts.append(
            struct.pack(
                "<iiiiii8s", 2, width, 1 if label else 0, 0, shape, shape, name.encode("ascii").ljust(8)
            )
        )
        if label:
            parts.append(struct.pack("<i", len(label)) + label.ljust(ceil(len(label) / 4) * 4))
        parts += [struct.pack("<iiiiii8s", 2, -1, 0, 0, 0, 0, b" " * 8)] * (ceil(width / 8) - 1)
    return b"".join(parts)


def _segment_name(short: str, number: int) -> str:
    """Name the further parts of a long string: W, and three signs for each of the two numbers."""
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

    def three(value: int) -> str:
        return signs[value // 1296 % 36] + signs[value // 36 % 36] + signs[value % 36]

    return f"W{three(int(short[1:]))}{three(number)}"


def _value_labels(columns: list[SavColumn]) -> Iterator[bytes]:
    index = 1
    for column in columns:
        if column.labels:
            parts = [struct.pack("<ii", 3, len(column.labels))]
            for code, told in column.labels:
                label = _cut(told, 120)
                room = ceil((len(label) + 1) / 8) * 8 - 1
                parts.append(struct.pack("<dB", float(code), len(label)) + label.ljust(room))
            yield b"".join(parts) + struct.pack("<iii", 4, 1, index)
        index += sum(ceil(width / 8) if width else 1 for width in column.segments)


def _extensions(columns: list[SavColumn], definition: Definition | None) -> bytes:
    long = [column for column in columns if len(column.segments) > 1]
    parts = [
        struct.pack("<iiii8i", 7, 3, 4, 8, 1, 0, 0, -1, 1, 1, 2, 65001),
        struct.pack("<iiii3d", 7, 4, 8, 3, _MISSING, float_info.max, nextafter(_MISSING, 0.0)),
    ]
    sets = _response_sets(columns, definition) if definition else b""
    if sets:
        parts.append(_extension(7, sets))
    parts.append(
        _extension(13, "\t".join(f"{column.short}={column.name}" for column in columns).encode("utf-8"))
    )
    if long:
        told = "".join(f"{column.short}={column.width:05}\0\t" for column in long)
        parts.append(_extension(14, told.encode("ascii")))
    parts.append(_extension(20, b"UTF-8"))
    return b"".join(parts)


def _response_sets(columns: list[SavColumn], definition: Definition) -> bytes:
    """Return each multiple choice as a set of dichotomies that count 1."""
    lines = []
    for question in definition.questions():
        if question.type != "choices":
            continue
        of = [
            one.short.lower()
            for one in columns
            if one.variable and one.variable.question == question.key and one.variable.kind == "logical"
        ]
        label = _cut(
            " ".join(words(question.text, definition.language, definition.language).split()).replace(
                "{{", "{"
            ),
            200,
        )
        if len(of) > 1:
            head = f"${question.key}=D1 1 {len(label)} ".encode("ascii")
            lines.append(head + label + (" " + " ".join(of) + "\n").encode("ascii"))
    return b"".join(lines)


def _extension(subtype: int, data: bytes) -> bytes:
    return struct.pack("<iiii", 7, subtype, 1, len(data)) + data


def _cell(column: SavColumn, value: object) -> bytes:
    if column.format == "A":
        return _string(column, value if isinstance(value, str) else "")
    return struct.pack("<d", _number(value))


def _number(value: object) -> float:
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, datetime):
        day = value.replace(tzinfo=None)
        seconds = day.hour * 3600 + day.minute * 60 + day.second
        return float((day.toordinal() - _FIRST_DAY) * 86_400 + seconds)
    if isinstance(value, str):
        try:
            return float((date.fromisoformat(value).toordinal() - _FIRST_DAY) * 86_400)
        except ValueError:
            return _MISSING
    return _MISSING


def _string(column: SavColumn, value: str) -> bytes:
    data = _cut(value, column.width)
    if len(column.segments) == 1:
        return data.ljust(ceil(column.width / 8) * 8)
    parts = []
    for width in column.segments:
        parts.append(data[:_SEGMENT].ljust(ceil(width / 8) * 8))
        data = data[_SEGMENT:]
    return b"".join(parts)
