"""How the tests of imports bring a few rows in."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rapport.connectors.files import parse_mapping
from rapport.connectors.imports.engine import run_import
from rapport.connectors.imports.models import ImportRun
from rapport.kernel.models import User

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BringIn = Callable[..., ImportRun]


@pytest.fixture
def bring_in(tmp_path: Path, db: None) -> BringIn:
    """Import text as a CSV file by a mapping written as TOML."""

    def bring(text: str, toml: str, user: User | None = None, **options: Any) -> ImportRun:
        path = tmp_path / "list.csv"
        path.write_text(text, encoding="utf-8")
        return run_import(path, parse_mapping(toml), user, NOW, **options)

    return bring


def counts(run: ImportRun) -> dict[str, int]:
    """Return the counts that are not zero."""
    names = ("read", "created", "changed", "unchanged", "rejected", "repeated", "left_out", "unmatched")
    return {name: getattr(run, name) for name in names if getattr(run, name)}


def problems(run: ImportRun) -> list[tuple[int, str, str]]:
    """Return row, column and value of every problem."""
    return list(run.problems.values_list("row", "column", "value"))
