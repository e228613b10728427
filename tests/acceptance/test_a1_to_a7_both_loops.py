"""A1, A2, A5, A7 in Chromium: from an unhappy answer to "fixed for you: yes"; what nobody answers climbs."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from rapport.kernel.jobs.worker import run_pending_jobs
from rapport.kernel.models import OutgoingMail
from rapport.rooms.action.models import Case, Escalation, EscalationLevel, Improvement
from rapport.rooms.action.services.escalation import climb
from rapport.rooms.signals.api import NewComment, record_signal
from rapport.rooms.signals.models import Signal
from tests.browser import axe_violations, open_page, overflows
from tests.cast import World
from tests.rooms.action.cases import Cast, answer

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]
BrowserOf = Callable[[str], Client]


def become(page: Page, url: str, client: Client) -> None:
    """Look at pages as a member of the cast."""
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])


def test_from_an_unhappy_answer_to_fixed_for_you_yes(
    transactional_db: None,
    world: World,
    cast: Cast,
    browser_of: BrowserOf,
    browser: Browser,
    live_server: Any,
) -> None:
    url = live_server.url
    cast("account_manager")
    with open_page(browser) as page:
        become(page, url, browser_of("cx_manager"))
        page.goto(f"{url}/act/letters/en/")
        page.get_by_role("button", name="Approve the letter").click()
        expect(page.locator("main")).to_contain_text("approved")
        page.goto(f"{url}/act/rules/new/")
        page.fill("input[name=name]", "Unhappy customers")
        page.select_option("select[name=score_test]", "unhappy")
        page.locator("main form button.primary").first.click()
        expect(page.locator("main")).to_contain_text("Would have opened 0 cases")
        page.get_by_role("button", name="Switch the rule on").click()
        expect(page.locator("main h1")).to_contain_text("1 rule opens cases")
        for number in (1, 2):
            said = answer(external_reference=f"a{number}", touchpoint="delivery")
            record_signal(said, author=None, now=timezone.now())
        run_pending_jobs()
        case = Case.objects.get()
        assert case.causes.count() == 2

        become(page, url, browser_of("account_manager"))
        page.goto(f"{url}/act/cases/{case.code}/")
        page.get_by_text("Write down the first contact").click()
        page.locator("#contact").get_by_label("What the customer said").fill("He cannot plan around silence.")
        page.get_by_role("button", name="Write down that you spoke to the customer").click()
        expect(page.locator("main")).to_contain_text("He cannot plan around silence.")
        page.get_by_role("link", name="Draft letters").click()
        expect(page.locator("main h1")).to_contain_text("1 person raised it")
        page.get_by_label("What changed, in English").fill("One colleague owns the date now.")
        page.get_by_role("button", name="Draft the letters").click()
        page.get_by_role("button", name="Send 1 letter").click()
        expect(page.locator("main h1")).to_contain_text("1 letter went out")
        letter = OutgoingMail.objects.get(dedupe_key__startswith="telling:")
        assert letter.to == "joost@veldhuis.example"
        link = re.search(r"/act/answer/\S+/", letter.text)
        assert link

        page.context.clear_cookies()
        page.goto(url + link[0])
        page.get_by_label("Yes").check()
        page.get_by_role("button", name="Send the answer").click()
        expect(page.locator("main h1")).to_contain_text("Thank you")

        become(page, url, browser_of("account_manager"))
        page.goto(f"{url}/act/cases/{case.code}/")
        expect(page.locator("main")).to_contain_text("Fixed, says the customer")
    case.refresh_from_db()
    assert (case.state, case.confirmed_at is not None) == ("told", True)
    assert Signal.objects.filter(source="rapport-telling", scores__value=1).count() == 1


def test_an_extreme_event_that_nobody_acknowledges_climbs_and_ends_on_one_page(
    transactional_db: None,
    world: World,
    cast: Cast,
    browser_of: BrowserOf,
    browser: Browser,
    live_server: Any,
) -> None:
    url = live_server.url
    EscalationLevel.objects.create(
        number=1, name="Service", responder=cast("service_lead"), words="stands still", acknowledge_minutes=15
    )
    EscalationLevel.objects.create(number=2, name="Board", responder=cast("executive"), on_list=True)
    said = answer(comments=(NewComment("Line 2 stands still since Monday.", "en"),))
    record_signal(said, author=None, now=timezone.now())
    run_pending_jobs()
    assert climb(now=timezone.now() + timedelta(minutes=16)) == 1
    escalation = Escalation.objects.get()
    with open_page(browser) as page:
        become(page, url, browser_of("executive"))
        page.goto(f"{url}/")
        expect(page.locator("main")).to_contain_text("Line 2 stands still since Monday.")
        page.goto(f"{url}/act/escalations/")
        page.get_by_role("link", name="Line 2 stands still since Monday.").click()
        page.get_by_role("button", name="Take it on").click()
        page.get_by_label("What happened").fill("The plant stood still for four days.")
        page.get_by_label("What we did").fill("A loan pump went out by courier.")
        page.get_by_label("What changes for good").fill("A loan pump waits in every region.")
        page.get_by_role("button", name="End it and send the page").click()
        expect(page.locator("main")).to_contain_text("Summed up by")
        page.emulate_media(media="print")
        expect(page.locator(".rail")).to_be_hidden()
        expect(page.get_by_text("A loan pump waits in every region.")).to_be_visible()
    escalation.refresh_from_db()
    assert escalation.ended_at is not None
    assert OutgoingMail.objects.filter(dedupe_key__startswith="escalation-over:").count() == 1


@pytest.mark.parametrize(("theme", "phone"), [("light", False), ("dark", True)])
def test_the_new_pages_are_open_to_everybody(
    transactional_db: None,
    world: World,
    cast: Cast,
    browser_of: BrowserOf,
    browser: Browser,
    live_server: Any,
    theme: str,
    phone: bool,
) -> None:
    url = live_server.url
    EscalationLevel.objects.create(number=1, name="Service", responder=cast("service_lead"), words="late")
    record_signal(answer(comments=(NewComment("Late again.", "en"),)), author=None, now=timezone.now())
    run_pending_jobs()
    one = Improvement.objects.create(
        title="Dates",
        problem="They move",
        metric_id="nps",
        owner=cast("service_lead"),
        found_at=timezone.now(),
    )
    one.causes.create(family="Desk", text="By hand", standing="proven", evidence="Seen")
    one.whys.create(position=1, answer="Nobody owns the date")
    case, escalation = Case.objects.get(), Escalation.objects.get()
    paths = [
        *("escalations/", f"escalations/{escalation.code}/", "escalations/levels/", "escalations/levels/1/"),
        *("improvements/", "improvements/new/", f"improvements/{one.code}/", "follow-up/", "duty/"),
        *("promises/", "letters/", "letters/en/", "said-and-done/", f"cases/{case.code}/tell-all/"),
        f"cases/{case.code}/",
    ]
    with open_page(browser, theme=theme, phone=phone) as page:
        become(page, url, browser_of("administrator"))
        for path in paths:
            page.goto(f"{url}/act/{path}")
            assert axe_violations(page) == [], path
            assert overflows(page) == 0, path
