"""Handing a case on to a colleague, with the reason; the clock keeps running."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from rapport.kernel.mail.queue import queue_mails
from rapport.kernel.models import User
from rapport.rooms.action.models import Case, CaseEvent
from rapport.rooms.action.selectors.colleagues import possible_owners
from rapport.rooms.action.services import mails
from rapport.rooms.action.services.steps import StepRefused, locked, note_event
from rapport.rooms.action.services.watching import tell_watchers


def reassign(case: Case, *, to: User, by: User, reason: str, now: datetime) -> Case:
    """Give a case to a colleague who may see it; raise StepRefused otherwise.

    Its due time stays: handing on buys no time.
    """
    with transaction.atomic():
        case = locked(case)
        _check(case, to=to, by=by, reason=reason)
        before = case.owner
        case.owner = to
        case.handed_on += 1
        case.save(update_fields=["owner", "handed_on"])
        event = note_event(
            case, CaseEvent.Kind.REASSIGNED, by=by, now=now, words=reason, from_owner=before, to_owner=to
        )
        if to != by:
            letter = mails.about_handing_on(case, to, by=by, reason=reason.strip(), event=event.pk)
            queue_mails([letter], now=now)
        tell_watchers(case, event, now=now)
    return case


def _check(case: Case, *, to: User, by: User, reason: str) -> None:
    if case.is_closed:
        raise StepRefused(_("%(code)s is closed; open it again first.") % {"code": case.code})
    if case.owner == to:
        raise StepRefused(_("%(name)s has it already.") % {"name": to})
    if not reason.strip():
        raise StepRefused(_("Say why it is handed on."))
    if not possible_owners(case, by).filter(pk=to.pk).exists():
        raise StepRefused(_("%(name)s cannot see this customer or does not work on cases.") % {"name": to})
