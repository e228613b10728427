"""Notes on a case."""

from datetime import datetime

from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.action.models import Case, CaseNote
from rapport.rooms.action.services.steps import StepRefused


def add_note(case: Case, *, by: User, text: str, now: datetime) -> CaseNote:
    """Write a note, also on a closed case; raise StepRefused when it is empty."""
    if not text.strip():
        raise StepRefused(_("Write something first."))
    return CaseNote.objects.create(case=case, author=by, written_at=now, text=text.strip())
