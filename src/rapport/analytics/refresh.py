"""Bringing facts up to date: what changed since last time, or everything anew while the old ones serve."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from rapport.analytics.ledger import Changes, Ledger, ledger, numbers
from rapport.analytics.schema import FACTS
from rapport.analytics.store import Generation, Store, store

_REBUILD_FROM = 500_000
_AT_ONCE = 20_000


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did."""

    fresh: int = 0
    changed: int = 0
    rebuilt: bool = False


def refresh() -> Refreshed:
    """Bring the facts up to date; harmless when repeated, at any point, by any process.

    Every score that was committed since the last refresh is read exactly once: facts carry the database
    snapshot they were read in, so a transaction that commits late is not passed over.
    """
    source, kept = ledger(), store()
    with source.writing():
        generation = kept.current()
        state = generation.state() if generation else None
        if generation is None or state is None:
            return _rebuilt(source, kept)
        found = source.changes(state)
        if found.whole or len(found.fresh) + len(found.changed) > _REBUILD_FROM:
            return _rebuilt(source, kept)
        _catch_up(source, generation, found)
        return Refreshed(len(found.fresh), len(found.changed))


def rebuild() -> int:
    """Make all facts anew from the ledger and put them into force; return how many there are.

    The old facts serve, and are refreshed, until the new ones are whole.
    """
    source, kept = ledger(), store()
    generation, count = _make(source, kept)
    with source.writing():
        _put(source, kept, generation)
    return count


def tidy() -> None:
    """Remove what facts no longer name, and notes of changes that nobody needs."""
    source, kept = ledger(), store()
    with source.writing():
        generation = kept.current()
        state = generation.state() if generation else None
        if generation and state:
            generation.vacuum(state)
        source.forget_changes()


def _rebuilt(source: Ledger, kept: Store) -> Refreshed:
    generation, count = _make(source, kept)
    _put(source, kept, generation)
    return Refreshed(fresh=count, rebuilt=True)


def _put(source: Ledger, kept: Store, generation: Generation) -> None:
    state = generation.state()
    assert state is not None
    _catch_up(source, generation, source.changes(state))
    kept.put(generation)


def _catch_up(source: Ledger, generation: Generation, found: Changes) -> None:
    """Add what is new, and read again what may have changed: out with it first, then in as it is now."""
    before = generation.state()
    assert before is not None
    if not (found.fresh or found.changed):
        return
    changed = numbers(found.changed)
    for start in range(0, changed.size, _AT_ONCE):
        generation.remove(changed[start : start + _AT_ONCE].tolist(), before)
    codes = generation.known_codes()
    every = numbers([*found.fresh, *found.changed]).tolist()
    generation.append(generation.encode(source.read(every), codes), found.state)
    generation.compact(found.state)


def _make(source: Ledger, kept: Store) -> tuple[Generation, int]:
    """Read the whole ledger into a generation nobody sees yet, sorted by account within each metric."""
    kept.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    generation, codes, count = Generation.make(kept.root), {}, 0
    codes = generation.known_codes()
    with tempfile.TemporaryDirectory(dir=kept.root, prefix="making-") as scratch:
        with source.whole() as (state, tables):
            for number, raw in enumerate(tables):
                count += raw.num_rows
                pq.write_table(
                    generation.encode(raw, codes), f"{scratch}/{number:06}.parquet", compression="snappy"
                )
        generation.append(_sorted(Path(scratch)), state)
    return generation, count


def _sorted(scratch: Path) -> Iterator[pa.RecordBatch]:
    """Return the facts metric by metric, each sorted by account; the disk helps where memory ends."""
    if not any(scratch.glob("*.parquet")):
        yield from FACTS.empty_table().to_batches()
        return
    with duckdb.connect(config={"memory_limit": "600MB", "temp_directory": str(scratch / "spill")}) as engine:
        source = f"read_parquet('{scratch}/*.parquet')"
        metrics = [
            row[0] for row in engine.execute(f"SELECT DISTINCT metric FROM {source} ORDER BY 1").fetchall()
        ]
        for metric in metrics:
            found = engine.sql(
                f"SELECT * FROM {source} WHERE metric = ? ORDER BY account, day, score", params=[metric]
            )
            for batch in found.to_arrow_reader(100_000):
                yield from pa.Table.from_batches([batch]).cast(FACTS).to_batches()


def keep_apart(seconds: float) -> None:
    """Wait until the last refresh is some time ago, so that a flood of signals is taken in a few gulps."""
    generation = store().current()
    if generation is None:
        return
    log = Path(generation.facts) / "_delta_log"
    age = time.time() - log.stat().st_mtime
    if 0 <= age < seconds:
        time.sleep(seconds - age)
