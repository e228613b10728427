"""Facts keep up with the ledger: what comes, what is corrected, what is erased, what commits late."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.test import Client
from tests.cast import World
from tests.rooms.insight.answers import NOW, draw_answers, record_answers

from rapport.analytics import QueryRefused, Weights, query
from rapport.analytics.ledger import Metric
from rapport.analytics.measures import Shape, base_sql, cells_sql
from rapport.analytics.refresh import rebuild, refresh, tidy
from rapport.analytics.store import store
from rapport.kernel.models import User
from rapport.rooms.signals.api import NewScore, NewSignal, record_signal
from rapport.rooms.signals.facts import examine_facts
from rapport.rooms.signals.models import Score, Signal
from rapport.rooms.signals.services.correct import correct_signal


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """Give the facts of this test a folder of their own."""
    settings.FACTS_ROOT = tmp_path / "facts"
    return tmp_path / "facts"


def say(reference: str, score: float, contact: str, **more: Any) -> Signal:
    """Record one answer."""
    new = NewSignal(
        "survey", "here", reference, NOW, contact=contact, scores=(NewScore("nps", score),), **more
    )
    return Signal.objects.get(pk=record_signal(new, author=None, now=NOW).signal_id)


def stored(folder: Path, column: str) -> list[Any]:
    """Read a column from every file of facts there is, in force or not."""
    return [
        v
        for file in folder.rglob("metric=*/*.parquet")
        for v in pq.ParquetFile(file).read([column])[column].to_pylist()
    ]


def test_a_corrected_answer_counts_once_and_as_corrected(
    folder: Path, world: World, cast: Callable[[str], User]
) -> None:
    record_answers(draw_answers(world, 60))
    user, signal = cast("cx_manager"), say("one", 2, world.joost.code)
    refresh()
    before = query("nps:mean", user=user, where={"source": "here"}).total
    assert before.n == 1
    correct_signal(signal, {"scores": (NewScore("nps", 9),)}, author=user, now=NOW)
    refresh()
    assert query("nps:happy", user=user, where={"source": "here"}).total.n == 1
    assert query("nps:happy", user=user, by=["source"], where={"band": "pro"}).by_key[("here",)].n == 1
    assert query("nps", user=user, where={"band": "det", "source": "here"}).total.n == 0


def test_what_is_erased_is_in_no_file(folder: Path, world: World, cast: Callable[[str], User]) -> None:
    record_answers(draw_answers(world, 60))
    refresh()
    gone = world.joost.pk
    assert gone in stored(folder, "contact")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('rapport.erasing', 'on', true)")
        cursor.execute("UPDATE signals_signal SET contact_id = NULL WHERE contact_id = %s", [gone])
    Score.objects.filter(contact=world.eva).delete()
    refresh()
    tidy()
    kept = set(stored(folder, "contact"))
    assert gone not in kept
    assert world.eva.pk not in kept
    log = "".join(path.read_text() for path in folder.rglob("_delta_log/*.json"))
    assert '"contact"' not in log.replace('\\"contact\\",\\"type', "").replace('\\"name\\":\\"contact\\"', "")
    found = query("nps", user=cast("cx_manager")).total
    assert (
        found.n == Score.objects.filter(metric="nps", superseded=False).visible_to(cast("cx_manager")).count()
    )


def test_facts_made_anew_say_the_same(folder: Path, world: World, cast: Callable[[str], User]) -> None:
    record_answers(draw_answers(world, 90))
    refresh()
    user = cast("cx_manager")
    before = query("csat", user=user, by=["region", "quarter"])
    assert rebuild() == Score.objects.filter(superseded=False).count()
    after = query("csat", user=user, by=["region", "quarter"])
    assert (after.cells, after.total) == (before.cells, before.total)
    assert len(list(folder.glob("facts-*"))) == 1


def test_many_small_writes_become_few_files(folder: Path, world: World, cast: Callable[[str], User]) -> None:
    refresh()
    for number in range(30):
        say(str(number), number % 11, world.joost.code)
        refresh()
    assert len(store().view(anew=True).files["nps"]) < 27
    assert query("nps", user=cast("cx_manager")).total.n == 30
    given = [number % 11 for number in range(30)]
    wanted = 100 * (sum(score >= 9 for score in given) - sum(score <= 6 for score in given)) / 30
    assert query("nps", user=cast("cx_manager")).total.value == pytest.approx(wanted)


def test_the_doctor_says_how_far_facts_are_behind(folder: Path, world: World) -> None:
    assert examine_facts().state == "warning"
    refresh()
    assert examine_facts().state == "ok"
    say("late", 3, world.joost.code)
    assert examine_facts().detail == "1 scores wait to be taken in"


def test_the_measures_are_written_for_the_distributed_engine_too() -> None:
    metric = Metric("csat", "Satisfaction", "csat", 1, 5, True)
    shape = Shape(
        metric, "top_two_box", by=("region", "month"), joined=("tier",), accounts=True, bounded=True
    )
    for sql in (cells_sql(shape, "spark"), base_sql(shape, "spark")):
        assert "`facts`" in sql
        assert "CAST(" in sql
        assert '"' not in sql


def test_programs_get_the_same_figures(
    folder: Path, world: World, cast: Callable[[str], User], browser_of: Callable[[str], Client]
) -> None:
    record_answers(draw_answers(world, 90))
    refresh()
    address = "/api/v1/query?measure=nps&by=region&by=year&tier=A&tier=B&since=2025-06-01"
    told = browser_of("cx_manager").get(address).json()
    wanted = query(
        "nps",
        user=cast("cx_manager"),
        by=["region", "year"],
        where={"tier": ["A", "B"], "since": "2025-06-01"},
    )
    assert [cell["figure"]["value"] for cell in told["cells"]] == [cell.figure.value for cell in wanted]
    assert [cell["keys"] for cell in told["cells"]] == [
        {"region": cell.keys[0], "year": str(cell.keys[1])} for cell in wanted
    ]
    assert told["total"]["n"] == wanted.total.n > 0
    weighted = browser_of("cx_manager").get(
        "/api/v1/query?measure=nps&weight_by=role&weight=approver:2&weight=none:1"
    )
    wanted = query("nps", user=cast("cx_manager"), weights=Weights.each("role", {"approver": 2, "none": 1}))
    assert weighted.json()["total"]["value"] == wanted.total.value


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("measure=nothing", "measure"),
        ("measure=csat:net", "measure"),
        ("measure=nps&by=shoe_size", "by"),
        ("measure=nps&by=region&by=region", "by"),
        ("measure=nps&since=yesterday", "where.since"),
        ("measure=nps&band=angry", "where.band"),
        ("measure=nps&contact=C1", "where.contact"),
        ("measure=nps&weight_by=role&weight=approver", "weights"),
        ("measure=nps&weight_by=month&weight=x:1", "weights"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_naming_the_part(
    folder: Path, world: World, browser_of: Callable[[str], Client], asked: str, field: str
) -> None:
    response = browser_of("cx_manager").get(f"/api/v1/query?{asked}")
    assert response.status_code == 422
    assert response.json()["field"] == field
    assert response.json()["message"]


def test_nobody_is_asked_for_who_does_not_exist(folder: Path, world: World) -> None:
    with pytest.raises(QueryRefused) as refused:
        query("nps", user="nobody@halden.example")
    assert refused.value.field == "user"


# -- With transactions of others ---------------------------------------------------------


@pytest.fixture
def elsewhere(transactional_db: None) -> Iterator[psycopg.Connection[Any]]:
    """Return a connection of its own to the test's database."""
    told = connection.get_connection_params()
    told = {key: told[key] for key in ("dbname", "user", "password", "host", "port") if key in told}
    with psycopg.connect(**told) as other:
        yield other


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_commits_late_is_not_passed_over(
    elsewhere: psycopg.Connection[Any], folder: Path, world: World, cast: Callable[[str], User]
) -> None:
    user, first = cast("cx_manager"), say("first", 9, world.joost.code)
    refresh()
    elsewhere.execute(
        "INSERT INTO signals_signal (id, occurred_at, recorded_at, kind, source, external_reference,"
        " account_id, account_hint, contact_hint, buying_role, emotions, anonymous, block, superseded)"
        " SELECT gen_random_uuid(), occurred_at, recorded_at, kind, source, 'slow',"
        " account_id, '', '', '', '{}', false, '', false FROM signals_signal WHERE id = %s RETURNING id",
        [first.pk],
    )
    elsewhere.execute(
        "INSERT INTO signals_score (signal_id, metric_id, value, scale_low, scale_high)"
        " SELECT id, 'nps', 1, 0, 10 FROM signals_signal WHERE external_reference = 'slow'"
    )
    say("later, but there sooner", 8, world.joost.code)
    refresh()
    assert query("nps", user=user).total.n == 2
    elsewhere.commit()
    refresh()
    assert query("nps", user=user).total.n == 3
    assert refresh().fresh == 0
    assert query("nps", user=user, where={"band": "det"}).total.n == 1


@pytest.mark.django_db(transaction=True)
def test_a_signal_is_in_the_figures_within_two_seconds(
    elsewhere: psycopg.Connection[Any], folder: Path, world: World, cast: Callable[[str], User]
) -> None:
    from rapport.kernel.jobs.worker import run_pending_jobs

    user, stop = cast("cx_manager"), threading.Event()

    def work() -> None:
        while not stop.is_set():
            run_pending_jobs()
            stop.wait(0.05)
        connection.close()

    refresh()
    query("nps", user=user)
    worker = threading.Thread(target=work)
    worker.start()
    try:
        for number in range(3):
            say(str(number), 9, world.joost.code)
            recorded = time.monotonic()
            while query("nps", user=user).total.n <= number:
                assert time.monotonic() - recorded < 20
                time.sleep(0.02)
            assert time.monotonic() - recorded < 2 or os.getloadavg()[0] > 2 * (os.cpu_count() or 1)
    finally:
        stop.set()
        worker.join()
    assert examine_facts().state == "ok"


def test_old_notes_of_changes_are_thrown_away(folder: Path, world: World) -> None:
    say("one", 2, world.joost.code)
    refresh()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE signals_score_change SET noted_at = now() - %s", [timedelta(days=3)])
        tidy()
        cursor.execute("SELECT count(*) FROM signals_score_change")
        assert cursor.fetchone() == (0,)
    say("two", 2, world.joost.code)
    assert refresh().changed == 1
