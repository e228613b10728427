"""Lists as SPSS files: names SPSS takes, labels for columns, and numbers with labels for coded values."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from rapport.connectors.exports.shape import ExportList, Told
from rapport.connectors.surveys.writing.spss import SavColumn, write_columns

WIDEST = 32_767
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]+")
_RESERVED = frozenset(["all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"])


def write_sav_list(wanted: ExportList, user: Any, asked: QueryDict, *, now: datetime) -> Iterator[bytes]:
    """Yield a list as a .sav file; its rows are read twice, first to see what its columns hold."""
    names, told = list(wanted.columns()), wanted.told()
    coded = {name: {value: at for at, (value, _label) in enumerate(told[name].values, 1)} for name in told}
    columns = _columns(names, told, wanted.rows(user, asked))
    rows = (
        [
            _value(column, coded.get(name), cell)
            for column, name, cell in zip(columns, names, row, strict=True)
        ]
        for row in wanted.rows(user, asked)
    )
    yield from write_columns(str(wanted.label), columns, rows, now=now)


def _columns(
    names: Sequence[str], told: Mapping[str, Told], rows: Iterator[Sequence[object]]
) -> list[SavColumn]:
    kinds, widths, decimals = [""] * len(names), [1] * len(names), [0] * len(names)
    for row in rows:
        for at, cell in enumerate(row):
            if cell is None:
                continue
            kinds[at] = _wider(kinds[at], _kind(cell))
            widths[at] = max(widths[at], len(_text(cell).encode("utf-8")))
            if isinstance(cell, float | Decimal) and not float(cell).is_integer():
                decimals[at] = 4
    taken: set[str] = set()
    return [
        _column(_name(name, taken), name, told.get(name), kinds[at], widths[at], decimals[at])
        for at, name in enumerate(names)
    ]


def _column(name: str, heading: str, told: Told | None, kind: str, width: int, decimals: int) -> SavColumn:
    column = SavColumn(name, told.label if told else heading, decimals=decimals)
    if told and told.values:
        labels = tuple((at, label) for at, (_value, label) in enumerate(told.values, 1))
        return replace(column, labels=labels)
    if kind == "bool":
        return replace(column, labels=((0, "No"), (1, "Yes")))
    if kind in {"DATETIME", "SDATE"}:
        return replace(column, format=kind)
    return column if kind == "number" else replace(column, format="A", width=min(width, WIDEST))


def _kind(cell: object) -> str:
    if isinstance(cell, bool):
        return "bool"
    if isinstance(cell, int | float | Decimal):
        return "number"
    if isinstance(cell, datetime):
        return "DATETIME"
    return "SDATE" if isinstance(cell, date) else "text"


def _wider(known: str, found: str) -> str:
    """Return the kind that holds both."""
    return found if known in {"", found} else "text"


def _value(column: SavColumn, codes: Mapping[str, int] | None, cell: object) -> object:
    if codes:
        return codes.get(_text(cell)) if cell is not None else None
    if column.format == "A":
        return "" if cell is None else _text(cell)
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return cell.isoformat()
    return cell


def _text(cell: object) -> str:
    return cell if isinstance(cell, str) else str(cell)


def _name(heading: str, taken: set[str]) -> str:
    """Return a name SPSS takes: a letter first, at most 64 signs, none twice."""
    name = _NOT_IN_NAMES.sub("_", heading).strip("_")[:56] or "column"
    if not name[0].isalpha() or name.lower() in _RESERVED:
        name = f"v_{name}"
    free, number = name, 2
    while free.lower() in taken:
        free, number = f"{name}_{number}", number + 1
    taken.add(free.lower())
    return free
