"""Pictures for one cell of a table: a range, a run of values, the people of an account."""

import math
from collections.abc import Sequence

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from rapport.stats.estimate import HIDDEN_BELOW
from rapport.ui.charts.axis import Axis
from rapport.ui.charts.bars import Tone
from rapport.ui.charts.canvas import Canvas
from rapport.ui.estimates import EstimateLike, Scale, read

MOST_PEOPLE = 24


def range_mark(
    estimate: EstimateLike,
    scale: Scale | str = "",
    tone: Tone | None = None,
    width: float = 110,
    hidden_below: int = HIDDEN_BELOW,
) -> SafeString:
    """Draw one range on its whole scale: box and dot, or box and tick when thin, hatched when hidden."""
    reading = read(estimate, scale, hidden_below)
    canvas = Canvas(width, 14, css="chart key")
    canvas.line(0, 7, width, 7, "grid-line")
    if reading.hidden:
        canvas.rect(0, 1, width, 12, "f-hatch-hidden")
        return canvas.svg(reading.hidden)
    axis = Axis(0, 100, 1, width - 1)
    low, at, high = axis.at(reading.low_at), axis.at(reading.at), axis.at(reading.high_at)
    canvas.rect(low, 3, max(high - low, 1), 8, f"band box {tone or ''}".strip())
    if reading.thin:
        canvas.rect(at - 1, 0, 2, 14, f"f-{tone or 'ink'}")
    else:
        canvas.circle(at, 7, 4.5, f"f-{tone or 'ink'}")
    return canvas.svg(reading.sentence)


def spark(
    values: Sequence[float | None],
    low: float,
    high: float,
    summary: str = "",
    tone: Tone | None = None,
) -> SafeString:
    """Draw a run of values without axis; sparks of one table share low and high. A gap breaks the line."""
    canvas = Canvas(68, 24, css="chart spark")
    across = Axis(0, max(1, len(values) - 1), 2, 64)
    up = Axis(low, high, 22, 2)
    run: list[tuple[float, float]] = []
    last: tuple[float, float] | None = None
    for index, value in enumerate([*values, None]):
        if value is not None and math.isfinite(value):
            last = (across.at(index), up.at(value))
            run.append(last)
            continue
        if len(run) > 1:
            canvas.points("polyline", run, f"line thin s-{tone or 'ink'}")
        elif run:
            canvas.circle(*run[0], 1.5, f"f-{tone or 'ink'}")
        run = []
    if last:
        canvas.circle(*last, 2.6, f"f-{tone or 'ink'}")
    return canvas.svg(summary) if summary else canvas.hidden_svg()


def people_dots(unhappy: int, heard: int, silent: int) -> SafeString:
    """Draw the people of an account: triangles the unhappy, dots others heard, hollow the silent."""
    total = unhappy + heard + silent
    drawn = min(total, MOST_PEOPLE)
    canvas = Canvas(max(9, 9 * drawn + 2 + (26 if total > drawn else 0)), 12, css="chart key")
    for index in range(drawn):
        x = 5.0 + 9 * index
        if index < unhappy:
            canvas.add("path", "f-det", d=f"M{x - 4:.0f} 2.6h8l-4 7z")
        elif index < unhappy + heard:
            canvas.circle(x, 6, 3.4, "f-ink")
        else:
            canvas.circle(x, 6, 3.3, "silent small")
    if total > drawn:
        canvas.text(9 * drawn + 4, 10, f"+{total - drawn}", "t-mute")
    words = _("%(total)d people: %(unhappy)d unhappy, %(heard)d others heard, %(silent)d silent")
    return canvas.svg(words % {"total": total, "unhappy": unhappy, "heard": heard, "silent": silent})
