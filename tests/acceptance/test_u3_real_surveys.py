"""U1 and U3 on real surveys: recorded as signals, their published figures stand on our pages."""

import csv
from collections.abc import Callable, Iterable
from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from rapport import stats
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.api import NewScore, NewSignal, record_signals_in_bulk
from rapport.ui.formats import number
from tests.acceptance.real.importing import data
from tests.cast import World

pytestmark = [pytest.mark.real, pytest.mark.django_db]
BrowserOf = Callable[[str], Client]


def rows_of(folder: str, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((data(folder) / name).read_text(encoding="utf-8-sig").splitlines()))


def record(source: str, answers: Iterable[tuple[NewScore, ...]]) -> None:
    now = timezone.now()
    batch = [
        NewSignal(
            kind="survey",
            source=source,
            external_reference=str(number_),
            occurred_at=now - timedelta(days=40),
            scores=scores,
        )
        for number_, scores in enumerate(answers)
    ]
    done = record_signals_in_bulk(batch, author=None, now=now)
    assert len(done.signal_ids) == len(batch), done


def test_the_mobile_customers_drivers_are_as_described(world: World, browser_of: BrowserOf) -> None:
    rows = rows_of("ecsi-mobile", "mobi.csv")
    quality = [f"PERQ{i}" for i in range(1, 8)]
    for key in ("satisfied", *(name.lower() for name in quality)):
        told = {"name": key.upper(), "kind": "index", "scale_low": 1, "scale_high": 10}
        Metric.objects.create(key=key, **told)
    satisfied = np.mean([[float(row[f"CUSA{i}"]) for i in (1, 2, 3)] for row in rows], axis=1)
    record(
        "ecsi",
        (
            (NewScore("satisfied", float(mean)), *(NewScore(q.lower(), float(row[q])) for q in quality))
            for mean, row in zip(satisfied, rows, strict=True)
        ),
    )
    browser = browser_of("cx_manager")
    told = browser.get("/api/v1/drivers?metric=satisfied").json()
    assert (told["n"], told["left_out"]) == (250, 0)
    described = {"perq7": 0.702, "perq1": 0.674, "perq3": 0.647}
    for one in told["drivers"]:
        if one["key"] in described:
            assert one["correlation"] == pytest.approx(described[one["key"]], abs=6e-4)
    columns = {q.lower(): [float(row[q]) for row in rows] for q in quality}
    wanted = stats.importance(np.cov(np.column_stack([*columns.values(), satisfied]).T))
    shares = {one["key"]: one["share"]["value"] for one in told["drivers"]}
    assert shares == pytest.approx(dict(zip(columns, wanted.shares, strict=True)))
    page = browser.get("/understand/drivers/?metric=satisfied").content.decode()
    first = max(shares, key=lambda key: shares[key])
    assert first in {"perq7", "perq1"}
    assert f"{number(100 * shares[first])}%" in page
    explored = browser.get("/api/v1/explore?metric=satisfied&by=source").json()
    assert round(explored["figures"][0]["figure"]["value"], 3) == 7.477


def test_the_conferences_score_is_as_published(world: World, browser_of: BrowserOf) -> None:
    rows = rows_of("nps-conference", "conference_nps.csv")
    (column,) = [name for name in rows[0] if all(row[name].isdigit() for row in rows)][:1]
    record("conference", ((NewScore("nps", int(row[column])),) for row in rows))
    browser = browser_of("cx_manager")
    figure = browser.get("/api/v1/explore?metric=nps&by=source").json()["figures"][0]
    assert (figure["n"], round(figure["figure"]["value"], 1)) == (39, -35.9)
    assert browser.get("/api/v1/drivers?metric=nps").json()["drivers"] == []
