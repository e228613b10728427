"""U3 in Chromium: the planted story is found by clicking, and every figure is met by a count of our own."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from rapport.ui.formats import number
from tests.browser import axe_violations, open_page, overflows
from tests.cast import World
from tests.rooms.insight.by_hand import drivers_by_hand, gain_by_hand
from tests.rooms.insight.ratings import PARTS, plant
from tests.rooms.insight.test_driver_page import exported

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]
BrowserOf = Callable[[str], Client]


def become(page: Page, url: str, client: Client) -> None:
    """Look at pages as a member of the cast."""
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])


def percent(value: float) -> str:
    return f"{number(100 * value)}%"


def test_what_moves_whom_is_found_by_clicking_and_every_figure_is_met(
    transactional_db: None, world: World, browser_of: BrowserOf, browser: Browser, live_server: Any
) -> None:
    plant(world, now=timezone.now())
    client = browser_of("cx_manager")
    rows = exported(client)
    with open_page(browser) as page:
        become(page, live_server.url, client)
        page.goto(f"{live_server.url}/understand/")
        page.get_by_role("link", name="What moves it").click()
        main = page.locator("main")
        expect(main).to_contain_text("for approvers it is delivery reliability", ignore_case=True)
        expect(main).to_contain_text("for users it is documentation", ignore_case=True)
        wanted = drivers_by_hand(rows, list(PARTS), "nps")
        for key, name in PARTS.items():
            value, low, high = wanted[key]
            row = page.locator("#all tbody tr", has=page.get_by_role("rowheader", name=name, exact=True))
            cells = row.locator("td").all_text_contents()
            assert cells[:2] == [percent(value), f"{number(100 * low)}–{number(100 * high)}"], name
        page.get_by_label("Delivery reliability", exact=True).first.fill("0.5")
        page.get_by_role("button", name="Work out what it would bring").click()
        whole = [row for row in rows if all(row[f"score {key}"] is not None for key in PARTS)]
        before = sum(row["score nps"] for row in whole) / len(whole)
        after = before + gain_by_hand(rows, list(PARTS), "nps", "delivery", 0.5)
        expect(page.locator("#what-if")).to_contain_text(f"from {number(before, 2)} to {number(after, 2)} (")
        assert "change-delivery=0.5" in page.url  # what was asked stands in the address
        page.get_by_role("link", name="Tier", exact=True).click()
        expect(page.locator("#groups")).to_contain_text("Tier A customers")
        assert axe_violations(page, "main") == []
    with open_page(browser, phone=True, theme="dark") as page:
        become(page, live_server.url, client)
        page.goto(f"{live_server.url}/understand/drivers/")
        assert overflows(page) == 0
