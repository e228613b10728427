"""JSON Lines: one object a line; nested objects become dotted columns."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, cast

from rapport.connectors.files.tables import (
    BATCH_ROWS,
    MAX_COLUMNS,
    MAX_LINE,
    SAMPLE_ROWS,
    Batch,
    FileOptions,
    FileRefused,
    Problem,
    Table,
    column_names,
    shown,
)


class JsonLinesTable(Table):
    """A file of JSON objects, one a line, perhaps gzipped."""

    def __init__(self, path: Path, options: FileOptions) -> None:
        super().__init__(path, options)
        self._size = max(1, path.stat().st_size)
        self.settle(encoding="utf-8", header_row=0)
        self._names = self._first_names()

    @property
    def names(self) -> tuple[str, ...]:
        return self._names

    def _first_names(self) -> tuple[str, ...]:
        names: dict[str, None] = {}
        for count, entry in enumerate(self._objects()):
            if not isinstance(entry, Problem):
                names.update(dict.fromkeys(entry[1]))
            if count >= SAMPLE_ROWS or len(names) > MAX_COLUMNS:
                break
        if not names:
            raise FileRefused(f"{self.path.name} holds no JSON objects. One object is expected on each line.")
        return column_names(list(names), self.path)

    def batches(self, size: int = BATCH_ROWS, only: Sequence[str] | None = None) -> Iterator[Batch]:
        wanted = list(only) if only is not None else list(self._names)
        known = set(self._names)
        rows: list[int] = []
        objects: list[dict[str, object]] = []
        problems: list[Problem] = []

        def finish(share: float) -> Batch:
            return Batch(rows, {name: [o.get(name) for o in objects] for name in wanted}, problems, share)

        for entry in self._objects():
            if isinstance(entry, Problem):
                problems.append(entry)
            else:
                line, found = entry
                rows.append(line)
                objects.append(found)
                if not found.keys() <= known:
                    problems.extend(self._unforeseen(line, found, known))
            if len(rows) + len(problems) >= size:
                yield finish(self._share)
                rows, objects, problems = [], [], []
        if rows or problems:
            yield finish(1.0)

    def _unforeseen(self, line: int, found: dict[str, object], known: set[str]) -> Iterator[Problem]:
        for name in [name for name in found if name not in known]:
            known.add(name)
            yield Problem(
                line,
                name,
                shown(found[name]),
                "This key appears for the first time here and is in no earlier row.",
                "Map it if it is wanted; the row lands without it.",
                rejected=False,
            )

    _share = 0.0

    def _objects(self) -> Iterator[tuple[int, dict[str, object]] | Problem]:
        packed = self.path.suffix.lower() == ".gz"
        with self.path.open("rb") as inner, gzip.open(inner) if packed else nullcontext(inner) as opened:
            stream = cast(BinaryIO, opened)
            number = 0
            while line := self._next_line(stream, number):
                number += 1
                if number % 1_000 == 0:
                    self._share = min(1.0, inner.tell() / self._size)
                if line.strip():
                    yield self._object(number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)

    def _next_line(self, stream: BinaryIO, number: int) -> bytes:
        try:
            line = stream.readline(MAX_LINE)
        except (EOFError, OSError, zlib.error) as error:
            raise FileRefused(f"{self.path.name} is damaged after line {number:,}: {error}.") from error
        if len(line) >= MAX_LINE:
            raise FileRefused(
                f"Line {number + 1:,} of {self.path.name} is longer than "
                f"{MAX_LINE // 1_000_000} million characters. One JSON object is expected on each line."
            )
        return line

    def _object(self, number: int, line: bytes) -> tuple[int, dict[str, object]] | Problem:
        try:
            found = json.loads(line.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse_constant)
        except UnicodeDecodeError:
            return self._problem(number, line, "The line is not UTF-8.", "Save the file as UTF-8.")
        except (ValueError, RecursionError) as error:
            said = str(error).split(":")[0] or "nested too deeply"
            return self._problem(
                number, line, f"The line is not JSON: {said}.", "Write one JSON object on each line."
            )
        if not isinstance(found, dict):
            kind = "a list" if isinstance(found, list) else "a single value"
            return self._problem(
                number, line, f"The line holds {kind}, not an object.", 'Write {"name": value, ...}.'
            )
        flat: dict[str, object] = {}
        _flatten("", found, flat)
        if len(flat) > MAX_COLUMNS:
            raise FileRefused(
                f"Line {number:,} of {self.path.name} has {len(flat):,} keys; at most {MAX_COLUMNS:,}."
            )
        return number, flat

    def _problem(self, number: int, line: bytes, what: str, mend: str) -> Problem:
        return Problem(
            number, "(whole line)", shown(line.decode("utf-8", "rapport-mark").strip()), what, mend
        )


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


def _flatten(prefix: str, found: dict[str, object], flat: dict[str, object]) -> None:
    for key, value in found.items():
        if isinstance(value, dict) and value:
            _flatten(f"{prefix}{key}.", cast(dict[str, object], value), flat)
        elif isinstance(value, list | dict):
            simple = all(isinstance(item, str | int | Decimal) for item in value)
            flat[f"{prefix}{key}"] = (
                ", ".join(map(str, value)) if simple else json.dumps(value, ensure_ascii=False, default=str)
            )
        else:
            flat[f"{prefix}{key}"] = value


# ------------------------------------------------------------------ writing


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def write(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield one object a line, a piece of the file at a time."""
    encode = json.JSONEncoder(ensure_ascii=False, default=_plain).encode
    piece: list[str] = []
    for row in rows:
        piece.append(encode(dict(zip(names, row, strict=True))))
        if len(piece) >= 500:
            yield ("\n".join(piece) + "\n").encode("utf-8", "replace")
            piece.clear()
    if piece:
        yield ("\n".join(piece) + "\n").encode("utf-8", "replace")
