"""Keeping what is wrong in rows, and handing it out as a report."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db import connection

from rapport.connectors.files import Format, Problem, write_table
from rapport.connectors.imports.models import ImportProblem, ImportRun

REPORT_COLUMNS = ("row", "column", "value", "what is wrong", "how to mend it", "landed")
_COPY = 'COPY imports_importproblem (run_id, "row", "column", value, what, mend, rejected) FROM STDIN'


def keep_problems(run_id: UUID, problems: Sequence[Problem]) -> None:
    """Write problems down beside their import."""
    if not problems:
        return
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for found in problems:
            copy.write_row(
                (run_id, found.row, found.column, found.value, found.what, found.mend, found.rejected)
            )


def report(run: ImportRun, kind: Format = "csv") -> Iterator[bytes]:
    """Yield the report of all problems as a file."""
    rows = (
        (p.row, p.column, p.value, p.what, p.mend, "no" if p.rejected else "yes")
        for p in ImportProblem.objects.filter(run=run).order_by("row", "id").iterator(2_000)
    )
    return write_table(kind, REPORT_COLUMNS, rows)
