"""What customers are to feel at each touchpoint, and what they feel."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.forms.feelings import DesiredFeelingsForm
from rapport.rooms.action.models import DesiredFeelings
from rapport.rooms.action.selectors.feelings import feelings_at
from rapport.rooms.action.views.lists import tabs_of
from rapport.rooms.catalog.models import Touchpoint


@permit(Permission.SEE_FIGURES)
@require_safe
def listed(request: UserRequest) -> HttpResponse:
    """Show each touchpoint with what is wanted and what is felt."""
    places = Touchpoint.objects.filter(retired=False).order_by("position", "name")
    rows = feelings_at(request.user, places, now=timezone.now())
    context = {
        "rows": rows,
        "may_manage": request.user.may(Permission.MANAGE_RULES),
        "tabs": tabs_of(request, "feelings"),
    }
    return render(request, "action/feelings.html", context)


@permit(Permission.MANAGE_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def desired(request: UserRequest, key: str) -> HttpResponse:
    """Say what customers are to feel at a touchpoint."""
    place = get_visible(Touchpoint, request.user, key=key)
    row = DesiredFeelings.objects.filter(touchpoint=place).first() or DesiredFeelings(touchpoint=place)
    form = DesiredFeelingsForm(request.POST if request.method == "POST" else None, instance=row)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Kept."))
        return redirect("action:feelings")
    return render(request, "action/desired_feelings.html", {"form": form, "place": place})
