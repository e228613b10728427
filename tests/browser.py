"""A real Chromium for tests: opened once, closed after the run, with axe-core for accessibility checks."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

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


@contextmanager
def open_page(browser: Browser, theme: str = "light", phone: bool = False, **options: Any) -> Iterator[Page]:
    """Open a page of a fresh, signed-out visitor; errors in its console or scripts fail the test."""
    context = browser.new_context(
        viewport=PHONE if phone else DESKTOP,
        color_scheme=theme,
        has_touch=phone,
        reduced_motion="reduce",
        **options,
    )
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
