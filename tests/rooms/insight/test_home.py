"""The home page of each member of the cast."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.cast import World
from tests.rooms.signals.said import remark

from rapport.kernel.models import User
from rapport.rooms.insight.api import HomePanel, register_home_panel
from rapport.rooms.insight.panels import _home
from rapport.rooms.signals.api import NewScore, record_signal


@pytest.fixture
def unhappy(world: World) -> World:
    """Let Joost be unhappy yesterday, and the people of Kestrel too."""
    now = timezone.now()
    for number, who in enumerate(["joost@veldhuis.example", "mikkel@kestrel.example"]):
        record_signal(
            remark(contact=who, external_reference=str(number), occurred_at=now - timedelta(days=1)),
            author=None,
            now=now,
        )
    return world


def test_it_names_who_is_unhappy_and_who_is_silent(
    unhappy: World, browser_of: Callable[[str], Client]
) -> None:
    page = browser_of("account_manager").get("/").content.decode()
    assert "Veldhuis Meppel is unhappy." in page
    assert "Nobody rang." in page
    assert "Eva Hoekstra" in page
    assert "can veto" in page
    assert "Kestrel" not in page


def test_a_person_who_is_content_again_is_no_longer_unhappy(
    unhappy: World, browser_of: Callable[[str], Client]
) -> None:
    now = timezone.now()
    record_signal(
        remark(
            contact="joost@veldhuis.example",
            external_reference="again",
            occurred_at=now,
            scores=(NewScore("nps", 9),),
        ),
        author=None,
        now=now,
    )
    assert "Veldhuis Meppel is unhappy." not in browser_of("account_manager").get("/").content.decode()


def test_who_was_heard_within_a_year_is_not_silent(
    unhappy: World, browser_of: Callable[[str], Client]
) -> None:
    now = timezone.now()
    record_signal(
        remark(contact="eva@veldhuis.example", external_reference="e", occurred_at=now), author=None, now=now
    )
    page = browser_of("account_manager").get("/").context["lately"]
    assert [person.name for person in page.silent] == []


@pytest.mark.parametrize(
    "who",
    ["administrator", "cx_manager", "analyst", "account_manager", "executive", "champion", "partner_user"],
)
def test_it_opens_for_everybody(unhappy: World, browser_of: Callable[[str], Client], who: str) -> None:
    assert browser_of(who).get("/").status_code == 200


def test_an_employee_goes_straight_to_capture(world: World, browser_of: Callable[[str], Client]) -> None:
    assert browser_of("employee").get("/").headers["Location"] == "/listen/capture/"


def test_the_portfolio_counts_sites_with_their_group(
    unhappy: World, browser_of: Callable[[str], Client]
) -> None:
    rows = browser_of("account_manager").get("/").context["portfolio"].rows
    assert [(row.name, row.people, row.heard, row.unhappy) for row in rows] == [("Veldhuis Dairy", 2, 1, 1)]


def test_a_partner_sees_only_its_own_customers(unhappy: World, browser_of: Callable[[str], Client]) -> None:
    rows = browser_of("partner_user").get("/").context["portfolio"].rows
    assert [row.name for row in rows] == ["Kestrel Pharma"]


def test_a_higher_room_adds_a_column_and_one_that_fails_takes_nothing_down(
    unhappy: World, browser_of: Callable[[str], Client]
) -> None:
    def fails(user: User, now: object) -> HomePanel | None:
        raise ValueError("no")

    def due(user: User, now: object) -> HomePanel | None:
        return HomePanel("Due today", "signals/capture_found.html", {"found": []}, base="4, one late")

    for source in (fails, due):
        register_home_panel(source)
    try:
        page = browser_of("account_manager").get("/").content.decode()
    finally:
        for source in (fails, due):
            _home.remove(source)
    assert "Due today" in page
    assert "4, one late" in page
