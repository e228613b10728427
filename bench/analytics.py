"""How fast figures are asked of columnar facts, beside bare DuckDB on the same files and PostgreSQL on the same rows.

The facts come through the port a ledger fills, so that ten million of them take a minute and not an hour; PostgreSQL
holds the same scores in a table with the ledger's covering index. `ROWS` says how many (default 1,000,000). Three
metrics, 20,000 accounts, 200,000 people, 40 months. All contestants take turns in the same run. Results kept in the
process are thrown away for what is called cold; `repeated` is the same question again.
"""

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import psycopg
import pyarrow as pa

from bench.line import Line
from rapport.analytics.ledger import Changes, Metric, Narrowing, Sight, State
from rapport.analytics.schema import RAW

ACCOUNTS, PEOPLE, MONTHS, ROUNDS, BATCH = 20_000, 200_000, 40, 9, 500_000
METRICS = {
    "nps": Metric("nps", "Likely to recommend", "nps", 0, 10, True),
    "csat": Metric("csat", "Satisfaction", "csat", 1, 5, True),
    "ces": Metric("ces", "Effort", "ces", 1, 7, False),
}
REGIONS = [f"region-{number}" for number in range(1, 7)]
ROLES = ["", "user", "decision_maker", "approver", "buyer", "influencer", "gatekeeper"]


class Drawn:
    """A ledger of drawn scores."""

    def __init__(self, rows: int) -> None:
        self.rows, self.new = rows, 0

    def metrics(self) -> Mapping[str, Metric]:
        return METRICS

    @contextmanager
    def whole(self) -> Iterator[tuple[State, Iterator[pa.Table]]]:
        yield State("drawn", "0"), self.tables()

    def tables(self) -> Iterator[pa.Table]:
        """Draw all scores, batch by batch, the same every time."""
        for number, start in enumerate(range(0, self.rows, BATCH)):
            yield _drawn(np.random.default_rng(number), start, min(BATCH, self.rows - start))

    def changes(self, since: State) -> Changes:
        if int(since.snapshot) == self.new:
            return Changes(since)
        return Changes(State("drawn", str(self.new)), fresh=[self.rows + self.new])

    def read(self, scores: Sequence[int]) -> pa.Table:
        return _drawn(np.random.default_rng(self.new), int(scores[0]), len(scores))

    def writing(self) -> AbstractContextManager[None]:
        return nullcontext()

    def forget_changes(self) -> None:
        return

    def sight(self, user: Any, narrowing: Narrowing, attributes: Sequence[str], *, nameless: bool) -> Sight:
        if user == "everything":
            return Sight(everything=True)
        own = pa.table({"id": pa.array(range(1, ACCOUNTS, 60), pa.int64())})
        return Sight(everything=False, accounts=own, places=False)


def _drawn(rng: np.random.Generator, start: int, count: int) -> pa.Table:
    metric = rng.choice(3, count, p=(0.6, 0.2, 0.2))
    names, lows, highs = (np.array(part) for part in (list(METRICS), [0.0, 1, 1], [10.0, 5, 7]))
    account = rng.integers(1, ACCOUNTS + 1, count)
    low, high = lows[metric], highs[metric]
    empty = pa.array(np.full(count, ""), pa.string())
    columns = {
        "metric": names[metric], "score": np.arange(start, start + count), "account": account,
        "contact": account * 10 + rng.integers(0, PEOPLE // ACCOUNTS, count),
        "day": rng.integers(19_000, 19_000 + MONTHS * 30, count).astype("int32"),
        "value": np.floor(low + rng.random(count) * (high - low + 1)), "low": low, "high": high,
        "region": np.array(REGIONS)[account % 6], "role": np.array(ROLES)[rng.integers(0, 7, count)],
        "touchpoint": empty, "product": empty, "partner": empty,
        "kind": pa.array(np.full(count, "survey")), "source": pa.array(np.full(count, "bench")), "block": empty,
    }  # fmt: skip
    return pa.table(columns).cast(RAW)


_TABLE = """
CREATE TABLE score (metric text, score bigint, account bigint, contact bigint, day int, value float8, low float8,
  high float8, region text, role text, touchpoint text, product text, partner text, kind text, source text, block text)
"""
_INDEX = "CREATE INDEX ON score (metric, day) INCLUDE (value, account, contact, region, role, block)"
_IN_POSTGRESQL = """
SELECT region, role, date_trunc('month', DATE '1970-01-01' + day) AS month, count(*),
  count(*) FILTER (WHERE value <= 6), count(*) FILTER (WHERE value >= 9)
FROM score WHERE metric = 'nps' AND block = '' GROUP BY 1, 2, 3
"""
_BARE = "SELECT region, role, month, count(*), sum(sign), sum(sign * sign) FROM {} GROUP BY ALL"


def _filled(folder: Path, ledger: Drawn) -> tuple[Any, psycopg.Connection[Any]]:
    """Start PostgreSQL and put the same scores there."""
    from rapport.kernel.embedded import EmbeddedServer

    folder.chmod(0o755)
    server = EmbeddedServer(folder / "server", settings={"fsync": "off", "max_wal_size": "8GB"})
    connection = psycopg.connect(server.start().url, autocommit=True)
    connection.execute(_TABLE)
    for table in ledger.tables():
        sink = pa.BufferOutputStream()
        import pyarrow.csv

        pyarrow.csv.write_csv(table, sink, pyarrow.csv.WriteOptions(include_header=False))
        with connection.cursor().copy(
            "COPY score FROM STDIN (FORMAT csv, FORCE_NOT_NULL (region, role, block))"
        ) as copy:
            copy.write(sink.getvalue().to_pybytes())
    connection.execute("SET maintenance_work_mem = '512MB'")
    connection.execute(_INDEX)
    connection.execute("VACUUM ANALYZE score")
    return server, connection


def _took(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _median(found: Sequence[float]) -> float:
    return round(statistics.median(found), 1)


def main() -> int:
    """Make the facts, ask, print the lines."""
    rows = int(os.environ.get("ROWS", "1000000"))
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as scratch:
        from django.conf import settings

        settings.configure(FACTS_ROOT=Path(scratch) / "facts")
        _measure(rows, Path(scratch))
    return 0


def _measure(rows: int, folder: Path) -> None:
    from rapport.analytics import asking, query
    from rapport.analytics import ledger as port
    from rapport.analytics.refresh import rebuild, refresh
    from rapport.analytics.store import store

    ledger = Drawn(rows)
    port.connect(ledger)
    name, note = f"analytics/{rows}", ""
    took = _took(rebuild) / 1000
    Line(f"{name}/rebuild", round(took, 1), "s", note=f"{rows / took:,.0f} scores a second").show()

    def ask(*by: str, **more: Any) -> Callable[[], Any]:
        def work() -> Any:
            asking.forget_results()
            return query("nps", by=by, **{"user": "everything", **more})

        return work

    cube = ask("region", "role", "month")
    server, connection = _filled(folder, ledger)
    try:
        native = duckdb.connect(config={"threads": str(min(4, os.cpu_count() or 1))})
        files = list(store().view().files["nps"])
        native.execute(f"CREATE TABLE score AS SELECT * FROM read_parquet({files})")

        def bare_files() -> Any:
            return native.execute(_BARE.format(f"read_parquet({files})")).fetchall()

        def bare_table() -> Any:
            return native.execute(_BARE.format("score")).fetchall()

        def peer() -> Any:
            return connection.execute(_IN_POSTGRESQL).fetchall()

        for work in (cube, bare_files, bare_table, peer):
            work()
        rounds = [
            (_took(cube), _took(bare_files), _took(bare_table), _took(peer)) for _round in range(ROUNDS)
        ]
    finally:
        connection.close()
        server.stop()
    native.close()
    ours, on_files, on_table, there = (_median([one[part] for one in rounds]) for part in range(4))
    note = f"load a core {os.getloadavg()[0] / (os.cpu_count() or 1):.1f}"
    Line(
        f"{name}/cube",
        ours,
        "ms",
        floor=on_files,
        goal=1.5 * on_files,
        note=f"floor: bare DuckDB, same files; {note}",
    ).show()
    Line(
        f"{name}/cube, native floor",
        ours,
        "ms",
        floor=on_table,
        note="floor: bare DuckDB, its own table in memory",
    ).show()
    Line(
        f"{name}/cube, peer", ours, "ms", peer=there, goal=there / 10, note="peer: PostgreSQL, covering index"
    ).show()
    tiles = [
        ask("month"),
        ask("region"),
        ask("role", "region"),
        ask(),
        ask("year", where={"region": "region-2"}),
    ]
    tiles += [ask("month", user="team"), ask("role", where={"since": "2024-01-01"})]
    cold = sorted(_took(work) for work in tiles for _round in range(5))
    Line(
        f"{name}/tile, cold p95", round(cold[int(len(cold) * 0.95) - 1], 1), "ms", goal=250.0, note=note
    ).show()
    Line(f"{name}/tile, cold median", _median(cold), "ms", note=note).show()
    query("nps", user="everything", by=["region"])
    again = _median([_took(lambda: query("nps", user="everything", by=["region"])) for _round in range(30)])
    Line(f"{name}/tile, repeated", again, "ms", goal=30.0).show()
    took_in = []
    for number in range(1, 21):
        ledger.new = number
        took_in.append(_took(refresh))
    Line(
        f"{name}/refresh of one score", _median(took_in), "ms", note="same at any size is what is wanted"
    ).show()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    Line(
        f"{name}/memory",
        round(peak),
        "MB",
        goal=1500.0,
        note="peak of this process, drawing and bare DuckDB included",
    ).show()


if __name__ == "__main__":
    sys.exit(main())
