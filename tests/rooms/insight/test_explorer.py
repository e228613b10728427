"""The explorer: counts by up to three dimensions, letters only where they are proven, saved as a tile."""

from collections.abc import Callable
from itertools import combinations
from math import erfc, sqrt
from typing import Any

import numpy as np
import pytest
from django.test import Client
from tests.cast import World
from tests.rooms.insight.ratings import Rating, plant

from rapport.rooms.accounts.models import Account
from rapport.rooms.insight.models import Dashboard

URL = "/understand/explore/"
API = "/api/v1/explore"
BrowserOf = Callable[[str], Client]


def counted(browser: Client, query: str) -> dict[str, Any]:
    response = browser.get(API + query)
    assert response.status_code == 200, response.content
    told: dict[str, Any] = response.json()
    return told


def nps_of(given: list[Rating]) -> float:
    scores = np.array([one.nps for one in given])
    return float(100 * (np.mean(scores >= 9) - np.mean(scores <= 6)))


def test_three_dimensions_are_counted_as_by_hand(world: World, browser_of: BrowserOf) -> None:
    given = plant(world)
    tier = dict(Account.objects.values_list("name", "tier"))
    region = dict(Account.objects.values_list("name", "region"))
    told = counted(browser_of("cx_manager"), "?by=role&by=tier&by=region")
    shown = 0
    for one in told["figures"]:
        if one["without_a_name"]:
            continue
        role, tier_, region_ = one["key"]
        fits = [
            a for a in given
            if not a.anonymous and (a.role, tier[a.account], region[a.account]) == (role, tier_, region_)
        ]  # fmt: skip
        assert one["n"] == len(fits)
        if one["figure"]["value"] is not None:
            shown += 1
            assert one["figure"]["value"] == pytest.approx(nps_of(fits))
    assert shown == 18
    assert told["all_together"]["value"] == pytest.approx(nps_of(given))
    assert sum(one["n"] for one in told["figures"]) == len(given)


def letters_by_hand(figures: list[dict[str, Any]]) -> tuple[set[tuple[str, str, str]], int]:
    """Return panel, higher and lower letter of every pair proven, and how many pairs were compared."""
    tested = []
    for a, b in combinations(figures, 2):
        if a["key"][1] != b["key"][1] or min(a["n"], b["n"]) < 30:
            continue
        high, low = (a, b) if a["figure"]["value"] > b["figure"]["value"] else (b, a)
        one, other = high["figure"], low["figure"]
        reach = np.hypot(one["value"] - one["low"], other["high"] - other["value"])
        z = 1.959964 * (one["value"] - other["value"]) / reach
        tested.append((erfc(z / sqrt(2)), (a["key"][1], high["letter"], low["letter"])))
    sure = set()
    for place, (p, pair) in enumerate(sorted(tested)):
        if p * (len(tested) - place) >= 0.05:
            break
        sure.add(pair)
    return sure, len(tested)


def test_a_letter_stands_where_and_only_where_a_pair_is_proven(world: World, browser_of: BrowserOf) -> None:
    plant(world, count=600)
    found = set()
    for metric in ("delivery", "nps", "price"):
        told = counted(browser_of("cx_manager"), f"?metric={metric}&by=role&by=tier&tier=A&tier=B&tier=C")
        wanted, pairs = letters_by_hand(told["figures"])
        letters = {
            (one["key"][1], one["letter"], letter) for one in told["figures"] for letter in one["higher_than"]
        }
        assert (letters, told["pairs_compared"]) == (wanted, pairs)
        assert pairs == 9
        found |= letters
    assert found


def test_months_stand_in_their_order(world: World, browser_of: BrowserOf) -> None:
    plant(world)
    told = counted(browser_of("cx_manager"), "?by=month")
    months = [one["key"][0] for one in told["figures"]]
    assert months == sorted(months)


def test_a_hidden_figure_is_not_given_away_by_the_whole(world: World, browser_of: BrowserOf) -> None:
    plant(world, count=60)
    told = counted(browser_of("cx_manager"), "?by=role&by=tier&by=region")
    hidden = [one for one in told["figures"] if one["figure"]["value"] is None]
    assert hidden
    assert sum(one["n"] for one in hidden) >= 5
    assert len(hidden) != 1


def test_everybody_sees_figures_of_their_own_customers(world: World, browser_of: BrowserOf) -> None:
    given = plant(world)
    ours = [one for one in given if int(one.account[-2:]) % 2 and not one.anonymous]
    assert counted(browser_of("account_manager"), "?by=role")["n"] == len(ours)
    assert browser_of("employee").get(URL).status_code == 404


@pytest.mark.parametrize("query", ["?by=moon", "?by=region&by=role&by=tier&by=kind", "?by=month&by=quarter"])
def test_what_cannot_be_shown_is_refused_in_words(world: World, browser_of: BrowserOf, query: str) -> None:
    plant(world, count=40)
    browser = browser_of("cx_manager")
    refused = browser.get(API + query)
    assert (refused.status_code, refused.json()["field"]) == (422, "by")
    page = browser.get(URL + query)
    assert page.status_code == 200
    assert refused.json()["message"] in page.content.decode().replace("&#x27;", "'")
    assert browser.get(f"/exports/explorer_figures/csv/{query}").status_code == 400


def test_what_is_shown_is_saved_as_a_tile_that_shows_the_same(world: World, browser_of: BrowserOf) -> None:
    plant(world)
    browser = browser_of("cx_manager")
    query = "?metric=nps&by=role&by=tier&region=benelux&period=24m"
    sent = browser.post(f"{URL}save/{query}", {"dashboard": "new", "name": "Mine", "title": "Roles by tier"})
    board = Dashboard.objects.get(name="Mine")
    assert sent["Location"] == f"/understand/boards/{board.code}/"
    tile = board.tiles.get()
    assert tile.spec["by"] == ["role", "tier"]
    assert tile.spec["where"]["region"] == ["benelux"]
    page = browser.get(f"/understand/boards/{board.code}/?period=24m").content.decode()
    assert "Roles by tier" in page
    browser.post(f"{URL}save/{query}", {"dashboard": board.code})
    assert board.tiles.count() == 2
    stranger = browser_of("analyst").post(f"{URL}save/{query}", {"dashboard": board.code})
    assert stranger.status_code == 404


def test_its_pictures_and_figures_can_be_taken_out(world: World, browser_of: BrowserOf) -> None:
    plant(world)
    browser = browser_of("analyst")
    assert b"Benelux" in browser.get(f"{URL}1.svg").content
    assert browser.get(f"{URL}99.svg").status_code == 404
    response = browser.get("/exports/explorer_figures/jsonl/?by=role")
    lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == len(counted(browser, "?by=role")["figures"])
