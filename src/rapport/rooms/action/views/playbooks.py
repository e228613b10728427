"""Playbooks: the list, one with its steps, and the checklist on a case."""

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.forms import PlaybookForm, PlaybookStepForm
from rapport.rooms.action.models import Case, CaseTask, Playbook, PlaybookStep
from rapport.rooms.action.selectors.plays import Outcome, does_it_work
from rapport.rooms.action.services import playbooks
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.action.views.lists import tabs_of
from rapport.ui.formats import number


@dataclass(frozen=True)
class ShownOutcome:
    """One outcome in words."""

    label: str
    reason: str
    with_it: str
    without_it: str
    difference: str
    low: str
    high: str
    matched: int
    neighbours: int
    unknown: int
    verdict: str
    tone: str


@permit(Permission.MANAGE_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: UserRequest) -> HttpResponse:
    """Show the playbooks; one can be added."""
    form = PlaybookForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return redirect("action:playbook", pk=form.save().pk)
    rows = Playbook.objects.annotate(length=Count("steps")).order_by("-active", "name")
    context = {"rows": rows, "form": form, "tabs": tabs_of(request, "playbooks")}
    return render(request, "action/playbooks.html", context)


@permit(Permission.MANAGE_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: UserRequest, pk: int) -> HttpResponse:
    """Show a playbook's steps; one can be added at the end."""
    book = get_object_or_404(Playbook, pk=pk)
    form = PlaybookStepForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        playbooks.add_step(book, text=data["text"], colleague=data["colleague"], hours=data["hours"])
        messages.success(request, _("Added."))
        return redirect("action:playbook", pk=pk)
    works = does_it_work(book, request.user, now=timezone.now())
    context = {
        "book": book,
        "steps": book.steps.select_related("colleague"),
        "form": form,
        "works": works,
        "outcomes": [_shown(one) for one in works.outcomes],
    }
    return render(request, "action/playbook.html", context)


def _shown(one: Outcome) -> ShownOutcome:
    found = one.found
    factor, decimals, unit = (100, 0, "%") if one.scale == "share" else (1, 1, "")

    def said(value: float | None, sign: bool = False) -> str:
        return "" if value is None else number(factor * value, decimals, sign) + unit

    verdict, tone = _verdict(one)
    return ShownOutcome(
        label=one.label,
        reason=found.difference.reason or "",
        with_it=said(found.with_it, one.scale == "change"),
        without_it=said(found.without_it, one.scale == "change"),
        difference=said(found.difference.value, True),
        low=said(found.difference.low, True),
        high=said(found.difference.high, True),
        matched=found.matched,
        neighbours=found.neighbours,
        unknown=one.unknown,
        verdict=verdict,
        tone=tone,
    )


def _verdict(one: Outcome) -> tuple[str, str]:
    """Say what follows; a difference counts only where the two sides are alike."""
    difference = one.found.difference
    if difference.value is None:
        return _("not enough is known"), ""
    if not one.found.is_balanced:
        return _("the two sides are not alike enough"), "caution"
    if not one.proven:
        return _("no difference is shown"), ""
    return (_("better with the play"), "pro") if difference.value > 0 else (_("worse with the play"), "det")


@permit(Permission.MANAGE_RULES)
@require_POST
def remove_step(request: UserRequest, pk: int, step: int) -> HttpResponse:
    """Take a step out; cases on which the playbook was started keep theirs."""
    get_object_or_404(PlaybookStep, playbook=pk, pk=step).delete()
    messages.success(request, _("Taken out."))
    return redirect("action:playbook", pk=pk)


@permit(Permission.MANAGE_RULES)
@require_POST
def switch(request: UserRequest, pk: int) -> HttpResponse:
    """Take a playbook into use or out of it."""
    book = get_object_or_404(Playbook, pk=pk)
    book.active = request.POST.get("active") == "yes"
    book.save(update_fields=["active"])
    return redirect("action:playbook", pk=pk)


@permit(Permission.WORK_CASES)
@require_POST
def play(request: UserRequest, code: str) -> HttpResponse:
    """Start a playbook on a case."""
    case = get_visible(Case, request.user, code=code)
    book = get_visible(Playbook, request.user, pk=request.POST.get("playbook"))
    try:
        playbooks.start(case, book, by=request.user, now=timezone.now())
    except StepRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(name)s is on the case.") % {"name": book})
    return redirect("action:case", code=code)


@permit(Permission.WORK_CASES)
@require_POST
def tick(request: UserRequest, code: str, pk: int) -> HttpResponse:
    """Tick a step off, or take the tick back."""
    case = get_visible(Case, request.user, code=code)
    task = get_object_or_404(CaseTask, case=case, pk=pk)
    try:
        if request.POST.get("done") == "yes":
            playbooks.tick(task, by=request.user, now=timezone.now())
        else:
            playbooks.untick(task)
    except StepRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("action:case", code=code)
