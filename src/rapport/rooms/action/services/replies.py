"""Taking a colleague's reply: it becomes a note, or does what its first line says; once."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from rapport.kernel.mail.queue import queue_mails
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.action.models import Case, TakenMail
from rapport.rooms.action.services import mails
from rapport.rooms.action.services.commands import find_command
from rapport.rooms.action.services.notes import add_note
from rapport.rooms.action.services.reading_mail import Reply, read_reply, without_name
from rapport.rooms.action.services.reply_addresses import find_address
from rapport.rooms.action.services.steps import StepRefused

Outcome = TakenMail.Outcome
KEPT_ASIDE = timedelta(days=30)


def take_mail(raw: bytes, *, now: datetime, taken_for: Iterable[str] = ()) -> TakenMail:
    """Take a message; `taken_for` are addresses the mail server knows beside those in its head.

    A message taken before changes nothing. Raises NoMail when it is none.
    """
    reply = read_reply(raw)
    known = TakenMail.objects.filter(message_id=reply.message_id).first()
    if known:
        return known
    try:
        with transaction.atomic():
            taken = TakenMail.objects.create(
                message_id=reply.message_id, taken_at=now, sender=reply.sender[:254], outcome=Outcome.UNKNOWN
            )
            _act(taken, reply, [*taken_for, *reply.to], now)
            taken.save()
    except IntegrityError:  # another process was quicker
        return TakenMail.objects.get(message_id=reply.message_id)
    return taken


def _act(taken: TakenMail, reply: Reply, to: list[str], now: datetime) -> None:
    found = find_address(to)
    if found is None:
        return
    taken.case = Case.objects.select_related("account", "contact").filter(pk=found[0]).first()
    taken.user = User.objects.filter(pk=found[1], is_active=True).first()
    if taken.case is None or taken.user is None:
        taken.case = taken.user = None
        return
    if reply.automatic:
        taken.outcome, taken.reason = Outcome.IGNORED, reply.automatic
    elif not _may_work(taken.user, taken.case):
        _refuse(taken, _("You may not see this case any more, or not work on it."), now)
    elif reply.sender != taken.user.email.lower():
        taken.outcome, taken.text = Outcome.ASIDE, _words(reply, taken.user)
        queue_mails([mails.about_mail_aside(taken)], now=now)
    else:
        _write(taken, _words(reply, taken.user), now)


def _may_work(user: User, case: Case) -> bool:
    return user.may(Permission.WORK_CASES) and Case.objects.visible_to(user).filter(pk=case.pk).exists()


def _words(reply: Reply, user: User) -> str:
    """Return the words for a note; files are not kept, and the note says so."""
    text = without_name(reply.text, user.name)
    if text and reply.files:
        text += "\n\n" + _("Not kept: %(files)s") % {"files": ", ".join(reply.files)[:500]}
    return text


def _write(taken: TakenMail, text: str, now: datetime) -> None:
    """Do what the first line says, or write it all down; what cannot be done is written down and told."""
    case, user = taken.case, taken.user
    assert case is not None
    assert user is not None
    command = find_command(text)
    if command:
        try:
            with transaction.atomic():
                command.run(case, user, now)
        except StepRefused as refusal:
            taken.note = add_note(case, by=user, text=text, now=now)
            _refuse(taken, str(refusal), now)
            return
        taken.outcome, taken.reason = Outcome.DONE, command.said
        queue_mails([mails.about_mail_done(taken)], now=now)
        return
    if not text:
        _refuse(taken, _("Nothing new stood above the message that was answered."), now)
        return
    taken.note = add_note(case, by=user, text=text, now=now)
    taken.outcome = Outcome.NOTED


def _refuse(taken: TakenMail, why: str, now: datetime) -> None:
    taken.outcome, taken.reason = Outcome.REFUSED, why[:300]
    queue_mails([mails.about_mail_refused(taken)], now=now)


def accept(taken: TakenMail, *, now: datetime) -> TakenMail:
    """Do with a message that was put aside as if it had come from the right address.

    Raises StepRefused when it waits no more, or when the user may not work on the case now.
    """
    with transaction.atomic():
        taken = _waiting(taken)
        assert taken.case is not None
        assert taken.user is not None
        if not _may_work(taken.user, taken.case):
            raise StepRefused(_("You may not see this case any more, or not work on it."))
        text, taken.text = taken.text, ""
        _write(taken, text, now)
        taken.save()
    return taken


def throw_away(taken: TakenMail) -> None:
    """Throw a message away that was put aside; raise StepRefused when it waits no more."""
    with transaction.atomic():
        taken = _waiting(taken)
        taken.text, taken.outcome = "", Outcome.DROPPED
        taken.save()


def _waiting(taken: TakenMail) -> TakenMail:
    rows = TakenMail.objects.select_for_update(of=("self",)).select_related("case", "user")
    found = rows.get(pk=taken.pk)
    if found.outcome != Outcome.ASIDE:
        raise StepRefused(_("This message was settled before."))
    return found


def forget_aside(*, now: datetime) -> int:
    """Throw away what was put aside a month ago and nobody asked for."""
    old = TakenMail.objects.filter(outcome=Outcome.ASIDE, taken_at__lt=now - KEPT_ASIDE)
    return old.update(text="", outcome=Outcome.DROPPED)
