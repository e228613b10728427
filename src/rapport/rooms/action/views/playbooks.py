"""Playbooks: the list, one with its steps, and the checklist on a case."""

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
from rapport.rooms.action.services import playbooks
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.action.views.lists import tabs_of


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
    steps = book.steps.select_related("colleague")
    return render(request, "action/playbook.html", {"book": book, "steps": steps, "form": form})


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
