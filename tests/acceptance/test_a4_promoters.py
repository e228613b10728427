"""A4 in Chromium: a promoter is asked, says yes without JavaScript, is used for a sale, and takes it back."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from rapport.kernel.models import OutgoingMail
from rapport.rooms.accounts.models import Opportunity
from rapport.rooms.action.models import Ask, AskUse
from rapport.rooms.signals.api import NewComment, NewScore, record_signal
from tests.browser import axe_violations, open_page, overflows
from tests.cast import World
from tests.rooms.action.cases import Cast, answer

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


def test_a_promoter_is_asked_agrees_is_used_for_a_sale_and_takes_it_back(
    transactional_db: None,
    world: World,
    cast: Cast,
    browser_of: BrowserOf,
    browser: Browser,
    live_server: Any,
) -> None:
    url, now = live_server.url, timezone.now()
    given = answer(
        contact="eva@veldhuis.example",
        scores=(NewScore("nps", 10),),
        comments=(NewComment("They ring before I do.", "en"),),
        occurred_at=now,
    )
    record_signal(given, author=None, now=now, live=False)
    Opportunity.objects.create(
        account=world.meppel, name="Line 3", outcome="won", amount=48000, currency="EUR"
    )
    owner = browser_of("account_manager")
    with open_page(browser) as page:
        become(page, url, browser_of("cx_manager"))
        page.goto(f"{url}/act/promoters/letters/reference/en/")
        page.get_by_role("button", name="Approve the letter").click()
        expect(page.locator("main")).to_contain_text("approved")
        picture(page, "limits")
        become(page, url, owner)
        page.goto(f"{url}/act/promoters/")
        expect(page.locator("main h1")).to_contain_text("1 person would recommend us")
        page.get_by_role("link", name="Eva Hoekstra").click()
        expect(page.locator("main")).to_contain_text("no letter for this is approved yet")
        picture(page, "promoter")
        page.get_by_role("button", name="Send: Reference").click()
        expect(page.locator("main")).to_contain_text("written to a short while ago")
    ask = Ask.objects.get()
    found = re.search(r"/act/asked/\S+/", OutgoingMail.objects.get(dedupe_key=f"ask:{ask.pk}").text)
    assert found
    with open_page(browser, java_script_enabled=False) as page:
        page.goto(url + found[0])
        page.get_by_label("Yes", exact=True).check()
        page.get_by_label("Speak with somebody who thinks of buying").check()
        page.get_by_label("What would you like to add?").fill("Not in December, please.")
        picture(page, "asked")
        page.get_by_role("button", name="Send the answer").click()
        expect(page.locator("main")).to_contain_text("What you let us do")
    with open_page(browser) as page:
        become(page, url, owner)
        page.goto(f"{url}/act/references/")
        expect(page.locator("main")).to_contain_text("Not in December, please.")
        picture(page, "references")
        page.get_by_role("link", name="Eva Hoekstra").click()
        page.get_by_label("For what").fill("A call with the plant manager")
        page.get_by_label("For which opportunity").select_option(label="Veldhuis Meppel: Line 3")
        page.get_by_role("button", name="Write down that it was used").click()
        expect(page.locator("main")).to_contain_text("Line 3, Won")
        picture(page, "ask")
        page.goto(f"{url}/act/promoters/")
        expect(page.locator("main")).to_contain_text("1 won opportunity, €48,000")
        expect(page.locator("main")).to_contain_text("Linked, not caused")
        picture(page, "promoters")
    with open_page(browser, phone=True, java_script_enabled=False) as page:
        page.goto(url + found[0])
        page.get_by_role("button", name="Take it back").click()
        expect(page.locator("main h1")).to_contain_text("Taken back")
        picture(page, "taken-back")
    with open_page(browser) as page:
        become(page, url, owner)
        page.goto(f"{url}/act/references/")
        expect(page.locator("main")).to_contain_text("Nobody has agreed to anything like that")
    assert AskUse.objects.get().opportunity is not None


@pytest.mark.parametrize(("theme", "phone"), [("light", False), ("dark", True)])
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
    now = timezone.now()
    recommends = answer(contact="eva@veldhuis.example", scores=(NewScore("nps", 10),), occurred_at=now)
    record_signal(recommends, author=None, now=now, live=False)
    ask = Ask.objects.create(
        kind="reference",
        contact=world.eva,
        account=world.veldhuis,
        language="en",
        subject="Would you speak for us?",
        text="Please",
        sent_at=now,
        answered_at=now,
        agreed=True,
        allowed=["talk"],
    )
    paths = ["promoters/", "promoters/limits/", f"promoters/{world.eva.code}/", "references/"]
    with open_page(browser, theme, phone) as page:
        become(page, live_server.url, browser_of("cx_manager"))
        for path in [*paths, f"references/{ask.code}/", "feelings/", "feelings/delivery/"]:
            page.goto(f"{live_server.url}/act/{path}")
            assert axe_violations(page, "main") == [], path
            assert not overflows(page), path
            picture(page, f"{theme}-{path.strip('/').replace('/', '-')}")
