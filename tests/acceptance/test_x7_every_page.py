"""X7: every page, light and dark, on a phone and by keyboard, without a barrier that axe can find."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page

from rapport.kernel.models import User
from tests.acceptance.doors import DOORS, NOBODY, PROGRAM, Door
from tests.acceptance.places import build, own
from tests.browser import AXE, DESKTOP, PHONE, axe_violations, overflows
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.sweep, pytest.mark.enable_socket]
# Whatever acts when it is pressed must be reachable with the Tab key, or with the arrows of its own group.
OUT_OF_REACH = """() => [...document.querySelectorAll(
  'a[href], button, input:not([type=hidden]), select, textarea, summary, [hx-get], [hx-post], [data-dialog]'
)].filter(e => e.checkVisibility() && !e.disabled && e.tabIndex < 0
  && !e.matches('[aria-hidden=true]') && !e.matches('[hx-trigger*=every]')
  && !e.matches('form')
  && !e.closest('[role=listbox], [role=tablist]')).map(e => e.outerHTML.slice(0, 120))"""


def pages(names: dict[str, Any]) -> Iterator[str]:
    """Return the addresses of all pages a person can look at."""
    for door in DOORS:
        if (
            door.method == "GET"
            and not door.is_api
            and door.needs not in (NOBODY, PROGRAM)
            and _is_page(door)
        ):
            yield door.at.format(**names)


def _is_page(door: Door) -> bool:
    files = (
        ".csv",
        ".css",
        ".svg",
        ".js",
        ".pdf",
        "<uuid:pk>/<str:kind>",
        ".toml",
        ".json",
        "exports/",
        "<slug:what>/<slug:kind>",
        "pack.<slug:kind>",
        "snippet/<uuid:pk>/begin",
        "/file",
        "metrics",
        "live",
        "ready",
        "started",
        "attachments",
        "look/",
        "/picture/",
        "/table/",
    )
    return not any(mark in door.route for mark in files)


@pytest.fixture
def visitor(
    live_server: Any, browser: Browser, world: World, cast: Callable[[str], User]
) -> Iterator[tuple[Page, str, dict[str, Any]]]:
    """Sign the administrator in and give the names of things to look at."""
    ours, _theirs = build(world, cast)
    administrator = cast("administrator")
    client = Client()
    client.force_login(administrator)
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce", has_touch=False)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    yield context.new_page(), live_server.url, ours | own(administrator)
    context.close()


@pytest.mark.parametrize("half", [0, 1])
def test_no_page_shuts_anybody_out(visitor: tuple[Page, str, dict[str, Any]], half: int) -> None:
    page, url, names = visitor
    complaints: list[str] = []
    page.on(
        "console",
        lambda said: (
            complaints.append(f"{page.url}: {said.text}")
            if said.type == "error" and not said.location["url"].endswith("/favicon.ico")
            else None
        ),
    )
    looked_at = 0
    for address in list(dict.fromkeys(pages(names)))[half::2]:
        answer = page.goto(url + address)
        assert answer is not None
        if answer.status != 200 or "text/html" not in answer.headers.get("content-type", ""):
            complaints.append(f"{address}: status {answer.status}")
            continue
        if "<html" not in answer.text():
            continue  # a part that its page fetches; it is looked at there
        looked_at += 1
        complaints += [f"{address}: {found}" for found in _look(page)]
    assert not complaints, "\n".join(complaints)
    assert looked_at > 20
    if not AXE.is_file():
        pytest.skip(f"{looked_at} pages looked at by keyboard and on a phone, but without axe: npm ci.")


def _look(page: Page) -> list[str]:
    found = [f"out of the keyboard's reach: {element}" for element in page.evaluate(OUT_OF_REACH)]
    if AXE.is_file():
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            found += [f"{theme}: {violation}" for violation in axe_violations(page)]
        page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    wider = overflows(page)
    page.set_viewport_size(DESKTOP)
    return [*found, f"{wider} pixels wider than a phone"] if wider > 0 else found
