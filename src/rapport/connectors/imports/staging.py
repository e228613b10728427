"""The table in which rows wait while they are checked; dropped when the import is over."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

_OWN = {
    "pos": "bigint PRIMARY KEY",
    "row": "bigint NOT NULL",
    "key": "text",
    "match": "bigint",
    "new_id": "bigint",
    "fate": "text",
}


class Stage:
    """One unlogged table of typed columns: values as read (v_), references as found (r_), groups (g_)."""

    def __init__(self, run_id: UUID, columns: dict[str, str]) -> None:
        self.name = f"imports_stage_{run_id.hex}"
        self.columns = columns
        self.size = 0

    def create(self) -> None:
        """Make the table anew; what an interrupted run left behind is dropped."""
        self.drop()
        lines = ", ".join(f'"{name}" {kind}' for name, kind in (_OWN | self.columns).items())
        self.execute(f"CREATE UNLOGGED TABLE {self.name} ({lines}) WITH (autovacuum_enabled = false)")

    def drop(self) -> None:
        """Remove the table."""
        self.execute(f"DROP TABLE IF EXISTS {self.name}")

    def add(self, names: Sequence[str], rows: Iterable[Sequence[object]], numbers: Sequence[int]) -> None:
        """Copy rows in; they are numbered in the order in which they come."""
        listed = ", ".join(f'"{name}"' for name in ("pos", "row", *names))
        with connection.cursor() as cursor, cursor.copy(f"COPY {self.name} ({listed}) FROM STDIN") as copy:
            for number, row in zip(numbers, rows, strict=True):
                self.size += 1
                copy.write_row((self.size, number, *row))

    def execute(self, sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> int:
        """Run a statement; `{stage}` in it stands for the table. Return how many rows it touched."""
        with connection.cursor() as cursor:
            # Without parameters a percent sign is only a percent sign.
            cursor.execute(sql.replace("{stage}", self.name), params or None)
            return int(cursor.rowcount)

    def select(self, sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query; `{stage}` in it stands for the table."""
        with connection.cursor() as cursor:
            cursor.execute(sql.replace("{stage}", self.name), params or None)
            return list(cursor.fetchall())
