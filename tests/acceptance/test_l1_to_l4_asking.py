"""L1 to L4: a survey is published, people are drawn and invited, answer on a phone, and are heard.

The mail goes through a real mail server on loopback; the answers are given in Chromium without JavaScript.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, expect

from rapport.kernel.environment import environment
from rapport.kernel.jobs.worker import run_pending_jobs
from rapport.rooms.accounts.models import BuyingRole
from rapport.rooms.listening.channels.sending import send_due
from rapport.rooms.listening.models import Invitation, Response
from rapport.rooms.signals.models import Signal
from tests.browser import open_page, overflows
from tests.kernel.mail.post_office import post_office

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

UNHAPPY = {
    "type": "part",
    "subject": {"kind": "answer", "key": "nps"},
    "operator": "at_most",
    "value": 6,
}
SURVEY: dict[str, Any] = {
    "title": {"en": "Working with Halden Flow", "nl": "Werken met Halden Flow"},
    "language": "en",
    "languages": ["en", "nl"],
    "pages": [
        {
            "key": "first",
            "questions": [
                {
                    "key": "nps",
                    "type": "nps",
                    "metric": "nps",
                    "required": True,
                    "text": {"en": "How likely are you to recommend us?", "nl": "Beveelt u ons aan?"},
                }
            ],
            "branches": [{"when": UNHAPPY, "to": "trouble"}],
        },
        {
            "key": "praise",
            "questions": [
                {
                    "key": "best",
                    "type": "long_text",
                    "text": {"en": "What do we do best?", "nl": "Wat doen we goed?"},
                }
            ],
            "branches": [{"when": {"type": "all", "of": []}, "to": "end"}],
        },
        {
            "key": "trouble",
            "questions": [
                {
                    "key": "why",
                    "type": "long_text",
                    "text": {"en": "What went wrong?", "nl": "Wat ging er mis?"},
                }
            ],
        },
    ],
}


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    """Call the programming interface and return what it says."""
    told = json.dumps(body or {}).encode()
    answer = client.generic(method, f"/api/v1/{path}", told, content_type="application/json")
    assert answer.status_code in {200, 201}, answer.content
    return answer.json()


def in_the_window(morning: datetime) -> datetime:
    """Return half past eight, UTC, of the working day after: inside everybody's hours, whenever tests run."""
    later = morning + timedelta(days=1)
    while later.weekday() > 4:
        later += timedelta(days=1)
    return later.replace(hour=8, minute=30)


def test_the_right_people_are_asked_and_the_programme_shows_who_answered(
    world: Any, browser_of: Callable[[str], Client], browser: Browser, live_server: Any
) -> None:
    world.eva.language = "nl"
    world.eva.save()
    BuyingRole.objects.create(contact=world.kestrel_buyer, role="buyer")
    cx = browser_of("cx_manager")

    # Designed in two languages with a branch, checked and published.
    survey = send(cx, "POST", "surveys", {"name": "Relationship", "definition": SURVEY})
    send(cx, "POST", f"surveys/{survey['code']}/publish", {"draft_number": survey["draft_number"]})

    # Planned, looked at, started and drawn.
    plan = {"sampling": {"how": "everyone"}, "mail": {"sender_name": "Halden Flow", "weekdays_only": False}}
    told = {"name": "Relationship", "kind": "periodic", "survey": survey["code"], "plan": plan}
    made = send(cx, "POST", "programmes", told)
    assert send(cx, "GET", f"programmes/{made['code']}/expected")["drawn"] == 3
    send(cx, "POST", f"programmes/{made['code']}/start")
    send(cx, "POST", f"programmes/{made['code']}/draws", {"seed": 11})

    # Invited: the mail leaves in everybody's next morning.
    morning = Invitation.objects.order_by("-send_at").values_list("send_at", flat=True)[0]
    assert morning is not None
    with post_office() as office:
        assert send_due(now=in_the_window(morning)).messages == 3
        run_pending_jobs()
    [to_eva] = [message for message in office.accepted if message["To"] == "eva@veldhuis.example"]
    html = next(part for part in to_eva.walk() if part.get_content_type() == "text/html")
    body = html.get_payload(decode=True)
    assert isinstance(body, bytes)
    clicked = re.search(r'href="([^"]+\?nps=3)"', body.decode())
    assert clicked is not None
    address = clicked[1].replace(environment().base_url, live_server.url)

    # Answered from the mail, on a phone, without JavaScript: the score is chosen and nothing is sent yet.
    with open_page(browser, phone=True, java_script_enabled=False) as page:
        page.goto(address)
        expect(page.locator("input[name=nps][value='3']")).to_be_checked()
        assert overflows(page) <= 0
        assert not Response.objects.exists()
        page.locator("button[name=_go][value=next]").last.click()
        expect(page.get_by_text("Wat ging er mis?")).to_be_visible()
    assert Response.objects.get().state == "open"

    # Resumed on another device, where the first left off.
    with open_page(browser, java_script_enabled=False) as page:
        page.goto(address.partition("?")[0])
        expect(page.get_by_text("Wat ging er mis?")).to_be_visible()
        page.locator("textarea[name=why]").fill("De depots waren leeg.")
        page.locator("button[name=_go][value=next]").last.click()
        expect(page.locator("textarea")).to_have_count(0)
    run_pending_jobs()

    # Heard: a signal on the account, with the role held then.
    signal = Signal.objects.get()
    assert (signal.account, signal.contact, signal.buying_role) == (world.veldhuis, world.eva, "approver")
    assert signal.scores.get().value == 3
    assert signal.comments.get().text == "De depots waren leeg."
    assert signal.recorded_at > datetime(2020, 1, 1, tzinfo=UTC)

    # And seen on the programme's page, by role.
    groups = {
        group["name"]: group
        for group in send(cx, "GET", f"programmes/{made['code']}/progress?by=role")["groups"]
    }
    assert (groups["approver"]["asked"], groups["approver"]["answered"]) == (1, 1)
    assert (groups["decision_maker"]["asked"], groups["decision_maker"]["answered"]) == (1, 0)
    listed = cx.get(f"/listen/programmes/{made['code']}/").content.decode()
    assert "Approver" in listed
    assert "1 of 3 have answered" in listed
