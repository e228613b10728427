"""The trail as CSV, streamed row by row, with nothing in it that a spreadsheet would run."""

from collections.abc import Iterable, Iterator
from typing import Any

from rapport.kernel.history.changes import Change
from rapport.kernel.history.sightings import Seen
from rapport.kernel.sheets import sheet_lines


def seen_sheet(rows: Iterable[Seen]) -> Iterator[str]:
    """Return the lines of a file of sightings."""
    head = ["seen_at", "user", "kind", "code", "label", "way"]
    return sheet_lines(head, ([row.at, row.who, row.kind, row.code, row.label, row.way] for row in rows))


def changes_sheet(rows: Iterable[Change]) -> Iterator[str]:
    """Return the lines of a file of changes, one for each field."""
    head = ["changed_at", "user", "way", "deed", "kind", "what", "field", "before", "after"]
    return sheet_lines(head, _by_field(rows))


def _by_field(rows: Iterable[Change]) -> Iterator[list[Any]]:
    for row in rows:
        told = [row.at, row.who, row.way, row.deed, row.kind, row.what]
        for difference in row.differences:
            yield [*told, difference.field, difference.before, difference.after]
        if not row.differences:
            yield [*told, "", "", ""]
