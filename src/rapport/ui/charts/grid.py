"""Two groupings at once: a grid of estimates, coloured only where the range excludes the reference."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from rapport.stats.estimate import HIDDEN_BELOW
from rapport.ui.charts import legend
from rapport.ui.charts.axis import Axis
from rapport.ui.charts.canvas import Canvas, shortened, text_width
from rapport.ui.charts.chart import Caption, Chart, ChartTable, LegendItem, sentence
from rapport.ui.charts.privacy import Cells, hidden_cells
from rapport.ui.estimates import SCALES, EstimateLike, Scale, read
from rapport.ui.formats import number

ROW = 33
HEAD = 50


@dataclass(frozen=True)
class Heading:
    """A row or column: its name, a role's key for a glyph, and its total when it may be shown."""

    label: str
    role: str = ""
    total: EstimateLike | None = None


@dataclass(frozen=True)
class Cell:
    """One cell: nobody asked when there is no estimate."""

    estimate: EstimateLike | None = None
    url: str = ""


@dataclass(frozen=True)
class _Frame:
    """Measures of the drawing."""

    left: float
    each: float
    right: float
    scale: Scale
    reference: float
    hidden_below: int

    def x(self, column: int) -> float:
        return self.left + self.each * column

    def axis(self, column: int) -> Axis:
        return Axis(self.scale.low, self.scale.high, self.x(column) + 8, self.x(column) + self.each - 28)


def _counts(cells: Sequence[Sequence[Cell]]) -> Cells:
    return [[cell.estimate.n if cell.estimate and cell.estimate.n else 0 for cell in row] for row in cells]


def _hidden(
    rows: Sequence[Heading], columns: Sequence[Heading], cells: Sequence[Sequence[Cell]], below: int
) -> set[tuple[int, int]]:
    by_row = [heading.total is not None for heading in rows]
    by_column = [heading.total is not None for heading in columns]
    return hidden_cells(_counts(cells), below, by_row, by_column)


def _tone(estimate: EstimateLike, reference: float) -> str:
    if estimate.high is not None and estimate.high < reference:
        return "det"
    if estimate.low is not None and estimate.low > reference:
        return "pro"
    return ""


def _draw_head(canvas: Canvas, columns: Sequence[Heading], frame: _Frame, foot: float) -> None:
    for index, heading in enumerate(columns):
        middle = frame.x(index) + frame.each / 2 - 10
        canvas.text(middle, 12, shortened(heading.label, frame.each - 4, strong=True), "t-strong t-mid")
        if heading.total is not None:
            reading = read(heading.total, frame.scale, frame.hidden_below)
            said = f"{reading.value} ({reading.range})" if not reading.hidden else _("hidden")
            canvas.text(middle, 27, said, "t-mute t-mid")
            if not reading.hidden and heading.total.n is not None:
                canvas.text(middle, 41, _("n %(n)s") % {"n": number(heading.total.n)}, "t-mute t-mid")
        axis = frame.axis(index)
        span = frame.scale.high - frame.scale.low
        for share in (0.25, 0.5, 0.75):
            value = frame.scale.low + share * span
            canvas.line(axis.at(value), HEAD, axis.at(value), foot, "zero" if share == 0.5 else "grid-line")
            if share == 0.5 or frame.each >= 110:
                canvas.text(axis.at(value), foot + 14, frame.scale.text(value, unit=False), "t-mute t-mid")


def _draw_cell(canvas: Canvas, cell: Cell, is_hidden: bool, column: int, y: float, frame: _Frame) -> None:
    x, middle = frame.x(column), y + ROW / 2
    e = cell.estimate
    if e is None or not e.n:
        canvas.text(x + frame.each / 2 - 10, middle + 4, "–", "t-mute t-mid")
        return
    if is_hidden or e.value is None or e.low is None or e.high is None:
        canvas.rect(x + 2, y + 5, frame.each - 16, ROW - 10, "f-hatch-hidden")
        canvas.text(x + frame.each / 2 - 6, middle + 4, _("hidden"), "t-mute t-mid t-halo")
        return
    axis, tone = frame.axis(column), _tone(e, frame.reference)
    low, at, high = axis.at(e.low), axis.at(e.value), axis.at(e.high)
    canvas.rect(low, middle - 5, max(1, high - low), 10, f"band box {tone}".strip())
    fill = f"f-{tone or 'ink'}"
    if read(e, frame.scale, frame.hidden_below).thin:
        canvas.rect(at - 1, middle - 7, 2, 14, fill)
    else:
        canvas.circle(at, middle, 4.5, fill)
    canvas.text(x + frame.each - 4, y + 12, number(e.n), "t-mute t-end")


def heat_grid(
    caption: Caption,
    rows: Sequence[Heading],
    columns: Sequence[Heading],
    cells: Sequence[Sequence[Cell]],
    reference: float,
    scale: Scale | str = "nps",
    width: float = 692,
    hidden_below: int = HIDDEN_BELOW,
) -> Chart:
    """Draw a grid of estimates; a second cell is hidden where a total would give the first away."""
    shape = scale if isinstance(scale, Scale) else SCALES[scale]
    left = min(180.0, max((text_width(row.label) for row in rows), default=0) + 34)
    right = 110.0 if any(row.total is not None for row in rows) else 10.0
    each = (width - left - right) / max(1, len(columns))
    frame = _Frame(left, each, width - right + 6, shape, reference, hidden_below)
    foot = HEAD + ROW * len(rows) + 6
    canvas = Canvas(width, foot + 20)
    hidden = _hidden(rows, columns, cells, hidden_below)
    _draw_head(canvas, columns, frame, foot)
    for r, row in enumerate(rows):
        _draw_row(canvas, row, cells[r], {c for rr, c in hidden if rr == r}, HEAD + 6 + ROW * r, frame)
    canvas.line(0, foot, width, foot, "axis")
    if right > 10:
        canvas.text(frame.right, 12, _("All"), "t-strong")
    summary = sentence(caption, _said(rows, columns, cells, hidden, frame))
    table = _table(rows, columns, cells, hidden, frame)
    marks: list[LegendItem] = [legend.dot(), legend.tick()]
    if hidden:
        marks.append(legend.hidden(hidden_below))
    return Chart(caption, canvas.svg(summary), summary, table, width, marks)


def _draw_row(
    canvas: Canvas, row: Heading, cells: Sequence[Cell], hidden: set[int], y: float, frame: _Frame
) -> None:
    canvas.line(0, y, canvas.width, y, "grid-line")
    if row.role:
        canvas.glyph(8, y + ROW / 2, 15, f"r-{row.role}", "glyph role")
    indent = 21 if row.role else 0
    canvas.text(indent, y + ROW / 2 + 4, shortened(row.label, frame.left - indent - 6))
    for c, cell in enumerate(cells):
        if cell.url and c not in hidden and cell.estimate:
            canvas.open_link(cell.url, f"{row.label}: {read(cell.estimate, frame.scale).sentence}")
            canvas.rect(frame.x(c), y, frame.each - 6, ROW, "none hit")
        _draw_cell(canvas, cell, c in hidden, c, y, frame)
        if cell.url and c not in hidden and cell.estimate:
            canvas.close()
    if row.total is not None:
        reading = read(row.total, frame.scale, frame.hidden_below)
        canvas.text(frame.right, y + ROW / 2 + 4, reading.value or _("hidden"), "t-strong")
        canvas.text(frame.right + 34, y + ROW / 2 + 4, reading.range, "t-mute")


def _cell_text(cell: Cell, is_hidden: bool, frame: _Frame) -> str:
    if cell.estimate is None or not cell.estimate.n:
        return "–"
    if is_hidden:
        return _("hidden")
    reading = read(cell.estimate, frame.scale, frame.hidden_below)
    return reading.hidden or f"{reading.value} ({reading.range}), n {number(cell.estimate.n)}"


def _table(
    rows: Sequence[Heading],
    columns: Sequence[Heading],
    cells: Sequence[Sequence[Cell]],
    hidden: set[tuple[int, int]],
    frame: _Frame,
) -> ChartTable:
    body = [
        [row.label, *(_cell_text(cell, (r, c) in hidden, frame) for c, cell in enumerate(cells[r]))]
        for r, row in enumerate(rows)
    ]
    return ChartTable([_("Group"), *(column.label for column in columns)], body)


def _said(
    rows: Sequence[Heading],
    columns: Sequence[Heading],
    cells: Sequence[Sequence[Cell]],
    hidden: set[tuple[int, int]],
    frame: _Frame,
) -> str:
    below = [
        f"{rows[r].label}, {columns[c].label}"
        for r, row in enumerate(cells)
        for c, cell in enumerate(row)
        if cell.estimate and (r, c) not in hidden and _tone(cell.estimate, frame.reference) == "det"
    ]
    if not below:
        return _("No group lies clearly below %(reference)s.") % {
            "reference": frame.scale.text(frame.reference)
        }
    return _("Clearly below %(reference)s: %(groups)s.") % {
        "reference": frame.scale.text(frame.reference),
        "groups": "; ".join(below[:4]),
    }
