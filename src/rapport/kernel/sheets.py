"""Lists as CSV, streamed row by row, with nothing in them that a spreadsheet would run."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.utils import timezone

RUNS = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file that returns what is written to it."""

    def write(self, text: str) -> str:
        return text


def sheet_lines(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Return the lines of a file; times stand in the reader's zone."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + str(writer.writerow(head))
    for row in rows:
        yield str(writer.writerow([_inert(value) for value in row]))


def _inert(value: Any) -> str:
    if hasattr(value, "astimezone"):
        return str(timezone.localtime(value).isoformat(timespec="seconds"))
    text = str(value)
    return f"'{text}" if text.startswith(RUNS) else text
