"""A reply that came from another address: mine, or to be thrown away?"""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.models import TakenMail
from rapport.rooms.action.services import replies
from rapport.rooms.action.services.steps import StepRefused


@permit(Permission.WORK_CASES)
@require_http_methods(["GET", "HEAD", "POST"])
def aside(request: UserRequest, pk: int) -> HttpResponse:
    """Show a message that was put aside; a post decides about it."""
    taken = get_visible(TakenMail, request.user, pk=pk)
    if request.method != "POST":
        return render(request, "action/mail_aside.html", {"taken": taken})
    try:
        if request.POST.get("decision") == "mine":
            replies.accept(taken, now=timezone.now())
            messages.success(request, _("Taken as yours."))
        else:
            replies.throw_away(taken)
            messages.success(request, _("Thrown away."))
    except StepRefused as refusal:
        messages.error(request, str(refusal))
    assert taken.case is not None
    return redirect("action:case", code=taken.case.code)
