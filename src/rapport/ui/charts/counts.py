"""How many said what: stacked counts of detractors, passives, promoters and the silent, worst first."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from rapport.stats.estimate import HIDDEN_BELOW
from rapport.ui.charts import legend
from rapport.ui.charts.axis import Axis, nice_ticks
from rapport.ui.charts.canvas import Canvas, text_width
from rapport.ui.charts.chart import Caption, Chart, ChartTable, LegendItem, sentence
from rapport.ui.formats import number


@dataclass(frozen=True)
class Counts:
    """People of one period or group by what they said."""

    label: str
    detractors: int
    passives: int
    promoters: int
    silent: int = 0
    url: str = ""

    @property
    def heard(self) -> int:
        """Return how many answered."""
        return self.detractors + self.passives + self.promoters

    @property
    def people(self) -> int:
        """Return how many there are."""
        return self.heard + self.silent


def _is_hidden(counts: Counts, hidden_below: int) -> bool:
    return 0 < counts.heard < hidden_below


def _words(counts: Counts, hidden_below: int) -> str:
    if _is_hidden(counts, hidden_below):
        return _("hidden, fewer than %(count)d") % {"count": hidden_below}
    said = _("%(detractors)d detractors, %(passives)d passives, %(promoters)d promoters") % {
        "detractors": counts.detractors,
        "passives": counts.passives,
        "promoters": counts.promoters,
    }
    return said + (", " + _("%(silent)d silent") % {"silent": counts.silent} if counts.silent else "")


def _table(items: Sequence[Counts], hidden_below: int) -> ChartTable:
    columns = [_("Period"), _("Detractors"), _("Passives"), _("Promoters")]
    with_silent = any(item.silent for item in items)
    rows = []
    for item in items:
        if _is_hidden(item, hidden_below):
            row = [item.label, _("hidden"), "", ""]
        else:
            row = [item.label, number(item.detractors), number(item.passives), number(item.promoters)]
        rows.append([*row, number(item.silent)] if with_silent else row)
    return ChartTable([*columns, _("Silent")] if with_silent else columns, rows)


def _stack(canvas: Canvas, counts: Counts, up: Axis, x: float, wide: float) -> None:
    parts = (
        (counts.detractors, "f-hatch-det"),
        (counts.passives, "f-pas"),
        (counts.promoters, "f-pro"),
        (counts.silent, "none s-edge"),
    )
    below = 0
    for count, css in parts:
        top, foot = up.at(below + count), up.at(below)
        inset = 0.5 if css.startswith("none") else 0
        canvas.rect(x + inset, top + inset, wide - 2 * inset, foot - top - 1 - inset, f"{css} hit")
        below += count


def columns(
    caption: Caption,
    items: Sequence[Counts],
    width: float = 487,
    height: float = 220,
    hidden_below: int = HIDDEN_BELOW,
) -> Chart:
    """Draw one column of stacked counts a period; columns with too few answers are hatched."""
    canvas = Canvas(width, height)
    tallest = max((item.people for item in items if not _is_hidden(item, hidden_below)), default=0)
    ticks = [tick for tick in nice_ticks(0, max(tallest, 1), steps=4) if tick == int(tick)]
    floor = height - 22
    up = Axis(0, ticks[-1], floor, 26)
    left = text_width(number(ticks[-1])) + 10
    for value in ticks:
        canvas.line(left, up.at(value), width, up.at(value), "grid-line" if value else "axis")
        canvas.text(left - 6, up.at(value) + 4, number(value), "t-mute t-end")
    each = (width - left) / max(1, len(items))
    every = max(1, -(-int(max((text_width(i.label) for i in items), default=0) + 8) // max(1, int(each))))
    for index, item in enumerate(items):
        wide = min(44.0, each * 0.7)
        x = left + each * index + (each - wide) / 2
        if item.url:
            canvas.open_link(item.url, f"{item.label}: {_words(item, hidden_below)}")
        if _is_hidden(item, hidden_below):
            canvas.rect(x, floor - 30, wide, 30, "f-hatch-hidden")
        else:
            _stack(canvas, item, up, x, wide)
        if item.url:
            canvas.close()
        if (len(items) - 1 - index) % every == 0:
            canvas.text(x + wide / 2, height - 6, item.label, "t-mid")
    _headings(canvas, left, any(item.silent for item in items))
    summary = sentence(caption, _said(items, hidden_below))
    marks: list[LegendItem] = [legend.hidden(hidden_below)] if _any_hidden(items, hidden_below) else []
    return Chart(caption, canvas.svg(summary), summary, _table(items, hidden_below), width, marks)


def _any_hidden(items: Sequence[Counts], hidden_below: int) -> bool:
    return any(_is_hidden(item, hidden_below) for item in items)


def _headings(canvas: Canvas, x: float, with_silent: bool) -> None:
    """Name the parts above the columns, from the foot of a column upwards."""
    names = [(_("Detractors"), "f-hatch-det", "t-det"), (_("Passives"), "f-pas", "t-strong")]
    names += [(_("Promoters"), "f-pro", "t-pro")]
    if with_silent:
        names.append((_("Silent"), "none s-edge", ""))
    for word, fill, css in names:
        canvas.rect(x, 1, 10, 10, fill)
        canvas.text(x + 14, 10, word, css)
        x += 14 + text_width(word, strong=True) + 14


def _said(items: Sequence[Counts], hidden_below: int) -> str:
    shown = [item for item in items if not _is_hidden(item, hidden_below)]
    if not shown:
        return _("No column has enough answers to be shown.")
    last = shown[-1]
    return _("%(count)d columns; the last, %(label)s: %(said)s.") % {
        "count": len(items),
        "label": last.label,
        "said": _words(last, hidden_below),
    }


def strip(caption: Caption, counts: Counts, width: float = 487, hidden_below: int = HIDDEN_BELOW) -> Chart:
    """Draw one stacked strip from left to right: detractors, passives, promoters, the silent."""
    canvas = Canvas(width, 54)
    total = counts.people
    if _is_hidden(counts, hidden_below) or not total:
        canvas.rect(0, 20, width, 20, "f-hatch-hidden")
        words = _words(counts, hidden_below) if total else _("nobody was asked")
        canvas.text(6, 34, words, "t-mute t-halo")
    else:
        _draw_strip(canvas, counts, width, total)
    summary = sentence(caption, _words(counts, hidden_below) + ".")
    return Chart(caption, canvas.svg(summary), summary, _table([counts], hidden_below), width)


def _draw_strip(canvas: Canvas, counts: Counts, width: float, total: int) -> None:
    parts = [
        (counts.detractors, _("Detractors"), "f-hatch-det", "t-det"),
        (counts.passives, _("Passives"), "f-pas", "t-strong"),
        (counts.promoters, _("Promoters"), "f-pro", "t-pro"),
        (counts.silent, _("Silent"), "none s-edge", ""),
    ]
    x, free_above, free_below = 0.0, 0.0, 0.0
    for count, word, fill, css in parts:
        wide = width * count / total
        if count:
            canvas.rect(x + 0.5, 20.5, max(0.5, wide - 2), 19, fill)
            above = f"{word} {number(100 * count / total)}%"
            below = _("%(count)s people") % {"count": number(count)}
            if x >= free_above and x + text_width(above, strong=True) <= width + 4:
                canvas.text(x, 13, above, css)
                free_above = x + text_width(above, strong=True) + 4
            if x >= free_below and x + text_width(below, 11) <= width + 4:
                canvas.text(x, 53, below, "t-mute")
                free_below = x + text_width(below, 11) + 4
        x += wide
