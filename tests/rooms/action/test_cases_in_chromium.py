"""The room in a real browser: worked by keyboard without leaving the page, and open to everybody."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page
from tests.browser import axe_violations, open_page, overflows
from tests.cast import World
from tests.rooms.action.cases import Cast, make_case

from rapport.rooms.action.models import Case, Rule

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]
BrowserOf = Callable[[str], Client]


def sign_in(page: Page, url: str, client: Client) -> None:
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])


def test_a_case_is_worked_by_keyboard_without_leaving_the_page(
    transactional_db: None,
    world: World,
    cast: Cast,
    browser_of: BrowserOf,
    browser: Browser,
    live_server: Any,
) -> None:
    case = make_case(cast)
    with open_page(browser) as page:
        sign_in(page, live_server.url, browser_of("account_manager"))
        page.goto(f"{live_server.url}/act/")
        page.get_by_role("link", name=case.title).focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="The very words").wait_for()
        page.keyboard.press("a")
        page.get_by_role("heading", name="Next: say that you are on it").wait_for(state="detached")
        page.get_by_label("What was said").fill("Femke owns the date.")
        page.get_by_role("button", name="Write down that the customer was told").press("Enter")
        page.get_by_label("How it ended").fill("Joost is content.")
        page.get_by_role("button", name="Close the case").press("Enter")
        page.get_by_role("button", name="Open the case again").wait_for()
    case.refresh_from_db()
    assert (case.state, case.told_words) == ("closed", "Femke owns the date.")


@pytest.mark.parametrize(("theme", "phone"), [("light", False), ("dark", False), ("dark", True)])
def test_its_pages_are_open_to_everybody(
    transactional_db: None,
    world: World,
    cast: Cast,
    browser_of: BrowserOf,
    browser: Browser,
    live_server: Any,
    theme: str,
    phone: bool,
) -> None:
    case = make_case(cast)
    make_case(cast, external_reference="t-2")
    Case.objects.filter(pk=case.pk).update(due_at=case.opened_at)
    rule = f"/act/rules/{Rule.objects.get().code}/"
    paths = ["/act/team/", "/act/cases/", f"/act/cases/{case.code}/", "/act/rules/", rule]
    with open_page(browser, theme=theme, phone=phone) as page:
        sign_in(page, live_server.url, browser_of("administrator"))
        for path in [*paths, "/admin/mail/", "/admin/jobs/"]:
            page.goto(f"{live_server.url}{path}")
            assert axe_violations(page) == [], path
            assert overflows(page) == 0, path
