"""Rows of SPSS files, their codes, missing values and days made plain."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from math import isnan
from typing import Any

from rapport.connectors.surveys.comparing import code_of
from rapport.connectors.surveys.formats.spss import DATES, TIMES, SpssFile, open_spss
from rapport.connectors.surveys.responses.rows import Cell, ResponseFile, ResponseRow

_FIRST_DAY = datetime(1582, 10, 14, tzinfo=UTC)
_REFERENCES = (
    "responseid",
    "response_id",
    "respondentid",
    "respondent_id",
    "respid",
    "caseid",
    "id",
    "serial",
)
_WHEN = (
    "enddate",
    "recordeddate",
    "submitdate",
    "datestamp",
    "completed_at",
    "answered_at",
    "interview_date",
    "startdate",
)
_PEOPLE = {
    "contact": ("recipientemail", "email", "contact"),
    "account": ("account", "externaldatareference", "customer"),
    "language": ("language", "userlanguage", "startlanguage"),
}


def read_spss_rows(data: bytes, name: str) -> ResponseFile:
    """Open the rows of a file."""
    file = open_spss(data, name, rows=True)
    return ResponseFile("SPSS data", tuple(file.columns), _rows(file))


def _rows(file: SpssFile) -> Iterator[ResponseRow]:
    about, columns = file.about, file.columns
    by_name = {name.lower(): name for name in columns}
    reference = next(
        (by_name[one] for one in _REFERENCES if one in by_name and _unique(columns[by_name[one]])), ""
    )
    when = next((by_name[one] for one in _WHEN if one in by_name), "")
    people = {
        what: next((by_name[one] for one in names if one in by_name), "") for what, names in _PEOPLE.items()
    }
    kinds = {name: str(about.original_variable_types.get(name, "")).rstrip("0123456789.") for name in columns}
    missing = {
        name: [(one["lo"], one["hi"]) for one in ranges] for name, ranges in about.missing_ranges.items()
    }
    for at in range(len(next(iter(columns.values()), []))):
        values: dict[str, Cell] = {}
        for name, column in columns.items():
            values[name] = _cell(column[at], kinds[name], missing.get(name, []))
        told = {what: str(values[column] or "") for what, column in people.items() if column}
        yield ResponseRow(
            number=at + 1,
            reference=code_of(values[reference])
            if reference and values[reference] is not None
            else str(at + 1),
            answered_at=_moment(columns[when][at], kinds[when]) if when else None,
            values=values,
            language=told.get("language", ""),
            contact=told.get("contact", ""),
            account=told.get("account", ""),
        )


def _unique(column: list[Any]) -> bool:
    there = [value for value in column if value not in (None, "")]
    return len(there) == len(column) == len(set(there))


def _cell(value: Any, kind: str, missing: list[tuple[Any, Any]]) -> Cell:
    if value is None or (isinstance(value, float) and isnan(value)) or value == "":
        return None
    for low, high in missing:
        try:
            if low <= value <= high:
                return None
        except TypeError:
            continue
    if isinstance(value, str):
        return value.rstrip()
    if kind in DATES:
        day = _day(float(value))
        return day.isoformat() if day else None
    if kind in TIMES:
        return str(timedelta(seconds=round(float(value)))) if abs(float(value)) < 1e9 else None
    return float(value)


def _day(seconds: float) -> date | None:
    """Return the day of so many seconds since the calendar's first; None when it lies beyond any calendar."""
    try:
        return (_FIRST_DAY + timedelta(seconds=seconds)).date()
    except (OverflowError, ValueError):
        return None


def _moment(value: Any, kind: str) -> datetime | None:
    if not isinstance(value, int | float) or kind not in DATES or isnan(float(value)):
        return None
    try:
        return _FIRST_DAY + timedelta(seconds=float(value))
    except (OverflowError, ValueError):
        return None
