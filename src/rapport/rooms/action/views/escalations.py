"""Escalations: the short list, one of them with who was called, its summary, and the levels."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.forms import LevelForm, SummaryForm
from rapport.rooms.action.models import Escalation, EscalationLevel
from rapport.rooms.action.selectors.escalations import lately_over, open_escalations, rows_of
from rapport.rooms.action.services.escalation import acknowledge_escalation, end_escalation
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.action.views.lists import tabs_of


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def listed(request: UserRequest) -> HttpResponse:
    """Show what is escalated now, what nobody answered on top, and what ended lately."""
    rows = open_escalations(request.user)
    context = {
        "rows": rows,
        "over": lately_over(request.user, now=timezone.now()),
        "headline": _headline(rows),
        "may_manage": request.user.may(Permission.MANAGE_RULES),
        "tabs": tabs_of(request, "escalations"),
    }
    return render(request, "action/escalations.html", context)


def _headline(rows: list[Any]) -> str:
    unanswered = sum(row.unanswered for row in rows)
    if unanswered:
        text = ngettext(
            "Nobody has taken on %(count)d escalation",
            "Nobody has taken on %(count)d escalations",
            unanswered,
        )
        return text % {"count": unanswered}
    if rows:
        text = ngettext("%(count)d case is escalated", "%(count)d cases are escalated", len(rows))
        return text % {"count": len(rows)}
    return _("Nothing is escalated")


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def show(request: UserRequest, code: str) -> HttpResponse:
    """Show one escalation; when it is over, its page can be printed."""
    escalation = get_visible(Escalation, request.user, code=code)
    return _page(request, escalation, SummaryForm())


def _page(request: UserRequest, escalation: Escalation, form: SummaryForm) -> HttpResponse:
    calls = list(escalation.calls.select_related("responder", "level"))
    taken = any(call.acknowledged_at for call in calls if call.level_id == escalation.level_id)
    called = any(call.responder_id == request.user.pk for call in calls)
    may_end = called or request.user.may(Permission.MANAGE_RULES)
    [row] = rows_of(Escalation.objects.filter(pk=escalation.pk).select_related("case__account", "level"))
    context = {
        "escalation": escalation,
        "row": row,
        "calls": calls,
        "may_take": called and not taken and not escalation.ended_at,
        "may_end": may_end and not escalation.ended_at and any(call.acknowledged_at for call in calls),
        "form": form,
    }
    return render(request, "action/escalation.html", context)


@permit(Permission.SEE_CUSTOMERS)
@require_POST
def take_on(request: UserRequest, code: str) -> HttpResponse:
    """Take an escalation on."""
    escalation = get_visible(Escalation, request.user, code=code)
    try:
        acknowledge_escalation(escalation, by=request.user, now=timezone.now())
    except StepRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("You have it. Nobody else is called."))
    return redirect("action:escalation", code=code)


@permit(Permission.SEE_CUSTOMERS)
@require_POST
def end(request: UserRequest, code: str) -> HttpResponse:
    """Sum an escalation up and end it."""
    escalation = get_visible(Escalation, request.user, code=code)
    form = SummaryForm(request.POST)
    if not form.is_valid():
        return _page(request, escalation, form)
    try:
        _end(escalation, request, form.cleaned_data, timezone.now())
    except StepRefused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, escalation, form)
    messages.success(request, _("Over. The page went to everybody who was called."))
    return redirect("action:escalation", code=code)


def _end(escalation: Escalation, request: UserRequest, data: dict[str, Any], now: datetime) -> None:
    end_escalation(
        escalation,
        by=request.user,
        happened=data["what_happened"],
        did=data["what_we_did"],
        changes=data["what_changes"],
        now=now,
    )


@permit(Permission.MANAGE_RULES)
@require_safe
def levels(request: UserRequest) -> HttpResponse:
    """Show the levels, lowest first."""
    rows = EscalationLevel.objects.select_related("responder")
    context = {"rows": rows, "tabs": tabs_of(request, "escalations")}
    return render(request, "action/levels.html", context)


@permit(Permission.MANAGE_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def new_level(request: UserRequest) -> HttpResponse:
    """Add a level."""
    last = EscalationLevel.objects.order_by("-number").first()
    return _edit(request, EscalationLevel(number=last.number + 1 if last else 1))


@permit(Permission.MANAGE_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_level(request: UserRequest, number: int) -> HttpResponse:
    """Change a level."""
    return _edit(request, get_object_or_404(EscalationLevel, number=number))


def _edit(request: UserRequest, level: EscalationLevel) -> HttpResponse:
    known = level.pk is not None
    form = LevelForm(request.POST if request.method == "POST" else None, instance=level)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, _("Saved: %(level)s.") % {"level": saved})
        return redirect("action:levels")
    return render(request, "action/level.html", {"form": form, "level": level, "known": known})
