"""Jobs of a dead worker are found and finished by another, to effect once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from tests.kernel.mail.post_office import PostOffice, post_office

from rapport.kernel.jobs.rescue import MOST_ATTEMPTS, rescue_jobs
from rapport.kernel.mail.queue import queue_mail
from rapport.kernel.models import JobFailure, OutgoingMail, WorkerHeartbeat


def register_worker(silent_seconds: float) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - make_interval(secs => %s)) RETURNING id",
            [silent_seconds],
        )
        return int(cursor.fetchone()[0])


def put(worker: int | None, *, attempts: int = 0, status: str = "doing", lock: str | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs"
            " (queue_name, task_name, args, status, attempts, queueing_lock, worker_id)"
            " VALUES ('q', 'some.task', '{}', %s, %s, %s, %s) RETURNING id",
            [status, attempts, lock, worker],
        )
        return int(cursor.fetchone()[0])


def statuses() -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, status FROM procrastinate_jobs")
        return dict(cursor.fetchall())


@pytest.mark.django_db
def test_only_jobs_of_silent_workers_are_put_back() -> None:
    alive, dead = put(register_worker(1)), put(register_worker(11))
    assert rescue_jobs() == [dead]
    assert statuses() == {alive: "doing", dead: "todo"}
    assert rescue_jobs() == []


@pytest.mark.django_db
def test_a_job_without_a_worker_is_put_back() -> None:
    lost = put(None)
    assert rescue_jobs() == [lost]


@pytest.mark.django_db
def test_a_job_of_which_the_like_waits_already_is_dropped() -> None:
    dead = register_worker(60)
    waiting = put(None, status="todo", lock="sweep")
    put(dead, lock="sweep")
    first = put(dead, lock="remind")
    put(dead, lock="remind")
    assert rescue_jobs() == [first]
    assert statuses() == {waiting: "todo", first: "todo"}


@pytest.mark.django_db
def test_a_job_that_takes_every_worker_down_gives_up_with_its_reason() -> None:
    job_id = put(register_worker(60), attempts=MOST_ATTEMPTS)
    assert rescue_jobs() == []
    assert statuses() == {job_id: "failed"}
    assert "died" in JobFailure.objects.get(job_id=job_id).error


@contextmanager
def worker(office: PostOffice) -> Iterator[subprocess.Popen[bytes]]:
    """Run a real worker process on this test's database."""
    database = settings.DATABASES["default"]
    parts = {"host": database["HOST"], "port": database["PORT"], "user": database["USER"]}
    parts |= {"password": database["PASSWORD"], "dbname": connection.settings_dict["NAME"]}
    query = "&".join(f"{key}={value}" for key, value in (("host", parts["host"]), ("port", parts["port"])))
    url = f"postgresql://{parts['user']}:{parts['password']}@/{parts['dbname']}?{query}"
    code = "import django; django.setup(); from rapport.kernel.jobs.worker import run_worker; run_worker(2)"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"DATABASE_URL": url, "RAPPORT_MAIL_URL": f"smtp://127.0.0.1:{office.port}"},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def wait_for(found: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.1)


@pytest.fixture
def clean_queue(transactional_db: None) -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


def test_a_message_outlives_a_killed_worker_and_leaves_once(clean_queue: None) -> None:
    with post_office() as office:
        office.seconds_before_recipient = 30
        queue_mail(
            to="nadia@halden.example", subject="A case", text="Hello.", dedupe_key="k", now=timezone.now()
        )
        with worker(office) as first:
            wait_for(lambda: OutgoingMail.objects.get().state == "sending")
            first.send_signal(signal.SIGKILL)
            first.wait()
        office.seconds_before_recipient = 0
        with worker(office) as second:
            wait_for(lambda: OutgoingMail.objects.get().state == "sent")
            assert WorkerHeartbeat.objects.filter(name__endswith=f":{second.pid}").exists()
        assert len(office.accepted) == 1
        assert second.returncode == 0
