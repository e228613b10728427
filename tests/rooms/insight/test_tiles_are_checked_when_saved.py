"""Tiles and dashboards as kept: what fits is kept, what does not is named, others' are left alone."""

from collections.abc import Callable
from typing import Any

import pytest

from rapport.kernel.models import User
from rapport.rooms.insight.boards.spec import TileRefused, read_spec
from rapport.rooms.insight.models import Dashboard
from rapport.rooms.insight.services.dashboards import (
    MOST_TILES,
    DashboardRefused,
    change_dashboard,
    change_tile,
    create_dashboard,
    move_tile,
    remove_tile,
    save_tile,
)

PIVOT = {"kind": "pivot", "metric": "nps", "by": ["region", "role", "month"], "where": {"tier": ["A"]}}


@pytest.mark.parametrize(
    ("spec", "field", "said"),
    [
        ({"kind": "pie"}, "kind", "Input should be"),
        ({"kind": "pivot", "by": []}, "", "1 to 3 dimensions"),
        ({"kind": "pivot", "by": ["region", "role", "tier", "kind"]}, "", "not 4"),
        ({"kind": "figure", "by": ["region"]}, "", "no dimension"),
        ({"kind": "grid", "by": ["region", "region"]}, "", "once"),
        ({"kind": "figure", "where": {"colour": ["red"]}}, "", "no filter `colour`"),
        ({"kind": "figure", "where": {"region": ["a\0"]}}, "", "NUL"),
        ({"kind": "figure", "width": 11}, "width", "Input should be"),
        ({"kind": "figure", "compare": {"against": "group"}}, "compare", "names it"),
        ({"kind": "figure", "sql": "x"}, "sql", "not permitted"),
        ([], "", "valid dictionary"),
    ],
)
def test_what_cannot_be_drawn_is_refused_naming_the_part(spec: Any, field: str, said: str) -> None:
    with pytest.raises(TileRefused) as refused:
        read_spec(spec)
    assert refused.value.field == field
    assert said in refused.value.message


def test_a_tile_is_kept_and_read_back_the_same(cast: Callable[[str], User]) -> None:
    user = cast("analyst")
    dashboard = create_dashboard(user, "Mine", [{"kind": "figure"}])
    tile = save_tile(user, dashboard, PIVOT)
    assert read_spec(tile.spec) == read_spec(PIVOT)
    assert [one.spec["kind"] for one in dashboard.tiles.all()] == ["figure", "pivot"]


def test_one_wrong_tile_leaves_no_dashboard_behind(cast: Callable[[str], User]) -> None:
    with pytest.raises(TileRefused) as refused:
        create_dashboard(cast("analyst"), "Mine", [{"kind": "figure"}, {"kind": "grid", "by": ["role"]}])
    assert refused.value.field == "tiles.1"
    assert not Dashboard.objects.exists()


def test_nobody_changes_somebody_elses_dashboard(cast: Callable[[str], User]) -> None:
    dashboard = create_dashboard(cast("analyst"), "Mine", [{"kind": "figure"}], sharing="everybody")
    tile, other = dashboard.tiles.get(), cast("administrator")
    for attempt in (
        lambda: save_tile(other, dashboard, PIVOT),
        lambda: change_dashboard(other, dashboard, name="Theirs"),
        lambda: change_tile(other, tile, width=12),
        lambda: move_tile(other, tile, 1),
        lambda: remove_tile(other, tile),
    ):
        with pytest.raises(DashboardRefused):
            attempt()
    assert [one.spec for one in dashboard.tiles.all()] == [{"kind": "figure"}]


def test_tiles_move_up_and_down_and_stay_at_the_ends(cast: Callable[[str], User]) -> None:
    user = cast("analyst")
    dashboard = create_dashboard(user, "Mine", [{"kind": kind} for kind in ("figure", "trend", "mix")])
    first = dashboard.tiles.get(position=0)
    for step, wanted in [(-1, 0), (1, 1), (1, 2), (1, 2), (-1, 1)]:
        first.refresh_from_db()
        move_tile(user, first, step)
        first.refresh_from_db()
        assert first.position == wanted


def test_a_dashboard_has_room_for_so_many_tiles(cast: Callable[[str], User]) -> None:
    user = cast("analyst")
    dashboard = create_dashboard(user, "Mine", [{"kind": "figure"}] * MOST_TILES)
    with pytest.raises(DashboardRefused):
        save_tile(user, dashboard, PIVOT)


@pytest.mark.parametrize(
    ("sharing", "sees"),
    [
        ("nobody", {"analyst"}),
        ("colleagues", {"analyst", "executive"}),
        ("everybody", {"analyst", "executive", "partner_user"}),
    ],
)
def test_sharing_says_who_may_open_it(cast: Callable[[str], User], sharing: str, sees: set[str]) -> None:
    create_dashboard(cast("analyst"), "Mine", sharing=sharing)
    people = ("analyst", "executive", "partner_user")
    assert {who for who in people if Dashboard.objects.visible_to(cast(who)).exists()} == sees
