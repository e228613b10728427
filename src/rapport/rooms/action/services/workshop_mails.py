"""What is mailed after a workshop: an action that falls due or is late, and what became of it all."""

from datetime import date

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from rapport.kernel.environment import environment
from rapport.kernel.mail.queue import NewMail
from rapport.kernel.models import User
from rapport.rooms.action.models import Workshop, WorkshopAction
from rapport.rooms.action.selectors.workshops import follow_up
from rapport.rooms.action.services.mails import _As


def about_action(one: WorkshopAction, *, late: bool) -> NewMail:
    """Remind the owner of an action that falls due, or is late."""
    action, to = one.action, one.action.owner
    with _As(to):
        page = f"{environment().base_url}/act/improvements/{action.improvement.code}/"
        context = {"to": to, "one": one, "action": action, "late": late, "page": page}
        text = render_to_string("action/mail/workshop_action.txt", context)
        subject = (_("Late: %(text)s") if late else _("Due soon: %(text)s")) % {"text": action.text}
        kind = "late" if late else "due"
        key = f"workshop-{kind}:{action.pk}:{action.due_on.isoformat()}"
        return NewMail(to=to.email, subject=subject, text=text, dedupe_key=key)


def about_follow_up(workshop: Workshop, to: User, *, today: date) -> NewMail:
    """Say what became of what was agreed."""
    with _As(to):
        page = f"{environment().base_url}/act/workshops/{workshop.code}/follow-up/"
        found = follow_up(workshop, today=today)
        context = {"to": to, "workshop": workshop, "found": found, "page": page}
        text = render_to_string("action/mail/workshop_follow_up.txt", context)
        subject = _("What became of “%(title)s”") % {"title": workshop.title}
        key = f"workshop-follow-up:{workshop.pk}:{to.pk}"
        return NewMail(to=to.email, subject=subject, text=text, dedupe_key=key)
