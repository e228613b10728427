"""Colleagues who watch a case, and what they hear of it."""

from datetime import datetime

from rapport.kernel.mail.queue import queue_mails
from rapport.kernel.models import User
from rapport.rooms.action.models import Case, CaseEvent, CaseWatcher
from rapport.rooms.action.services import mails


def watch(case: Case, *, by: User, now: datetime) -> None:
    """Watch a case; doing it again changes nothing."""
    CaseWatcher.objects.get_or_create(case=case, user=by, defaults={"since": now})


def stop_watching(case: Case, *, by: User) -> None:
    """Watch a case no more."""
    CaseWatcher.objects.filter(case=case, user=by).delete()


def tell_watchers(case: Case, event: CaseEvent, *, now: datetime) -> None:
    """Send what happened to those who watch, except who did it and who cannot see the case any more."""
    users = [row.user for row in CaseWatcher.objects.filter(case=case).select_related("user")]
    letters = [
        mails.about_step(case, user, event=event)
        for user in users
        if user.is_active
        and user.pk not in (event.by_id, case.owner_id)
        and Case.objects.visible_to(user).filter(pk=case.pk).exists()
    ]
    if letters:
        queue_mails(letters, now=now)
