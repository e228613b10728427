"""Letters for one purpose: their words checked, approved, and filled in for one person."""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Contact
from rapport.rooms.action.models import LetterText
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.action.services.telling import language_of

Purpose = LetterText.Purpose

PLACES: Mapping[str, frozenset[str]] = {
    Purpose.RECEIPT: frozenset({"name", "said", "code", "owner", "until", "company"}),
}
NEEDED: Mapping[str, frozenset[str]] = {Purpose.RECEIPT: frozenset({"code"})}


@dataclass(frozen=True)
class Filled:
    """A letter as one person reads it."""

    language: str
    subject: str
    text: str


def check_words(purpose: str, text: str) -> None:
    """Raise StepRefused when a letter asks for what nobody fills in, or lacks what it needs."""
    try:
        asked = {name for _text, name, _spec, _turn in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise StepRefused(_("A brace is not closed; write {{ for a brace itself.")) from error
    unknown = sorted(asked - PLACES[purpose])
    if unknown:
        raise StepRefused(_("Nobody fills in {%(name)s}.") % {"name": unknown[0]})
    lacking = sorted(NEEDED[purpose] - asked)
    if lacking:
        raise StepRefused(_("The letter needs {%(name)s}.") % {"name": lacking[0]})


def approve_text(row: LetterText, *, by: User, now: datetime) -> None:
    """Let the words be used; changed ones have to be approved again."""
    check_words(row.purpose, row.body)
    row.approved_at, row.approved_by = now, by
    row.save(update_fields=["approved_at", "approved_by"])


def words_for(purpose: str, person: Contact) -> LetterText:
    """Return the approved letter in a person's language, or in our own.

    Raises StepRefused when neither is approved.
    """
    approved = LetterText.objects.filter(purpose=purpose).exclude(approved_at=None)
    rows = {row.language: row for row in approved}
    found = rows.get(language_of(person)) or rows.get(settings.LANGUAGE_CODE)
    if found is None:
        raise StepRefused(
            _("No letter “%(purpose)s” is approved yet, neither in their language nor in ours.")
            % {"purpose": Purpose(purpose).label}
        )
    return found


def fill(row: LetterText, given: Mapping[str, str]) -> Filled:
    """Fill in by name only, so that no letter can reach into what it is given."""
    return Filled(row.language, _filled(row.subject, given)[:200], _filled(row.body, given))


def _filled(text: str, given: Mapping[str, str]) -> str:
    parts = []
    for literal, name, _spec, _turn in string.Formatter().parse(text):
        parts += [literal, given.get(name, "") if name else ""]
    return "".join(parts)


def proposed(purpose: str, language: str) -> dict[str, str]:
    """Propose words to begin with, in a language."""
    with translation.override(language):
        words = {
            Purpose.RECEIPT: (
                _("Your complaint {code} has reached us"),
                _(
                    "Dear {name},\n\nyour complaint has reached us and has the number {code}. You told us:"
                    "\n\n“{said}”\n\n{owner} is looking into it and will tell you what was decided"
                    " by {until}.\n\n{company}"
                ),
            ),
        }
        subject, body = words[Purpose(purpose)]
        return {"subject": str(subject), "body": str(body)}
