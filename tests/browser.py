"""A real Chromium for tests, a server for it to look at, and axe-core for accessibility checks."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

# Playwright keeps an event loop in the test's thread, and Django would refuse its database there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def chromium() -> str:
    """Return the browser's path, or skip the test with what to install."""
    found = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("No Chromium here: apt-get install chromium.")
    return found


def launch(playwright: Playwright) -> Browser:
    """Start the browser without any request of its own."""
    return playwright.chromium.launch(executable_path=chromium(), args=FLAGS)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Open a browser and close it afterwards."""
    chromium()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Offer one browser to the tests of a module."""
    with open_browser() as opened:
        yield opened


@contextmanager
def serving() -> Iterator[str]:
    """Serve the application on a free port, for pages without data; pages with data use `live_server`."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    thread = LiveServerThread("127.0.0.1", StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    try:
        yield f"http://127.0.0.1:{thread.port}"
    finally:
        thread.terminate()


@contextmanager
def open_page(browser: Browser, theme: str = "light", phone: bool = False, **options: Any) -> Iterator[Page]:
    """Open a page for a fresh visitor; anything the browser complains about fails the test."""
    context = browser.new_context(
        viewport=PHONE if phone else DESKTOP,
        color_scheme=theme,
        has_touch=phone,
        reduced_motion="reduce",
        **options,
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    try:
        yield page
        assert not problems, f"The browser complained: {problems}"
    finally:
        context.close()


def axe_violations(page: Page, within: str | None = None) -> list[str]:
    """Return what axe finds on a page, one line a violation with the elements concerned."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci.")
    # evaluated by the debugger, so that the page's content policy stays as strict as it is
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "([within, tags]) => axe.run(within || document, {runOnly: {type: 'tag', values: tags}})",
        [within, AXE_TAGS],
    )
    return [
        f"{v['id']} ({v['impact']}): {v['help']}: "
        + "; ".join(n["html"][:200] + " " + str(n["target"]) for n in v["nodes"][:4])
        for v in found["violations"]
    ]


def overflows(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
