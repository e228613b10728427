"""What higher rooms add to the pages of an account and a person."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.cast import World

from rapport.rooms.accounts import panels
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.accounts.panels import (
    Entry,
    EntryKind,
    Finding,
    Heard,
    ListColumn,
    Look,
    Panel,
    TabPage,
    account_page,
    contact_page,
)
from rapport.rooms.accounts.services.merging import merge_contacts
from rapport.ui.components import Figure, TimelineItem

Browser = Callable[[str], Client]


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let what a test registers go with it."""
    for page in (account_page, contact_page):
        for name, kept in vars(page).items():
            monkeypatch.setattr(page, name, dict(kept))
    monkeypatch.setattr(panels, "_moods", [])
    columns = deepcopy(panels.list_columns)
    yield
    panels.list_columns.clear()
    panels.list_columns.update(columns)


def test_figures_stand_in_the_row_in_their_order(world: World, browser_of: Browser) -> None:
    account_page.figures(order=2)(lambda look: [Figure("Second", "2")])
    account_page.figures(order=1)(_first_figure)
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/")
    labels = [figure.label for figure in page.context["figures"]]
    assert labels.index("First") < labels.index("Second") < labels.index("People")


def _first_figure(look: Look) -> list[Figure]:
    return [Figure("First", "1", look.account.name)]


def test_a_panel_is_rendered_with_its_own_template(world: World, browser_of: Browser) -> None:
    def two_lines(look: Look) -> list[Panel]:
        context = {"accounts": [Account(name=f"of {len(look.account_ids)} accounts", id=1)]}
        return [Panel("Two lines", "accounts/offered.html", {**context}, slot="main", base="n 2")]

    account_page.panels(two_lines)
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/").content.decode()
    assert "Two lines" in page
    assert "n 2" in page


def test_findings_are_said_weightiest_first(world: World, browser_of: Browser) -> None:
    account_page.findings(lambda look: [Finding("Nothing much.", 1), Finding("The roof burns.", 100)])
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/")
    assert page.context["deck"].startswith("The roof burns.")


def test_a_failing_part_does_not_take_the_page_down(world: World, browser_of: Browser) -> None:
    def broken(look: Look) -> list[Figure]:
        raise LookupError("no such thing")

    account_page.figures()(broken)
    answer = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/")
    assert answer.status_code == 200
    assert "Part of this page could not be worked out." in answer.content.decode()


def test_a_tab_of_another_room_opens_and_shows_its_count(world: World, browser_of: Browser) -> None:
    def content(look: Look) -> Mapping[str, Any]:
        return {"accounts": [look.account]}

    tab = TabPage("loops", "Loops", "accounts/offered.html", content, lambda look: 7)
    account_page.tab(tab)
    contact_page.tab(tab)
    browser = browser_of("cx_manager")
    for where in (world.veldhuis.code, f"people/{world.eva.code}"):
        page = browser.get(f"/customers/{where}/loops/").content.decode()
        assert "Loops 7" in page
        assert "Veldhuis Dairy (" in page
    assert browser.get(f"/customers/people/{world.eva.code}/nonsense/").status_code == 404


def test_entries_of_another_room_stand_on_the_timeline(world: World, browser_of: Browser) -> None:
    when = timezone.now() - timedelta(days=3)

    @account_page.timeline(EntryKind("said", "Said"))
    def said(look: Look, before: datetime, most: int) -> Sequence[Entry]:
        entries = [Entry(when, "said", TimelineItem(when, "Said", "Joost said something"))]
        return entries if when <= before else []

    browser = browser_of("cx_manager")
    page = browser.get(f"/customers/{world.veldhuis.code}/timeline/?show=said")
    assert [item.title for item in page.context["stretch"].items] == ["Joost said something"]


def test_a_column_of_another_room_can_be_chosen(world: World, browser_of: Browser) -> None:
    def cells(user: Any, accounts: Sequence[Account], now: datetime) -> Mapping[int, object]:
        return {account.pk: f"{account.code}!" for account in accounts}

    panels.add_column(ListColumn("shout", "Shout", cells))
    page = browser_of("cx_manager").get("/customers/?columns=shout")
    assert page.context["table"].rows[0].cells[1] == f"{world.kestrel.code}!"


def _heard(score: float | None, days: int) -> Heard:
    return Heard(timezone.now() - timedelta(days=days), score)


def test_the_village_tells_heard_unhappy_and_silent_people_apart(world: World, browser_of: Browser) -> None:
    answers = {world.joost.pk: _heard(3, 10), world.eva.pk: _heard(9, 400)}
    panels.set_mood_source(lambda look, ids: {pk: answers[pk] for pk in ids if pk in answers})
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/")
    village = page.context["village"]
    assert [voice.person.name for voice in village.unhappy] == ["Joost Brandsma"]
    assert [voice.person.name for voice in village.silent_vetoes] == ["Eva Hoekstra"]
    assert village.coverage == pytest.approx(12 / 26)
    assert page.context["deck"].startswith("Joost Brandsma is unhappy. Eva Hoekstra can stop a purchase")


def test_what_was_said_under_a_merged_name_is_heard(world: World, browser_of: Browser) -> None:
    twin = Contact.objects.create(account=world.meppel, name="J. Brandsma")
    merge_contacts(world.joost, twin, [], by=None, now=timezone.now())
    panels.set_mood_source(lambda look, ids: {pk: _heard(4, 5) for pk in ids if pk == twin.pk})
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/")
    assert [voice.person.name for voice in page.context["village"].unhappy] == ["Joost Brandsma"]


def test_without_anybody_to_tell_nothing_is_said_of_silence(world: World, browser_of: Browser) -> None:
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/")
    assert not page.context["village"].measured
    assert "No green while a veto is silent." not in page.content.decode()
