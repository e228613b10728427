"""The administrators' page of mail that did not leave, or may have left."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.mail.decisions import (
    UNSETTLED,
    NothingToDecide,
    count_mail,
    give_up,
    send_again,
    unsettled_mail,
)
from rapport.kernel.models import OutgoingMail
from rapport.kernel.roles import Permission

PAGE = 50


@permit(Permission.ADMINISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def mail(request: UserRequest) -> HttpResponse:
    """Show mail by where it stands; a post decides about one message."""
    if request.method == "POST":
        return _decide(request)
    state = request.GET.get("state", "")
    counts = count_mail()
    context = {
        "page": Paginator(unsettled_mail(state), PAGE).get_page(request.GET.get("page")),
        "not_narrowed": not state,
        "states": [
            (f"{OutgoingMail.State(key).label} ({counts[key]})", f"{request.path}?state={key}", key == state)
            for key in UNSETTLED
            if counts[key]
        ],
        "sent": counts[OutgoingMail.State.SENT],
        "doubtful": counts[OutgoingMail.State.DOUBTFUL],
    }
    return render(request, "kernel/mail.html", context)


def _decide(request: UserRequest) -> HttpResponse:
    number = request.POST.get("mail", "")
    message = get_object_or_404(OutgoingMail, pk=number if number.isdigit() else 0)
    decide, done = (
        (send_again, _("On its way again."))
        if request.POST.get("decision") == "send"
        else (give_up, _("Given up; it will not be sent."))
    )
    try:
        decide(message, request.user, now=timezone.now())
    except NothingToDecide as nothing:
        messages.error(request, str(nothing))
    else:
        messages.success(request, done)
    return redirect(request.get_full_path())
