"""L1: a branching survey in two languages, designed in Chromium and through the API, is one and the same."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page

from rapport.kernel.models import User
from rapport.rooms.listening.models import BankQuestion, Response, Survey
from tests.browser import PHONE, axe_violations, open_page, overflows
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]
BrowserOf = Callable[[str], Client]

UNHAPPY: dict[str, Any] = {
    "type": "part",
    "subject": {"kind": "answer", "key": "nps", "row": ""},
    "operator": "at_most",
    "value": 6.0,
}
NAME = "After a delivery"


def document() -> dict[str, Any]:
    """The survey as a program writes it: how likely; unless unhappy, the end; else why, in two languages."""
    happy = {"type": "not", "of": {"type": "any", "of": [UNHAPPY]}}
    return {
        "title": {"en": NAME, "de": "Nach einer Lieferung"},
        "language": "en",
        "languages": ["en", "de"],
        "pages": [
            {
                "key": "page1",
                "questions": [
                    {
                        "type": "nps",
                        "key": "nps",
                        "required": True,
                        "metric": "nps",
                        "text": {"en": "Would you recommend us?", "de": "Würden Sie uns empfehlen?"},
                    }
                ],
                "branches": [{"when": happy, "to": "end"}],
            },
            {
                "key": "page2",
                "questions": [
                    {
                        "type": "choice",
                        "key": "choice",
                        "text": {"en": "What went wrong?", "de": "Was ging schief?"},
                        "choices": [
                            {"key": "late", "text": {"en": "Late", "de": "Zu spät"}},
                            {"key": "wrong", "text": {"en": "Wrong", "de": "Falsch"}},
                        ],
                    }
                ],
            },
        ],
    }


def sign_in(page: Page, url: str, client: Client) -> None:
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])


def press(page: Page, name: str, wait: str) -> None:
    """Press a button of the bench and wait for what it brings."""
    page.get_by_role("button", name=name, exact=True).click()
    page.locator(wait).wait_for()


def design(page: Page, url: str) -> str:
    """Design the survey as a person does; return its code."""
    page.goto(f"{url}/listen/surveys/new/")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Written first in").select_option("en")
    page.get_by_role("button", name="Begin with an empty page").click()
    page.wait_for_url("**/listen/surveys/S*/")
    code = page.url.rstrip("/").rpartition("/")[2]

    page.locator("#o-p-page1").click()
    page.get_by_label("A new question").select_option("nps")
    press(page, "Add the question", "#o-q-nps")
    page.get_by_label("Question", exact=True).fill("Would you recommend us?")
    page.get_by_label("Required").check()
    page.get_by_label("Metric").select_option("nps")
    press(page, "Save the question", "#c-nps .ask")

    press(page, "Add a page", "#o-p-page2[aria-current]")
    page.get_by_label("A new question").select_option("choice")
    press(page, "Add the question", "#o-q-choice")
    page.get_by_label("Question", exact=True).fill("What went wrong?")
    page.get_by_label("Choices, line 1, new").fill("Late")
    page.get_by_label("Choices, line 2, new").fill("Wrong")
    press(page, "Save the question", "#c-choice .ask")

    page.locator("#o-p-page1").click()
    page.get_by_label("Branch to").select_option("end")
    press(page, "Add a branch", "#save-condition")
    page.get_by_label("How the parts are held together").first.select_option("none")
    page.get_by_label("What is looked at").first.select_option("answer:nps")
    page.locator("#g0-p0-operator").select_option("at_most")
    page.locator("#g0-p0-value").fill("6")
    press(page, "Save the condition", "#b-0")
    return code


def translate(page: Page, url: str, code: str) -> None:
    """Add German and write every text in it, side by side with the English."""
    page.goto(f"{url}/listen/surveys/{code}/languages/")
    page.get_by_label("Language", exact=True).select_option("de")
    page.get_by_role("button", name="Add the language").click()
    page.get_by_text("5 texts are missing in Deutsch").wait_for()
    for label, words in {
        "Title of the survey": "Nach einer Lieferung",
        "nps": "Würden Sie uns empfehlen?",
        "choice": "Was ging schief?",
        "choice: late": "Zu spät",
        "choice: wrong": "Falsch",
    }.items():
        page.get_by_label(f"{label}, Deutsch", exact=True).fill(words)
    page.get_by_role("button", name="Save Deutsch").click()
    page.get_by_text("Everything is said in Deutsch").wait_for()


def test_a_survey_designed_in_the_browser_is_the_one_a_program_writes(
    transactional_db: None,
    world: World,
    cast: Callable[[str], User],
    browser_of: BrowserOf,
    browser: Browser,
    live_server: Any,
) -> None:
    url, client = live_server.url, browser_of("cx_manager")
    with open_page(browser) as page:
        sign_in(page, url, client)
        code = design(page, url)
        assert axe_violations(page, "#designer") == []
        translate(page, url, code)
        page.goto(f"{url}/listen/surveys/{code}/versions/")
        page.get_by_role("button", name="Publish version 1").click()
        page.get_by_text("can be answered", exact=True).wait_for()

    told = {"name": NAME, "definition": document()}
    made = client.post("/api/v1/surveys", json.dumps(told), "application/json").json()
    number = json.dumps({"draft_number": made["draft_number"]})
    published = client.post(f"/api/v1/surveys/{made['code']}/publish", number, "application/json")
    assert published.status_code == 201
    drawn = client.get(f"/api/v1/surveys/{code}/versions/1").json()
    assert drawn["document"] == published.json()["document"]
    checked = client.get(f"/api/v1/surveys/{code}/check").json()
    assert checked["publishable"]


def test_a_designer_needs_neither_a_mouse_nor_a_wide_screen(
    transactional_db: None, world: World, browser_of: BrowserOf, browser: Browser, live_server: Any
) -> None:
    client = browser_of("analyst")
    made = client.post("/api/v1/surveys", json.dumps({"template": "event"}), "application/json").json()
    address = f"{live_server.url}/listen/surveys/{made['code']}/"
    with open_page(browser) as page:
        sign_in(page, live_server.url, client)
        page.goto(address)
        page.locator("#o-q-effort").focus()
        page.keyboard.press("Alt+ArrowUp")
        page.locator(".outline-pages ol > li:first-child #o-q-effort[aria-current]").wait_for()
        page.locator("#o-q-solved").focus()
        page.keyboard.press("Enter")
        page.locator("#panel h2:focus").wait_for()
        grip, target = page.locator("li[data-key-of=solved] [data-grip]"), page.locator("#o-q-feeling")
        if page.evaluate("'drags' in document.documentElement.dataset"):
            grip.drag_to(target)
            page.locator("ol[data-page=page2] #o-q-solved").wait_for()
    with open_page(browser, theme="dark", phone=True) as page:
        sign_in(page, live_server.url, client)
        for place in (
            "",
            "?question=effort",
            "?page=page2",
            "?condition=page:page2",
            "?part=logic",
            "preview/",
        ):
            page.goto(address + place)
            assert overflows(page) == 0, place
            assert axe_violations(page, "#main") == [], place
    order = [[q["key"] for q in p["questions"]] for p in Survey.objects.get(code=made["code"]).draft["pages"]]
    assert order[0][:2] == ["effort", "satisfied_event"]


def test_a_preview_branches_as_the_contact_and_leaves_nothing(
    transactional_db: None, world: World, browser_of: BrowserOf, browser: Browser, live_server: Any
) -> None:
    client = browser_of("cx_manager")
    told = {"name": NAME, "definition": document()}
    made = client.post("/api/v1/surveys", json.dumps(told), "application/json").json()
    address = f"{live_server.url}/listen/surveys/{made['code']}/preview/draft/?language=de"
    address += f"&contact={world.joost.code}"
    page = browser.new_context(viewport=PHONE, java_script_enabled=False).new_page()
    sign_in(page, live_server.url, client)
    for score, follows in (("3", "Was ging schief?"), ("9", "Vielen Dank")):
        page.goto(f"{address}&again=yes")
        page.get_by_label(score, exact=True).check(force=True)
        page.locator(".go button.primary").click()
        page.get_by_text(follows).first.wait_for()
    page.context.close()
    assert not Response.objects.exists()
    assert not BankQuestion.objects.exists()
