"""Every component in a real browser: accessible in both themes and sizes, and usable by keyboard alone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser import axe_violations, open_page, overflows, serving

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as base:
        yield f"{base}/ui/guide/"


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with open_page(browser) as opened:
        opened.goto(address)
        yield opened


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_guide_is_accessible(browser: Browser, address: str, theme: str, phone: bool) -> None:
    with open_page(browser, theme, phone) as page:
        page.goto(address)
        page.evaluate(
            "document.querySelectorAll('details').forEach((d) => { if (!d.matches('.drop')) d.open = true; })"
        )
        assert axe_violations(page) == []
        assert overflows(page) <= 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_open_overlays_are_accessible(browser: Browser, address: str, theme: str) -> None:
    with open_page(browser, theme) as page:
        page.goto(address)
        for key in ("Control+k", "?"):
            page.keyboard.press(key)
            expect(page.locator("dialog[open]")).to_be_visible()
            assert axe_violations(page) == []
            page.keyboard.press("Escape")
            expect(page.locator("dialog[open]")).to_have_count(0)
        page.get_by_role("link", name="Erase 3 answers").click()
        expect(page.locator("dialog[open]")).to_be_visible()
        assert axe_violations(page) == []


def test_the_palette_opens_filters_and_runs_by_keyboard(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("light and")
    options = page.locator("dialog.palette [role=option]:visible")
    expect(options).to_have_count(1)
    chosen = page.locator("dialog.palette input").get_attribute("aria-activedescendant")
    assert page.locator(f"#{chosen}").get_attribute("aria-selected") == "true"
    before = page.evaluate(
        "getComputedStyle(document.body).backgroundColor + document.documentElement.dataset.theme"
    )
    page.keyboard.press("Enter")
    after = page.evaluate(
        "getComputedStyle(document.body).backgroundColor + document.documentElement.dataset.theme"
    )
    assert before != after
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_the_theme_is_remembered_by_the_server(page: Page) -> None:
    page.keyboard.press("t")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_j_and_k_move_through_rows(page: Page) -> None:
    focused = "document.activeElement.textContent"
    page.keyboard.press("j")
    assert page.evaluate(focused) == "Veldhuis Dairy"
    page.keyboard.press("j")
    assert page.evaluate(focused) == "Tarnhelm Chemicals"
    page.keyboard.press("k")
    assert page.evaluate(focused) == "Veldhuis Dairy"


def test_single_keys_can_be_switched_off_and_stay_off(page: Page) -> None:
    page.keyboard.press("?")
    page.get_by_label("Use single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    assert page.evaluate("document.documentElement.dataset.theme") is None
    page.reload()
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.locator("dialog.palette")).to_be_visible()


def test_letters_typed_into_a_field_are_only_letters(page: Page) -> None:
    page.get_by_label("Account", exact=True).fill("")
    page.keyboard.type("tick?")
    assert page.get_by_label("Account", exact=True).input_value() == "tick?"
    assert page.evaluate("document.documentElement.dataset.theme") is None


def test_a_key_shown_on_the_page_presses_its_button(page: Page) -> None:
    page.keyboard.press("e")
    expect(page.locator("dialog.palette")).to_be_visible()


def test_a_dialog_closes_without_doing_anything(page: Page) -> None:
    page.get_by_role("link", name="Erase 3 answers").click()
    page.get_by_role("button", name="Keep as it is").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.url.endswith("/ui/guide/")


def test_a_filter_is_chosen_by_keyboard_and_stands_in_the_url(page: Page) -> None:
    page.get_by_text("Region", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/guide/?region=north")
    page.get_by_role("link", name="Drop this filter").click()
    page.wait_for_url("**/ui/guide/")


def test_htmx_adds_no_style_and_evaluates_nothing(page: Page) -> None:
    assert page.evaluate("document.querySelectorAll('style, [style]').length") == 0
    assert page.evaluate("[htmx.config.allowEval, htmx.config.includeIndicatorStyles]") == [False, False]


def test_the_page_works_without_scripts(browser: Browser, address: str) -> None:
    with open_page(browser, java_script_enabled=False) as page:
        page.goto(address)
        page.get_by_text("Region", exact=True).click()
        page.get_by_role("link", name="Nordics", exact=True).click()
        page.wait_for_url("**/ui/guide/?region=north")


def test_print_hides_the_shell(page: Page) -> None:
    page.emulate_media(media="print")
    assert not page.locator(".rail").is_visible()
    assert not page.locator(".topbar").is_visible()
    assert page.locator("main h1").is_visible()
