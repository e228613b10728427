"""Bringing a real file in by its saved mapping, and saying what became of its rows."""

import csv
import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from rapport.connectors.files import load_mapping
from rapport.connectors.imports.engine import run_import
from rapport.connectors.imports.models import ImportProblem, ImportRun
from rapport.connectors.imports.problems import report

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
MAPPINGS = Path(__file__).parent / "mappings"
NOW = datetime(2026, 9, 17, 10, 41, tzinfo=UTC)
Row = dict[str, str]


def data(folder: str) -> Path:
    """Return the folder of a data set; the tests are skipped where it does not lie beside the checkout."""
    if not (DATA / folder).is_dir():
        pytest.skip(f"The data set {folder} does not lie in ../shared/data.")
    return DATA / folder


def land(path: Path, mapping: str, *, dry_run: bool = False) -> ImportRun:
    """Import a file by the saved mapping of this name."""
    run = run_import(path, load_mapping(MAPPINGS / f"{mapping}.toml"), None, NOW, dry_run=dry_run)
    assert run.state == ImportRun.State.DONE, run.message
    connection.check_constraints()
    return run


def fates(run: ImportRun) -> dict[str, int]:
    """Return how many rows met which fate, the fates that none met left out."""
    names = ("created", "changed", "unchanged", "rejected", "repeated", "left_out")
    return {name: count for name in names if (count := getattr(run, name))}


def assert_nothing_lost(run: ImportRun, path: Path) -> None:
    """Every row of the file met exactly one fate, and every rejected one is in the report with its reason."""
    assert run.read == sum(1 for _ in each_row(path))
    assert sum(fates(run).values()) == run.read
    told = ImportProblem.objects.filter(run=run, rejected=True)
    assert told.values("row").distinct().count() == run.rejected
    assert not told.filter(what="").exists()
    assert not told.filter(mend="").exists()


def reported(run: ImportRun) -> list[Row]:
    """Return the report a user would download, row by row."""
    text = b"".join(report(run)).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def rows_of(path: Path) -> list[Row]:
    """Read a file plainly, without the importer, to hold its result against."""
    return list(each_row(path))


def each_row(path: Path) -> Iterator[Row]:
    """Yield a file's rows one by one, for those too long to hold."""
    opened: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream, skipinitialspace=True)


def write_rows(path: Path, rows: list[Row]) -> Path:
    """Write prepared rows for what no mapping should do: sums and look-ups over several files."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
