"""Writes data.css: the classes that carry data and layout since a strict policy forbids inline styles.

Run `python -m rapport.ui.data_css` after changing it; a test compares the file with what this module makes.
"""

from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).parent / "static" / "ui" / "data.css"
WIDTHS = (*range(8, 131), *range(140, 1401, 10))


def width_class(width: float) -> str:
    """Return the class for a chart drawn that wide; beyond 130 px widths come in tens."""
    rounded = round(width) if width <= 130 else round(width / 10) * 10
    return f"w-{min(1400, max(8, rounded))}"


def _rules() -> Iterator[str]:
    for name, variable in (("at", "--at"), ("lo", "--lo"), ("hi", "--hi")):
        for value in range(101):
            yield f".{name}-{value} {{ {variable}: {value}; }}"
    for value in range(1, 13):
        yield f".span-{value} {{ --span: {value}; }}"
    for value in range(1, 8):
        yield f".cols-{value} {{ --cols: {value}; }}"
    for value in range(1, 17):
        yield f".stages-{value} {{ --stages: {value}; }}"
    for value in range(1, 8):
        yield f".gap-{value} {{ --gap: var(--s{value}); }}"
        yield f".before-{value} {{ margin-block-start: var(--s{value}); }}"
        yield f".after-{value} {{ margin-block-end: var(--s{value}); }}"
    for value in WIDTHS:
        yield f".w-{value} {{ --w: {value}; }}"


def data_css() -> str:
    """Return the whole file."""
    body = "\n".join(f"  {rule}" for rule in _rules())
    return (
        "/* Made by rapport.ui.data_css: data and layout as classes, never looks. */\n"
        f"@layer utilities {{\n{body}\n}}\n"
    )


if __name__ == "__main__":
    TARGET.write_text(data_css(), encoding="utf-8")
