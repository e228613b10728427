"""The embedded engine: DuckDB in each process, over the files that the facts name."""

import os
import threading
from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa

from rapport.analytics.store import View

_lock = threading.Lock()
_engines: dict[int, duckdb.DuckDBPyConnection] = {}


def run(sql: str, files: tuple[str, ...], tables: Mapping[str, pa.Table]) -> list[dict[str, Any]]:
    """Run a measure's SQL over files of facts, with the small tables it is narrowed by; return its rows."""
    with _engine().cursor() as cursor:
        for name, table in tables.items():
            cursor.register(name, table)
        found = cursor.execute(sql.replace('"facts" AS', f"{_source(files)} AS"))
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def files_of(view: View, metric: str) -> tuple[str, ...]:
    """Return the files that hold a metric's facts."""
    return view.files.get(metric, ())


def _source(files: tuple[str, ...]) -> str:
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def _engine() -> duckdb.DuckDBPyConnection:
    """Return this process's engine; a forked process makes its own."""
    with _lock:
        if os.getpid() not in _engines:
            _engines.clear()
            settings: dict[str, Any] = {"memory_limit": "1GB", "threads": str(min(4, os.cpu_count() or 1))}
            _engines[os.getpid()] = duckdb.connect(config=settings)
        return _engines[os.getpid()]
