"""Measures side by side: horizontal bars from zero, each with the whisker of its range."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from rapport.stats.estimate import HIDDEN_BELOW
from rapport.ui.charts import legend
from rapport.ui.charts.axis import Axis, nice_ticks
from rapport.ui.charts.canvas import Canvas, shortened, text_width
from rapport.ui.charts.chart import Caption, Chart, ChartTable, LegendItem, estimate_columns, sentence
from rapport.ui.estimates import EstimateLike, Reading, Scale, read, scale_of
from rapport.ui.formats import number

Tone = Literal["pas", "accent", "det", "pro"]
ROW = 26
BAR = 16


@dataclass(frozen=True)
class Bar:
    """One bar; at most one of a chart should have the accent."""

    label: str
    estimate: EstimateLike
    tone: Tone = "pas"
    url: str = ""
    letter: str = ""
    """By which others name it, and below the letters of those it is proven to be higher than."""
    higher_than: str = ""

    @property
    def name(self) -> str:
        """Return its label with its letter."""
        return f"{self.label} ({self.letter})" if self.letter else self.label


def _ends(bars: Sequence[Bar], readings: Sequence[Reading], up_to: float) -> tuple[float, float]:
    low, high = 0.0, up_to
    for bar, reading in zip(bars, readings, strict=True):
        if not reading.hidden:
            low = min(low, bar.estimate.low or 0.0)
            high = max(high, bar.estimate.high or 0.0)
    return low, high or (0.0 if low else 1.0)


def _end_width(bar: Bar, reading: Reading) -> float:
    words = reading.range if reading.thin else reading.value
    return text_width(f"{words} > {bar.higher_than}" if bar.higher_than else words)


def _draw(canvas: Canvas, bar: Bar, reading: Reading, axis: Axis, y: float) -> None:
    e = bar.estimate
    if reading.hidden or e.value is None or e.low is None or e.high is None:
        canvas.rect(axis.start, y - BAR / 2, axis.end - axis.start, BAR, "f-hatch-hidden")
        canvas.text(
            axis.start + 6, y + 4, shortened(reading.hidden, axis.end - axis.start - 8), "t-mute t-halo"
        )
        return
    zero, at, low, high = axis.at(0), axis.at(e.value), axis.at(e.low), axis.at(e.high)
    if reading.thin:
        canvas.rect(low, y - 4, max(high - low, 1), 8, "band box")
        canvas.rect(at - 1, y - 8, 2, 16, "f-ink")
    else:
        canvas.rect(min(zero, at), y - BAR / 2, max(abs(at - zero), 0.5), BAR, f"f-{bar.tone} hit")
        canvas.line(low, y, high, y, "halo")
        canvas.line(low, y, high, y, "whisker on")
    words = reading.range if reading.thin else reading.value
    words = f"{words} > {bar.higher_than}" if bar.higher_than else words
    canvas.text(high + 7, y + 4, words, "t-mute" if reading.thin else "t-strong")


def bars_with_whiskers(
    caption: Caption,
    bars: Sequence[Bar],
    scale: Scale | str = "",
    width: float = 487,
    hidden_below: int = HIDDEN_BELOW,
    up_to: float = 0.0,
) -> Chart:
    """Draw bars in the order given; thin ones are a tick in a range, hidden ones are hatched.

    Charts to be compared are given the same `up_to`, which their axes reach at least.
    """
    readings = [read(bar.estimate, scale, hidden_below) for bar in bars]
    shape = scale_of(bars[0].estimate, scale) if bars else Scale(0, 1)
    widest = max((text_width(bar.name) for bar in bars), default=0)
    left = min(width * 0.4, widest + 12)
    ends = max((_end_width(bar, r) for bar, r in zip(bars, readings, strict=True)), default=0)
    ticks = nice_ticks(*_ends(bars, readings, up_to), steps=4)
    axis = Axis(ticks[0], ticks[-1], left, width - ends - 16)
    height = 20 + ROW * len(bars) + 6
    canvas = Canvas(width, height)
    for value in ticks:
        css = "zero" if value == 0 else "grid-line"
        canvas.line(axis.at(value), 18, axis.at(value), height - 4, css)
        canvas.text(axis.at(value), 11, shape.text(value), "t-mute t-mid")
    for index, (bar, reading) in enumerate(zip(bars, readings, strict=True)):
        y = 20 + ROW * index + ROW / 2
        if bar.url:
            canvas.open_link(bar.url, reading.sentence)
        css = "t-accent" if bar.tone == "accent" else ""
        canvas.text(0, y + 4, shortened(bar.name, left - 8), css)
        _draw(canvas, bar, reading, axis, y)
        if bar.url:
            canvas.close()
    summary = sentence(caption, _said(bars, readings))
    lettered = any(bar.letter for bar in bars)
    rows = [
        [*_row(bar, reading), *([bar.higher_than] if lettered else [])]
        for bar, reading in zip(bars, readings, strict=True)
    ]
    columns = [*estimate_columns(_("What")), *([_("Proven higher than")] if lettered else [])]
    table = ChartTable(columns, rows)
    return Chart(caption, canvas.svg(summary), summary, table, width, _legend(readings, hidden_below))


def _row(bar: Bar, reading: Reading) -> list[str]:
    if reading.hidden:
        return [bar.name, reading.hidden, "", ""]
    base = "" if bar.estimate.n is None else number(bar.estimate.n)
    return [bar.name, reading.value, reading.range, base]


def _said(bars: Sequence[Bar], readings: Sequence[Reading]) -> str:
    firm = [
        (bar.estimate.value, bar.label, reading)
        for bar, reading in zip(bars, readings, strict=True)
        if not reading.hidden and not reading.thin and bar.estimate.value is not None
    ]
    if not firm:
        return _("%(count)d bars, none with enough answers to be compared.") % {"count": len(bars)}
    _value, label, reading = max(firm, key=lambda entry: entry[0])
    return _("%(count)d bars; the longest is %(label)s, %(said)s.") % {
        "count": len(bars),
        "label": label,
        "said": reading.sentence,
    }


def _legend(readings: Sequence[Reading], hidden_below: int) -> list[LegendItem]:
    items = []
    if any(reading.thin for reading in readings):
        items.append(legend.tick())
    if any(reading.hidden for reading in readings):
        items.append(legend.hidden(hidden_below))
    return items
