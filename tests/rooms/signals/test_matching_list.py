"""Saying whose feedback it is."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.cast import World
from tests.rooms.signals.said import NOW, remark

from rapport.kernel.events import _listeners, listen_to
from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.signals.api import SignalsRecorded, record_signal
from rapport.rooms.signals.models import Score, Signal
from rapport.rooms.signals.services.matching import match_account

URL = "/listen/matching/"


@pytest.fixture
def waiting(world: World) -> World:
    """Record three answers about "Velthuis Mepel", by two people."""
    for number, who in enumerate(
        ["joost@veldhuis.example", "kees@veldhuis.example", "kees@veldhuis.example"]
    ):
        record_signal(
            remark(account="Velthuis Mepel", contact=who, external_reference=f"w{number}"),
            author=None,
            now=NOW,
        )
    return world


def test_a_likely_customer_is_offered(waiting: World, browser_of: Callable[[str], Client]) -> None:
    page = browser_of("cx_manager").get(URL).content.decode()
    assert "Velthuis Mepel" in page
    assert f'value="{waiting.meppel.code}"' in page


def test_the_address_of_a_person_hints_at_the_customer(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    Account.objects.filter(pk=world.tarnhelm.pk).update(domain="tarnhelm.example")
    record_signal(remark(account="TC GmbH", contact="r.adler@tarnhelm.example"), author=None, now=NOW)
    assert f'value="{world.tarnhelm.code}"' in browser_of("cx_manager").get(URL).content.decode()


def test_one_action_matches_all_signals_of_a_name_and_adds_their_people(
    waiting: World, browser_of: Callable[[str], Client]
) -> None:
    sent = {"hint": "Velthuis Mepel", "account": waiting.meppel.code, "make_people": "yes"}
    assert browser_of("cx_manager").post(URL, sent).status_code == 302
    signals = list(Signal.objects.select_related("contact").order_by("external_reference"))
    assert {signal.account_id for signal in signals} == {waiting.meppel.pk}
    assert {signal.region_id for signal in signals} == {"benelux"}
    assert [signal.contact.email for signal in signals if signal.contact] == [
        "joost@veldhuis.example",
        "kees@veldhuis.example",
        "kees@veldhuis.example",
    ]
    assert signals[0].buying_role == "decision_maker"
    assert Contact.objects.filter(email="kees@veldhuis.example").count() == 1
    assert set(Score.objects.values_list("account", "region")) == {(waiting.meppel.pk, "benelux")}
    assert Score.objects.filter(buying_role="decision_maker").count() == 1


def test_places_that_were_known_stay_as_they_were(world: World, cast: Callable[[str], User]) -> None:
    record_signal(remark(account="Velthuis", region="nordics"), author=None, now=NOW)
    match_account("Velthuis", world.meppel, user=cast("cx_manager"), now=NOW)
    assert Signal.objects.get().region_id == "nordics"


@pytest.mark.parametrize(("age", "told"), [(timedelta(days=1), 1), (timedelta(days=30), 0)])
def test_the_rooms_above_hear_of_a_match_while_it_is_recent(
    world: World, cast: Callable[[str], User], age: timedelta, told: int
) -> None:
    now = timezone.now()
    record_signal(remark(account="Velthuis", occurred_at=now - age), author=None, now=now)
    heard: list[SignalsRecorded] = []
    listen_to(SignalsRecorded)(heard.append)
    try:
        match_account("Velthuis", world.meppel, user=cast("cx_manager"), now=now)
    finally:
        _listeners[SignalsRecorded].remove(heard.append)
    assert len(heard) == told


def test_a_name_nobody_knows_is_refused_and_nothing_changes(
    waiting: World, browser_of: Callable[[str], Client]
) -> None:
    response = browser_of("cx_manager").post(URL, {"hint": "Velthuis Mepel", "account": "A999999"})
    assert response.status_code == 422
    assert not Signal.objects.exclude(account=None).exists()


def test_an_account_manager_neither_sees_nor_matches_what_lies_out_of_reach(
    waiting: World, browser_of: Callable[[str], Client]
) -> None:
    browser = browser_of("account_manager")
    assert "Velthuis Mepel" not in browser.get(URL).content.decode()
    browser.post(URL, {"hint": "Velthuis Mepel", "account": waiting.meppel.code})
    assert not Signal.objects.exclude(account=None).exists()


def test_matching_leaves_anonymous_answers_alone(world: World, cast: Callable[[str], User]) -> None:
    record_signal(remark(anonymous=True, external_reference="a"), author=None, now=NOW)
    done = match_account("", world.meppel, user=cast("cx_manager"), now=NOW)
    assert done.signals == 0
    assert Signal.objects.get().account is None
