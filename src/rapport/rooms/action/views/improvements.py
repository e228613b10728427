"""Improvements: the ranked list with what hurts and nobody works on, and one of them whole."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.forms.improving import (
    ActionForm,
    CauseForm,
    DropForm,
    ImprovementForm,
    ShipForm,
    WhyForm,
)
from rapport.rooms.action.forms.telling import PublicationForm
from rapport.rooms.action.models import Case, CorrectiveAction, Improvement
from rapport.rooms.action.selectors.improvements import (
    latest_signals,
    ranked,
    read_improvement,
    sees_all,
    share_that_held,
)
from rapport.rooms.action.selectors.problems import PLACES, found_problems
from rapport.rooms.action.services import improving
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.action.views.lists import tabs_of
from rapport.rooms.signals.models import Signal
from rapport.ui.components import Figure


@permit(Permission.SEE_FIGURES)
@require_safe
def listed(request: UserRequest) -> HttpResponse:
    """Show what is worked on by what surely hurts, and where nobody works yet."""
    now = timezone.now()
    rows = ranked(request.user, now=now)
    internal = not request.user.role.startswith("partner_")
    context = {
        "rows": rows,
        "whole": sees_all(request.user),
        "found": found_problems(request.user, now=now) if internal else [],
        "figures": [
            Figure(
                _("Fixes that held"),
                note=_("of those judged: better, no better, or back"),
                estimate=share_that_held(request.user),
                scale="share",
                hidden_below=1,
            )
        ],
        "may_work": request.user.may(Permission.WORK_CASES) and internal,
        "tabs": tabs_of(request, "improvements"),
    }
    return render(request, "action/improvements.html", context)


@permit(Permission.WORK_CASES)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: UserRequest) -> HttpResponse:
    """Write down a problem of many customers."""
    case = _case(request)
    form = ImprovementForm(
        request.POST if request.method == "POST" else None, initial=_initial(request, case)
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = improving.find_problem(
            title=data["title"],
            problem=data["problem"],
            metric=data["metric"],
            places=form.places(),
            owner=data["owner"],
            function=data["function"],
            by=request.user,
            now=timezone.now(),
            cases=[case] if case else [],
        )
        messages.success(request, _("Written down. Now find out why."))
        return redirect("action:improvement", code=made.code)
    return render(request, "action/improvement_new.html", {"form": form, "case": case})


def _case(request: UserRequest) -> Case | None:
    code = request.POST.get("case") or request.GET.get("case") or ""
    return Case.objects.visible_to(request.user).filter(code=code).first() if code else None


def _initial(request: UserRequest, case: Case | None) -> dict[str, Any]:
    initial: dict[str, Any] = {"metric": request.GET.get("metric", "nps"), "owner": request.user.pk}
    initial |= {place: request.GET.getlist(place) for place in PLACES}
    if case:
        initial |= {"title": case.title}
        initial |= {
            place: [key]
            for place, key in (("touchpoint", case.touchpoint_id), ("region", case.region_id))
            if key
        }
    return initial


@permit(Permission.SEE_FIGURES)
@require_safe
def show(request: UserRequest, code: str) -> HttpResponse:
    """Show one improvement."""
    return _page(request, get_visible(Improvement, request.user, code=code), {})


def _page(request: UserRequest, one: Improvement, bound: dict[str, forms.Form]) -> HttpResponse:
    now = timezone.now()
    shown = read_improvement(one, request.user, now=now)
    signals = shown.signals
    fresh: dict[str, forms.Form] = {
        "why": WhyForm(signals=signals, auto_id="why_%s"),
        "cause": CauseForm(signals=signals, auto_id="cause_%s"),
        "action": ActionForm(auto_id="action_%s", initial={"owner": one.owner_id}),
        "ship": ShipForm(auto_id="ship_%s", initial={"on": timezone.localdate()}),
        "drop": DropForm(auto_id="drop_%s"),
    }
    context: dict[str, Any] = {f"{name}_form": form for name, form in (fresh | bound).items()}
    open_states = improving.OPEN_STATES
    context |= {
        "shown": shown,
        "one": one,
        "may_work": request.user.may(Permission.WORK_CASES),
        "may_ship": one.state in open_states and any(action.done_on for action in shown.actions),
        "today": timezone.localdate(),
        "tellings": one.tellings.visible_to(request.user).filter(dropped_at=None),
        "published": one.publications.filter(withdrawn_at=None).select_related("region"),
        "may_publish": request.user.may(Permission.MANAGE_RULES),
        "publication_form": PublicationForm(auto_id="publish_%s"),
    }
    return render(request, "action/improvement.html", context)


def _step(
    request: UserRequest,
    code: str,
    name: str,
    make: Callable[[Any, Improvement], forms.Form] | None,
    act: Callable[[Improvement, dict[str, Any]], object],
    done: str,
) -> HttpResponse:
    one = get_visible(Improvement, request.user, code=code)
    form = make(request.POST, one) if make else None
    if form is not None and not form.is_valid():
        return _page(request, one, {name: form})
    try:
        act(one, form.cleaned_data if form else {})
    except StepRefused as refusal:
        if form is None:
            messages.error(request, str(refusal))
            return redirect("action:improvement", code=code)
        form.add_error(None, str(refusal))
        return _page(request, one, {name: form})
    messages.success(request, done)
    return redirect("action:improvement", code=code)


def _signal(request: UserRequest, pk: str) -> Signal | None:
    return Signal.objects.visible_to(request.user).filter(pk=UUID(pk)).first() if pk else None


@permit(Permission.WORK_CASES)
@require_POST
def why(request: UserRequest, code: str) -> HttpResponse:
    """Add the next of the whys."""
    return _step(
        request,
        code,
        "why",
        lambda data, one: WhyForm(data, signals=latest_signals(one, request.user), auto_id="why_%s"),
        lambda one, data: improving.say_why(
            one, answer=data["answer"], evidence=data["evidence"], signal=_signal(request, data["signal"])
        ),
        _("Written down."),
    )


@permit(Permission.WORK_CASES)
@require_POST
def unwhy(request: UserRequest, code: str) -> HttpResponse:
    """Take the last why away."""
    return _step(request, code, "why", None, lambda one, data: improving.take_back_why(one), _("Taken away."))


@permit(Permission.WORK_CASES)
@require_POST
def cause(request: UserRequest, code: str) -> HttpResponse:
    """Put a cause on the fishbone, or judge one."""
    return _step(
        request,
        code,
        "cause",
        lambda data, one: CauseForm(data, signals=latest_signals(one, request.user), auto_id="cause_%s"),
        lambda one, data: improving.name_cause(
            one,
            family=data["family"],
            text=data["text"],
            standing=data["standing"],
            evidence=data["evidence"],
            signal=_signal(request, data["signal"]),
        ),
        _("Written down."),
    )


@permit(Permission.WORK_CASES)
@require_POST
def action(request: UserRequest, code: str) -> HttpResponse:
    """Plan a corrective action."""
    return _step(
        request,
        code,
        "action",
        lambda data, one: ActionForm(data, auto_id="action_%s"),
        lambda one, data: improving.plan_action(
            one, text=data["text"], owner=data["owner"], due_on=data["due_on"], cost=data["cost"]
        ),
        _("Planned."),
    )


@permit(Permission.WORK_CASES)
@require_POST
def done(request: UserRequest, code: str, pk: int) -> HttpResponse:
    """Say that an action is done."""

    def act(one: Improvement, data: dict[str, Any]) -> None:
        found = get_object_or_404(CorrectiveAction, improvement=one, pk=pk)
        improving.finish_action(found, on=timezone.localdate())

    return _step(request, code, "action", None, act, _("Done."))


@permit(Permission.WORK_CASES)
@require_POST
def ship(request: UserRequest, code: str) -> HttpResponse:
    """Say from when the change is in force."""
    return _step(
        request,
        code,
        "ship",
        lambda data, one: ShipForm(data, auto_id="ship_%s"),
        lambda one, data: improving.put_in_force(
            one,
            on=data["on"],
            since=data["since"],
            expected_share=data["expected"] / 100,
            now=timezone.now(),
            by=request.user,
        ),
        _("In force. From now on every week's feedback is weighed."),
    )


@permit(Permission.WORK_CASES)
@require_POST
def rethink(request: UserRequest, code: str) -> HttpResponse:
    """Open it again, because what was changed does no better."""
    done = _("Open again. Ask why once more.")
    return _step(request, code, "rethink", None, lambda one, data: improving.rethink(one), done)


@permit(Permission.WORK_CASES)
@require_POST
def drop(request: UserRequest, code: str) -> HttpResponse:
    """Give it up."""
    return _step(
        request,
        code,
        "drop",
        lambda data, one: DropForm(data, auto_id="drop_%s"),
        lambda one, data: improving.give_up(one, why=data["why"]),
        _("Given up."),
    )


@permit(Permission.WORK_CASES)
@require_POST
def link(request: UserRequest, code: str) -> HttpResponse:
    """Say that a case is one of this problem."""
    case = get_visible(Case, request.user, code=request.POST.get("case", ""))
    one = get_visible(Improvement, request.user, code=code)
    improving.link_case(one, case)
    messages.success(request, _("%(case)s belongs to %(code)s.") % {"case": case.code, "code": one.code})
    return redirect("action:case", code=case.code)
