"""The web snippet in a real browser, in a page of another site with a strict content policy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from tests.browser import axe_violations, open_page
from tests.rooms.listening.asking import NOW, programme

from rapport.rooms.listening.channels.codes import add_open_link
from rapport.rooms.listening.models import Invitation, Response
from rapport.rooms.listening.programmes.plan import Plan

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]


@contextmanager
def a_site(script: str, policy: str) -> Iterator[str]:
    """Serve one page that asks by our script, under a content policy."""
    html = (
        '<!doctype html><html lang="nl"><head><title>Shop</title></head><body><main><h1>Shop</h1></main>'
        f'<script src="{script}" async></script></body></html>'
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(html.encode() if self.path == "/" else b"")

        def log_message(self, *_said: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def link(world: Any, cast: Any) -> Invitation:
    made = programme(cast("cx_manager"), plan=Plan(web_share=1.0))
    return add_open_link(made, label="Shop", channel="web", place={"touchpoint": "delivery"}, now=NOW)


def choose_and_send(page: Page, site: str) -> None:
    page.goto(site)
    box = page.locator("#rapport-ask")
    box.get_by_role("button", name="9", exact=True).click()
    box.get_by_role("button", name="Versturen").click()


def test_an_answer_is_sent_without_leaving_the_page_and_more_waits_behind_a_link(
    live_server: Any, browser: Browser, link: Invitation
) -> None:
    policy = f"default-src 'none'; script-src {live_server.url}; connect-src {live_server.url}"
    with (
        a_site(f"{live_server.url}/ask/snippet/{link.pk}.js", policy) as site,
        open_page(browser) as page,
    ):
        choose_and_send(page, site)
        expect(page.get_by_role("status")).to_have_text("Dank u. Uw antwoord is aangekomen.")
        assert page.url.rstrip("/") == site
        assert axe_violations(page, "#rapport-ask") == []
        kept = Response.objects.get()
        assert (kept.answers["nps"], kept.language, kept.state) == (9, "nl", "open")
        more = page.get_by_role("link", name="Meer vertellen").get_attribute("href") or ""
        page.goto(live_server.url + "/r/" + more.partition("/r/")[2])
        expect(page.locator("form")).to_be_visible()


def test_a_policy_that_lets_nothing_be_sent_leads_to_the_survey_with_the_answer_chosen(
    live_server: Any, browser: Browser, link: Invitation
) -> None:
    context = browser.new_context()
    with a_site(
        f"{live_server.url}/ask/snippet/{link.pk}.js", f"script-src {live_server.url}; connect-src 'none'"
    ) as site:
        page = context.new_page()
        page.goto(site)
        page.locator("#rapport-ask").get_by_role("button", name="9", exact=True).click()
        opened = page.get_by_role("link", name="Op een eigen pagina antwoorden")
        assert (opened.get_attribute("href") or "").endswith("?nps=9")
    context.close()
    assert not Response.objects.exists()


def test_only_the_sites_named_may_send(world: Any, cast: Any) -> None:
    made = programme(cast("cx_manager"), plan=Plan(web_share=1.0, web_origins=("https://shop.example",)))
    row = add_open_link(made, label="Shop", channel="web", place={}, now=NOW)
    named = Client().get(f"/ask/snippet/{row.pk}/begin", headers={"Origin": "https://shop.example"})
    assert named["Access-Control-Allow-Origin"] == "https://shop.example"
    other = Client().get(f"/ask/snippet/{row.pk}/begin", headers={"Origin": "https://other.example"})
    assert other.status_code == 404
    sent = Client().post(
        f"/ask/snippet/{row.pk}/send", {"nps": "9"}, headers={"Origin": "https://other.example"}
    )
    assert sent.status_code == 404
    assert not Response.objects.exists()


def test_what_was_not_begun_here_is_not_kept(link: Invitation) -> None:
    forged = {"_me": f"secret.{int(NOW.timestamp())}.0000", "_page": "p1", "_asked": "nps", "nps": "9"}
    sent = Client().post(f"/ask/snippet/{link.pk}/send", forged)
    assert (sent.status_code, sent.json()["kept"]) == (422, False)
    assert not Response.objects.exists()
