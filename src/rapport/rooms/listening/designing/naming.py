"""What people call the parts of a survey: types of question, fields, languages."""

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext_lazy as _

TYPES = {
    "nps": _("Likely to recommend, 0 to 10"),
    "csat": _("Satisfaction"),
    "effort": _("Effort"),
    "rating": _("Rating"),
    "choice": _("One of several"),
    "choices": _("Any of several"),
    "ranking": _("Ranking"),
    "constant_sum": _("Points shared out"),
    "matrix": _("Matrix"),
    "number": _("Number"),
    "date": _("Date"),
    "text": _("Short text"),
    "long_text": _("Long text"),
    "emotions": _("Feelings"),
    "contact_request": _("Wants to be contacted"),
    "consent": _("Consent"),
    "file": _("File"),
    "statement": _("Words without a question"),
}
ICONS = {
    "nps": "understand",
    "csat": "star",
    "effort": "clock",
    "rating": "star",
    "choice": "check",
    "choices": "check",
    "ranking": "down",
    "constant_sum": "box",
    "matrix": "box",
    "number": "euro",
    "date": "clock",
    "text": "note",
    "long_text": "quote",
    "emotions": "community",
    "contact_request": "phone",
    "consent": "flag",
    "file": "camera",
    "statement": "note",
}
FIELDS = {
    "type": _("Type"),
    "bank": _("Stable key"),
    "text": _("Words"),
    "help": _("Help"),
    "picture": _("Picture"),
    "show_if": _("Shown"),
    "required": _("Required"),
    "message": _("Message when it does not fit"),
    "metric": _("Metric"),
    "low": _("Lowest"),
    "high": _("Highest"),
    "style": _("Look"),
    "low_label": _("Words at the lowest"),
    "high_label": _("Words at the highest"),
    "allow_unknown": _("Offers 'cannot say'"),
    "choices": _("Choices"),
    "rows": _("Rows"),
    "columns": _("Columns"),
    "choices_from": _("Choices carried from"),
    "rows_from": _("Rows carried from"),
    "shuffle": _("In random order"),
    "fewest": _("At least"),
    "most": _("At most"),
    "total": _("Total"),
    "multiple": _("Several a row"),
    "decimals": _("Decimals"),
    "unit": _("Unit"),
    "earliest": _("Earliest"),
    "latest": _("Latest"),
    "pattern": _("Pattern"),
    "offered": _("Feelings offered"),
    "most_megabytes": _("Most megabytes"),
    "kinds": _("Kinds of file"),
    "title": _("Title"),
    "welcome": _("Welcome"),
    "thanks": _("Thanks"),
    "languages": _("Languages"),
    "language": _("Written first in"),
    "theme": _("Look"),
    "calculated": _("Calculated values"),
    "splits": _("Random splits"),
    "quotas": _("Quotas"),
    "branches": _("Branches"),
    "questions": _("Order of questions"),
    "pages": _("Order of pages"),
}


def language_name(code: str) -> str:
    """Return what a language calls itself, or its code."""
    found = LANG_INFO.get(code.lower()) or LANG_INFO.get(code.partition("-")[0])
    return str(found["name_local"]) if found and "name_local" in found else code


def offered_languages() -> list[tuple[str, str]]:
    """Return languages that can be added, with what they call themselves and what we call them."""
    return sorted(
        (
            (code, f"{info['name_local']} ({info['name']})")
            for code, info in LANG_INFO.items()
            if "name_local" in info
        ),
        key=lambda pair: pair[1].casefold(),
    )
