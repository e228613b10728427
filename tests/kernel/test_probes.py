"""What operators' machines may ask, and what they learn."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pydantic import SecretStr

from rapport.kernel.environment import environment
from rapport.kernel.measures import SIGNALS_RECORDED, exposition
from rapport.kernel.models import WorkerHeartbeat

ELSEWHERE = "203.0.113.9"


@pytest.fixture
def token() -> object:
    settings = environment()
    settings.metrics_token = SecretStr("a token for the metrics")
    yield "a token for the metrics"
    settings.metrics_token = None


def test_a_live_process_says_so_whatever_name_it_is_called_by() -> None:
    answer = Client().get("/live", headers={"host": "10.1.2.3:8000"})
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})
    assert "sessionid" not in answer.cookies


@pytest.mark.django_db
def test_a_process_with_a_fitting_database_has_started_and_is_ready() -> None:
    assert Client().get("/started").json() == {"status": "started"}
    assert Client().get("/ready").json() == {"status": "ready", "worker_seen_seconds_ago": None}
    now = timezone.now()
    WorkerHeartbeat.objects.create(name="w1", version="1", started_at=now, seen_at=now - timedelta(seconds=4))
    assert 4 <= Client().get("/ready").json()["worker_seen_seconds_ago"] < 60


@pytest.mark.django_db(transaction=True)
def test_a_process_without_its_database_lives_but_is_not_ready() -> None:
    name = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = "there_is_no_such_database"
    try:
        assert Client().get("/live").status_code == 200
        answer = Client().get("/ready")
        assert (answer.status_code, answer.json()["problem"]) == (503, "The database does not answer.")
        assert b"rapport_database_up 0.0" in Client().get("/metrics").content
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name


def test_probes_change_nothing() -> None:
    assert Client().post("/live").status_code == 405


@pytest.mark.django_db
def test_metrics_are_for_this_machine_only() -> None:
    assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="::1").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR=ELSEWHERE).get("/metrics").status_code == 404
    assert Client(REMOTE_ADDR="").get("/metrics").status_code == 404


@pytest.mark.django_db
def test_a_proxy_on_this_machine_makes_nobody_local() -> None:
    forwarded = Client(REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-for": ELSEWHERE})
    assert forwarded.get("/metrics").status_code == 404


@pytest.mark.django_db
def test_metrics_open_to_whoever_holds_the_token(token: str) -> None:
    def ask(given: str) -> int:
        return Client(REMOTE_ADDR=ELSEWHERE).get("/metrics", headers={"authorization": given}).status_code

    assert ask(f"Bearer {token}") == 200
    assert ask("Bearer wrong") == 404
    assert ask("Bearer ") == 404
    assert ask("") == 404


@pytest.mark.django_db
def test_metrics_tell_requests_jobs_mail_and_workers() -> None:
    now = timezone.now()
    WorkerHeartbeat.objects.create(name="w1", version="1", started_at=now, seen_at=now - timedelta(seconds=7))
    Client().get("/sign-in/login/")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', 'a.job')")
    told = exposition().decode()
    assert 'rapport_request_seconds_count{method="GET",route="sign-in/login/",status="200"}' in told
    assert 'rapport_jobs{queue="default",status="todo"} 1.0' in told
    assert 'rapport_jobs_oldest_seconds{queue="default"}' in told
    assert 'rapport_worker_heartbeat_age_seconds{worker="w1"} 7.' in told


@pytest.mark.django_db
def test_what_other_processes_counted_is_added() -> None:
    def recorded() -> float:
        # A kind of its own: other tests record signals at the same time.
        ours = 'rapport_signals_recorded_total{kind="of this test"}'
        lines = exposition().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(ours))

    before = recorded()
    SIGNALS_RECORDED.labels("of this test").inc()
    count = (
        "from rapport.kernel.measures import SIGNALS_RECORDED; SIGNALS_RECORDED.labels('of this test').inc(2)"
    )
    subprocess.run([sys.executable, "-c", count], check=True, env=dict(os.environ))
    assert recorded() == before + 3


def test_counts_of_runs_that_ended_are_forgotten_only_when_all_ended(tmp_path: Path) -> None:
    from rapport.kernel.measures import _forget_the_dead

    dead, alive = tmp_path / "counter_99999999.db", tmp_path / f"counter_{os.getpid()}.db"
    dead.touch()
    alive.touch()
    _forget_the_dead(tmp_path)
    assert dead.exists()
    alive.unlink()
    _forget_the_dead(tmp_path)
    assert not dead.exists()
