"""A9: a play is measured against comparable customers without it, and not credited with what chance gives."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.cast import World
from tests.rooms.action.cases import Cast

from rapport.rooms.accounts.models import Account, Contract
from rapport.rooms.action.models import Case, CaseEvent, CaseTask, Playbook
from rapport.rooms.action.selectors.plays import does_it_work
from rapport.rooms.signals.api import NewScore, NewSignal, record_signal

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = START + timedelta(days=300)
pytestmark = pytest.mark.django_db


def score(account: Account, value: float, at: datetime) -> None:
    given = NewSignal(
        kind="survey",
        source="tests",
        external_reference=f"{account.pk}-{at.date()}",
        occurred_at=at,
        account=account.code,
        scores=(NewScore("nps", value),),
    )
    record_signal(given, author=None, now=at, live=False)


def customers_since(book: Playbook, cast: Cast, *, lift: float) -> None:
    """Do the same with cases that are as old now as they are in the tests here."""
    customers(book, cast, lift=lift, start=timezone.now() - (NOW - START))


def customers(book: Playbook, cast: Cast, *, lift: float, n: int = 48, start: datetime = START) -> None:
    """Let every third of the customers get the play; all rise by one by themselves, these by `lift` more."""
    rng = random.Random(4)
    for number in range(n):
        account = Account.objects.create(
            name=f"Customer {number}", tier="AB"[number % 2], region_id="benelux", team_id="benelux-team"
        )
        case = Case.objects.create(
            title="Late",
            account=account,
            owner=cast("account_manager"),
            opened_at=start,
            due_at=start,
            time_zone="UTC",
            due_hours=8,
        )
        played = number % 3 == 0
        if played:
            CaseTask.objects.create(case=case, playbook=book, position=1, text="Ring", due_at=start)
            CaseEvent.objects.create(case=case, kind="played", at=start, words=book.name)
        before = rng.choice([2, 3, 4])
        score(account, before, start - timedelta(days=20))
        score(account, before + 1 + lift * played + rng.choice([0, 1]), start + timedelta(days=60))
        ends = start.date() + timedelta(days=152)
        status = "renewed" if played or number % 4 else "lost"
        Contract.objects.create(
            account=account,
            starts_on=ends - timedelta(days=365),
            ends_on=ends,
            status=status,
            annual_value=1000,
            currency="EUR",
        )


@pytest.fixture
def book(cast: Cast) -> Playbook:
    return Playbook.objects.create(name="Late delivery")


def test_a_play_that_lifts_is_shown_better_and_each_outcome_has_its_base(
    world: World, cast: Cast, book: Playbook
) -> None:
    customers(book, cast, lift=2)
    found = does_it_work(book, cast("cx_manager"), now=NOW)
    change, following, kept = found.outcomes
    assert (found.played, found.others) == (16, 32)
    assert change.proven
    assert following.proven
    assert change.found.difference.value == pytest.approx(2, abs=0.6)
    assert (change.found.matched, kept.found.with_it) == (16, 1.0)


def test_what_rises_by_itself_is_not_credited_to_the_play(world: World, cast: Cast, book: Playbook) -> None:
    customers(book, cast, lift=0)
    change = does_it_work(book, cast("cx_manager"), now=NOW).outcomes[0]
    assert change.found.with_it is not None
    assert change.found.with_it > 1
    assert not change.proven


def test_few_customers_give_no_figure_but_the_reason(world: World, cast: Cast, book: Playbook) -> None:
    customers(book, cast, lift=2, n=12)
    for outcome in does_it_work(book, cast("cx_manager"), now=NOW).outcomes:
        assert outcome.found.difference.value is None
        assert "at least ten" in (outcome.found.difference.reason or "")


def test_customers_out_of_ones_scope_are_not_counted(world: World, cast: Cast, book: Playbook) -> None:
    customers(book, cast, lift=2)
    Account.objects.filter(name__startswith="Customer").update(region_id="nordics", team_id="nordics-team")
    assert does_it_work(book, cast("account_manager"), now=NOW).played == 0


def test_a_playbook_renamed_since_keeps_the_times_it_was_started(
    world: World, cast: Cast, book: Playbook
) -> None:
    customers(book, cast, lift=2)
    book.name = "Late parts"
    book.save()
    CaseEvent.objects.create(case=Case.objects.all()[0], kind="played", at=NOW, words="Something else")
    assert does_it_work(book, cast("cx_manager"), now=NOW).outcomes[0].found.matched == 16


def test_its_page_and_programs_say_the_same(
    world: World, cast: Cast, book: Playbook, browser_of: Any
) -> None:
    customers(book, cast, lift=2, n=12)
    page = browser_of("cx_manager").get(f"/act/playbooks/{book.pk}/").content.decode()
    assert "Does it work?" in page
    assert "at least ten are needed" in page
    told = browser_of("cx_manager").get(f"/api/v1/playbooks/{book.pk}/works")
    assert (told.status_code, [row["proven"] for row in told.json()["outcomes"]]) == (200, [False] * 3)
