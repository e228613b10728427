"""The marks that need explaining, drawn as in the charts."""

import math

from django.utils.html import format_html
from django.utils.translation import gettext as _

from rapport.stats.estimate import DOT_FROM, HIDDEN_BELOW
from rapport.ui.charts.canvas import Canvas
from rapport.ui.charts.chart import LegendItem


def _key(width: float, height: float) -> Canvas:
    return Canvas(width, height, css="chart key")


def dot() -> LegendItem:
    """Explain the dot with its range."""
    canvas = _key(30, 12)
    canvas.rect(2, 2, 26, 8, "band box")
    canvas.circle(15, 6, 4.5, "f-ink")
    return LegendItem(canvas.hidden_svg(), _("rests on %(count)d answers or more") % {"count": DOT_FROM})


def tick() -> LegendItem:
    """Explain the tick that stands for thin evidence."""
    canvas = _key(30, 12)
    canvas.rect(2, 2, 26, 8, "band box")
    canvas.rect(14, 0, 2, 12, "f-ink")
    text = _("rests on fewer than %(count)d: read the range") % {"count": DOT_FROM}
    return LegendItem(canvas.hidden_svg(), text)


def hidden(hidden_below: int = HIDDEN_BELOW) -> LegendItem:
    """Explain the hatching."""
    mark = format_html('<span class="suppressed">{}</span>', _("hidden"))
    return LegendItem(
        mark, _("fewer than %(count)d, or would give a neighbour away") % {"count": hidden_below}
    )


def silent() -> LegendItem:
    """Explain the hollow circle."""
    canvas = _key(16, 16)
    canvas.circle(8, 8, 6.5, "silent")
    return LegendItem(canvas.hidden_svg(), _("hollow is silent"))


def target() -> LegendItem:
    """Explain the dotted line."""
    canvas = _key(30, 10)
    canvas.line(1, 5, 29, 5, "target")
    return LegendItem(canvas.hidden_svg(), _("target"))


def veto() -> LegendItem:
    """Explain the shield."""
    canvas = _key(14, 15)
    shield(canvas, 0, 0)
    return LegendItem(canvas.hidden_svg(), _("can veto"))


def weight() -> LegendItem:
    """Explain the size of a person."""
    canvas = _key(62, 26)
    for x, radius in ((6, 6), (23, 9), (46, 12)):
        canvas.circle(x, 13, radius, "f-pas")
    return LegendItem(canvas.hidden_svg(), _("size is weight"))


def freshness() -> LegendItem:
    """Explain the ring that runs out."""
    canvas = _key(58, 18)
    for x, share in ((9, 1.0), (29, 0.5), (49, 0.15)):
        ring(canvas, x, 9, 7, share)
        canvas.circle(x, 9, 4, "f-pas")
    return LegendItem(canvas.hidden_svg(), _("the ring runs out as knowledge ages"))


def role(key: str, word: str) -> LegendItem:
    """Explain a role's glyph."""
    return LegendItem(format_html('<svg class="i" aria-hidden="true"><use href="#r-{}"/></svg>', key), word)


def shield(canvas: Canvas, left: float, top: float) -> None:
    """Draw the shield with its V."""
    canvas.add("path", "f-ink", d=f"M{left:.1f} {top:.1f}h14v9l-7 6-7-6z")
    canvas.add("path", "shield-mark", d=f"M{left + 4.2:.1f} {top + 3:.1f}l2.8 6.4 2.8-6.4")


def ring(canvas: Canvas, x: float, y: float, radius: float, share: float) -> None:
    """Draw the ring of freshness, clockwise from the top."""
    whole = 2 * math.pi * radius
    canvas.circle(x, y, radius, "ring rest")
    dashes = f"{whole * min(1.0, max(0.0, share)):.1f} {whole:.1f}"
    turned = f"rotate(-90 {x:.1f} {y:.1f})"
    canvas.add("circle", "ring", cx=x, cy=y, r=radius, stroke_dasharray=dashes, transform=turned)
