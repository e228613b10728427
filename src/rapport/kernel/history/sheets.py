"""The trail as CSV, streamed row by row, with nothing in it that a spreadsheet would run."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils import timezone

from rapport.kernel.history.changes import Change
from rapport.kernel.history.sightings import Seen

RUNS = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file that returns what is written to it."""

    def write(self, text: str) -> str:
        return text


def seen_sheet(rows: Iterable[Seen]) -> Iterator[str]:
    """Return the lines of a file of sightings."""
    head = ["seen_at", "user", "kind", "code", "label", "way"]
    return _lines(head, ([row.at, row.who, row.kind, row.code, row.label, row.way] for row in rows))


def changes_sheet(rows: Iterable[Change]) -> Iterator[str]:
    """Return the lines of a file of changes, one for each field."""
    head = ["changed_at", "user", "way", "deed", "kind", "what", "field", "before", "after"]
    return _lines(head, _by_field(rows))


def _by_field(rows: Iterable[Change]) -> Iterator[list[Any]]:
    for row in rows:
        told = [row.at, row.who, row.way, row.deed, row.kind, row.what]
        for difference in row.differences:
            yield [*told, difference.field, difference.before, difference.after]
        if not row.differences:
            yield [*told, "", "", ""]


def _lines(head: list[str], rows: Iterable[list[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + str(writer.writerow(head))
    for row in rows:
        yield str(writer.writerow([_inert(value) for value in row]))


def _inert(value: Any) -> str:
    if hasattr(value, "astimezone"):
        return str(timezone.localtime(value).isoformat(timespec="seconds"))
    text = str(value)
    return f"'{text}" if text.startswith(RUNS) else text
