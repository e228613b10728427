"""The pack as a PDF, by typst, with the charts of the page."""

import json
from pathlib import Path
from typing import Any

import typst
from django.utils import formats
from django.utils.translation import get_language, gettext

from rapport.kernel.environment import environment
from rapport.rooms.action.selectors.pack import Pack, Section
from rapport.ui.charts.chart import Chart

TEMPLATE = Path(__file__).with_name("pack.typ")
# The stylesheet's light colours, written out: on paper there is no stylesheet.
PRINT = """
text{font:11.5px 'Libertinus Serif','DejaVu Sans',sans-serif;fill:#3d3a35}
.t-strong{font-weight:650;fill:#1d1b18}.t-mute{fill:#66615a;font-size:11px}.t-end{text-anchor:end}.t-mid{text-anchor:middle}
.t-det{fill:#9c3d1c}.t-halo{stroke:none}
.grid-line{stroke:#d9d4ca;stroke-width:1}.axis,.zero{stroke:#8a847a;stroke-width:1}
.band{fill:#1d1b18;opacity:.14}.whisker{stroke:#1d1b18;stroke-width:1.5}.halo{stroke:#ffffff;stroke-width:4.5}
.f-ink{fill:#1d1b18}.f-pas{fill:#a8a196}.f-det{fill:#b5502c}.f-pro{fill:#1f6f78}.f-hatch-hidden{fill:#e8e4dc}
"""


def as_pdf(pack: Pack) -> bytes:
    """Return the pack on paper."""
    told = {
        "title": pack.title,
        "scope": pack.scope,
        "made": formats.date_format(pack.made_at, "SHORT_DATETIME_FORMAT"),
        "company": environment().company,
        "figure": pack.figure,
        "figure_base": pack.figure_base,
        "language": (get_language() or "en").split("-")[0],
        "sections": [_section(section) for section in pack.sections],
    }
    made: bytes = typst.compile(
        TEMPLATE.read_bytes(), format="pdf", sys_inputs={"data": json.dumps(told, ensure_ascii=False)}
    )
    return made


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": section.title,
        "base": section.base,
        "reason": section.reason,
        "columns": list(section.columns),
        "rows": [list(row) for row in section.rows],
        "quotes": [{"text": quote.text[:900], "who": quote.who} for quote in section.quotes],
        "chart": printable(section.chart) if section.chart else "",
        "n": gettext("n"),
    }


def printable(chart: Chart) -> str:
    """Return a chart that carries its own colours."""
    head, mark, rest = str(chart.svg).partition(">")
    return f"{head}{mark}<style>{PRINT}</style>{rest}"
