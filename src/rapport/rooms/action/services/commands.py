"""What the first line of a reply can ask for; anything else is a note."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.action.models import Case
from rapport.rooms.action.services.snoozing import snooze
from rapport.rooms.action.services.steps import close_case, tell_customer

UNITS = {"h": "hours", "s": "hours", "d": "days", "t": "days", "w": "weeks"}
HOW = {
    **dict.fromkeys(("phone", "telephone", "telefon"), Case.ToldHow.TELEPHONE),
    **dict.fromkeys(("mail", "e-mail", "email"), Case.ToldHow.EMAIL),
    **dict.fromkeys(("letter", "brief"), Case.ToldHow.LETTER),
}
_SNOOZE = re.compile(
    r"(?:snooze|put aside|zurückstellen)\s+(?P<count>\d{1,3})\s*"
    r"(?P<unit>hours?|days?|weeks?|stunden?|tage?|wochen?)\b[\s,:-]*(?:because\b|weil\b|da\b)?[\s:]*(?P<words>.*)",
    re.IGNORECASE | re.DOTALL,
)
_CLOSE = re.compile(
    r"(?:close|schließen|abschließen)(?:\s*:\s*(?P<words>.*)|\s*\n(?P<more>.*)|)", re.IGNORECASE | re.DOTALL
)
_TOLD = re.compile(
    r"(?:told (?:the )?customer|kunden? informiert)(?:\s+(?:by|per)\s+(?P<how>[\w-]+))?"
    r"(?:\s*:\s*(?P<words>.*)|\s*\n(?P<more>.*)|)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Command:
    """Something a reply asks for; `run` does it, and raises StepRefused when the case is not at it."""

    said: str
    run: Callable[[Case, User, datetime], object]


def find_command(text: str) -> Command | None:
    """Return what the first line asks for; None where it is just words."""
    whole = text.strip()
    for pattern, make in ((_SNOOZE, _snooze), (_CLOSE, _close), (_TOLD, _told)):
        found = pattern.fullmatch(whole)
        if found:
            return make(found)
    return None


def _snooze(found: re.Match[str]) -> Command:
    length = timedelta(**{UNITS[found["unit"][0].lower()]: int(found["count"])})
    words = found["words"].strip()
    return Command(
        _("Put aside"),
        lambda case, by, now: snooze(case, by=by, until=now + length, reason=words, now=now),
    )


def _close(found: re.Match[str]) -> Command:
    words = (found["words"] or found["more"] or "").strip()
    return Command(_("Closed"), lambda case, by, now: close_case(case, by=by, resolution=words, now=now))


def _told(found: re.Match[str]) -> Command:
    words = (found["words"] or found["more"] or "").strip()
    how = HOW.get((found["how"] or "mail").lower(), Case.ToldHow.OTHER)
    return Command(
        _("Customer told"),
        lambda case, by, now: tell_customer(case, by=by, how=how, words=words, told_at=now, now=now),
    )
