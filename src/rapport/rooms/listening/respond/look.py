"""The one stylesheet of the respondent's pages, made once for each supplier's colour."""

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

from rapport.rooms.listening.definition import contrast_with_white, nearest_readable

_SOURCE = Path(__file__).parent / "respond.css"
USUAL = "#1D4E3A"


@lru_cache(maxsize=1)
def _sheet() -> tuple[str, str]:
    css = _SOURCE.read_text(encoding="utf-8")
    return css, hashlib.sha256(css.encode()).hexdigest()[:8]


@lru_cache(maxsize=1000)
def look_of(color: str) -> str:
    """Return the file name of the stylesheet in a colour, darkened if it cannot be read against white."""
    ratio = contrast_with_white(color)
    fitting = USUAL if ratio is None else nearest_readable(color)
    return f"{fitting[1:].upper()}-{_sheet()[1]}.css"


@lru_cache(maxsize=200)
def stylesheet(name: str) -> tuple[bytes, bytes] | None:
    """Return the stylesheet of a file name, plain and compressed; None when there is none of that name."""
    color, _, _rest = name.partition("-")
    if len(color) != 6 or look_of(f"#{color}") != name:
        return None
    css = f"{_sheet()[0]}:root{{--accent:#{color}}}\n".encode()
    return css, gzip.compress(css, mtime=0)
