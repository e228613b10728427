"""An import that is killed goes on where it was, or leaves nothing; what stands beside the rows is true."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest
from django.db import connection, transaction
from psycopg.errors import CheckViolation
from tests.connectors.imports.conftest import NOW, counts

from rapport.connectors.files import parse_mapping
from rapport.connectors.imports import engine
from rapport.connectors.imports.engine import ImportRefused, carry_out, run_import
from rapport.connectors.imports.models import ImportProblem, ImportRun
from rapport.rooms.accounts.models import Account, Order
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.api import BulkRecorder, NewScore, NewSignal
from rapport.rooms.signals.models import Score, Signal

ORDERS = 'target = "orders"\nsource = "erp"\n[fields]\nexternal_id = "id"\naccount = "a"\nordered_on = "d"\n'
SIGNALS = (
    'target = "signals"\nsource = "erp"\n[fields]\nexternal_id = "id"\naccount = "a"\noccurred_at = "d"\n'
    'kind = { constant = "survey" }\n[[groups.scores]]\nmetric = { constant = "nps" }\nvalue = "n"\n'
)
ROWS = 230


class KilledError(BaseException):
    """Stands for the worker's sudden end."""


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make batches small, so that a short file has several."""
    monkeypatch.setattr(engine, "BATCH", 50)
    monkeypatch.setattr(engine, "LAND_AT_ONCE", 60)


@pytest.fixture
def orders(tmp_path: Path, transactional_db: None) -> Path:
    Account.objects.create(name="Veldhuis")
    Metric.objects.get_or_create(key="nps", defaults={"name": "NPS", "kind": "nps"})
    path = tmp_path / "orders.csv"
    rows = [f"{i},Veldhuis,2024-01-{i % 28 + 1:02},{i % 11}" for i in range(ROWS)]
    rows[7] = "7,Veldhuis,never,5"
    path.write_text("\n".join(["id,a,d,n", *rows]), encoding="utf-8")
    return path


@pytest.mark.parametrize("mapping", [ORDERS, SIGNALS, 'on_error = "report"\n' + SIGNALS])
@pytest.mark.parametrize("steps", range(1, 11))
def test_an_import_killed_at_any_step_ends_with_every_row_once(
    orders: Path, small_steps: None, mapping: str, steps: int
) -> None:
    model: Any = Order if "orders" in mapping else Signal
    done = 0

    def kill(run: ImportRun) -> None:
        nonlocal done
        done += 1
        if done == steps:
            raise KilledError

    try:
        run_import(orders, parse_mapping(mapping), None, NOW, progress=kill)
    except KilledError:
        connection.close()
    run = ImportRun.objects.get()
    before = model.objects.count()
    if not run.is_over:
        assert run.state == "landing" or before == 0, "one that was still reading left nothing"
    carry_out(run, NOW)
    run.refresh_from_db()
    assert (run.state, model.objects.count()) == ("done", ROWS - 1)
    told = {"read": ROWS, "created": ROWS - 1, "rejected": 1}
    assert counts(run) == told
    assert ImportProblem.objects.filter(run=run).count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'imports_stage_%'")
        assert cursor.fetchone() == (0,)


def test_threads_that_write_beside_the_reading_lose_nothing(
    orders: Path, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BATCH", 7)
    run = run_import(orders, parse_mapping(SIGNALS), None, NOW)
    assert counts(run) == {"read": ROWS, "created": ROWS - 1, "rejected": 1}
    assert Signal.objects.count() == ROWS - 1
    assert counts(run_import(orders, parse_mapping(SIGNALS), None, NOW))["unchanged"] == ROWS - 1
    assert not run.batches.exists()


def test_what_goes_wrong_in_a_thread_stops_the_import_and_it_goes_on_later(
    orders: Path, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BATCH", 7)
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE signals_signal ADD CONSTRAINT trap CHECK (external_reference <> '150') NOT VALID"
        )
    try:
        with pytest.raises(CheckViolation, match="trap"):
            run_import(orders, parse_mapping(SIGNALS), None, NOW)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE signals_signal DROP CONSTRAINT trap")
    run = ImportRun.objects.get()
    assert 0 < Signal.objects.count() < ROWS - 1
    carry_out(run, NOW)
    assert counts(run) == {"read": ROWS, "created": ROWS - 1, "rejected": 1}


def test_of_two_rows_for_the_same_signal_the_first_wins_also_between_threads(
    orders: Path, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BATCH", 7)
    # Every other stretch of seven rows repeats the one before, backwards and with another score.
    rows = []
    for first in range(0, 210, 7):
        rows += [f"{i},Veldhuis,2024-01-01,10" for i in range(first, first + 7)]
        rows += [f"{i},Veldhuis,2024-01-01,0" for i in reversed(range(first, first + 7))]
    orders.write_text("\n".join(["id,a,d,n", *rows]), encoding="utf-8")
    run = run_import(orders, parse_mapping(SIGNALS), None, NOW)
    assert counts(run) == {"read": 420, "created": 210, "unchanged": 210}
    assert set(Score.objects.values_list("value", flat=True)) == {10}


def test_a_batch_that_lands_after_its_worker_was_killed_is_not_landed_again(
    orders: Path, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BATCH", 20)

    def kill(run: ImportRun) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        run_import(orders, parse_mapping(SIGNALS), None, NOW, progress=kill)
    run = ImportRun.objects.get()
    written, may_commit = Event(), Event()

    def land_late() -> None:
        told: dict[str, Any] = {"kind": "survey", "source": "erp", "occurred_at": NOW}
        scores = (NewScore("nps", 5),)
        rows = [NewSignal(**told, external_reference=str(i), scores=scores) for i in range(20, 40)]
        try:
            with transaction.atomic():
                run.batches.create(number=2, counts={"read": 20, "created": 20})
                BulkRecorder(author=None, now=NOW).record(rows)
                written.set()
                assert may_commit.wait(20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as server:
        landing = server.submit(land_late)
        assert written.wait(20)
        Timer(0.5, may_commit.set).start()
        carry_out(run, NOW)
        landing.result()
    assert counts(run) == {"read": ROWS, "created": ROWS - 1, "rejected": 1}
    assert Signal.objects.count() == ROWS - 1


def test_an_import_carried_out_while_another_waited_for_its_turn_is_not_done_again(orders: Path) -> None:
    run_import(orders, parse_mapping(SIGNALS), None, NOW)
    finished = ImportRun.objects.get()
    waiting = ImportRun.objects.get()
    waiting.state = ImportRun.State.WAITING
    carry_out(waiting, NOW)
    finished.refresh_from_db()
    assert counts(finished) == {"read": ROWS, "created": ROWS - 1, "rejected": 1}


@pytest.mark.django_db
def test_all_or_nothing_leaves_nothing_when_a_row_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,sector\nBolt,x\n,y\n", encoding="utf-8")
    toml = 'target = "accounts"\non_error = "abort"\n[fields]\nname = "name"\nsector = "sector"\n'
    run = run_import(path, parse_mapping(toml), None, NOW)
    assert run.state == "refused"
    assert "1 row is wrong" in run.message
    assert not Account.objects.exists()
    path.write_text("name,sector\nBolt,x\n", encoding="utf-8")
    assert run_import(path, parse_mapping(toml), None, NOW).state == "done"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('target = "planets"\n', "no target 'planets'"),
        ('target = "accounts"\n[fields]\nname = "nom"\n', "no column 'nom'"),
        ('target = "accounts"\n[fields]\nsector = "name"\n', "'Name' is needed"),
        ('target = "accounts"\ntime_zone = "Mars/Base"\n[fields]\nname = "name"\n', "Mars/Base"),
        (f'target = "accounts"\nsource = "{"x" * 61}"\n[fields]\nname = "name"\n', "1 to 60"),
    ],
)
def test_what_cannot_begin_says_why(tmp_path: Path, toml: str, said: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name\nBolt\n", encoding="utf-8")
    with pytest.raises(ImportRefused, match=said):
        run_import(path, parse_mapping(toml), None, NOW)
    assert not ImportRun.objects.exists()


@pytest.mark.django_db
def test_a_fixed_value_that_does_not_fit_is_told_on_the_run(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name\nBolt\n", encoding="utf-8")
    toml = 'target = "accounts"\n[fields]\nname = "name"\nkind = { constant = "planet" }\n'
    run = run_import(path, parse_mapping(toml), None, NOW)
    assert (run.state, "planet" in run.message) == ("failed", True)


@pytest.mark.django_db
def test_rows_the_mapping_does_not_want_are_counted_as_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,state\nBolt,open\nNut,closed\nbroken\n", encoding="utf-8")
    toml = 'target = "accounts"\n[only]\nstate = ["Open"]\n[fields]\nname = "name"\n'
    run = run_import(path, parse_mapping(toml), None, NOW)
    assert counts(run) == {"read": 3, "created": 1, "left_out": 1, "rejected": 1}
