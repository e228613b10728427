"""Cases on the pages of customers, of people, and at home."""

from collections.abc import Callable

import pytest
from django.test import Client
from tests.cast import World
from tests.rooms.action.cases import Cast, make_case

Browser = Callable[[str], Client]


@pytest.mark.parametrize("whose", ["account", "group", "person"])
def test_what_is_open_stands_on_the_customers_page(
    world: World, cast: Cast, browser_of: Browser, whose: str
) -> None:
    case = make_case(cast)
    path = {
        "account": f"/customers/{world.meppel.code}/",
        "group": f"/customers/{world.veldhuis.code}/",
        "person": f"/customers/people/{world.joost.code}/",
    }[whose]
    page = browser_of("account_manager").get(path).content.decode()
    assert "Open loops" in page
    assert f'href="/act/cases/{case.code}/"' in page


def test_a_customers_cases_have_a_tab(world: World, cast: Cast, browser_of: Browser) -> None:
    case = make_case(cast)
    page = browser_of("account_manager").get(f"/customers/{world.meppel.code}/cases/").content.decode()
    assert case.title in page


def test_home_says_what_to_tell_customers(world: World, cast: Cast, browser_of: Browser) -> None:
    case = make_case(cast)
    page = browser_of("account_manager").get("/").content.decode()
    assert "To tell customers" in page
    assert f'href="/act/cases/{case.code}/"' in page


def test_another_teams_customer_shows_no_case_to_those_who_may_not_see_it(
    world: World, cast: Cast, browser_of: Browser
) -> None:
    case = make_case(cast)
    page = browser_of("partner_user").get("/").content.decode()
    assert case.code not in page
