"""Who gets which cases: who looks after what, and who is away."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.rooms.action.forms import AbsenceForm, ResponsibilityForm
from rapport.rooms.action.models import Responsibility
from rapport.rooms.action.selectors.duty import absences_for, places_for
from rapport.rooms.action.views.lists import tabs_of


@permit(Permission.WORK_CASES)
@require_http_methods(["GET", "HEAD", "POST"])
def duty(request: UserRequest) -> HttpResponse:
    """Show who looks after what and who is away; an absence can be added."""
    form = AbsenceForm(request.POST if request.method == "POST" else None, by=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Written down. New cases go to whoever stands in."))
        return redirect("action:duty")
    return _page(request, form, ResponsibilityForm())


def _page(request: UserRequest, absence: AbsenceForm, place: ResponsibilityForm) -> HttpResponse:
    context = {
        "absence_form": absence,
        "place_form": place,
        "absences": absences_for(request.user, since=timezone.localdate()),
        "places": places_for(request.user),
        "may_manage": request.user.may(Permission.MANAGE_RULES),
        "tabs": tabs_of(request, "duty"),
    }
    return render(request, "action/duty.html", context)


@permit(Permission.WORK_CASES)
@require_POST
def back(request: UserRequest, pk: int) -> HttpResponse:
    """Take an absence away."""
    absence = get_object_or_404(absences_for(request.user, since=None), pk=pk)
    absence.delete()
    messages.success(request, _("Taken away."))
    return redirect("action:duty")


@permit(Permission.MANAGE_RULES)
@require_POST
def look_after(request: UserRequest) -> HttpResponse:
    """Say who looks after a place."""
    form = ResponsibilityForm(request.POST)
    if not form.is_valid():
        return _page(request, AbsenceForm(by=request.user), form)
    form.save()
    messages.success(request, _("Written down."))
    return redirect("action:duty")


@permit(Permission.MANAGE_RULES)
@require_POST
def let_go(request: UserRequest, pk: int) -> HttpResponse:
    """Take a line away."""
    get_object_or_404(Responsibility, pk=pk).delete()
    messages.success(request, _("Taken away."))
    return redirect("action:duty")
