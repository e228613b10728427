"""The fictional company: whole, the same for the same seed, and with its stories in it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from rapport.demo import story
from rapport.demo.customers import Person
from rapport.demo.feedback import _all
from rapport.demo.load import load_company
from rapport.kernel.models import OutgoingMail
from rapport.rooms.accounts.models import Account, BuyingRole, Contact, Contract, Order, ServiceRequest
from rapport.rooms.action.models import Case, Escalation, Improvement, Promise
from rapport.rooms.signals.models import Comment, Score, Signal

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CALENDAR = story.Calendar(NOW.date())


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Load the company once for this file and take it away again."""
    from django.db import transaction

    with django_db_blocker.unblock():
        transaction.set_autocommit(False)
        try:
            load_company(password="a password for nobody", now=NOW)
            yield
        finally:
            transaction.rollback()
            transaction.set_autocommit(True)


@pytest.fixture
def demo(company: None, db: None) -> None:
    """Let a test read the company."""


def detractors(**where: Any) -> float:
    scores = Score.objects.filter(metric_id="nps", signal__anonymous=False, **where)
    return scores.filter(value__lte=6).count() / scores.count()


def test_it_has_the_size_of_a_believable_company(demo: None) -> None:
    assert Account.objects.count() == 400
    assert 2400 <= Contact.objects.count() <= 2500
    assert Signal.objects.count() == 30_000
    assert Order.objects.count() > 4000
    assert ServiceRequest.objects.count() > 3000


def test_customers_speak_four_languages(demo: None) -> None:
    assert set(Comment.objects.values_list("language", flat=True)) == {"en", "nl", "de", "fr"}


def test_late_parts_in_one_region_spoil_its_answers_until_the_fix(demo: None) -> None:
    delivery = {
        "signal__region_id": story.TROUBLED_REGION,
        "signal__touchpoint_id": story.TROUBLED_TOUCHPOINT,
    }
    during = {"signal__occurred_at__date__range": (CALENDAR.depot_moved, CALENDAR.fix_shipped)}
    assert detractors(**delivery, **during) > 0.8
    assert detractors(**delivery, signal__occurred_at__date__gt=CALENDAR.fix_shipped) < 0.4
    assert detractors(signal__region_id="dach", signal__touchpoint_id="delivery", **during) < 0.4


def test_the_approver_of_the_lost_contract_had_long_been_silent(demo: None) -> None:
    lost = Contract.objects.get(account__name="Tarnhelm Chemicals", status="lost")
    village = BuyingRole.objects.filter(contact__account__path__under=lost.account.path)
    approver = village.get(role="approver", contact__name="Jürgen Falk")
    last = Signal.objects.filter(contact=approver.contact).latest("occurred_at")
    assert approver.veto
    assert (lost.ends_on - last.occurred_at.date()).days > 365


def test_customers_of_one_partner_wait_longer_and_say_so(demo: None) -> None:
    visits = {"signal__touchpoint_id": "service-visit"}
    assert detractors(signal__partner_id=story.SLOW_PARTNER, **visits) > 2 * detractors(
        signal__partner=None, **visits
    )


def test_the_same_seed_and_day_give_the_same_words(demo: None) -> None:
    people = [
        Person(contact, role="user", leaning=0.0, silent=False)
        for contact in Contact.objects.select_related("account").order_by("pk")[:50]
    ]
    people.append(Person(Contact.objects.get(name="Jürgen Falk"), role="approver", leaning=0.0, silent=True))
    first, again = ([*_all(np.random.default_rng(7), people, CALENDAR)] for _ in range(2))
    assert first == again


def test_each_role_is_moved_by_something_else_and_the_drivers_find_it(demo: None) -> None:
    from rapport.kernel.models import User
    from rapport.rooms.insight.api import measures, study
    from rapport.rooms.insight.selectors.drivers import StudyAsked
    from rapport.rooms.signals.api import Filters

    outcome = next(one for one in measures() if one.key == "nps")
    reader = User.objects.get(email="priya@halden.example")
    found = study(reader, outcome, Filters(metric="nps"), StudyAsked(), measures())
    assert found is not None
    leads = {group.key: group.leading for group in found.groups}
    for role in ("approver", "user"):
        lead = leads[role]
        assert lead is not None
        assert (lead.name, lead.is_proven) == (story.MOVED_BY[role], True)


def test_a_sample_is_answering_and_the_buyers_hold_back(demo: None) -> None:
    from rapport.rooms.listening.models import Invitation, Response

    asked = Invitation.objects.filter(programme__name="Relationship, autumn")
    assert asked.count() == 900
    answered = asked.filter(state="answered")
    assert 150 < answered.count() < 500
    assert not Invitation.objects.filter(send_at__isnull=False).exists(), "nobody is written to by the demo"

    def rate(role: str) -> float:
        return answered.filter(buying_role=role).count() / asked.filter(buying_role=role).count()

    assert rate("buyer") < rate("user")
    given = Response.objects.filter(state="sent").values_list("signal_id", flat=True)
    assert Signal.objects.filter(pk__in=list(given), kind="survey").count() == len(given)


def test_the_depots_trouble_is_judged_better_and_holds(demo: None) -> None:
    one = Improvement.objects.get(title="One owner for every promised date")
    assert (one.state, one.came_back) == ("held", 0)
    last = one.looks.last()
    assert last is not None
    assert last.high is not None
    assert (last.verdict, last.high < 0) == ("better", True)


def test_what_is_open_escalated_and_promised_can_be_seen(demo: None) -> None:
    assert Case.objects.open().count() >= 5
    assert Escalation.objects.open().count() == 2
    assert Promise.objects.count() == 3
    assert not OutgoingMail.objects.exclude(state="sent").exists()
