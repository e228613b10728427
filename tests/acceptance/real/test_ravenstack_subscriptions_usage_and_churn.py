"""RavenStack: accounts, subscriptions, usage, tickets with satisfaction, and churn the files disagree on."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db.models import Q, Sum

from rapport.connectors.imports.models import ImportRun
from rapport.rooms.accounts.models import Account, Contract, ServiceRequest, Usage
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.models import Comment, Score, Signal
from tests.acceptance.real.importing import Row, assert_nothing_lost, data, fates, land, rows_of, write_rows

pytestmark = [pytest.mark.real, pytest.mark.django_db, pytest.mark.xdist_group("ravenstack")]


@dataclass(frozen=True)
class Ravenstack:
    """The files, by the mapping that reads each, and the runs that brought them in."""

    files: dict[str, Path]
    runs: dict[str, ImportRun]


@pytest.fixture(scope="module")
def ravenstack(taken_back: None, tmp_path_factory: pytest.TempPathFactory) -> Ravenstack:
    folder = data("ravenstack-saas")
    satisfaction = {"name": "Satisfaction", "kind": "csat", "scale_low": 1, "scale_high": 5}
    Metric.objects.update_or_create(key="csat", defaults=satisfaction)
    files = {
        "accounts": folder / "accounts.csv",
        "contracts": folder / "subscriptions.csv",
        "usage": tmp_path_factory.mktemp("ravenstack") / "usage.csv",
        "tickets": folder / "support_tickets.csv",
        "satisfaction": folder / "support_tickets.csv",
        "churn": folder / "churn_events.csv",
    }
    write_rows(files["usage"], usage_with_accounts(folder))
    return Ravenstack(files, {name: land(path, f"ravenstack-{name}") for name, path in files.items()})


def usage_with_accounts(folder: Path) -> list[Row]:
    """Look up each row's account: the file names subscriptions only."""
    accounts = {row["subscription_id"]: row["account_id"] for row in rows_of(folder / "subscriptions.csv")}
    used = rows_of(folder / "feature_usage.csv.gz")
    return [row | {"account_id": accounts[row["subscription_id"]]} for row in used]


LANDED = {
    "accounts": {"created": 500},
    "contracts": {"created": 5000},
    "usage": {"created": 25_000},
    "tickets": {"created": 2000},
    "satisfaction": {"created": 1175, "left_out": 825},
    "churn": {"created": 600},
}


@pytest.mark.parametrize("name", LANDED)
def test_every_row_lands_or_is_left_out_on_purpose(ravenstack: Ravenstack, name: str) -> None:
    assert fates(ravenstack.runs[name]) == LANDED[name]
    assert_nothing_lost(ravenstack.runs[name], ravenstack.files[name])
    assert ravenstack.runs[name].unmatched == 0


@pytest.mark.parametrize("name", LANDED)
def test_importing_the_same_file_again_changes_nothing(ravenstack: Ravenstack, name: str) -> None:
    again = fates(land(ravenstack.files[name], f"ravenstack-{name}"))
    assert again == {("unchanged" if fate == "created" else fate): n for fate, n in LANDED[name].items()}
    assert Signal.objects.count() == 1175 + 600
    assert Usage.objects.count() == 25_000


def test_recurring_revenue_meets_its_control_sums(ravenstack: Ravenstack) -> None:
    def monthly(condition: Q) -> float:
        return float(Contract.objects.filter(condition).aggregate(year=Sum("annual_value"))["year"] / 12)

    assert monthly(Q()) == 11_338_747
    last = date(2024, 12, 31)
    running = Q(starts_on__lte=last) & (Q(ends_on=None) | Q(ends_on__gt=last))
    assert monthly(running) == 10_159_608


def test_a_subscription_ended_by_its_flag_has_an_end(ravenstack: Ravenstack) -> None:
    assert Counter(Contract.objects.values_list("status", flat=True)) == {"active": 4514, "cancelled": 486}
    assert Contract.objects.filter(status="cancelled", ends_on=None).count() == 0


def test_usage_whose_id_stands_for_two_rows_is_kept_twice(ravenstack: Ravenstack) -> None:
    told = [row["usage_id"] for row in rows_of(ravenstack.files["usage"])]
    assert len(told) - len(set(told)) == 21
    assert Usage.objects.aggregate(total=Sum("value"))["total"] == 250_525
    assert Usage.objects.values("measure").distinct().count() == 40


def test_hours_without_a_leading_zero_are_read(ravenstack: Ravenstack) -> None:
    ticket = ServiceRequest.objects.get(number="T-0024de")
    assert ticket.opened_at == datetime(2023, 7, 27, tzinfo=UTC)
    assert ticket.closed_at == datetime(2023, 7, 28, 3, tzinfo=UTC)
    assert ServiceRequest.objects.filter(status="Closed after escalation").count() == 95


def test_satisfaction_is_scored_where_somebody_gave_it(ravenstack: Ravenstack) -> None:
    scores = Counter(Score.objects.filter(metric="csat").values_list("value", flat=True))
    assert scores == {3.0: 396, 4.0: 405, 5.0: 374}
    assert set(Signal.objects.filter(kind="ticket").values_list("touchpoint__name", flat=True)) == {"Support"}


def test_churn_is_kept_as_both_tables_tell_it_although_they_disagree(ravenstack: Ravenstack) -> None:
    left = Signal.objects.filter(kind="lost_sale")
    assert left.count() == 600
    told = set(left.values_list("account", flat=True))
    flagged = set(Account.objects.filter(life_cycle="lost").values_list("pk", flat=True))
    assert (len(told), len(flagged), len(flagged - told)) == (352, 110, 35)


def test_reasons_for_leaving_and_words_about_it_are_told_apart(ravenstack: Ravenstack) -> None:
    reasons = Comment.objects.filter(question_key="churn-reason").values_list("text", flat=True)
    assert Counter(reasons) == {
        "features": 114,
        "support": 104,
        "budget": 104,
        "unknown": 95,
        "competitor": 92,
        "pricing": 91,
    }
    words = Comment.objects.filter(question_key="churn-words").values_list("text", flat=True)
    assert Counter(words) == {"too expensive": 161, "missing features": 155, "switched to competitor": 136}
