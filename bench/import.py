"""A million signals with a score and a comment each, from CSV and from Parquet, beside a bare COPY of the same rows.

Each import runs in a process of its own against a fresh copy of one database with 20,000 accounts and 40,000
contacts; the floor (three bare COPYs into tables without index or constraint) runs before and after each.
BENCH_ROWS sets another number of rows.
"""

import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import psycopg
from psycopg import sql

from bench.line import Line

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
ACCOUNTS = 20_000
SECONDS, MEGABYTES = 120.0, 600.0
MAPPING = """
target = "signals"
source = "survey"
[fields]
external_id = "response"
occurred_at = "answered_at"
kind = { constant = "survey" }
account = "customer"
contact = "person"
[[groups.scores]]
metric = { constant = "nps" }
value = "recommend"
[[groups.comments]]
text = "why"
language = "language"
"""
HEADINGS = ["response", "answered_at", "customer", "person", "recommend", "why", "language"]
WORDS = [
    "the",
    "delivery",
    "was",
    "late",
    "again",
    "and",
    "nobody",
    "told",
    "us",
    "about",
    "the",
    "parts",
    "pump",
    "seal",
    "kit",
    "order",
    "invoice",
    "wrong",
    "helpful",
    "engineer",
    "quick",
    "answer",
    "waited",
    "week",
    "promised",
    "date",
    "missed",
    "thank",
    "you",
    "good",
    "service",
    "expensive",
    "price",
    "line",
    "stopped",
]


def answers(rows: int) -> Iterator[tuple[Any, ...]]:
    """Yield made-up answers, the same in every run."""
    rng = random.Random(7)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for i in range(rows):
        account = rng.randrange(ACCOUNTS)
        moment = start + timedelta(seconds=rng.randrange(60_000_000))
        words = " ".join(rng.choices(WORDS, k=14))
        person = f"P-{account}-{rng.randrange(2)}"
        yield f"R-{i}", moment, f"A-{account}", person, rng.randrange(11), words, rng.choice(("en", "de"))


def write_files(folder: Path) -> None:
    """Write the same answers as CSV and as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with (folder / "answers.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADINGS)
        for row in answers(ROWS):
            writer.writerow([row[0], row[1].isoformat(), *row[2:]])
    kinds = [
        pa.string(),
        pa.timestamp("us", "UTC"),
        pa.string(),
        pa.string(),
        pa.int16(),
        pa.string(),
        pa.string(),
    ]
    schema = pa.schema(list(zip(HEADINGS, kinds, strict=True)))
    with pq.ParquetWriter(folder / "answers.parquet", schema) as file:
        part: list[tuple[Any, ...]] = []
        for row in answers(ROWS):
            part.append(row)
            if len(part) == 100_000:
                file.write_table(pa.table(list(map(list, zip(*part, strict=True))), schema=schema))
                part.clear()
        if part:
            file.write_table(pa.table(list(map(list, zip(*part, strict=True))), schema=schema))


def prepare_database() -> None:
    """Make the tables and the customers (in a process with Django)."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', '{}', false)")
        cursor.execute(
            "INSERT INTO catalog_region (key, name, position, retired, time_zone) "
            "VALUES ('emea', 'EMEA', 0, false, 'UTC')"
        )
        cursor.execute(
            "INSERT INTO catalog_metric (key, name, position, retired, kind, scale_low, scale_high, higher_is_better) "
            "VALUES ('nps', 'Recommendation', 0, false, 'nps', 0, 10, true) ON CONFLICT DO NOTHING"
        )
    from rapport.rooms.accounts.models import Account, AccountExternalId, Contact, ContactExternalId

    for first in range(0, ACCOUNTS, 5_000):
        numbers = range(first, first + 5_000)
        made = Account.objects.bulk_create(Account(name=f"Account {i}", region_id="emea") for i in numbers)
        AccountExternalId.objects.bulk_create(
            AccountExternalId(account=a, system="survey", value=f"A-{i}")
            for i, a in zip(numbers, made, strict=True)
        )
        people = [
            (f"P-{i}-{k}", Contact(account=a, name=f"Person {i} {k}"))
            for i, a in zip(numbers, made, strict=True)
            for k in range(2)
        ]
        Contact.objects.bulk_create([person for _, person in people])
        ContactExternalId.objects.bulk_create(
            ContactExternalId(contact=person, system="survey", value=value) for value, person in people
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def import_one(path: Path) -> None:
    """Import one file and print what it took (in a process with Django)."""
    import django

    django.setup()
    from rapport.connectors.files import parse_mapping
    from rapport.connectors.imports.engine import run_import

    began = time.perf_counter()
    run = run_import(path, parse_mapping(MAPPING), None, datetime.now(UTC))
    seconds = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    told = {"seconds": seconds, "megabytes": usage.ru_maxrss / 1024, "cpu": usage.ru_utime + usage.ru_stime}
    told["load"] = os.getloadavg()[0] / (os.cpu_count() or 1)
    told |= {"created": run.created, "rejected": run.rejected, "unmatched": run.unmatched, "state": run.state}
    sys.stdout.write(json.dumps(told) + "\n")


def bare_copy(url: str) -> float:
    """Copy the same rows into three bare tables and return the seconds it took."""
    from uuid6 import uuid7

    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE bare_signal AS SELECT * FROM signals_signal LIMIT 0")
        connection.execute(
            "CREATE TABLE bare_score (signal_id uuid, metric_id text, value float8, low float8, high float8)"
        )
        connection.execute(
            "CREATE TABLE bare_comment (signal_id uuid, text text, language text, question_key text)"
        )
        connection.commit()
        seconds = 0.0
        stream = answers(ROWS)
        columns = "id, occurred_at, recorded_at, kind, source, external_reference, account_id, contact_id"
        now = datetime.now(UTC)
        while part := [row for _, row in zip(range(20_000), stream, strict=False)]:
            ids = [uuid7() for _ in part]
            signals = [
                (i, r[1], now, "survey", "survey", r[0], int(r[2][2:]), int(r[2][2:]))
                for i, r in zip(ids, part, strict=True)
            ]
            scores = [(i, "nps", float(r[4]), 0.0, 10.0) for i, r in zip(ids, part, strict=True)]
            comments = [(i, r[5], r[6], "") for i, r in zip(ids, part, strict=True)]
            began = time.perf_counter()
            with connection.cursor() as cursor:
                for statement, rows in (
                    (f"COPY bare_signal ({columns}) FROM STDIN", signals),
                    ("COPY bare_score FROM STDIN", scores),
                    ("COPY bare_comment FROM STDIN", comments),
                ):
                    with cursor.copy(statement) as copy:
                        for row in rows:
                            copy.write_row(row)
            connection.commit()
            seconds += time.perf_counter() - began
        connection.execute("DROP TABLE bare_signal, bare_score, bare_comment")
    return seconds


def server_cpu(folder: Path) -> float:
    """Return the CPU seconds the database has used, ended connections included."""
    pid = int(next(folder.rglob("postmaster.pid")).read_text().split()[0])
    postmaster = psutil.Process(pid)
    seconds = sum(postmaster.cpu_times()[:4])
    for process in postmaster.children():
        with suppress(psutil.NoSuchProcess):
            seconds += sum(process.cpu_times()[:2])
    return float(seconds)


def child(*arguments: str, url: str, data: Path) -> str:
    """Run a step of this benchmark in a process of its own."""
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "RAPPORT_DATA_DIR": str(data),
        "DJANGO_SETTINGS_MODULE": "rapport.config.settings",
        "RAPPORT_LOG_LEVEL": "error",
    }
    command = [sys.executable, "-m", "bench.import", *arguments]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def main() -> None:
    """Measure both formats, the floor in turns with them."""
    from rapport.kernel.embedded import EmbeddedServer

    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = EmbeddedServer(folder / "server")
        url = server.start().url
        try:
            child("prepare", url=url, data=folder / "data")
            write_files(folder)
            measure(folder, url)
        finally:
            server.stop()


def measure(folder: Path, url: str) -> None:
    """Import each file into a fresh copy of the database and print the figures."""
    floors: list[float] = []
    results: dict[str, dict[str, Any]] = {}
    base = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    for kind in ("csv", "parquet"):
        copy = f"bench_{kind}"
        with psycopg.connect(
            psycopg.conninfo.make_conninfo(url, dbname="postgres"), autocommit=True
        ) as admin:
            names = sql.Identifier(copy), sql.Identifier(str(base))
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        own = url.replace(f"/{base}?", f"/{copy}?")
        floors.append(bare_copy(own))
        path = folder / f"answers.{kind}"
        before = server_cpu(folder)
        results[kind] = json.loads(child("import", str(path), url=own, data=folder / "data"))
        results[kind]["server"] = server_cpu(folder) - before
        floors.append(bare_copy(own))
    floor = median(floors)
    for kind, told in results.items():
        if told["created"] != ROWS or told["state"] != "done":
            raise SystemExit(f"{kind}: only {told['created']} of {ROWS} signals landed ({told['state']}).")
        note = (
            f"{ROWS:,} signals, scores and comments, all matched; CPU: {told['cpu']:.0f} s importer,"
            f" {told['server']:.0f} s database; load a core {told['load']:.1f};"
            f" floor: bare COPY, median of {', '.join(f'{f:.0f}' for f in floors)} s"
        )
        scaled = SECONDS if ROWS == 1_000_000 else None
        Line(
            f"import {kind}", round(told["seconds"], 1), "s", floor=round(floor, 1), goal=scaled, note=note
        ).show()
        Line(
            f"import {kind} memory",
            round(told["megabytes"]),
            "MB",
            goal=MEGABYTES,
            note="peak of the importing process",
        ).show()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["prepare"]:
            prepare_database()
        case ["import", file]:
            import_one(Path(file))
        case _:
            main()
