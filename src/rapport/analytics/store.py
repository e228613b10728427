"""Facts on disk: a folder of generations, each a Delta table of facts and one of the codes in them.

Exactly one generation is current: a small file names it, and replacing that file is what makes a rebuild
visible. Readers only ever look at the files the Delta log names, so a write is seen whole or not at all.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, WriterProperties, write_deltalake

from rapport.analytics.ledger import State
from rapport.analytics.schema import CODED, CODES, DETRACTOR_TO, FACTS, PROMOTER_FROM, VERSION

_CURRENT = "current"
_MOST_FILES = 24
_SMALL_FILE = 4 * 2**20
_FILE = 64 * 2**20
_WRITING = WriterProperties(compression="SNAPPY", max_row_group_size=500_000)
_SETTINGS = {
    # Smallest and largest values stand in the log in plain text: never those of people.
    "delta.dataSkippingStatsColumns": "account,day,score",
    "delta.logRetentionDuration": "interval 1 days",
}


class NoFacts(Exception):
    """There are no facts yet, or none that this version can read."""


@dataclass(frozen=True)
class View:
    """The facts of one moment: each metric's files, what the codes mean, and as of when they are."""

    name: str
    version: int
    files: Mapping[str, tuple[str, ...]]
    codes: Mapping[str, Mapping[str, int]]
    as_of: datetime
    keys: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, int]:
        """Return what tells these facts from those of any other moment."""
        return self.name, self.version


class Generation:
    """One complete set of facts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts, self.codes = str(folder / "scores"), str(folder / "codes")

    @classmethod
    def make(cls, root: Path) -> "Generation":
        """Make an empty generation that nobody sees yet."""
        made = cls(root / f"facts-{VERSION}-{uuid4().hex[:12]}")
        made.folder.mkdir(parents=True, mode=0o700)
        write_deltalake(made.codes, CODES.empty_table())
        DeltaTable.create(made.facts, FACTS, partition_by=["metric"], configuration=_SETTINGS)
        return made

    def state(self) -> State | None:
        """Return up to where these facts hold the ledger; None before anything was written."""
        last = DeltaTable(self.facts).history(1)[0]
        return State(last["database"], last["snapshot"]) if "snapshot" in last else None

    def append(self, facts: "pa.Table | Iterable[pa.RecordBatch]", state: State) -> None:
        """Add facts, and say in the same commit up to where they hold the ledger."""
        table = facts if isinstance(facts, pa.Table) else pa.RecordBatchReader.from_batches(FACTS, facts)
        write_deltalake(
            self.facts, table, mode="append", target_file_size=_FILE, writer_properties=_WRITING,
            commit_properties=_saying(state),
        )  # fmt: skip

    def remove(self, scores: Sequence[int], state: State) -> None:
        """Take scores out; the state stays as it was until what replaces them is there."""
        numbers = ",".join(str(int(score)) for score in scores)
        DeltaTable(self.facts).delete(
            f"score in ({numbers})", writer_properties=_WRITING, commit_properties=_saying(state)
        )

    def compact(self, state: State) -> None:
        """Make few files of many small ones, once they are many."""
        table = DeltaTable(self.facts)
        if len(table.file_uris()) > _MOST_FILES * max(1, len(table.partitions())):
            table.optimize.compact(
                target_size=_SMALL_FILE, writer_properties=_WRITING, commit_properties=_saying(state)
            )

    def vacuum(self, state: State) -> None:
        """Remove every file the facts no longer name; readers that still had it look again."""
        table = DeltaTable(self.facts)
        table.vacuum(
            retention_hours=0, enforce_retention_duration=False, dry_run=False,
            commit_properties=_saying(state),
        )  # fmt: skip

    def known_codes(self) -> dict[str, dict[str, int]]:
        """Return the code of every key, by dimension."""
        found: dict[str, dict[str, int]] = {name: {} for name in CODED}
        table = DeltaTable(self.codes).to_pyarrow_table()
        for row in table.to_pylist():
            found[row["dimension"]][row["key"]] = row["code"]
        return found

    def encode(self, raw: pa.Table, codes: dict[str, dict[str, int]]) -> pa.Table:
        """Turn scores of a ledger into facts; keys seen for the first time get a code, written first."""
        new: list[tuple[str, int, str]] = []
        columns = {}
        for name in CODED:
            kept, column = codes[name], raw[name].combine_chunks().dictionary_encode()
            for key in map(str, column.dictionary.to_pylist()):
                if key and key not in kept:
                    kept[key] = len(kept) + 1
                    new.append((name, kept[key], key))
            known = [kept.get(str(key), 0) for key in column.dictionary.to_pylist()]
            numbers = pa.array(known, pa.int32())
            columns[name] = numbers.take(column.indices).cast(FACTS.field(name).type)
        if new:
            names, found, keys = zip(*new, strict=True)
            table = pa.table({"dimension": names, "code": pa.array(found, pa.int32()), "key": keys})
            write_deltalake(self.codes, table.cast(CODES), mode="append")
        return _table(raw, columns)


def _table(raw: pa.Table, columns: Mapping[str, Any]) -> pa.Table:
    """Put the columns of facts together."""
    days, value = raw["day"].to_numpy(), raw["value"].to_numpy()
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype("int16")
    sign = (value >= PROMOTER_FROM).astype("int8") - (value <= DETRACTOR_TO).astype("int8")
    made = dict(columns) | {"month": pa.array(months), "sign": pa.array(sign)}
    return pa.table([made[f.name] if f.name in made else raw[f.name] for f in FACTS], schema=FACTS)


def _saying(state: State) -> CommitProperties:
    return CommitProperties(custom_metadata={"database": state.database, "snapshot": state.snapshot})


class Store:
    """The folder of facts, shared by all processes; each keeps a view until there is a newer one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._view: View | None = None
        self._table: DeltaTable | None = None

    def current(self) -> Generation | None:
        """Return the generation in force, if there is one this version can read."""
        try:
            name = (self.root / _CURRENT).read_text(encoding="ascii").strip()
        except OSError:
            return None
        folder = self.root / name
        readable = name.startswith(f"facts-{VERSION}-") and folder.is_dir()
        return Generation(folder) if readable else None

    def put(self, generation: Generation) -> None:
        """Make a generation the one in force, in one step, and remove all others."""
        handle, aside = tempfile.mkstemp(dir=self.root)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(generation.folder.name)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, self.root / _CURRENT)
        for folder in self.root.glob("facts-*"):
            if folder.name != generation.folder.name:
                shutil.rmtree(folder, ignore_errors=True)

    def view(self, *, anew: bool = False) -> View:
        """Return the facts as they are now; raise NoFacts when there are none."""
        with self._lock:
            generation = self.current()
            if generation is None:
                raise NoFacts(
                    "There are no facts yet; they are made within seconds, or by: rapport analytics rebuild"
                )
            known = self._view
            if (
                known
                and not anew
                and known.name == generation.folder.name
                and not _has_newer(generation, known)
            ):
                return known
            self._view = self._look(generation, known)
            return self._view

    def _look(self, generation: Generation, known: View | None) -> View:
        table = self._table
        if table is None or known is None or known.name != generation.folder.name:
            table = DeltaTable(generation.facts)
        else:
            table.update_incremental()
        self._table = table
        last = table.history(1)[0]
        codes = generation.known_codes()
        return View(
            name=generation.folder.name,
            version=table.version(),
            files=_by_metric(table.file_uris()),
            codes=codes,
            as_of=datetime.fromtimestamp(last["timestamp"] / 1000, UTC),
            keys={name: {code: key for key, code in some.items()} for name, some in codes.items()},
        )


def _has_newer(generation: Generation, known: View) -> bool:
    return os.path.exists(f"{generation.facts}/_delta_log/{known.version + 1:020}.json")


def _by_metric(files: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for path in sorted(files):
        metric = path.rsplit("/", 2)[-2].removeprefix("metric=")
        found.setdefault(metric, []).append(path)
    return {metric: tuple(paths) for metric, paths in found.items()}


_stores: dict[Path, Store] = {}


def store() -> Store:
    """Return the store of this installation."""
    from django.conf import settings

    root = Path(settings.FACTS_ROOT)
    return _stores.setdefault(root, Store(root))


def batches_of(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """Return a table in the schema of facts, batch by batch."""
    yield from table.cast(FACTS).to_batches()
