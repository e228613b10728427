"""Charts are well-formed, escape what people typed, hide small groups, and carry their facts as a table."""

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.stats.estimate import Estimate
from rapport.ui.charts import (
    Annotation,
    Bar,
    Caption,
    Cell,
    Chart,
    Counts,
    Heading,
    Point,
    Site,
    Target,
    Villager,
    bars_with_whiskers,
    columns,
    heat_grid,
    hidden_cells,
    line_with_band,
    people_dots,
    range_mark,
    spark,
    strip,
    village_map,
)

HOSTILE = '<script>alert(1)</script>"\' onload="x" & ]]> \x00\x1b Łódź 株式会社'
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
GEOMETRY = ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "points", "d", "viewBox")


def read_svg(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  (our own drawing)


def points(value: float, low: float, high: float, n: int) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=n, n_effective=n, method="test", unit="points")


@st.composite
def estimates(draw: st.DrawFn) -> Estimate:
    low, value, high = sorted(draw(st.tuples(*[st.floats(-100, 100)] * 3)))
    return points(value, low, high, draw(st.integers(0, 500)))


def parsed(svg: str) -> ET.Element:
    """Parse a drawing and check what every drawing promises."""
    root = read_svg(svg)
    for element in root.iter():
        assert "style" not in element.attrib
        assert not any(name.startswith("on") for name in element.attrib)
        assert element.tag.split("}")[1] not in ("script", "style", "foreignObject", "image")
        for name in GEOMETRY:
            written = element.get(name, "")
            assert "nan" not in written.lower()
            assert "inf" not in written.lower()
            assert "e-" not in written.lower()
    return root


def words(svg: str) -> str:
    return " ".join(text for text in read_svg(svg).itertext())


def checked(chart: Chart) -> ET.Element:
    root = parsed(chart.svg)
    assert root.get("role") in ("img", "group")
    assert root.get("aria-label")
    assert chart.summary
    width = len(chart.table.columns)
    assert all(len(row) == width for row in chart.table.rows)
    return root


def line(values: Sequence[Estimate], name: str = "Q") -> Chart:
    run = [Point(f"{name}{index}", e, "/answers") for index, e in enumerate(values)]
    happened = [Annotation(f"{name}{index}", name) for index in range(5)]
    return line_with_band(Caption(name), run, "nps", annotations=happened, target=Target(40, name))


def bars(values: Sequence[Estimate], name: str = "Reason") -> Chart:
    return bars_with_whiskers(Caption(name), [Bar(name, e, url="/answers") for e in values], "nps")


def grid(values: Sequence[Estimate], name: str = "Group") -> Chart:
    cells = [[Cell(e, "/answers") for e in values], [Cell() for _e in values]]
    heads = [Heading(name, total=points(10, 0, 20, 400)) for _e in values]
    return heat_grid(
        Caption(name), [Heading(name, "buyer", points(1, 0, 2, 90)), Heading(name)], heads, cells, 28
    )


@pytest.mark.parametrize("draw", [line, bars, grid])
@settings(max_examples=60, deadline=None)
@given(values=st.lists(estimates(), min_size=0, max_size=12))
def test_any_estimates_make_a_sound_drawing(draw: Callable[..., Chart], values: list[Estimate]) -> None:
    checked(draw(values))


@pytest.mark.parametrize("draw", [line, bars, grid])
def test_hostile_names_are_written_not_run(draw: Callable[..., Chart]) -> None:
    chart = draw([points(10, 0, 20, 40), points(10, 0, 20, 12), points(10, 0, 20, 2)], HOSTILE)
    checked(chart)
    assert "<script" not in chart.svg
    assert "alert(1)" in words(chart.svg) + chart.svg


@pytest.mark.parametrize("draw", [line, bars, grid])
def test_a_value_from_under_five_people_is_nowhere_in_the_chart(draw: Callable[..., Chart]) -> None:
    chart = draw([points(77, 61, 88, 4)])
    everything = chart.svg + chart.summary + str(chart.table.rows)
    assert not {"77", "61", "88"} & set(
        NUMBER.findall(words(chart.svg) + chart.summary + str(chart.table.rows))
    )
    assert "hidden" in everything


@pytest.mark.parametrize("draw", [line, bars, grid])
def test_drawings_of_hidden_values_do_not_depend_on_them(draw: Callable[..., Chart]) -> None:
    assert draw([points(-90, -99, -80, 3)]).svg == draw([points(90, 80, 99, 3)]).svg


def test_a_thin_point_is_a_tick_and_a_firm_one_a_dot() -> None:
    chart = line_with_band(Caption(), [Point("a", points(10, 0, 20, 12)), Point("b", points(10, 0, 20, 40))])
    root = read_svg(chart.svg)
    assert len([e for e in root.iter() if e.tag.endswith("circle") and "f-ink" in e.get("class", "")]) == 1
    assert len([e for e in root.iter() if e.tag.endswith("rect") and "f-ink" in e.get("class", "")]) == 1


def test_a_hidden_period_breaks_the_line() -> None:
    run = [points(10, 0, 20, 40)] * 2 + [points(10, 0, 20, 2)] + [points(10, 0, 20, 40)] * 2
    root = read_svg(line_with_band(Caption(), [Point(str(i), e) for i, e in enumerate(run)]).svg)
    assert len([e for e in root.iter() if e.tag.endswith("polyline")]) == 2


def test_at_most_three_remarks_are_drawn() -> None:
    root = read_svg(line([points(10, 0, 20, 40)] * 6).svg)
    assert len([e for e in root.iter() if e.get("class") == "leader"]) == 3


def test_a_firm_bar_starts_at_zero() -> None:
    chart = bars_with_whiskers(
        Caption(), [Bar("a", points(40, 30, 50, 60)), Bar("b", points(-40, -50, -30, 60))]
    )
    root = read_svg(chart.svg)
    zero = next(float(e.get("x1", "")) for e in root.iter() if e.get("class") == "zero")
    up, down = [e for e in root.iter() if e.get("class", "").startswith("f-pas")]
    assert math.isclose(float(up.get("x", "")), zero, abs_tol=0.2)
    assert math.isclose(float(down.get("x", "")) + float(down.get("width", "")), zero, abs_tol=0.2)


def test_a_cell_is_coloured_only_when_its_range_excludes_the_reference() -> None:
    cells = [[Cell(points(-10, -40, 20, 40)), Cell(points(10, -10, 40, 40)), Cell(points(60, 40, 80, 40))]]
    chart = heat_grid(Caption(), [Heading("r")], [Heading("a"), Heading("b"), Heading("c")], cells, 28)
    bands = [e.get("class") for e in read_svg(chart.svg).iter() if "band" in e.get("class", "")]
    assert bands == ["band box det", "band box", "band box pro"]


def test_an_address_that_is_a_script_is_not_linked() -> None:
    chart = bars_with_whiskers(Caption(), [Bar("a", points(40, 30, 50, 60), url="javascript:alert(1)")])
    assert "javascript" not in chart.svg


@given(
    st.lists(st.tuples(*[st.integers(0, 400)] * 4).map(lambda c: Counts("Q", *c)), min_size=0, max_size=30)
)
def test_any_counts_make_sound_columns_and_strips(items: list[Counts]) -> None:
    checked(columns(Caption("Counts"), items))
    for item in items[:3]:
        checked(strip(Caption("Share"), item))


def test_counts_of_under_five_answers_are_hidden() -> None:
    chart = columns(Caption(), [Counts("Q1", 3, 1, 0)])
    assert "f-hatch-det hit" not in chart.svg
    assert chart.table.rows == [["Q1", "hidden", "", ""]]
    assert "3 detractors" not in chart.summary + strip(Caption(), Counts("Q1", 3, 1, 0)).summary


ROLES = ["initiator", "user", "influencer", "decision", "approver", "buyer", "gatekeeper"]
people = st.builds(
    Villager,
    name=st.text(min_size=0, max_size=40),
    role=st.sampled_from(ROLES),
    site=st.sampled_from(["Zwolle", "Meppel", "Gent", HOSTILE]),
    weight=st.floats(0, 100),
    score=st.none() | st.floats(0, 10),
    freshness=st.floats(0, 1),
    veto=st.booleans(),
    role_word=st.text(max_size=20),
    url=st.sampled_from(["", "/people/1", "javascript:alert(1)"]),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(people, max_size=40))
def test_any_village_makes_a_sound_map_with_everybody_in_the_table(villagers: list[Villager]) -> None:
    chart = village_map(Caption("Village"), [Site("Zwolle", "head office"), Site("Meppel")], villagers)
    checked(chart)
    assert len(chart.table.rows) == len(villagers)


def _circles(chart: Chart) -> list[tuple[float, float, float]]:
    found = []
    for element in read_svg(chart.svg).iter():
        css = element.get("class", "")
        if element.tag.endswith("circle") and (css.startswith("f-") or css == "silent"):
            found.append(
                (float(element.get("cx", "")), float(element.get("cy", "")), float(element.get("r", "")))
            )
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(people, min_size=2, max_size=25))
def test_people_on_the_map_do_not_cover_each_other(villagers: list[Villager]) -> None:
    circles = _circles(village_map(Caption(), [Site("Zwolle")], villagers))
    assert len(circles) == len(villagers)
    for index, (x, y, r) in enumerate(circles):
        for other_x, other_y, other_r in circles[index + 1 :]:
            assert math.hypot(x - other_x, y - other_y) >= r + other_r - 0.2


def test_area_stands_for_weight_and_only_silence_is_hollow() -> None:
    cast = [
        Villager("Heavy", "buyer", "Zwolle", 16, 3),
        Villager("Light", "user", "Zwolle", 4, 9),
        Villager("Silent", "approver", "Zwolle", 16, None, veto=True),
    ]
    chart = village_map(Caption(), [Site("Zwolle")], cast)
    radii = {round(r, 1) for _x, _y, r in _circles(chart)}
    assert radii == {20.2, 10.1}
    assert chart.svg.count('"silent"') == 1
    assert "Silent and able to veto: Silent" in chart.summary


def test_the_silent_stand_right_of_everybody_heard() -> None:
    cast = [Villager("A", "buyer", "Z", 5, 10), Villager("B", "user", "Z", 5, None)]
    svg = read_svg(village_map(Caption(), [Site("Z")], cast).svg)
    heard = next(float(e.get("cx", "")) for e in svg.iter() if e.get("class") == "f-pro")
    silent = next(float(e.get("cx", "")) for e in svg.iter() if e.get("class") == "silent")
    assert heard < 606 < silent


@given(st.lists(st.none() | st.floats(-1e6, 1e6) | st.just(math.nan), max_size=40))
def test_any_run_of_values_makes_a_sound_spark(values: list[float | None]) -> None:
    parsed(spark(values, 0, 100))


@given(estimates())
def test_any_estimate_makes_a_sound_range(estimate: Estimate) -> None:
    parsed(range_mark(estimate))


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_any_account_makes_a_sound_row_of_people(unhappy: int, heard: int, silent: int) -> None:
    root = parsed(people_dots(unhappy, heard, silent))
    assert str(unhappy + heard + silent) in root.get("aria-label", "")


tables = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 30), min_size=width, max_size=width), min_size=1, max_size=5
    )
)


@given(tables)
def test_no_hidden_cell_can_be_found_by_subtraction(counts: list[list[int]]) -> None:
    wide = len(counts[0])
    hidden = hidden_cells(counts, 5, [True] * len(counts), [True] * wide)
    assert all((r, c) in hidden for r, row in enumerate(counts) for c, n in enumerate(row) if 0 < n < 5)
    lines = [[(r, c) for c in range(wide)] for r in range(len(counts))]
    lines += [[(r, c) for r in range(len(counts))] for c in range(wide)]
    for cells in lines:
        filled = [cell for cell in cells if counts[cell[0]][cell[1]] > 0]
        alone = [cell for cell in filled if cell in hidden]
        assert len(alone) != 1 or len(filled) == 1


def test_without_totals_only_the_small_cells_are_hidden() -> None:
    assert hidden_cells([[4, 20], [30, 40]], 5, [False, False], [False, False]) == {(0, 0)}
