"""Importance against performance: what counts much and is rated low lies top left, where to begin."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from django.utils.translation import gettext as _

from rapport.ui.charts import legend
from rapport.ui.charts.axis import Axis, nice_ticks
from rapport.ui.charts.canvas import Canvas, shortened, text_width
from rapport.ui.charts.chart import Caption, Chart, ChartTable, LegendItem, sentence
from rapport.ui.estimates import EstimateLike, Reading, Scale, read
from rapport.ui.formats import number

HEIGHT = 366
TOP, FOOT = 20, 322
LEFT = 40
LABEL = 150


@dataclass(frozen=True)
class Matter:
    """Something that is rated: how much it counts, how it is rated, both with their ranges."""

    label: str
    importance: EstimateLike
    performance: EstimateLike


Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class _Placed:
    """A matter that may be drawn, and where."""

    matter: Matter
    x: float
    y: float
    across: tuple[float, float]
    up: tuple[float, float]
    first: bool
    thin: bool


def importance_map(
    caption: Caption,
    matters: Sequence[Matter],
    performance: Scale,
    importance: Scale | str = "share",
    width: float = 487,
    axis_title: str = "",
) -> Chart:
    """Draw importance upward and performance to the right, better on the right, parted at their means.

    What is hidden on either side is not drawn and stands in the table with its reason.
    """
    up_scale = importance if isinstance(importance, Scale) else Scale(0, 1, unit="%", factor=100)
    read_all = [(one, read(one.importance, up_scale), read(one.performance, performance)) for one in matters]
    drawn = [one for one, up, across in read_all if not up.hidden and not across.hidden]
    canvas = Canvas(width, HEIGHT)
    placed = _draw(canvas, drawn, performance, up_scale, width, axis_title) if drawn else []
    first = [one.matter.label for one in placed if one.first]
    summary = sentence(caption, _said(len(matters), first))
    columns = [_("What"), _("Importance"), _("95% range"), _("Rating"), _("95% range"), _("n"), _("Place")]
    places = {one.matter.label: one for one in placed}
    rows = [_row(one, up, across, places.get(one.label)) for one, up, across in read_all]
    return Chart(caption, canvas.svg(summary), summary, ChartTable(columns, rows), width, _legend(placed))


def _draw(
    canvas: Canvas, drawn: Sequence[Matter], performance: Scale, importance: Scale, width: float, title: str
) -> list[_Placed]:
    lows = [one.performance.low or 0.0 for one in drawn]
    highs = [one.performance.high or 0.0 for one in drawn]
    across = nice_ticks(min(lows), max(highs), steps=4)
    up = nice_ticks(0.0, max(one.importance.high or 0.0 for one in drawn), steps=4)
    x_axis, y_axis = Axis(across[0], across[-1], LEFT, width - 16), Axis(up[0], up[-1], FOOT, TOP)
    middle_x = x_axis.at(fmean(one.performance.value or 0.0 for one in drawn))
    middle_y = y_axis.at(fmean(one.importance.value or 0.0 for one in drawn))
    canvas.rect(LEFT, TOP, middle_x - LEFT, middle_y - TOP, "f-det-soft zone")
    for value in up:
        canvas.text(LEFT - 6, y_axis.at(value) + 4, importance.text(value), "t-mute t-end")
    for value in across:
        canvas.text(x_axis.at(value), FOOT + 16, performance.text(value), "t-mute t-mid")
    canvas.line(middle_x, TOP, middle_x, FOOT, "zero")
    canvas.line(LEFT, middle_y, width - 16, middle_y, "zero")
    corners = [
        (LEFT + 8, TOP + 16, _("Fix first"), "t-det"),
        (width - 20, TOP + 16, _("Keep"), "t-strong t-end"),
        (LEFT + 8, FOOT - 8, _("Low priority"), "t-mute"),
        (width - 20, FOOT - 8, _("Enough"), "t-mute t-end"),
    ]
    for x, y, text, css in corners:
        canvas.text(x, y, text, css)
    canvas.text((LEFT + width - 16) / 2, HEIGHT - 8, title, "t-mute t-mid")
    placed = [_place(one, x_axis, y_axis, (middle_x, middle_y)) for one in drawn]
    taken: list[Box] = [_box(x, y, text, "end" if "t-end" in css else "") for x, y, text, css in corners]
    taken += [(one.x - 6, one.y - 6, one.x + 6, one.y + 6) for one in placed]
    for one in placed:
        _mark(canvas, one)
    for one in sorted(placed, key=lambda one: one.y):
        taken.append(_label(canvas, one, taken, width))
    return placed


def _place(one: Matter, x_axis: Axis, y_axis: Axis, middle: tuple[float, float]) -> _Placed:
    x, y = x_axis.at(one.performance.value or 0.0), y_axis.at(one.importance.value or 0.0)
    return _Placed(
        matter=one,
        x=x,
        y=y,
        across=(x_axis.at(one.performance.low or 0.0), x_axis.at(one.performance.high or 0.0)),
        up=(y_axis.at(one.importance.low or 0.0), y_axis.at(one.importance.high or 0.0)),
        first=x < middle[0] and y < middle[1],
        thin=read(one.importance, "share").thin,
    )


def _mark(canvas: Canvas, one: _Placed) -> None:
    tone = "det" if one.first else "ink"
    canvas.line(one.across[0], one.y, one.across[1], one.y, f"whisker {tone}")
    canvas.line(one.x, one.up[0], one.x, one.up[1], f"whisker {tone}")
    if one.thin:
        canvas.rect(one.x - 1, one.y - 8, 2, 16, f"f-{tone}")
    else:
        canvas.circle(one.x, one.y, 4.5, f"f-{tone}")


def _label(canvas: Canvas, one: _Placed, taken: Iterable[Box], width: float) -> Box:
    """Write the label where it covers no other mark or label, if there is such a place."""
    text = shortened(one.matter.label, LABEL)
    places = [
        (one.x + 9, one.y - 7, ""),
        (one.x - 9, one.y - 7, "end"),
        (one.x + 9, one.y + 15, ""),
        (one.x - 9, one.y + 15, "end"),
        (one.x, one.y - 22, "mid"),
        (one.x, one.y + 30, "mid"),
        (one.x + 9, one.y - 36, ""),
        (one.x - 9, one.y + 44, "end"),
    ]
    boxes = [_box(x, y, text, anchor, strong=one.first) for x, y, anchor in places]
    costs = [_cost(box, taken, width) for box in boxes]
    best = costs.index(min(costs))
    x, y, anchor = places[best]
    css = f"t-halo {'t-strong' if one.first else ''} {f't-{anchor}' if anchor else ''}"
    canvas.text(x, y, text, " ".join(css.split()))
    return boxes[best]


def _box(x: float, y: float, text: str, anchor: str, strong: bool = False) -> Box:
    size = text_width(text, strong=strong)
    left = x - size if anchor == "end" else x - size / 2 if anchor == "mid" else x
    return left, y - 10, left + size, y + 3


def _cost(box: Box, taken: Iterable[Box], width: float) -> float:
    covered = sum(
        max(0.0, min(box[2], other[2]) - max(box[0], other[0]))
        * max(0.0, min(box[3], other[3]) - max(box[1], other[1]))
        for other in taken
    )
    beyond = max(0.0, LEFT - box[0]) + max(0.0, box[2] - width) + max(0.0, TOP - box[1])
    return covered + 100 * beyond + 100 * max(0.0, box[3] - FOOT)


def _row(one: Matter, up: Reading, across: Reading, placed: _Placed | None) -> list[str]:
    if up.hidden or across.hidden or placed is None:
        return [one.label, up.hidden or across.hidden, "", "", "", "", ""]
    n = "" if one.importance.n is None else number(one.importance.n)
    place = _("Fix first") if placed.first else ""
    return [one.label, up.value, up.range, across.value, across.range, n, place]


def _said(count: int, first: Sequence[str]) -> str:
    if not first:
        return _("%(count)d parts by importance and rating; none counts more and is rated lower.") % {
            "count": count
        }
    return _("%(count)d parts by importance and rating; to fix first: %(first)s.") % {
        "count": count,
        "first": ", ".join(first),
    }


def _legend(placed: Sequence[_Placed]) -> list[LegendItem]:
    return [legend.tick()] if any(one.thin for one in placed) else []
