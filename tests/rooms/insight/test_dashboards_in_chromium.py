"""Dashboards in a real browser: open to everybody, arranged by keyboard, compared by choice."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page
from tests.browser import axe_violations, open_page, overflows
from tests.cast import World
from tests.rooms.insight.answers import draw_answers, record_answers

from rapport.kernel.models import User
from rapport.rooms.insight.models import Dashboard
from rapport.rooms.insight.services.dashboards import create_dashboard

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]
BrowserOf = Callable[[str], Client]


def sign_in(page: Page, url: str, client: Client) -> None:
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])


@pytest.mark.parametrize(("theme", "phone"), [("light", False), ("dark", True)])
def test_every_dashboard_is_open_to_everybody(
    transactional_db: None,
    world: World,
    cast: Callable[[str], User],
    browser_of: BrowserOf,
    browser: Browser,
    live_server: Any,
    theme: str,
    phone: bool,
) -> None:
    record_answers(draw_answers(world))
    kept = create_dashboard(cast("analyst"), "Mine", [{"kind": "figure"}, {"kind": "pivot", "by": ["role"]}])
    paths = [f"boards/{key}/?period=24m" for key in ("cx-manager", "analyst", "account-manager")]
    paths += ["boards/", f"boards/{kept.code}/arrange/", "boards/analyst/tiles/5/?period=24m"]
    with open_page(browser, theme, phone) as page:
        sign_in(page, live_server.url, browser_of("analyst"))
        for path in paths:
            page.goto(f"{live_server.url}/understand/{path}")
            for closed in page.locator("details.tile-how").all()[:2]:
                closed.evaluate("details => details.open = true")
            assert axe_violations(page) == [], path
            assert overflows(page) <= 0, path


def test_a_dashboard_is_arranged_by_keyboard_and_stands_so(
    transactional_db: None, world: World, browser_of: BrowserOf, browser: Browser, live_server: Any
) -> None:
    record_answers(draw_answers(world))
    with open_page(browser) as page:
        sign_in(page, live_server.url, browser_of("executive"))
        page.goto(f"{live_server.url}/understand/?period=24m")
        page.get_by_role("button", name="Arrange my own").press("Enter")
        page.get_by_role("button", name="Move tile 1 down").press("Enter")
        page.get_by_label("What").select_option("breakdown")
        page.get_by_label("Dimension 1").select_option("region")
        page.get_by_label("Heading", exact=True).fill("Where it hurts")
        page.get_by_role("button", name="Add the tile").press("Enter")
        page.get_by_text("Added at the end.").wait_for()
        page.get_by_role("link", name="See it").press("Enter")
        headings = page.locator(".tile h2").all_inner_texts()
    assert headings[:2] == ["NPS of all who answered", "NPS of people, of customers, of revenue"]
    assert headings[-1] == "Where it hurts"
    assert Dashboard.objects.get().based_on == "executive"


def test_a_group_is_chosen_to_compare_with_and_the_address_keeps_it(
    transactional_db: None, world: World, browser_of: BrowserOf, browser: Browser, live_server: Any
) -> None:
    record_answers(draw_answers(world))
    with open_page(browser) as page:
        sign_in(page, live_server.url, browser_of("cx_manager"))
        page.goto(f"{live_server.url}/understand/?period=24m&region=benelux")
        page.get_by_text("A group or other days").click()
        page.get_by_label("Group", exact=True).select_option("region:nordics")
        page.get_by_role("button", name="Compare").click()
        page.wait_for_url("**vs=region%3Anordics**")
        page.get_by_text("against another group").first.wait_for()
        assert "region=benelux" in page.url
