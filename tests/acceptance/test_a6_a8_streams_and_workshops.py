"""A6 and A8 in a browser: a stream to a program with its log, and a workshop with its follow-up."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from standardwebhooks.webhooks import Webhook

from rapport.kernel.environment import environment
from rapport.rooms.action.models import Stream, StreamMessage, Workshop
from rapport.rooms.signals.api import NewScore, record_signal
from tests.browser import axe_violations, open_page, overflows
from tests.cast import World
from tests.local_server import local_server
from tests.rooms.action.cases import WORDS, Cast, answer

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]
BrowserOf = Callable[[str], Client]


def work() -> None:
    """Do the room's jobs that wait, and those they put off until now, as the worker does."""
    done: set[int] = set()
    for _round in range(4):
        waiting = ProcrastinateJob.objects.filter(status="todo").exclude(scheduled_at__gt=timezone.now())
        ours = waiting.filter(task_name__startswith="rapport.rooms.action").exclude(pk__in=done)
        for job in ours.order_by("id"):
            done.add(job.pk)
            app.tasks[job.task_name].func(**job.args)


@contextmanager
def visit(browser: Browser, live_server: Any, client: Client, **look: Any) -> Iterator[Page]:
    # The first request of a process loads every route: not the browser's time.
    client.get("/act/streams/")
    with open_page(browser, **look) as page:
        cookie = client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        yield page


def look(page: Page, name: str) -> None:
    """Have a page stand on its width without a barrier; keep a picture where one is asked for."""
    page.wait_for_load_state()
    folder = os.environ.get("RAPPORT_TEST_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    assert axe_violations(page, "main") == [], name
    assert overflows(page) <= 0, name


def test_a8_feedback_streams_into_a_program_and_its_log_says_so(
    transactional_db: None,
    world: World,
    cast: Cast,
    browser_of: BrowserOf,
    browser: Browser,
    live_server: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(environment(), "private_addresses", True)
    client = browser_of("account_manager")
    with local_server() as local, visit(browser, live_server, client) as page:
        page.goto(f"{live_server.url}/act/streams/")
        look(page, "streams-none")
        page.get_by_role("link", name="Make the first stream").click()
        page.get_by_label("Name").fill("Benelux deliveries")
        page.get_by_label("A program, by webhook").or_(page.get_by_label("Where to")).first.select_option(
            "webhook"
        )
        page.get_by_label("Address").fill(f"http://127.0.0.1:{local.port}/hook")
        page.get_by_label("Customers").fill(world.veldhuis.code)
        page.get_by_role("button", name="Look first").click()
        page.get_by_text("the customer is Veldhuis Dairy").wait_for()
        look(page, "stream-new")
        page.get_by_role("button", name="Save the stream").click()
        secret = page.locator("code", has_text="whsec_").inner_text()
        local.status = 500
        record_signal(answer(occurred_at=timezone.now()), author=None, now=timezone.now())
        work()
        [message] = StreamMessage.objects.all()
        assert (message.state, message.error) == ("waiting", "500 Internal Server Error")
        page.goto(f"{live_server.url}/act/streams/{Stream.objects.get().code}/")
        page.get_by_text("500 Internal Server Error").wait_for()
        look(page, "stream-waits")
        local.status = 200
        page.get_by_role("button", name="Try again").click()
        work()
        page.reload()
        page.locator("#messages").get_by_text("Sent").wait_for()
        look(page, "stream-sent")
        first, second = local.got
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        told = Webhook(secret).verify(second.body.decode(), second.headers)
        assert told["data"]["signals"][0]["comments"][0]["text"] == WORDS
    with visit(browser, live_server, client, theme="dark", phone=True) as page:
        for place in ("", "new/", f"{Stream.objects.get().code}/"):
            page.goto(f"{live_server.url}/act/streams/{place}")
            look(page, f"streams-phone-{place.strip('/') or 'list'}")


def test_a6_a_workshop_from_its_pack_to_what_became_of_it(
    transactional_db: None,
    world: World,
    cast: Cast,
    browser_of: BrowserOf,
    browser: Browser,
    live_server: Any,
) -> None:
    then = timezone.now() - timedelta(days=3)
    for number in range(12):
        told = answer(
            external_reference=f"w-{number}",
            occurred_at=then,
            touchpoint="delivery",
            scores=(NewScore("nps", 9 if number > 8 else 2),),
        )
        record_signal(told, author=None, now=then, live=False)
    lead, guest = browser_of("cx_manager"), browser_of("executive")
    with visit(browser, live_server, lead) as page:
        page.goto(f"{live_server.url}/act/workshops/new/")
        page.get_by_label("What it is about").fill("Dates that hold")
        page.get_by_label("Takes part").select_option(label="Executive")
        look(page, "workshop-new")
        page.get_by_role("button", name="Save the workshop").click()
        page.get_by_role("button", name="Make the pack").click()
        page.get_by_role("heading", name="It hurts most at Parts delivery").wait_for()
        look(page, "pack")
        with page.expect_download() as paper:
            page.get_by_role("link", name="PDF").click()
        assert Path(paper.value.path()).read_bytes().startswith(b"%PDF")
        with page.expect_download() as slides:
            page.get_by_role("link", name="PowerPoint").click()
        assert Path(slides.value.path()).read_bytes().startswith(b"PK")
        page.goto(f"{live_server.url}/act/workshops/{Workshop.objects.get().code}/")
        page.get_by_role("button", name="Begin the vote").click()
        look(page, "workshop-voting")
        with visit(browser, live_server, guest, theme="dark", phone=True) as phone:
            phone.goto(f"{page.url.split('#')[0]}vote/")
            look(phone, "vote")
            phone.get_by_label("Parts delivery").fill("5")
            phone.get_by_role("button", name="Stick my dots").click()
            phone.get_by_text("Your dots are stuck").wait_for()
        page.get_by_role("button", name="End the vote").click()
        page.get_by_text("5 dots", exact=True).wait_for()
        page.get_by_label("What changes").fill("One owner per date")
        page.get_by_label("By whom").select_option(label="Cx Manager")
        page.get_by_label("Until").fill((datetime.now(UTC) + timedelta(days=9)).date().isoformat())
        page.get_by_role("button", name="Write it down").click()
        look(page, "workshop-agreed")
        page.get_by_role("link", name="What became of it").click()
        page.get_by_role("heading", name="0 of 1 things agreed are done").wait_for()
        look(page, "workshop-follow-up")
    with visit(browser, live_server, lead, theme="dark", phone=True) as page:
        code = Workshop.objects.get().code
        for place in ("", f"{code}/", f"{code}/pack/", f"{code}/follow-up/"):
            page.goto(f"{live_server.url}/act/workshops/{place}")
            look(page, f"workshop-phone-{place.strip('/').replace('/', '-') or 'list'}")
