"""Language codes as rivals write them, made ours."""

import re

_OURS = re.compile(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
_LONG = {
    "eng": "en",
    "fra": "fr",
    "fre": "fr",
    "deu": "de",
    "ger": "de",
    "spa": "es",
    "ita": "it",
    "nld": "nl",
}


def language_of(code: object, otherwise: str = "en") -> str:
    """Return the code in our spelling: `pt-BR` for PT-BR or pt_br."""
    parts = str(code or "").strip().replace("_", "-").split("-")
    first = _LONG.get(parts[0].lower(), parts[0].lower())
    rest = [part.upper() if len(part) == 2 else part for part in parts[1:]]
    ours = "-".join([first, *rest])
    return ours if _OURS.match(ours) else otherwise
