"""What colleagues are told by e-mail about their cases, each in their own language and time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from rapport.kernel.environment import environment
from rapport.kernel.mail.queue import NewMail
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.action.models import (
    Case,
    CaseEvent,
    CaseTask,
    Complaint,
    Escalation,
    EscalationCall,
    Improvement,
    Look,
    TakenMail,
)
from rapport.rooms.action.selectors.improvements import bare_words, sees_all
from rapport.rooms.action.services.reply_addresses import address_for


def _mail(case: Case, to: User, *, template: str, subject: str, key: str, **context: object) -> NewMail:
    address = f"{environment().base_url}/act/cases/{case.code}/"
    text = render_to_string(
        f"action/mail/{template}.txt", {"case": case, "to": to, "address": address, **context}
    )
    answer_to = address_for(case, to) if to.may(Permission.WORK_CASES) else ""
    headers = {"Reply-To": answer_to} if answer_to else {}
    if answer_to:
        text += render_to_string("action/mail/reply_hint.txt")
    return NewMail(to=to.email, subject=subject, text=text, dedupe_key=key, headers=headers)


def _customer(case: Case) -> str:
    return str(case.account) if case.account else _("an unknown customer")


class _As:
    """Write as one reader reads: in their language and time zone."""

    def __init__(self, user: User) -> None:
        self._language = translation.override(user.language)
        self._zone = timezone.override(ZoneInfo(user.time_zone))

    def __enter__(self) -> None:
        self._language.__enter__()
        self._zone.__enter__()

    def __exit__(self, *failure: object) -> None:
        self._zone.__exit__(*failure)  # type: ignore[arg-type]
        self._language.__exit__(*failure)  # type: ignore[arg-type]


def about_opening(case: Case, to: User, *, words: str, heard: str) -> NewMail:
    """Tell the owner of a new case."""
    with _As(to):
        subject = _("%(code)s: %(customer)s, %(title)s") % {
            "code": case.code,
            "customer": _customer(case),
            "title": case.title,
        }
        return _mail(
            case,
            to,
            template="opened",
            subject=subject,
            key=f"case-opened:{case.pk}",
            words=words,
            heard=heard,
        )


def about_handing_on(case: Case, to: User, *, by: User | None, reason: str, event: int) -> NewMail:
    """Tell the new owner of a case that a colleague handed on, or that went over by itself."""
    with _As(to):
        subject = _("%(code)s is yours now: %(title)s") % {"code": case.code, "title": case.title}
        key = f"case-reassigned:{event}"
        return _mail(case, to, template="reassigned", subject=subject, key=key, by=by, reason=reason)


def about_more(case: Case, to: User, *, words: str, signal: str) -> NewMail:
    """Tell the owner that the same trouble came up again."""
    with _As(to):
        subject = _("%(code)s: more of the same, %(title)s") % {"code": case.code, "title": case.title}
        key = f"case-more:{case.pk}:{signal}"
        return _mail(case, to, template="more", subject=subject, key=key, words=words)


def about_step(case: Case, to: User, *, event: CaseEvent) -> NewMail:
    """Tell a colleague who watches a case what became of it."""
    with _As(to):
        what = {"code": case.code, "what": event.get_kind_display(), "title": case.title}
        subject = _("%(code)s, %(what)s: %(title)s") % what
        return _mail(
            case, to, template="watched", subject=subject, key=f"case-watched:{event.pk}:{to.pk}", event=event
        )


def about_late_contact(case: Case, to: User) -> NewMail:
    """Tell the owner that nobody has spoken to the customer in time."""
    with _As(to):
        subject = _("%(code)s: nobody has spoken to the customer yet") % {"code": case.code}
        key = f"case-contact:{case.pk}:{_stamp(case.contact_due_at or case.due_at)}"
        return _mail(case, to, template="late_contact", subject=subject, key=key)


def about_late_receipt(case: Case, to: User, complaint: Complaint) -> NewMail:
    """Tell the owner that the receipt of a complaint is not confirmed in time."""
    with _As(to):
        subject = _("%(code)s: the customer does not know yet that the complaint has reached us") % {
            "code": case.code
        }
        key = f"complaint-late:{complaint.pk}"
        return _mail(case, to, template="late_receipt", subject=subject, key=key, complaint=complaint)


def about_waking(case: Case, to: User, *, event: int) -> NewMail:
    """Tell the owner that a case put aside is back."""
    with _As(to):
        subject = _("%(code)s is back: %(title)s") % {"code": case.code, "title": case.title}
        return _mail(case, to, template="woken", subject=subject, key=f"case-woken:{event}")


def about_no_confirmation(case: Case, to: User) -> NewMail:
    """Ask the owner to find out whether it is fixed."""
    with _As(to):
        subject = _("%(code)s: is it fixed for the customer?") % {"code": case.code}
        key = f"case-unconfirmed:{case.pk}:{_stamp(case.confirm_due_at or case.due_at)}"
        return _mail(case, to, template="unconfirmed", subject=subject, key=key)


def about_escalation(case: Case, to: User, *, escalation: Escalation, call: EscalationCall) -> NewMail:
    """Call a colleague to an escalated case."""
    with _As(to):
        what = {"level": call.level.name, "customer": _customer(case), "title": case.title}
        subject = _("%(level)s: %(customer)s, %(title)s") % what
        context = {"escalation": escalation, "call": call, "page": _escalation_page(escalation)}
        return _mail(case, to, template="escalated", subject=subject, key=f"escalation:{call.pk}", **context)


def about_summary(escalation: Escalation, to: User) -> NewMail:
    """Send the one-page summary of an escalation that is over."""
    with _As(to):
        case = escalation.case
        what = {"code": escalation.code, "customer": _customer(case), "title": case.title}
        subject = _("%(code)s is over: %(customer)s, %(title)s") % what
        context = {"escalation": escalation, "page": _escalation_page(escalation)}
        key = f"escalation-over:{escalation.pk}:{to.pk}"
        return _mail(case, to, template="summary", subject=subject, key=key, **context)


def about_task(case: Case, task: CaseTask) -> NewMail:
    """Tell a colleague of a step on somebody's case."""
    assert task.owner
    with _As(task.owner):
        subject = _("%(code)s needs you: %(text)s") % {"code": case.code, "text": task.text}
        key = f"case-task:{task.pk}"
        return _mail(case, task.owner, template="task", subject=subject, key=key, task=task)


def about_late_task(case: Case, task: CaseTask) -> NewMail:
    """Tell a colleague that their step is late."""
    assert task.owner
    with _As(task.owner):
        subject = _("%(code)s, late: %(text)s") % {"code": case.code, "text": task.text}
        key = f"case-task-late:{task.pk}"
        return _mail(case, task.owner, template="task", subject=subject, key=key, task=task, late=True)


def about_verdict(improvement: Improvement, to: User, *, look: Look) -> NewMail:
    """Tell the owner of an improvement that it holds, does no better, or is back."""
    with _As(to):
        what = {
            "code": improvement.code,
            "verdict": look.get_verdict_display(),
            "title": improvement.title,
        }
        page = f"{environment().base_url}/act/improvements/{improvement.code}/"
        words = look.words if sees_all(to) else bare_words(look)
        context = {"improvement": improvement, "to": to, "look": look, "words": words, "page": page}
        text = render_to_string("action/mail/verdict.txt", context)
        subject = _("%(code)s, %(verdict)s: %(title)s") % what
        return NewMail(to=to.email, subject=subject, text=text, dedupe_key=f"verdict:{look.pk}")


def _escalation_page(escalation: Escalation) -> str:
    return f"{environment().base_url}/act/escalations/{escalation.code}/"


def about_reopening(case: Case, to: User, *, by: User | None, reason: str, event: int) -> NewMail:
    """Tell the owner that a case is open again."""
    with _As(to):
        subject = _("%(code)s is open again: %(title)s") % {"code": case.code, "title": case.title}
        return _mail(
            case, to, template="reopened", subject=subject, key=f"case-reopened:{event}", by=by, reason=reason
        )


def about_due(case: Case, to: User) -> NewMail:
    """Remind the owner before a case is due."""
    with _As(to):
        subject = _("%(code)s is due soon: %(title)s") % {"code": case.code, "title": case.title}
        return _mail(case, to, template="due_soon", subject=subject, key=_due_key("case-due", case, to))


def about_overdue(case: Case, to: User) -> NewMail:
    """Tell the owner, or whoever stands in, that the time has passed."""
    with _As(to):
        subject = _("%(code)s is overdue: %(title)s") % {"code": case.code, "title": case.title}
        return _mail(case, to, template="overdue", subject=subject, key=_due_key("case-overdue", case, to))


def _due_key(kind: str, case: Case, to: User) -> str:
    return f"{kind}:{case.pk}:{to.pk}:{_stamp(case.due_at)}"


def _stamp(moment: datetime) -> int:
    return int(moment.timestamp())


def about_mail_aside(taken: TakenMail) -> NewMail:
    """Tell a colleague that a reply to their address came from another one."""
    return _about_mail(
        taken, "mail-aside", gettext_noop("%(code)s: a reply from another address was put aside")
    )


def about_mail_done(taken: TakenMail) -> NewMail:
    """Tell a colleague that what their reply said is done."""
    return _about_mail(taken, "mail-done", gettext_noop("%(code)s: done as you said"))


def about_mail_refused(taken: TakenMail) -> NewMail:
    """Tell a colleague that their reply could not be taken as it was meant."""
    return _about_mail(
        taken, "mail-refused", gettext_noop("%(code)s: your reply could not be taken as it was meant")
    )


def _about_mail(taken: TakenMail, kind: str, subject: str) -> NewMail:
    case, to = taken.case, taken.user
    assert case is not None
    assert to is not None
    with _As(to):
        key = f"{kind}:{taken.pk}"
        aside = f"{environment().base_url}/act/replies/{taken.pk}/"
        said = _(subject) % {"code": case.code}
        return _mail(case, to, template="reply", subject=said, key=key, taken=taken, aside=aside)
