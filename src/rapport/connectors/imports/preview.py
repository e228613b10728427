"""The first rows of a file as they would land, checked and compared, nothing kept."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from rapport.connectors.files import Mapping, Problem
from rapport.connectors.imports.engine import open_import, rehearse
from rapport.connectors.imports.models import ImportRun
from rapport.kernel.models import User

PREVIEW_ROWS = 100


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row: its number, what would become of it, its cells, and what is wrong."""

    row: int
    fate: str
    cells: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """The columns as they land and the first rows."""

    headings: tuple[str, ...]
    rows: tuple[PreviewRow, ...]

    @property
    def wrong(self) -> int:
        """How many of the rows would not land."""
        return sum(row.fate == "rejected" for row in self.rows)


def preview(path: Path, mapping: Mapping, user: User | None, now: datetime) -> Preview:
    """Show the first hundred rows as they would land.

    Raises ImportRefused, FileRefused, MappingRefused or ConstantRefused when nothing could.
    """
    opened = open_import(path, mapping)
    with transaction.atomic():
        run, landed = rehearse(path, mapping, user, now, PREVIEW_ROWS)
        problems = _problems(run)
        transaction.set_rollback(True)
    headings = tuple(landed.headings)
    by_row = {row: (fate, cells) for row, fate, cells in landed.rows}
    raw = _raw(opened, {row for row in problems if row not in by_row})
    rows = [
        PreviewRow(row, *_shown(by_row.get(row), headings, raw.get(row, "")), tuple(problems.get(row, ())))
        for row in sorted(
            by_row.keys() | {row for row, found in problems.items() if any(p.rejected for p in found)}
        )
    ]
    return Preview(headings, tuple(rows[:PREVIEW_ROWS]))


def _problems(run: ImportRun) -> dict[int, list[Problem]]:
    found: dict[int, list[Problem]] = defaultdict(list)
    for p in run.problems.all():
        found[p.row].append(Problem(p.row, p.column, p.value, p.what, p.mend, p.rejected))
    return found


def _raw(opened: Any, rows: set[int]) -> dict[int, str]:
    """Return the first words of rows that could not be read, so that a person finds them in the file."""
    found: dict[int, str] = {}
    batch = next(opened.table.batches(PREVIEW_ROWS), None)
    if batch is not None:
        for i, row in enumerate(batch.rows):
            if row in rows:
                cells = [str(column[i]) for column in batch.values.values() if column[i] is not None]
                found[row] = " · ".join(cells)[:120]
    return found


def _shown(
    known: tuple[str, tuple[str, ...]] | None, headings: tuple[str, ...], raw: str
) -> tuple[str, tuple[str, ...]]:
    if known is not None:
        return known
    return "rejected", (raw, *([""] * (len(headings) - 1)))
