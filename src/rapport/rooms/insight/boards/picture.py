"""A chart as a picture that stands alone: its words above it, its colours inside it."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import rapport.ui
from rapport.ui.charts import Chart
from rapport.ui.charts.canvas import FORBIDDEN, SVG, shortened

MARGIN, LINE = 16, 20
_CSS = Path(rapport.ui.__file__).parent / "static" / "ui" / "rapport.css"
_TOKEN = re.compile(r"(--[a-z0-9-]+):\s*(?:light-dark\((#[0-9A-Fa-f]{3,8}),[^)]*\)|([^;]+));")
_RULE = re.compile(r"^\s*(\.chart [^{}@]+|\.hatch-[a-z]+)\{([^{}]*)\}", re.MULTILINE)
_HATCHES = (("hatch-det", "hatch-ground", "hatch-line"), ("hatch-hidden", "hatch-soft", "hatch-line"))


def picture_of(chart: Chart, lines: Sequence[str]) -> str:
    """Return an SVG file: the lines of words, the chart, and the rules of the stylesheet for its marks.

    The colours are the light ones, because a picture does not know what it is pasted on.
    """
    ET.register_namespace("", SVG)
    inner = ET.fromstring(str(chart.svg))  # noqa: S314 - drawn by ourselves a moment ago
    _x, _y, width, height = map(float, inner.attrib["viewBox"].split())
    head = MARGIN + LINE * len(lines)
    whole = (width + 2 * MARGIN, height + head + 2 * MARGIN)
    size = {"width": f"{whole[0]:g}", "height": f"{whole[1]:g}", "viewBox": f"0 0 {whole[0]:g} {whole[1]:g}"}
    root = ET.Element(f"{{{SVG}}}svg", {**size, "role": "img", "aria-label": chart.summary})
    ET.SubElement(root, f"{{{SVG}}}style").text = _style()
    root.append(_hatches())
    ET.SubElement(root, f"{{{SVG}}}rect", {"width": "100%", "height": "100%", "class": "ground"})
    for number, line in enumerate(lines):
        place = {
            "x": str(MARGIN),
            "y": str(MARGIN + LINE * number + 8),
            "class": "said first" if not number else "said",
        }
        text = ET.SubElement(root, f"{{{SVG}}}text", place)
        text.text = shortened(FORBIDDEN.sub("", line), width, 15 if not number else 12)
    _unlink(inner)
    inner.attrib |= {
        "x": str(MARGIN),
        "y": str(head + MARGIN / 2),
        "width": f"{width:g}",
        "height": f"{height:g}",
    }
    root.append(inner)
    return ET.tostring(root, encoding="unicode")


def _unlink(element: ET.Element) -> None:
    """Make groups of links: a picture leads nowhere, and an address may say more than the picture does."""
    for one in element.iter(f"{{{SVG}}}a"):
        one.tag = f"{{{SVG}}}g"
        one.attrib.pop("href", None)
    for parent in element.iter():
        for child in list(parent):
            if child.tag == f"{{{SVG}}}svg" and child.find(f"{{{SVG}}}use") is not None:
                parent.remove(child)


def _hatches() -> ET.Element:
    defs = ET.Element(f"{{{SVG}}}defs")
    for name, ground, stripe in _HATCHES:
        told = {"id": name, "width": "5", "height": "5", "patternUnits": "userSpaceOnUse"}
        pattern = ET.SubElement(defs, f"{{{SVG}}}pattern", {**told, "patternTransform": "rotate(45)"})
        ET.SubElement(pattern, f"{{{SVG}}}rect", {"class": ground, "width": "5", "height": "5"})
        ET.SubElement(pattern, f"{{{SVG}}}rect", {"class": stripe, "width": "1.2", "height": "5"})
    return defs


@cache
def _style() -> str:
    """Return the stylesheet's rules for charts with the light colours in place of the tokens."""
    css = _CSS.read_text(encoding="utf-8")
    tokens = {name: light or value.strip() for name, light, value in reversed(_TOKEN.findall(css))}
    rules = [f"{selector.strip()} {{{body}}}" for selector, body in _RULE.findall(css)]
    own = [
        ".ground { fill: var(--paper); }",
        ".said { font: 400 12px var(--sans); fill: var(--ink-2); }",
        ".said.first { font: 650 15px var(--sans); fill: var(--ink); }",
    ]
    return "\n".join(_with(tokens, rule) for rule in [*own, *rules])


def _with(tokens: dict[str, str], rule: str) -> str:
    return re.sub(r"var\((--[a-z0-9-]+)(?:,[^)]*)?\)", lambda found: tokens.get(found.group(1), "none"), rule)
