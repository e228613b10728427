"""Arranging, sharing and mailing dashboards, as people do it on the pages and programs by the interface."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.cast import World
from tests.rooms.insight.answers import draw_answers, record_answers

from rapport.kernel.models import OutgoingMail, User
from rapport.rooms.insight.models import Dashboard, DashboardMail
from rapport.rooms.insight.services.dashboards import create_dashboard
from rapport.rooms.insight.services.mailing import mail_dashboard, next_time, send_due

BrowserOf = Callable[[str], Client]
Cast = Callable[[str], User]


def arrange(browser: Client, board: str, **sent: str | list[str]) -> str:
    answer = browser.post(f"/understand/boards/{board}/arrange/", sent, follow=True)
    return answer.content.decode()


def test_a_person_arranges_an_own_copy_and_understand_opens_with_it(
    world: World, browser_of: BrowserOf
) -> None:
    record_answers(draw_answers(world, 60))
    browser = browser_of("executive")
    answer = browser.post(
        "/understand/boards/executive/copy/", {"query": "period=24m&region=benelux&compare=none"}
    )
    board = Dashboard.objects.get()
    assert (answer.status_code, board.query) == (302, "period=24m&region=benelux")
    kinds = [tile.spec["kind"] for tile in board.tiles.all()]
    first = board.tiles.all()[0]
    arrange(browser, board.code, do="down", tile=str(first.pk))
    assert [tile.spec["kind"] for tile in board.tiles.all()] == [kinds[1], kinds[0], *kinds[2:]]
    arrange(browser, board.code, do="width", tile=str(first.pk), width="12")
    arrange(browser, board.code, do="title", tile=str(first.pk), title="Nobody rang back")
    arrange(browser, board.code, do="remove", tile=str(board.tiles.all()[0].pk))
    arrange(browser, board.code, do="add", kind="pivot", by=["region", "quarter", ""], where="tier:A")
    added = board.tiles.last()
    assert added is not None
    assert added.spec == {"kind": "pivot", "by": ["region", "quarter"], "where": {"tier": ["A"]}}
    home = browser.get("/understand/")
    assert home.url == "/understand/?period=24m&region=benelux&saved=1"  # type: ignore[attr-defined]
    page = browser.get("/understand/", follow=True).content.decode()
    assert "Nobody rang back" in page
    assert "By region and quarter" in page


def test_the_last_filter_can_be_dropped_from_a_dashboard_that_keeps_some(
    world: World, cast: Cast, browser_of: BrowserOf
) -> None:
    board = create_dashboard(cast("analyst"), "Mine", [{"kind": "figure"}], query="region=benelux")
    url = f"/understand/boards/{board.code}/"
    assert browser_of("analyst").get(url).status_code == 302
    assert browser_of("analyst").get(f"{url}?saved=1").status_code == 200


def test_dragging_sends_an_order_and_nothing_gets_lost_by_it(cast: Cast, browser_of: BrowserOf) -> None:
    board = create_dashboard(cast("analyst"), "Mine", [{"kind": kind} for kind in ("figure", "trend", "mix")])
    pks = list(board.tiles.values_list("pk", flat=True))
    arrange(browser_of("analyst"), board.code, do="order", order=f"{pks[2]},x,99999999,{pks[0]}")
    assert list(board.tiles.values_list("pk", flat=True)) == [pks[2], pks[0], pks[1]]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"do": "add", "kind": "pie"}, "Input should be"),
        ({"do": "add", "kind": "breakdown"}, "takes 1 dimension"),
        ({"do": "width", "width": "11"}, "columns wide"),
        ({"do": "remove", "tile": "123456"}, "That tile is gone"),
        ({"do": "settings", "name": " "}, "Give the dashboard a name"),
        ({"do": "settings", "sharing": "world"}, "Choose one of"),
    ],
)
def test_what_cannot_be_arranged_is_said_and_leaves_it_as_it_was(
    cast: Cast, browser_of: BrowserOf, sent: dict[str, str], said: str
) -> None:
    board = create_dashboard(cast("analyst"), "Mine", [{"kind": "figure"}])
    sent = {"tile": str(board.tiles.get().pk), **sent}
    assert said in arrange(browser_of("analyst"), board.code, **sent)
    board.refresh_from_db()
    assert (board.name, board.sharing) == ("Mine", "nobody")
    assert [tile.spec for tile in board.tiles.all()] == [{"kind": "figure"}]


def test_whoever_opens_a_shared_dashboard_sees_figures_of_their_own_customers(
    world: World, cast: Cast, browser_of: BrowserOf
) -> None:
    record_answers(draw_answers(world))
    board = create_dashboard(
        cast("cx_manager"), "Ours", [{"kind": "figure"}], query="period=24m", sharing="everybody"
    )
    counts = {}
    for who in ("cx_manager", "account_manager", "partner_user"):
        found = browser_of(who).get(f"/api/v1/dashboards/{board.code}/figures?period=24m").json()
        counts[who] = found["tiles"][0]["figure"]["figure"]["n"]
        page = browser_of(who).get(f"/understand/boards/{board.code}/?period=24m")
        assert page.context["count"] == counts[who]
    assert counts["cx_manager"] > counts["account_manager"] > counts["partner_user"] > 0


def test_a_program_keeps_changes_and_deletes_a_dashboard(cast: Cast, browser_of: BrowserOf) -> None:
    told: dict[str, Any] = {"content_type": "application/json"}
    browser = browser_of("analyst")
    tile = {"kind": "breakdown", "by": ["region"], "compare": {"against": "last_year"}}
    made = browser.post("/api/v1/dashboards", {"name": "Mine", "tiles": [tile]}, **told)
    assert made.status_code == 201
    key = made.json()["key"]
    assert made.json()["tiles"] == [tile]
    added = browser.post(f"/api/v1/dashboards/{key}/tiles", {"kind": "mix"}, **told)
    assert [one["kind"] for one in added.json()["tiles"]] == ["breakdown", "mix"]
    refused = browser.patch(
        f"/api/v1/dashboards/{key}", {"name": "Other", "tiles": [{"kind": "mix"}, {"kind": "grid"}]}, **told
    )
    assert refused.status_code == 422
    assert "tiles.1" in refused.json()["detail"]
    assert browser.get(f"/api/v1/dashboards/{key}").json()["name"] == "Mine"
    changed = browser.patch(f"/api/v1/dashboards/{key}", {"sharing": "colleagues"}, **told)
    assert changed.json()["sharing"] == "colleagues"
    assert browser_of("executive").delete(f"/api/v1/dashboards/{key}").status_code == 404
    assert browser.delete(f"/api/v1/dashboards/{key}").status_code == 204
    assert not Dashboard.objects.exists()


def test_a_tile_leaves_as_a_table_a_picture_and_an_address(world: World, browser_of: BrowserOf) -> None:
    record_answers(draw_answers(world))
    browser, tile = browser_of("cx_manager"), "/understand/boards/cx-manager/tiles/7"
    table = browser.get(f"{tile}/table/?period=24m").content.decode("utf-8-sig").splitlines()
    assert table[0].startswith("What,Value,95% range,n,n eff,Compared with")
    picture = browser.get(f"{tile}/picture/?period=24m").content.decode()
    assert picture.startswith("<svg")
    assert "var(--" not in picture
    assert "href" not in picture
    page = browser.get(f"{tile}/?period=24m").content.decode()
    assert "How was this computed?" in page
    assert "limits squared and added" in page
    assert "Nordics" in page


# -- By mail -----------------------------------------------------------------------

MONDAY = datetime(2026, 9, 21, 7, 0, tzinfo=UTC)


def test_it_comes_on_mondays_or_on_the_first_at_seven_where_the_receiver_is(cast: Cast) -> None:
    user = cast("executive")
    assert next_time(user, "week", MONDAY) == MONDAY + timedelta(days=7)
    assert next_time(user, "week", MONDAY - timedelta(minutes=1)) == MONDAY
    assert next_time(user, "month", MONDAY) == datetime(2026, 10, 1, 7, tzinfo=UTC)
    user.time_zone = "Europe/Amsterdam"
    assert next_time(user, "month", MONDAY) == datetime(2026, 10, 1, 5, tzinfo=UTC)
    assert next_time(user, "week", datetime(2026, 10, 24, 12, tzinfo=UTC)) == datetime(
        2026, 10, 26, 6, tzinfo=UTC
    )


def test_each_due_time_is_mailed_once_with_the_receivers_own_figures(world: World, cast: Cast) -> None:
    record_answers(draw_answers(world))
    board = create_dashboard(
        cast("cx_manager"), "Ours", [{"kind": "figure"}, {"kind": "breakdown", "by": ["region"]}],
        sharing="everybody",
    )  # fmt: skip
    for who in ("cx_manager", "account_manager"):
        mail_dashboard(cast(who), board.code, "week", query="period=24m", now=MONDAY - timedelta(days=3))
    assert send_due(now=MONDAY - timedelta(minutes=1)) == 0
    assert send_due(now=MONDAY) == 2
    assert send_due(now=MONDAY) == 0
    whole, own = (OutgoingMail.objects.get(to=cast(who).email) for who in ("cx_manager", "account_manager"))
    assert "Nordics" in whole.text
    assert "Nordics" not in own.text
    for mail in (whole, own):
        assert f"/understand/boards/{board.code}/?period=24m" in mail.text
        assert f"/understand/boards/{board.code}/#by-mail" in mail.text
        assert "Benelux" in mail.html
    assert send_due(now=MONDAY + timedelta(days=7)) == 2
    assert OutgoingMail.objects.count() == 4


def test_mail_stops_on_the_page_and_when_a_dashboard_is_shared_no_longer(
    cast: Cast, browser_of: BrowserOf
) -> None:
    board = create_dashboard(cast("cx_manager"), "Ours", [{"kind": "figure"}], sharing="colleagues")
    browser, url = browser_of("executive"), f"/understand/boards/{board.code}/"
    browser.post(f"{url}mail/", {"every": "month", "query": "period=90d&compare=none"})
    kept = DashboardMail.objects.get()
    assert (kept.receiver, kept.every, kept.query) == (cast("executive"), "month", "period=90d")
    assert "No more mail" in browser.get(url).content.decode()
    assert DashboardMail.objects.exists(), "looking stops nothing"
    browser.post(f"{url}mail/", {"every": "never"})
    assert not DashboardMail.objects.exists()
    mail_dashboard(cast("executive"), board.code, "week", query="", now=MONDAY)
    Dashboard.objects.update(sharing="nobody")
    assert send_due(now=MONDAY + timedelta(days=7)) == 0
    assert not DashboardMail.objects.exists()
    assert not OutgoingMail.objects.exists()
