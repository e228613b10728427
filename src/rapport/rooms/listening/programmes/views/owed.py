"""What waits for a person: short messages in doubt, and incentives that were earned."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.listening.channels.deciding import (
    UNSETTLED,
    NothingToDecide,
    give_up,
    send_again,
    unsettled_messages,
)
from rapport.rooms.listening.channels.rewards import hand_out, reward_totals
from rapport.rooms.listening.models import Reward, ShortMessage
from rapport.rooms.listening.programmes.views.lists import tabs_of
from rapport.rooms.listening.programmes.views.one import head, load

PAGE = 50


@permit(Permission.MANAGE_PROGRAMMES)
@require_http_methods(["GET", "HEAD", "POST"])
def short_messages(request: UserRequest) -> HttpResponse:
    """Show short messages that did not leave or may have left; a post decides about one."""
    if request.method == "POST":
        return _decide(request)
    state = request.GET.get("state", "")
    every = unsettled_messages(request.user)
    counts = {key: every.filter(state=key).count() for key in UNSETTLED}
    context = {
        "tabs": tabs_of(request, "messages"),
        "page": Paginator(unsettled_messages(request.user, state), PAGE).get_page(request.GET.get("page")),
        "states": [
            (f"{ShortMessage.State(key).label} ({counts[key]})", f"{request.path}?state={key}", key == state)
            for key in UNSETTLED
            if counts[key]
        ],
        "all_of_them": not state,
        "doubtful": counts[ShortMessage.State.DOUBTFUL],
    }
    return render(request, "listening/programmes/messages.html", context)


def _decide(request: UserRequest) -> HttpResponse:
    number = request.POST.get("message", "")
    message = get_visible(ShortMessage, request.user, pk=int(number) if number.isdecimal() else 0)
    again = request.POST.get("decision") == "send"
    try:
        (send_again if again else give_up)(message, request.user, now=timezone.now())
    except NothingToDecide as nothing:
        messages.error(request, str(nothing))
    else:
        messages.success(request, _("On its way again.") if again else _("Given up; it will not be sent."))
    return redirect(request.get_full_path())


@permit(Permission.MANAGE_PROGRAMMES)
@require_http_methods(["GET", "HEAD", "POST"])
def rewards(request: UserRequest, code: str) -> HttpResponse:
    """Show who has earned the incentive; a post notes to whom it was handed out."""
    row = load(request, code)
    if row.anonymous:
        raise Http404
    due = (
        Reward.objects.visible_to(request.user)
        .filter(invitation__programme=row, due_at__isnull=False)
        .select_related("invitation__contact", "invitation__account", "given_by")
        .order_by("-given_at", "due_at", "pk")
    )
    if request.method == "POST":
        chosen = [int(pk) for pk in request.POST.getlist("reward") if pk.isdecimal() and len(pk) < 16]
        done = sum(hand_out(one, request.user, now=timezone.now()) for one in due.filter(pk__in=chosen))
        told = ngettext("%(n)d incentive was handed out.", "%(n)d incentives were handed out.", done)
        messages.success(request, told % {"n": done})
        return redirect("programmes:rewards", row.code)
    context = head(request, row, "rewards") | {
        "page": Paginator(due, PAGE).get_page(request.GET.get("page")),
        "totals": reward_totals(row, request.user),
        "waiting": due.filter(given_at=None).count(),
    }
    return render(request, "listening/programmes/rewards.html", context)
