"""The drawing board: well-formed SVG from classes and presentation attributes, every text escaped."""

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from rapport.ui.data_css import width_class

Attribute = str | float | int
SVG = "http://www.w3.org/2000/svg"
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SAFE_LINK = re.compile(r"^(https?://|/|\?|#)", re.IGNORECASE)


def written(value: Attribute) -> str:
    """Write an attribute: numbers to a tenth, and never one that is not finite."""
    if isinstance(value, str):
        return FORBIDDEN.sub("", value)
    if not math.isfinite(value):
        raise ValueError(f"A chart cannot be drawn at {value}.")
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def text_width(text: str, size: float = 11.5, strong: bool = False) -> float:
    """Estimate how wide a text will be, on the safe side."""
    return len(text) * size * (0.58 if strong else 0.54)


def shortened(text: str, width: float, size: float = 11.5, strong: bool = False) -> str:
    """Cut a text that would not fit, marked with an ellipsis."""
    room = int(width / text_width("x", size, strong))
    return text if len(text) <= room else text[: max(1, room - 1)].rstrip() + "…"


@dataclass
class Canvas:
    """One SVG drawing of a given size."""

    width: float
    height: float
    css: str = "chart"
    root: ET.Element = field(init=False)
    has_links: bool = field(init=False, default=False)
    _open: list[ET.Element] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        box = f"0 0 {written(self.width)} {written(self.height)}"
        css = f"{self.css} {width_class(self.width)}"
        self.root = ET.Element("svg", {"xmlns": SVG, "class": css, "viewBox": box})
        self._open.append(self.root)

    def add(self, name: str, css: str = "", **attributes: Attribute) -> ET.Element:
        """Add an element with a class and presentation attributes; underscores become hyphens."""
        given = {"class": css} if css else {}
        given |= {key.rstrip("_").replace("_", "-"): written(value) for key, value in attributes.items()}
        return ET.SubElement(self._open[-1], name, given)

    def text(self, x: float, y: float, text: object, css: str = "") -> ET.Element:
        """Write a text; whatever it holds is escaped."""
        element = self.add("text", css, x=x, y=y)
        element.text = FORBIDDEN.sub("", str(text))
        element.tail = " "  # keeps words of neighbouring texts apart for who listens
        return element

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        """Draw a straight line."""
        self.add("line", css, x1=x1, y1=y1, x2=x2, y2=y2)

    def rect(self, x: float, y: float, width: float, height: float, css: str) -> None:
        """Draw a rectangle; one without extent is left out."""
        if width > 0 and height > 0:
            self.add("rect", css, x=x, y=y, width=width, height=height)

    def circle(self, x: float, y: float, radius: float, css: str) -> None:
        """Draw a circle."""
        self.add("circle", css, cx=x, cy=y, r=radius)

    def points(self, name: str, points: Sequence[tuple[float, float]], css: str) -> None:
        """Draw a polyline or polygon."""
        self.add(name, css, points=" ".join(f"{written(x)},{written(y)}" for x, y in points))

    def glyph(self, x: float, y: float, size: float, name: str, css: str = "glyph") -> None:
        """Draw a glyph of the page's sprite, centred."""
        corner = {"x": x - size / 2, "y": y - size / 2, "width": size, "height": size}
        inner = self.add("svg", css, viewBox="0 0 16 16", **corner)
        ET.SubElement(inner, "use", {"href": f"#{name}"})

    def open(self, name: str = "g", css: str = "", **attributes: Attribute) -> None:
        """Open a group; whatever follows lands in it until `close`."""
        self._open.append(self.add(name, css, **attributes))

    def open_link(self, url: str, facts: str) -> None:
        """Open a link whose name is what it shows, then facts; an address that is none gives a group."""
        if not SAFE_LINK.match(url):
            self.open("g")
        else:
            self.has_links = True
            self.open("a", href=url, aria_label=facts)

    def title(self, text: str) -> None:
        """Give the open group a title, shown when a pointer rests on it."""
        ET.SubElement(self._open[-1], "title").text = FORBIDDEN.sub("", text)

    def close(self) -> None:
        """Close the group opened last; a link's name begins with the words it shows."""
        closed = self._open.pop()
        if closed.tag == "a":
            words = " ".join(element.text or "" for element in closed.iter("text"))
            closed.set(
                "aria-label",
                f"{words}: {closed.get('aria-label')}" if words else closed.get("aria-label", ""),
            )

    def svg(self, summary: str) -> SafeString:
        """Return the drawing with its one-sentence summary; a drawing with links is a group, not an image."""
        self.root.set("role", "group" if self.has_links else "img")
        self.root.set("aria-label", FORBIDDEN.sub("", summary))
        return SafeString(ET.tostring(self.root, encoding="unicode"))

    def hidden_svg(self) -> SafeString:
        """Return the drawing for places where words beside it say the same."""
        self.root.set("aria-hidden", "true")
        return SafeString(ET.tostring(self.root, encoding="unicode"))
