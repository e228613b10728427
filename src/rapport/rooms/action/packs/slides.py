"""The pack as PowerPoint, by python-pptx: a slide a section, with tables that can be edited."""

import io
from importlib.util import find_spec
from typing import Any

from django.utils import formats

from rapport.kernel.environment import environment
from rapport.rooms.action.selectors.pack import Pack, Section

MOST_QUOTES = 5


class NoSlides(RuntimeError):
    """PowerPoint cannot be written here; the message says what to install."""


def can_write_slides() -> bool:
    """Say whether the extra that PowerPoint needs is installed."""
    return find_spec("pptx") is not None


def as_slides(pack: Pack) -> bytes:
    """Return the pack as slides; raise NoSlides where the extra is not installed."""
    if not can_write_slides():
        raise NoSlides("PowerPoint needs the extra rapport-cx[pptx]; the administrator can install it.")
    from pptx import Presentation
    from pptx.util import Inches

    deck: Any = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    made = formats.date_format(pack.made_at, "SHORT_DATETIME_FORMAT")
    lines = [pack.figure, pack.figure_base, pack.scope, f"{environment().company}, {made}"]
    _written(deck, pack.title, "", lines)
    for section in pack.sections:
        _slide(deck, section)
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def _slide(deck: Any, section: Section) -> None:
    if section.rows:
        slide = _titled(deck, section.title, section.base)
        _table(slide, section)
        return
    said = [f"“{quote.text[:400]}” ({quote.who})" for quote in section.quotes[:MOST_QUOTES]]
    slide = _written(deck, section.title, section.base, said or [section.reason])
    rest = [f"“{quote.text}” ({quote.who})" for quote in section.quotes]
    if rest:
        slide.notes_slide.notes_text_frame.text = "\n\n".join(rest)


def _titled(deck: Any, title: str, base: str) -> Any:
    from pptx.util import Inches, Pt

    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.left, slide.shapes.title.top = Inches(0.6), Inches(0.4)
    slide.shapes.title.width, slide.shapes.title.height = Inches(12.1), Inches(0.9)
    slide.shapes.title.text = title
    slide.shapes.title.text_frame.paragraphs[0].font.size = Pt(30)
    if base:
        note = slide.shapes.add_textbox(Inches(0.6), Inches(1.25), Inches(12.1), Inches(0.4))
        note.text_frame.text = base
        note.text_frame.paragraphs[0].font.size = Pt(13)
    return slide


def _written(deck: Any, title: str, base: str, lines: list[str]) -> Any:
    from pptx.util import Inches, Pt

    slide = _titled(deck, title, base)
    frame = slide.shapes.add_textbox(Inches(0.6), Inches(1.8), Inches(12.1), Inches(5.2)).text_frame
    frame.word_wrap = True
    for at, line in enumerate(filter(None, lines)):
        paragraph = frame.paragraphs[0] if at == 0 else frame.add_paragraph()
        paragraph.text, paragraph.font.size, paragraph.space_after = line, Pt(16), Pt(10)
    return slide


def _table(slide: Any, section: Section) -> None:
    from pptx.util import Inches, Pt

    rows = [section.columns, *section.rows]
    shape = slide.shapes.add_table(
        len(rows), len(section.columns), Inches(0.6), Inches(1.8), Inches(12.1), Inches(0.4 * len(rows))
    )
    for y, row in enumerate(rows):
        for x, text in enumerate(row):
            cell = shape.table.cell(y, x)
            cell.text = text
            cell.text_frame.paragraphs[0].font.size = Pt(13)
