"""What every chart is: a drawing, the sentence it says, and the table behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from rapport.ui.charts.canvas import Canvas, shortened

Text = str | Promise


@dataclass(frozen=True)
class Caption:
    """The words around a chart: the finding, the measure with unit, range and base, and the method.

    `summary` is the sentence for screen readers; the chart writes one from its data when it is left out.
    """

    title: Text = ""
    subtitle: Text = ""
    note: Text = ""
    summary: Text = ""


@dataclass(frozen=True)
class ChartTable:
    """The same facts as a table; the first cell of a row is its heading."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class LegendItem:
    """A mark and what it means."""

    mark: SafeString
    text: str


@dataclass(frozen=True)
class Chart:
    """A finished chart; the tag {% chart %} puts it on a page."""

    caption: Caption
    svg: SafeString
    summary: str
    table: ChartTable
    width: float
    legend: Sequence[LegendItem] = ()

    @property
    def is_wide(self) -> bool:
        """Return whether it must be able to scroll sideways on a phone."""
        return self.width >= 600


def nothing_to_draw(caption: Caption, reason: str, width: float = 487) -> Chart:
    """Return a chart that says why there is none, for files that are asked for by address."""
    canvas = Canvas(width, 40)
    canvas.text(0, 24, shortened(reason, width), "t-mute")
    return Chart(caption, canvas.svg(reason), reason, ChartTable([_("What")], [[reason]]), width)


def sentence(caption: Caption, said: str) -> str:
    """Return the summary given, or the title followed by what the data say."""
    if caption.summary:
        return str(caption.summary)
    title = str(caption.title).strip()
    if not title:
        return said
    return f"{title}{'' if title[-1] in '.?!' else '.'} {said}"


def estimate_columns(first: str) -> list[str]:
    """Return the headings of a table of estimates."""
    return [first, _("Value"), _("95% range"), _("n")]
