"""The page of drivers: what it says, for whom, and when it says why it cannot."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.cast import World
from tests.rooms.insight.by_hand import drivers_by_hand
from tests.rooms.insight.ratings import PARTS, plant

from rapport.connectors.files import open_table

URL = "/understand/drivers/"
API = "/api/v1/drivers"
BrowserOf = Callable[[str], Client]


def text_of(browser: Client, query: str = "") -> str:
    response = browser.get(URL + query)
    assert response.status_code == 200
    return response.content.decode()


def exported(browser: Client, query: str = "") -> list[dict[str, Any]]:
    response = browser.get(f"{API}/answers{query}")
    assert response.status_code == 200, response.content
    told = response.json()
    return [dict(zip(told["columns"], row, strict=True)) for row in told["rows"]]


def test_it_says_what_it_is_for_whom_and_every_figure_stands_in_the_api(
    world: World, browser_of: BrowserOf
) -> None:
    plant(world)
    browser = browser_of("cx_manager")
    text = text_of(browser).lower()
    assert "for approvers it is delivery reliability" in text
    assert "for users it is documentation" in text
    assert "for buyers it is value for the price" in text
    told = browser.get(API).json()
    assert {one["key"]: one["leading"]["key"] for one in told["groups"]} == {
        "approver": "delivery",
        "user": "documents",
        "buyer": "price",
    }
    assert told["groups_p_value"] < 0.001
    assert told["n"] + told["left_out"] == told["answers"] == len(exported(browser))
    wanted = drivers_by_hand(exported(browser), [one["key"] for one in told["drivers"]], "nps")
    for one in told["drivers"]:
        share = one["share"]
        assert (share["value"], share["low"], share["high"]) == pytest.approx(wanted[one["key"]], abs=1e-9)


def test_a_user_sees_the_drivers_of_their_own_customers_only(world: World, browser_of: BrowserOf) -> None:
    given = plant(world)
    ours = [one for one in given if int(one.account[-2:]) % 2 and not one.anonymous]
    told = browser_of("account_manager").get(API).json()
    assert told["answers"] == len(ours)
    assert told["customers"] == len({one.account for one in ours})
    assert browser_of("employee").get(URL).status_code == 404
    nothing = browser_of("partner_user").get(API).json()
    assert (nothing["answers"], nothing["drivers"]) == (0, [])
    assert "Nothing" in nothing["reason"]


def test_anonymous_answers_enter_in_whole_blocks_and_no_group(world: World, browser_of: BrowserOf) -> None:
    given = plant(world)
    browser = browser_of("cx_manager")
    anonymous = sum(one.anonymous for one in given)
    assert anonymous == 18
    assert browser.get(API).json()["answers"] == len(given)
    groups = browser.get(API).json()["groups"]
    assert sum(group["n"] for group in groups) == sum(
        1 for one in given if not one.anonymous and one.documents is not None
    )
    # By a property that would part a block, all of them stay outside.
    narrowed = browser.get(f"{API}?role=user&role=buyer&role=approver").json()
    assert narrowed["answers"] == len(given) - anonymous


def test_a_group_too_small_says_why_and_shows_nothing(world: World, browser_of: BrowserOf) -> None:
    plant(world, count=60)
    browser = browser_of("cx_manager")
    told = browser.get(f"{API}?by=tier&driver=delivery&driver=price").json()
    assert told["drivers"]
    small = browser.get(f"{API}?by=role&tier=A&driver=delivery&driver=documents&driver=price").json()
    assert small["reason"] or all(group["reason"] for group in small["groups"] if group["n"] < 13)
    text = text_of(browser, "?by=role")
    assert all(("Not shown" in text) == bool(g["reason"]) for g in browser.get(API).json()["groups"][-1:])


def test_without_ratings_it_says_what_a_driver_is(world: World, browser_of: BrowserOf) -> None:
    assert "No rating to explain it by" in text_of(browser_of("cx_manager"))
    assert browser_of("cx_manager").get(API).json()["drivers"] == []
    assert b"Nothing was rated" in browser_of("cx_manager").get(f"{URL}map.svg").content


def test_what_if_is_given_in_points_and_refused_beyond_the_scale(world: World, browser_of: BrowserOf) -> None:
    plant(world)
    browser = browser_of("cx_manager")
    text = text_of(browser, "?change-delivery=0.5")
    assert "If delivery reliability rose by 0.5, the mean of" in text
    assert "NPS would go from" in text
    gain = browser.get(f"{API}?change-delivery=0.5").json()["what_if"]
    assert gain["change"]["low"] < gain["change"]["value"] < gain["change"]["high"]
    beyond = text_of(browser, "?change-delivery=9")
    assert "it can change by" in beyond
    assert 'id="map"' in beyond  # one wrong field does not take the page down
    refused = browser.get(f"{API}?change-delivery=9")
    assert (refused.status_code, refused.json()["field"]) == (422, "change-delivery")
    assert browser.get(f"{API}?change-delivery=much").json()["field"] == "change-delivery"
    assert browser.get(f"{API}?change-moon=1").json()["field"] == "change-moon"
    assert browser.get(f"{API}?by=moon").status_code == 422
    assert "no groups" in text_of(browser, "?by=moon").lower()


@pytest.mark.parametrize(
    "query", ["?metric=%00", "?driver=%00", "?missing=x", "?change-%00=1", "?metric=csat"]
)
def test_no_address_breaks_the_page(world: World, browser_of: BrowserOf, query: str) -> None:
    plant(world, count=40)
    text_of(browser_of("cx_manager"), query)


def test_its_pictures_can_be_taken_out_and_stand_alone(world: World, browser_of: BrowserOf) -> None:
    plant(world)
    browser = browser_of("cx_manager")
    for key in ("importance", "map", "group-1"):
        response = browser.get(f"{URL}{key}.svg")
        assert response["Content-Type"] == "image/svg+xml"
        assert b"Delivery reliability" in response.content
    assert browser.get(f"{URL}moon.svg").status_code == 404


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "jsonl"])
def test_the_figures_are_taken_out_with_all_their_digits(
    world: World, browser_of: BrowserOf, tmp_path: Path, kind: str
) -> None:
    plant(world, count=200)
    browser = browser_of("analyst")
    response = browser.get(f"/exports/driver_figures/{kind}/")
    path = tmp_path / f"figures.{kind}"
    path.write_bytes(b"".join(response.streaming_content))  # type: ignore[attr-defined]
    (batch,) = open_table(path).batches()
    told = browser.get(API).json()
    values = batch.values["share"][: len(PARTS)]
    assert [float(str(value)) for value in values] == pytest.approx(
        [one["share"]["value"] for one in told["drivers"]]
    )


def test_the_answers_are_taken_out_for_spss_with_labels(
    world: World, browser_of: BrowserOf, tmp_path: Path
) -> None:
    pyreadstat = pytest.importorskip("pyreadstat", reason="pip install 'rapport-cx[spss]'")
    given = plant(world, count=120)
    response = browser_of("analyst").get("/exports/driver_answers/spss/")
    path = tmp_path / "answers.sav"
    path.write_bytes(b"".join(response.streaming_content))  # type: ignore[attr-defined]
    columns, about = pyreadstat.read_sav(str(path), output_format="dict")
    # Six anonymous answers in two regions are too few for a block.
    named = [one for one in given if not one.anonymous]
    assert len(columns["score_nps"]) == len(named)
    assert about.column_names_to_labels["score_delivery"] == "Delivery reliability, 0 to 10"
    assert about.variable_value_labels["role"][5.0] == "Approver"
    assert sorted(value for value in columns["score_nps"]) == sorted(one.nps for one in named)
    signals = browser_of("analyst").get("/exports/signals/spss/")
    path.write_bytes(b"".join(signals.streaming_content))  # type: ignore[attr-defined]
    columns, about = pyreadstat.read_sav(str(path), output_format="dict")
    assert len(columns["id"]) == len(named)
    assert set(about.variable_value_labels["kind"].values()) >= {"Survey", "Complaint"}


def test_a_formula_in_a_name_stays_text_in_a_file(world: World, browser_of: BrowserOf) -> None:
    from rapport.rooms.catalog.models import Metric

    plant(world, count=120)
    Metric.objects.filter(pk="delivery").update(name="=1+1")
    response = browser_of("analyst").get("/exports/driver_figures/csv/")
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    names = [row["driver name"] for row in csv.DictReader(io.StringIO(text))]
    assert "=1+1" not in names
    assert any("=1+1" in name for name in names)
