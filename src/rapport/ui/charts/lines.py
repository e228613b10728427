"""A measure over time: line, 95% band, ticks where the evidence is thin, at most three remarks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _

from rapport.stats.estimate import HIDDEN_BELOW
from rapport.ui.charts import legend
from rapport.ui.charts.axis import Axis, nice_ticks
from rapport.ui.charts.canvas import Canvas, shortened, text_width
from rapport.ui.charts.chart import Caption, Chart, ChartTable, LegendItem, Text, estimate_columns, sentence
from rapport.ui.estimates import EstimateLike, Reading, Scale, read, scale_of
from rapport.ui.formats import number

MOST_ANNOTATIONS = 3


@dataclass(frozen=True)
class Point:
    """One period: its label ("Q3 26"), its estimate, and where a click leads."""

    label: str
    estimate: EstimateLike
    url: str = ""


@dataclass(frozen=True)
class Annotation:
    """Something that happened in the period with this label."""

    label: str
    text: Text


@dataclass(frozen=True)
class Target:
    """What is wished for, drawn dotted."""

    value: float
    text: Text = ""


@dataclass(frozen=True)
class _Spot:
    """A point with its place on the drawing."""

    point: Point
    reading: Reading
    x: float
    y: float
    top: float
    bottom: float

    @property
    def shown(self) -> bool:
        return not self.reading.hidden


def _bounds(
    points: Sequence[Point], readings: Sequence[Reading], target: Target | None
) -> tuple[float, float]:
    values: list[float] = [target.value] if target else []
    for point, reading in zip(points, readings, strict=True):
        if not reading.hidden:
            values += [v for v in (point.estimate.low, point.estimate.high) if v is not None]
    return (min(values), max(values)) if values else (0.0, 1.0)


def _spots(points: Sequence[Point], readings: Sequence[Reading], across: Axis, up: Axis) -> list[_Spot]:
    spots = []
    for index, (point, reading) in enumerate(zip(points, readings, strict=True)):
        e, x = point.estimate, across.at(index)
        if reading.hidden or e.value is None or e.low is None or e.high is None:
            spots.append(_Spot(point, reading, x, up.start, up.start, up.start))
        else:
            spots.append(_Spot(point, reading, x, up.at(e.value), up.at(e.high), up.at(e.low)))
    return spots


def _runs(spots: Sequence[_Spot]) -> Iterator[list[_Spot]]:
    for shown, run in groupby(spots, key=lambda spot: spot.shown):
        if shown:
            yield list(run)


def _draw_runs(canvas: Canvas, spots: Sequence[_Spot]) -> None:
    for run in _runs(spots):
        if len(run) == 1:
            canvas.rect(run[0].x - 4, run[0].top, 8, run[0].bottom - run[0].top, "band")
            continue
        edge = [(s.x, s.top) for s in run] + [(s.x, s.bottom) for s in reversed(run)]
        canvas.points("polygon", edge, "band")
        canvas.points("polyline", [(s.x, s.y) for s in run], "line")


def _draw_marks(canvas: Canvas, spots: Sequence[_Spot], floor: float) -> None:
    last = max((i for i, spot in enumerate(spots) if spot.shown), default=-1)
    for index, spot in enumerate(spots):
        if not spot.shown:
            canvas.rect(spot.x - 6, floor - 14, 12, 14, "f-hatch-hidden")
            continue
        if spot.point.url:
            canvas.open_link(spot.point.url, f"{spot.point.label}: {spot.reading.sentence}")
        if spot.reading.thin:
            canvas.rect(spot.x - 1, spot.y - 7, 2, 14, "f-ink hit")
        else:
            canvas.circle(spot.x, spot.y, 4.5 if index == last else 3, "f-ink hit")
        if spot.point.url:
            canvas.circle(spot.x, spot.y, 12, "none")
            canvas.close()


def _draw_periods(canvas: Canvas, spots: Sequence[_Spot], y: float) -> None:
    widest = max((text_width(spot.point.label) for spot in spots), default=0) + 14
    gap = spots[1].x - spots[0].x if len(spots) > 1 else widest
    every = max(1, -(-int(widest) // max(1, int(gap))))
    last = len(spots) - 1
    for index, spot in enumerate(spots):
        if (last - index) % every:
            continue
        canvas.text(spot.x, y, spot.point.label, "t-mid t-strong" if index == last else "t-mid")
        if spot.point.estimate.n is not None:
            base = _("n %(n)s") % {"n": number(spot.point.estimate.n)} if spot.shown else _("hidden")
            canvas.text(spot.x, y + 15, base, "t-mute t-mid")


def _draw_annotations(canvas: Canvas, spots: Sequence[_Spot], annotations: Sequence[Annotation]) -> None:
    places = {spot.point.label: spot for spot in spots}
    found = [(places[a.label], a) for a in annotations if a.label in places]
    for index, (spot, annotation) in enumerate(found[:MOST_ANNOTATIONS]):
        y = 12 + 14 * index
        text = shortened(str(annotation.text), 240)
        half = text_width(text) / 2
        canvas.line(spot.x, spot.top - 3, spot.x, y + 5, "leader")
        canvas.text(min(canvas.width - half, max(half, spot.x)), y, text, "t-mid t-halo")


def _draw_end(canvas: Canvas, spots: Sequence[_Spot]) -> None:
    shown = [spot for spot in spots if spot.shown]
    if not shown:
        return
    end = shown[-1]
    if end.reading.thin:
        canvas.text(end.x + 10, end.y + 4, end.reading.range, "t-strong")
        return
    canvas.text(end.x + 10, end.y + 5, end.reading.value, "t-big")
    canvas.text(end.x + 10, end.y + 20, end.reading.range, "t-mute")


def _said(points: Sequence[Point], readings: Sequence[Reading]) -> str:
    shown = [(p, r) for p, r in zip(points, readings, strict=True) if not r.hidden]
    if not shown:
        return _("No period has enough answers to be shown.")
    (first, was), (last, now) = shown[0], shown[-1]
    if len(shown) == 1:
        return f"{last.label}: {now.sentence}."
    return _("From %(first)s (%(was)s) to %(last)s (%(now)s).") % {
        "first": first.label,
        "was": was.sentence,
        "last": last.label,
        "now": now.sentence,
    }


def line_with_band(
    caption: Caption,
    points: Sequence[Point],
    scale: Scale | str = "",
    annotations: Sequence[Annotation] = (),
    target: Target | None = None,
    width: float = 692,
    height: float = 268,
    hidden_below: int = HIDDEN_BELOW,
) -> Chart:
    """Draw a measure over time; a hidden period breaks the line."""
    readings = [read(point.estimate, scale, hidden_below) for point in points]
    shape = scale_of(points[0].estimate, scale) if points else Scale(0, 1)
    ticks = nice_ticks(*_bounds(points, readings, target))
    canvas = Canvas(width, height)
    head = 16 + 14 * min(MOST_ANNOTATIONS, len(annotations))
    left, right, floor = 42.0, width - 84, height - 46
    up = Axis(ticks[0], ticks[-1], floor, head)
    across = Axis(0, max(1, len(points) - 1), left + 12, right)
    for value in ticks:
        canvas.line(left, up.at(value), right, up.at(value), "grid-line")
        canvas.text(left - 6, up.at(value) + 4, shape.text(value), "t-mute t-end")
    if target:
        canvas.line(left, up.at(target.value), right, up.at(target.value), "target")
        words = target.text or _("target %(value)s") % {"value": shape.text(target.value)}
        canvas.text(right + 6, up.at(target.value) + 4, shortened(str(words), 78), "t-mute")
    spots = _spots(points, readings, across, up)
    _draw_runs(canvas, spots)
    _draw_marks(canvas, spots, floor)
    _draw_periods(canvas, spots, height - 24)
    _draw_end(canvas, spots)
    _draw_annotations(canvas, spots, annotations)
    summary = sentence(caption, _said(points, readings))
    rows = [_row(p, r) for p, r in zip(points, readings, strict=True)]
    table = ChartTable(estimate_columns(_("Period")), rows)
    return Chart(caption, canvas.svg(summary), summary, table, width, _legend(readings, target, hidden_below))


def _row(point: Point, reading: Reading) -> list[str]:
    if reading.hidden:
        return [point.label, reading.hidden, "", ""]
    base = "" if point.estimate.n is None else number(point.estimate.n)
    return [point.label, reading.value, reading.range, base]


def _legend(readings: Sequence[Reading], target: Target | None, hidden_below: int) -> list[LegendItem]:
    items = []
    if any(reading.thin for reading in readings):
        fuller = any(not reading.thin and not reading.hidden for reading in readings)
        items += [legend.dot(), legend.tick()] if fuller else [legend.tick()]
    if any(reading.hidden for reading in readings):
        items.append(legend.hidden(hidden_below))
    if target:
        items.append(legend.target())
    return items
