"""Cause and effect: a backbone to the trouble, a bone for each family of causes, proven ones marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.ui.charts.canvas import Canvas, shortened
from rapport.ui.charts.chart import Caption, Chart, ChartTable, LegendItem, sentence

Standing = Literal["possible", "proven", "ruled_out"]
WIDTH, STEP, LEAN = 794.0, 196.0, 64.0
ROW, TOP = 30.0, 38.0


@dataclass(frozen=True)
class Cause:
    """One cause and how far it is proven."""

    text: str
    standing: Standing = "possible"


@dataclass(frozen=True)
class Bone:
    """A family of causes."""

    name: str
    causes: Sequence[Cause]


def fishbone(caption: Caption, effect: str, bones: Sequence[Bone], note: str = "") -> Chart:
    """Draw at most six families, three above and three below; further ones stand in the table only."""
    drawn = list(bones[:6])
    upper, lower = drawn[0::2], drawn[1::2]
    most = max((len(bone.causes) for bone in drawn), default=1)
    reach = ROW * (most + 1) + 12
    spine = TOP + reach
    canvas = Canvas(WIDTH, spine + reach + (30 if lower else 0))
    columns = max(1, len(upper))
    end = 28 + STEP * columns
    canvas.line(8, spine, end, spine, "leader strong")
    canvas.points("polygon", [(end, spine - 7), (end + 12, spine), (end, spine + 7)], "f-ink")
    _draw_effect(canvas, effect, note, end + 16, spine)
    for index, bone in enumerate(upper):
        _draw_bone(canvas, bone, end - STEP * (columns - 1 - index), spine, -1, reach)
    for index, bone in enumerate(lower):
        _draw_bone(canvas, bone, end - STEP * (columns - 1 - index), spine, 1, reach)
    said = _said(bones)
    summary = sentence(caption, said)
    return Chart(caption, canvas.svg(summary), summary, _table(bones), WIDTH, _legend(bones))


def _draw_effect(canvas: Canvas, effect: str, note: str, x: float, spine: float) -> None:
    room = min(WIDTH - x - 2, 180.0)
    lines = _wrapped(effect, room - 24)
    height = 20 + 16 * len(lines) + (18 if note else 0)
    canvas.rect(x, spine - height / 2, room, height, "f-det-soft")
    y = spine - height / 2 + 22
    for line in lines:
        canvas.text(x + 12, y, line, "t-strong")
        y += 16
    if note:
        canvas.text(x + 12, y + 2, shortened(note, room - 24), "")


def _wrapped(text: str, width: float) -> list[str]:
    """Break a text into at most three lines."""
    lines: list[str] = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if shortened(joined, width, strong=True) == joined or not lines[-1]:
            lines[-1] = joined
        elif len(lines) < 3:
            lines.append(word)
        else:
            lines[-1] = shortened(joined, width, strong=True)
            break
    return [shortened(line, width, strong=True) for line in lines]


def _draw_bone(canvas: Canvas, bone: Bone, x: float, spine: float, side: int, reach: float) -> None:
    far = spine + side * (reach - 8)
    canvas.line(x - LEAN, far, x, spine, "leader strong")
    canvas.text(
        x - LEAN, far - 8 if side < 0 else far + 16, shortened(bone.name, STEP - 20, 13), "t-strong t-mid"
    )
    for index, cause in enumerate(bone.causes):
        y = spine + side * (ROW * (index + 1) + 2)
        on_bone = x - LEAN * abs(y - spine) / (reach - 8)
        _draw_cause(canvas, cause, on_bone, y)


def _draw_cause(canvas: Canvas, cause: Cause, x: float, y: float) -> None:
    proven, out = cause.standing == "proven", cause.standing == "ruled_out"
    canvas.line(x - 150, y, x, y, "s-det" if proven else "s-edge")
    css = "t-end t-strong" if proven else "t-end t-mute struck" if out else "t-end"
    canvas.text(x - 10, y - 5, shortened(cause.text, 146, 11.5, proven), css)
    if proven:
        canvas.points("polygon", [(x - 5, y - 5), (x + 5, y - 5), (x, y + 4)], "f-det")


def _said(bones: Sequence[Bone]) -> str:
    proven = [
        f"{bone.name}: {cause.text}" for bone in bones for cause in bone.causes if cause.standing == "proven"
    ]
    count = sum(len(bone.causes) for bone in bones)
    text = ngettext("%(count)d possible cause", "%(count)d possible causes", count) % {"count": count}
    if not proven:
        return _("%(causes)s, none of them proven.") % {"causes": text}
    return _("%(causes)s; proven: %(proven)s.") % {"causes": text, "proven": "; ".join(proven)}


def _table(bones: Sequence[Bone]) -> ChartTable:
    words = {"possible": _("possible"), "proven": _("proven"), "ruled_out": _("ruled out")}
    rows = [[cause.text, bone.name, words[cause.standing]] for bone in bones for cause in bone.causes]
    return ChartTable([_("Cause"), _("Family"), _("Standing")], rows)


def _legend(bones: Sequence[Bone]) -> list[LegendItem]:
    if not any(cause.standing == "proven" for bone in bones for cause in bone.causes):
        return []
    mark = Canvas(12, 12)
    mark.points("polygon", [(1, 1), (11, 1), (6, 10)], "f-det")
    return [LegendItem(mark.hidden_svg(), _("proven"))]
