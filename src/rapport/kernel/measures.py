"""What operators can watch, in Prometheus' format: counted in files that all processes of a machine share."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
from django.db import DatabaseError, connection

from rapport.kernel.environment import environment

FOLDER = environment().data_dir / "measures"


def _forget_the_dead(folder: Path) -> None:
    """Remove what earlier runs counted, once none of their processes lives any more."""
    files = list(folder.glob("*_*.db"))
    if any(psutil.pid_exists(_process(path)) for path in files):
        return
    for path in files:
        with suppress(FileNotFoundError):
            path.unlink()


def _process(path: Path) -> int:
    number = path.stem.rpartition("_")[2]
    return int(number) if number.isdecimal() else -1


FOLDER.mkdir(parents=True, exist_ok=True)
_forget_the_dead(FOLDER)
# The library looks for the folder when it is imported.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(FOLDER)

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest  # noqa: E402
from prometheus_client.core import GaugeMetricFamily  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402
from prometheus_client.registry import Collector  # noqa: E402

REQUEST_SECONDS = Histogram(
    "rapport_request_seconds", "Time to answer a request", ["method", "route", "status"]
)
SIGNALS_RECORDED = Counter("rapport_signals_recorded", "Signals written to the ledger", ["kind"])
MAILS = Counter("rapport_mails", "Mail handed to the mail server, by outcome", ["state"])

_JOBS = """
SELECT queue_name, status, count(*) FROM procrastinate_jobs
WHERE status IN ('todo', 'doing', 'failed') GROUP BY queue_name, status
"""
_WAITING = """
SELECT job.queue_name, extract(epoch FROM max(now() - coalesce(job.scheduled_at, event.at)))
FROM procrastinate_jobs job
JOIN procrastinate_events event ON event.job_id = job.id AND event.type = 'deferred'
WHERE job.status = 'todo' AND coalesce(job.scheduled_at, event.at) <= now() GROUP BY job.queue_name
"""
_MAIL = "SELECT state, count(*) FROM kernel_outgoingmail WHERE state <> 'sent' GROUP BY state"
_WORKERS = "SELECT name, extract(epoch FROM now() - seen_at) FROM kernel_workerheartbeat"


class DatabaseState(Collector):
    """What stands in the database at this moment: the same whichever process is asked."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Read the gauges; without a database only tell that there is none."""
        up = GaugeMetricFamily("rapport_database_up", "Whether the database answers")
        try:
            families = list(self._read())
        except DatabaseError:
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        return [up, *families]

    def _read(self) -> Iterator[GaugeMetricFamily]:
        yield _gauge("rapport_jobs", "Jobs waiting, running or given up", ["queue", "status"], _JOBS)
        yield _gauge("rapport_jobs_oldest_seconds", "How long the oldest due job waits", ["queue"], _WAITING)
        yield _gauge("rapport_mails_unsent", "Mail that has not left, by state", ["state"], _MAIL)
        yield _gauge(
            "rapport_worker_heartbeat_age_seconds",
            "Time since a worker's last sign of life",
            ["worker"],
            _WORKERS,
        )


def _gauge(name: str, told: str, labels: list[str], query: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told, labels=labels)
    with connection.cursor() as cursor:
        cursor.execute(query)
        for *values, number in cursor.fetchall():
            family.add_metric([str(value) for value in values], float(number))
    return family


def exposition() -> bytes:
    """Return everything measured, ready for Prometheus."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(DatabaseState())
    return generate_latest(registry)
