"""The dashboard, as the people who read it see it."""

import re
from collections.abc import Callable
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.test import Client
from tests.cast import World
from tests.rooms.insight.answers import draw_answers, record_answers

from rapport.rooms.insight.boards.spec import TileSpec
from rapport.rooms.insight.boards.words import headline
from rapport.rooms.insight.selectors.boards import Shown, shown
from rapport.rooms.insight.selectors.counting import measures
from rapport.rooms.insight.tallies import Measure, Tally, difference
from rapport.rooms.signals.selectors.filters import Filters
from rapport.rooms.signals.selectors.listing import count_signals

URL = "/understand/"


def links_of(page: str) -> list[tuple[str, str]]:
    """Return where the marks of the charts lead, and what they say."""
    found = re.findall(r'<a href="(/listen/\?[^"]*)" aria-label="([^"]*)"', page)
    return [(unescape(url), unescape(label)) for url, label in found]


def count(user: Any, measure: Measure, asked: Filters, *specs: TileSpec) -> Shown:
    """Count a page of these tiles."""
    return shown(user, specs, {measure.key: measure}, asked, date(2026, 9, 17))


def test_every_figure_leads_to_just_as_many_answers(
    world: World, browser_of: Callable[[str], Client], cast: Callable[..., object]
) -> None:
    record_answers(draw_answers(world))
    browser = browser_of("cx_manager")
    page = browser.get(f"{URL}?period=24m").content.decode()
    checked = 0
    for url, text in links_of(page):
        said = re.search(r",\sn\s(\d+)", text)
        if said is None:
            continue
        response = browser.get(url)
        assert response.context["count"] == int(said.group(1)), (url, text)
        checked += 1
    assert checked > 10


@pytest.mark.parametrize("metric", ["nps", "csat", "ces"])
@pytest.mark.parametrize("band", ["det", "pas", "pro"])
def test_bands_are_counted_alike_on_the_dashboard_and_in_the_list(
    world: World, browser_of: Callable[[str], Client], cast: Callable[[str], object], metric: str, band: str
) -> None:
    record_answers(draw_answers(world, 120))
    measure = next(one for one in measures() if one.key == metric)
    user: Any = cast("cx_manager")
    named = count(user, measure, Filters(metric=metric, named="yes"))
    assert named.lead
    assert named.lead.whole
    tally = named.lead.whole.tally
    counted = {"det": tally.detractors, "pas": tally.passives, "pro": tally.promoters}
    assert counted[band] == count_signals(user, Filters(metric=metric, bands=(band,)))


@pytest.mark.parametrize(
    "who", ["cx_manager", "account_manager", "champion", "executive", "analyst", "marketer"]
)
@pytest.mark.parametrize(
    "query",
    ["", "?metric=csat", "?region=nordics", "?role=approver&period=90d", "?metric=%00", "?account=A1&from=x"],
)
def test_it_opens_for_everybody_who_may_see_figures(
    world: World, browser_of: Callable[[str], Client], who: str, query: str
) -> None:
    record_answers(draw_answers(world, 60))
    assert browser_of(who).get(URL + query).status_code == 200


def test_an_employee_is_told_there_is_no_such_page(world: World, browser_of: Callable[[str], Client]) -> None:
    assert browser_of("employee").get(URL).status_code == 404


def test_without_answers_it_says_what_will_be_here(world: World, browser_of: Callable[[str], Client]) -> None:
    assert "Nobody has answered this" in browser_of("cx_manager").get(URL).content.decode()


def test_a_change_is_claimed_only_when_it_is_tested(world: World, cast: Callable[[str], object]) -> None:
    record_answers(draw_answers(world, 40))
    measure = next(one for one in measures() if one.key == "nps")
    asked = Filters(metric="nps", since=date(2026, 1, 1), until=date(2026, 9, 17))
    lead = count(cast("cx_manager"), measure, asked).lead
    assert lead is not None
    assert "holds" in headline(lead)


def test_figures_of_an_account_out_of_reach_are_not_given(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    record_answers(draw_answers(world))
    browser = browser_of("account_manager")
    mine = browser.get(f"{URL}?period=24m").context["count"]
    other = browser.get(f"{URL}?period=24m&account={world.tarnhelm.code}").context["count"]
    assert other in {0, mine}
    found = browser.get(f"/api/v1/figures/nps?account={world.tarnhelm.code}").json()
    assert found["figure"]["n"] == 0


def test_the_api_hides_a_figure_of_fewer_than_five(world: World, browser_of: Callable[[str], Client]) -> None:
    record_answers([answer for answer in draw_answers(world, 30) if not answer.anonymous][:4])
    found = browser_of("cx_manager").get("/api/v1/figures/nps").json()["figure"]
    assert (found["value"], found["n"]) == (None, 4)


def test_a_hidden_figure_is_not_given_away_by_its_change() -> None:
    before, after = Tally(n=40, promoters=10, passives=20, detractors=10), Tally(n=1, promoters=1)
    measure = Measure("nps", "NPS", "nps", 0, 10, True)
    assert difference(measure.figure(before), measure.figure(after)).value is None
    assert difference(measure.figure(after), measure.figure(before)).value is None


@pytest.mark.parametrize(("count", "title"), [(1200, "NPS by month"), (60, "NPS by quarter")])
def test_a_customers_page_shows_months_or_where_these_are_thin_quarters(
    world: World, browser_of: Callable[[str], Client], count: int, title: str
) -> None:
    record_answers([answer for answer in draw_answers(world, count) if not answer.anonymous])
    text = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/").content.decode()
    assert title in text
    assert f"/understand/?account={world.veldhuis.code}" in text
