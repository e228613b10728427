"""One case: the words that raised it, its clock, its steps, and everything that happened."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.audit import note_sighting
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.forms import (
    CloseForm,
    ConfirmForm,
    ContactForm,
    FixForm,
    NoteForm,
    ReassignForm,
    ReopenForm,
    SnoozeForm,
    TellForm,
    WordsForm,
)
from rapport.rooms.action.forms.telling import PromiseForm
from rapport.rooms.action.models import Case
from rapport.rooms.action.selectors.case_page import read_case_page
from rapport.rooms.action.services.escalation import escalate
from rapport.rooms.action.services.handing_on import reassign
from rapport.rooms.action.services.notes import add_note
from rapport.rooms.action.services.snoozing import snooze, wake
from rapport.rooms.action.services.steps import (
    StepRefused,
    acknowledge,
    close_case,
    confirm_fixed,
    deny_fixed,
    record_contact,
    record_fix,
    reopen_case,
    tell_customer,
)
from rapport.rooms.action.services.watching import stop_watching, watch
from rapport.rooms.action.views.complaints import complaint_forms

FormMaker = Callable[[Any], forms.Form]


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def show(request: UserRequest, code: str) -> HttpResponse:
    """Show a case."""
    now = timezone.now()
    case = get_visible(Case, request.user, code=code)
    note_sighting(request, request.user, kind="case", code=case.code, label=case.title, now=now)
    return _page(request, case, now)


@dataclass
class _Forms:
    """The forms of the page; one of them may carry what was typed and what was wrong with it."""

    bound: dict[str, forms.Form] = field(default_factory=dict)

    def context(self, request: UserRequest, case: Case, now: datetime) -> dict[str, forms.Form]:
        fresh = {name: make(None) for name, make in _makers(request, case, now).items()}
        return {f"{name}_form": form for name, form in (fresh | self.bound).items()}


def _makers(request: UserRequest, case: Case, now: datetime) -> dict[str, FormMaker]:
    return {
        **complaint_forms(now),
        "contact": lambda data: ContactForm(data, now=now, auto_id="contact_%s"),
        "escalate": lambda data: WordsForm(data, label=_("Why it has to go up"), auto_id="escalate_%s"),
        "confirm": lambda data: ConfirmForm(data, auto_id="confirm_%s"),
        "snooze": lambda data: SnoozeForm(data, auto_id="snooze_%s"),
        "fix": lambda data: FixForm(data, auto_id="fix_%s"),
        "tell": lambda data: TellForm(data, now=now, auto_id="tell_%s"),
        "close": lambda data: CloseForm(data, auto_id="close_%s"),
        "reopen": lambda data: ReopenForm(data, auto_id="reopen_%s"),
        "note": lambda data: NoteForm(data, auto_id="note_%s"),
        "reassign": lambda data: ReassignForm(data, case=case, user=request.user, auto_id="reassign_%s"),
    }


def _page(
    request: UserRequest,
    case: Case,
    now: datetime,
    bound: dict[str, forms.Form] | None = None,
    refused: str = "",
) -> HttpResponse:
    shown = read_case_page(case, request.user, now=now)
    may_work = request.user.may(Permission.WORK_CASES)
    context: dict[str, Any] = {"shown": shown, "may_work": may_work, "now": now, "refused": refused}
    if refused:
        # The case may have moved on meanwhile, so that the form with these words is no longer offered.
        context["typed"] = request.POST.get("words", "")
    if may_work:
        context |= _Forms(bound or {}).context(request, shown.case, now)
        context["promise_form"] = PromiseForm(by=request.user, auto_id="promise_%s")
    template = "action/case.html#case-body" if request.headers.get("HX-Request") else "action/case.html"
    return render(request, template, context)


def take_step(
    request: UserRequest,
    code: str,
    name: str,
    act: Callable[[Case, dict[str, Any], datetime], object],
    done: str,
) -> HttpResponse:
    """Take one step: check what was typed, act, and show the case again, or why it was refused."""
    now = timezone.now()
    case = get_visible(Case, request.user, code=code)
    maker = _makers(request, case, now).get(name)
    form = maker(request.POST) if maker else None
    if form is not None and not form.is_valid():
        return _page(request, case, now, {name: form})
    try:
        act(case, form.cleaned_data if form else {}, now)
    except StepRefused as refusal:
        if form is None:
            messages.error(request, str(refusal))
            return redirect("action:case", code=code)
        form.add_error(None, str(refusal))
        return _page(request, case, now, {name: form}, refused=str(refusal))
    if request.headers.get("HX-Request"):
        response = _page(request, case, now)
        response.headers["HX-Trigger"] = _toast(done)
        return response
    messages.success(request, done)
    return redirect("action:case", code=code)


def _toast(text: str) -> str:
    return json.dumps({"toast": {"text": text}})


@permit(Permission.WORK_CASES)
@require_POST
def acknowledged(request: UserRequest, code: str) -> HttpResponse:
    """Acknowledge a case."""
    return take_step(
        request,
        code,
        "acknowledge",
        lambda case, data, now: acknowledge(case, by=request.user, now=now),
        _("Acknowledged. The customer waits to be told."),
    )


@permit(Permission.WORK_CASES)
@require_POST
def fixed(request: UserRequest, code: str) -> HttpResponse:
    """Write down what was done."""
    return take_step(
        request,
        code,
        "fix",
        lambda case, data, now: record_fix(case, by=request.user, words=data["words"], now=now),
        _("Written down. Now tell the customer."),
    )


@permit(Permission.WORK_CASES)
@require_POST
def told(request: UserRequest, code: str) -> HttpResponse:
    """Write down that the customer was told."""
    return take_step(
        request,
        code,
        "tell",
        lambda case, data, now: tell_customer(
            case, by=request.user, how=data["how"], words=data["words"], told_at=data["told_at"], now=now
        ),
        _("Written down. The case can be closed."),
    )


@permit(Permission.WORK_CASES)
@require_POST
def contacted(request: UserRequest, code: str) -> HttpResponse:
    """Write down the first contact."""
    return take_step(
        request,
        code,
        "contact",
        lambda case, data, now: record_contact(
            case, by=request.user, how=data["how"], words=data["words"], at=data["at"], now=now
        ),
        _("Written down. The first clock has stopped."),
    )


@permit(Permission.WORK_CASES)
@require_POST
def confirmed(request: UserRequest, code: str) -> HttpResponse:
    """Write down whether the customer says it is fixed."""

    def act(case: Case, data: dict[str, Any], now: datetime) -> None:
        answer = confirm_fixed if data["fixed"] == "yes" else deny_fixed
        answer(case, by=request.user, words=data["words"], now=now)

    return take_step(request, code, "confirm", act, _("Written down."))


@permit(Permission.WORK_CASES)
@require_POST
def put_aside(request: UserRequest, code: str) -> HttpResponse:
    """Put a case aside."""
    return take_step(
        request,
        code,
        "snooze",
        lambda case, data, now: snooze(
            case, by=request.user, until=data["until"], reason=data["words"], now=now
        ),
        _("Put aside. The clocks keep running."),
    )


@permit(Permission.WORK_CASES)
@require_POST
def taken_up(request: UserRequest, code: str) -> HttpResponse:
    """Take a case up again."""
    return take_step(
        request,
        code,
        "wake",
        lambda case, data, now: wake(case, by=request.user, now=now),
        _("Taken up again."),
    )


@permit(Permission.WORK_CASES)
@require_POST
def escalated(request: UserRequest, code: str) -> HttpResponse:
    """Call the next level up."""
    return take_step(
        request,
        code,
        "escalate",
        lambda case, data, now: escalate(case, by=request.user, words=data["words"], now=now),
        _("The next level is called."),
    )


@permit(Permission.SEE_CUSTOMERS)
@require_POST
def watched(request: UserRequest, code: str) -> HttpResponse:
    """Watch a case, or watch it no more."""
    on = request.POST.get("watch") == "yes"

    def act(case: Case, data: dict[str, Any], now: datetime) -> None:
        if on:
            watch(case, by=request.user, now=now)
        else:
            stop_watching(case, by=request.user)

    done = _("You hear what becomes of it.") if on else _("You hear no more of it.")
    return take_step(request, code, "watch", act, done)


@permit(Permission.WORK_CASES)
@require_POST
def closed(request: UserRequest, code: str) -> HttpResponse:
    """Close a case."""
    return take_step(
        request,
        code,
        "close",
        lambda case, data, now: close_case(case, by=request.user, resolution=data["words"], now=now),
        _("Closed."),
    )


@permit(Permission.WORK_CASES)
@require_POST
def reopened(request: UserRequest, code: str) -> HttpResponse:
    """Open a case again."""
    return take_step(
        request,
        code,
        "reopen",
        lambda case, data, now: reopen_case(case, by=request.user, reason=data["words"], now=now),
        _("Open again, with a new time."),
    )


@permit(Permission.WORK_CASES)
@require_POST
def handed_on(request: UserRequest, code: str) -> HttpResponse:
    """Hand a case on."""
    return take_step(
        request,
        code,
        "reassign",
        lambda case, data, now: reassign(case, to=data["to"], by=request.user, reason=data["words"], now=now),
        _("Handed on."),
    )


@permit(Permission.WORK_CASES)
@require_POST
def noted(request: UserRequest, code: str) -> HttpResponse:
    """Add a note."""
    return take_step(
        request,
        code,
        "note",
        lambda case, data, now: add_note(case, by=request.user, text=data["words"], now=now),
        _("Noted."),
    )
