"""A9 and D5 in Chromium: a play says whether it works; a case shows what its touchpoint is to leave."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from rapport.rooms.action.models import Playbook
from tests.browser import axe_violations, open_page, overflows
from tests.cast import World
from tests.rooms.action.cases import Cast, make_case
from tests.rooms.action.test_plays_that_work import customers_since

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]
BrowserOf = Callable[[str], Client]


def become(page: Page, url: str, client: Client) -> None:
    """Look at pages as a member of the cast."""
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])


def picture(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look."""
    if folder := os.environ.get("RAPPORT_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("theme", "phone"), [("light", False), ("dark", True)])
def test_a_play_says_whether_it_works_and_a_case_what_its_touchpoint_is_to_leave(
    transactional_db: None,
    world: World,
    cast: Cast,
    browser_of: BrowserOf,
    browser: Browser,
    live_server: Any,
    theme: str,
    phone: bool,
) -> None:
    book = Playbook.objects.create(name="Late delivery")
    customers_since(book, cast, lift=2)
    case = make_case(cast, touchpoint="delivery", emotions=("neglected",))
    url = live_server.url
    with open_page(browser, theme, phone) as page:
        become(page, url, browser_of("cx_manager"))
        page.goto(f"{url}/act/playbooks/{book.pk}/")
        expect(page.locator("main")).to_contain_text("better with the play")
        expect(page.locator("main")).to_contain_text("What this cannot tell")
        assert axe_violations(page, "main") == []
        assert not overflows(page)
        picture(page, f"{theme}-playbook")
        page.goto(f"{url}/act/feelings/")
        page.get_by_role("link", name="Parts delivery").click()
        page.get_by_label("Cared for").check()
        assert axe_violations(page, "main") == []
        picture(page, f"{theme}-desired")
        page.get_by_role("button", name="Keep the desired feelings").click()
        expect(page.locator("main table")).to_contain_text("Cared for")
        expect(page.locator("main table")).to_contain_text("Neglected 1 / 1")
        assert axe_violations(page, "main") == []
        assert not overflows(page)
        picture(page, f"{theme}-feelings")
        page.goto(f"{url}/act/cases/{case.code}/")
        expect(page.locator("#feelings")).to_contain_text("Cared for")
        expect(page.locator("main")).to_contain_text("feels Neglected")
        assert not overflows(page)
        picture(page, f"{theme}-case")
