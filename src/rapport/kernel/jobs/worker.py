"""Running jobs: the worker process, and a drain for tests and one-off commands."""

import asyncio
import contextlib
import json
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any, cast

import structlog
from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone
from procrastinate import jobs, sql
from procrastinate.contrib.django import app

from rapport.kernel.jobs.failures import keep_reason, note_failure
from rapport.kernel.jobs.rescue import HEARTBEAT_SECONDS, SILENT_SECONDS, rescue_jobs
from rapport.kernel.models import WorkerHeartbeat

log = structlog.get_logger(__name__)
WATCH_SECONDS = 2.0
FORGOTTEN_AFTER = timedelta(days=1)


def worker_name() -> str:
    """Return the name under which this process reports."""
    return f"{socket.gethostname()}:{os.getpid()}"[:120]


def run_worker(concurrency: int = 4, *, queues: list[str] | None = None) -> None:
    """Take jobs until SIGTERM or SIGINT, then finish the running ones and return.

    A database that goes away is waited for. Jobs of workers that died are put back within seconds.
    """
    asyncio.run(_serve(concurrency, queues))


async def _serve(concurrency: int, queues: list[str] | None) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(concurrency + 2, thread_name_prefix="job"))
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    watch = asyncio.create_task(_watch(timezone.now()))
    try:
        while not stopping.is_set():
            # Periodic jobs are deferred on this thread's connection, which may have died with the database.
            await sync_to_async(close_old_connections)()
            await _work_until(stopping, concurrency, queues)
            if not stopping.is_set():
                log.warning("worker lost its database and tries again")
                await asyncio.sleep(1)
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch


async def _work_until(stopping: asyncio.Event, concurrency: int, queues: list[str] | None) -> None:
    work = asyncio.create_task(_work(concurrency, queues))
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    work.cancel()
    try:
        await work
    except asyncio.CancelledError:
        return
    except Exception:
        # Whatever ended the worker, the jobs are still in the database; it starts again.
        log.exception("worker ended unexpectedly")


async def _work(concurrency: int, queues: list[str] | None) -> None:
    # Listening needs a connection of its own. The jobs keep Django's: what a job defers is then part of its
    # transaction, which procrastinate's own way of replacing the connector would lose.
    connector: Any = app.connector
    own = app.with_connector(connector.get_worker_connector())
    async with own.open_async():
        await own.run_worker_async(
            queues=cast(Any, queues),
            name=worker_name(),
            concurrency=concurrency,
            fetch_job_polling_interval=0.5,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=SILENT_SECONDS * 6,
            shutdown_graceful_timeout=30.0,
            delete_jobs="successful",
            install_signal_handlers=False,
            task_middleware=[*_kept_middleware(), keep_reason],
        )


def _kept_middleware() -> list[Any]:
    """Return what procrastinate itself puts around jobs; naming our own replaces it otherwise."""
    defaults: Any = app.worker_defaults
    return list(defaults.get("task_middleware") or [])


async def _watch(started_at: datetime) -> None:
    """Say every other second that this worker lives, and look for jobs of those that do not.

    It has a thread of its own, so that long jobs cannot silence it.
    """
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, thread_name_prefix="watch") as own:
        while True:
            await loop.run_in_executor(own, _beat, started_at)
            await asyncio.sleep(WATCH_SECONDS)


def _beat(started_at: datetime) -> None:
    try:
        close_old_connections()
        now = timezone.now()
        WorkerHeartbeat.objects.update_or_create(
            name=worker_name(),
            defaults={"version": version("rapport-cx"), "started_at": started_at, "seen_at": now},
        )
        WorkerHeartbeat.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()
        rescued = rescue_jobs()
    except DatabaseError:
        connection.close()
        log.warning("worker cannot say that it lives")
        return
    if rescued:
        log.warning("jobs of a dead worker put back", jobs=rescued)


def run_pending_jobs(*, most: int = 1000) -> int:
    """Run every job that is due, in this process and on this connection, and return how many ran.

    A job that fails is noted and left for its retry, and its error is raised. Jobs deferred by jobs run too.
    """
    cast(Any, app).perform_import_paths()
    for ran in range(most):
        taken = _take()
        if taken is None:
            return ran
        _run(taken)
    raise RuntimeError(f"More than {most} jobs were waiting; perhaps a job defers itself for ever.")


def _take() -> jobs.Job | None:
    with connection.cursor() as cursor:
        cursor.execute(sql.queries["fetch_job"], {"queues": None, "worker_id": None})
        columns = [column[0] for column in cursor.description]
        row = dict(zip(columns, cursor.fetchone(), strict=True))
    if row["id"] is None:
        return None
    # Django leaves jsonb as text, where procrastinate expects it read.
    return jobs.Job.from_row(row | {"args": json.loads(row["args"])})


def _run(taken: jobs.Job) -> None:
    assert taken.id is not None
    task = app.tasks[taken.task_name]
    try:
        task(**taken.task_kwargs)
    except Exception as error:
        note_failure(
            job_id=taken.id, task=taken.task_name, attempt=taken.attempts + 1, error=error, now=timezone.now()
        )
        _after_failure(taken, error)
        raise
    with connection.cursor() as cursor:
        cursor.execute(
            sql.queries["finish_job"], {"job_id": taken.id, "status": "succeeded", "delete_job": True}
        )


def _after_failure(taken: jobs.Job, error: Exception) -> None:
    retry = app.tasks[taken.task_name].get_retry_exception(exception=error, job=taken)
    with connection.cursor() as cursor:
        if retry is None:
            arguments: dict[str, Any] = {"job_id": taken.id, "status": "failed", "delete_job": False}
            cursor.execute(sql.queries["finish_job"], arguments)
            return
        decision = retry.retry_decision
        arguments = {
            "job_id": taken.id,
            "retry_at": decision.retry_at,
            "new_priority": decision.priority,
            "new_queue_name": decision.queue,
            "new_lock": decision.lock,
        }
        cursor.execute(sql.queries["retry_job"], arguments)
