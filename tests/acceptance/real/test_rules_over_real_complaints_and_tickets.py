"""Real tickets, complaints and incidents run through rules: as many cases as their files hold reasons for."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rapport.kernel.models import OutgoingMail, User
from rapport.rooms.action.conditions import read_all
from rapport.rooms.action.models import Case, Rule
from rapport.rooms.action.selectors.preview import preview_rule
from rapport.rooms.action.services.evaluate import evaluate_rules
from rapport.rooms.catalog.models import Metric, Product
from rapport.rooms.signals.api import NewComment, NewScore, NewSignal, record_signals_in_bulk
from rapport.rooms.signals.models import Signal
from tests.acceptance.real.importing import data, each_row, land, rows_of

pytestmark = [pytest.mark.real, pytest.mark.django_db]
BATCH = 500
LEAST_HAPPY = 3  # the scores of these tickets never go below


def lead() -> User:
    return User.objects.create_user(
        "lead@halden.example", None, name="Lead", role="cx_manager", reach="everything"
    )


def run_through(signals: Any, now: datetime) -> int:
    """Evaluate everything, a batch at a time, twice; return how many cases the second time opened."""
    ids = list(signals.order_by("occurred_at").values_list("pk", flat=True))
    again = 0
    for start in range(0, len(ids), BATCH):
        evaluate_rules(ids[start : start + BATCH], now=now)
    for start in range(0, len(ids), BATCH):
        again += len(evaluate_rules(ids[start : start + BATCH], now=now))
    return again


def test_ravenstack_tickets_rated_3_open_a_case_each_and_joined_ones_as_many_as_the_dry_run_says() -> None:
    folder = data("ravenstack-saas")
    Metric.objects.update_or_create(
        key="csat", defaults={"name": "Satisfaction", "kind": "csat", "scale_low": 1, "scale_high": 5}
    )
    land(folder / "accounts.csv", "ravenstack-accounts")
    land(folder / "support_tickets.csv", "ravenstack-satisfaction")
    rated = Counter(row["satisfaction_score"] for row in rows_of(folder / "support_tickets.csv"))
    assert sum(rated.values()) - rated[""] == Signal.objects.count() == 1175
    unhappy = {"metric": "csat", "test": "at_most", "threshold": LEAST_HAPPY}
    boss = lead()
    rule = Rule.objects.create(name="Least happy", conditions={"score": unhappy}, fallback=boss, joins_days=0)
    last = Signal.objects.latest("occurred_at").occurred_at
    assert run_through(Signal.objects.all(), last) == 0
    assert Case.objects.count() == rated["3.0"] + rated["3"]
    assert OutgoingMail.objects.count() == Case.objects.count()
    found = preview_rule(rule, read_all(rule.conditions), boss, now=last)
    within = Signal.objects.filter(occurred_at__gt=last - timedelta(days=365), scores__value=LEAST_HAPPY)
    assert (found.cases, found.mine) == (within.count(), within.count())
    rule.joins_days = 30
    assert preview_rule(rule, read_all(rule.conditions), boss, now=last).cases < found.cases


def test_every_cfpb_complaint_about_a_product_opens_a_case() -> None:
    rows = rows_of(data("cfpb-complaints") / "cfpb_complaints.csv")
    assert len(rows) == 2067
    names = sorted({row["Product"] for row in rows})
    assert len(names) == 13
    keys = {name: f"product-{number}" for number, name in enumerate(names)}
    Product.objects.bulk_create(Product(key=key, name=name[:120]) for name, key in keys.items())
    record_signals_in_bulk(
        [_complaint(row, keys) for row in rows], author=None, now=datetime.now(UTC), live=False
    )
    assert sum(bool(row["Consumer complaint narrative"]) for row in rows) == 389
    assert Signal.objects.count() == 2067
    wanted = Counter(row["Product"] for row in rows).most_common(2)[1]
    Rule.objects.create(
        name="One product",
        conditions={"kind": ["complaint"], "product": [keys[wanted[0]]]},
        fallback=lead(),
    )
    assert run_through(Signal.objects.all(), datetime.now(UTC)) == 0
    assert Case.objects.count() == wanted[1]


def _complaint(row: dict[str, str], keys: dict[str, str]) -> NewSignal:
    words = row["Consumer complaint narrative"] or row["Issue"]
    return NewSignal(
        kind="complaint",
        source="cfpb",
        external_reference=row["Complaint ID"],
        occurred_at=datetime.fromisoformat(row["Date received"]).replace(tzinfo=UTC),
        account=row["Company"],
        product=keys[row["Product"]],
        comments=(NewComment(words, "en"),),
    )


def test_the_275_servicenow_incidents_that_were_reopened_open_a_case_each() -> None:
    last: dict[str, dict[str, str]] = {}
    for row in each_row(data("servicenow-incidents") / "incident_event_log.csv.gz"):
        last[row["number"]] = row
    assert len(last) == 24_918
    Metric.objects.create(key="reopens", name="Times opened again", kind="index", higher_is_better=False)
    critical = [row for row in last.values() if row["reopen_count"] != "0" or row["priority"].startswith("1")]
    record_signals_in_bulk(
        [_incident(row) for row in critical], author=None, now=datetime.now(UTC), live=False
    )
    conditions = {"score": {"metric": "reopens", "test": "at_least", "threshold": 1}}
    Rule.objects.create(name="Opened again", conditions=conditions, fallback=lead())
    assert run_through(Signal.objects.all(), datetime.now(UTC)) == 0
    assert Signal.objects.count() > 275
    assert Case.objects.count() == 275


def _incident(row: dict[str, str]) -> NewSignal:
    return NewSignal(
        kind="ticket",
        source="servicenow",
        external_reference=row["number"],
        occurred_at=datetime.strptime(row["opened_at"], "%d/%m/%Y %H:%M").replace(tzinfo=UTC),
        account=f"Caller {row['caller_id']}",
        scores=(NewScore("reopens", float(row["reopen_count"])),),
    )
