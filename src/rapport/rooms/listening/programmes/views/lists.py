"""All programmes, a new one, the house's rest rule, and the addresses nothing is sent to."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.listening.channels.suppression import NotAnAddress, lift, suppress
from rapport.rooms.listening.models import Invitation, Programme, Response, Suppression
from rapport.rooms.listening.programmes.forms import NewProgrammeForm, RestForm, SuppressForm
from rapport.rooms.listening.programmes.progress import Steps, is_telling
from rapport.rooms.listening.programmes.services import create_programme, set_house_rest
from rapport.rooms.listening.sampling.rest import house_rest
from rapport.stats import Estimate
from rapport.stats.shares import share_from_counts
from rapport.ui.components import Tab

PAGE = 50
TONES = {"running": "pro", "paused": "caution", "draft": "line", "ended": ""}


@dataclass(frozen=True)
class ProgrammeRow:
    """A programme on the list."""

    code: str
    name: str
    kind: str
    state: str
    tone: str
    partner: str
    asked: int
    answered: int
    rate: Estimate | None
    next_draw_at: datetime | None
    waits: bool


def programme_rows(user: User) -> list[ProgrammeRow]:
    """Return the programmes a user may see with what came of them, running ones first."""
    done = Response.objects.filter(invitation=OuterRef("pk"), test=False).exclude(state="open")
    asked = (
        Invitation.objects.visible_to(user)
        .filter(open_link=False, programme__isnull=False)
        .exclude(state="withdrawn")
        .annotate(done=Exists(done))
        .values("programme")
        .annotate(asked=Count("pk"), answered=Count("pk", filter=Q(done=True) | Q(state="answered")))
    )
    counts = {row["programme"]: (row["asked"], row["answered"]) for row in asked}
    rows = [
        _row(row, *counts.get(row.pk, (0, 0)))
        for row in Programme.objects.visible_to(user).select_related("partner")
    ]
    order = list(TONES)
    return sorted(rows, key=lambda row: (order.index(row.state), row.name))


def _row(row: Programme, asked: int, answered: int) -> ProgrammeRow:
    if is_telling(row, Steps(asked=asked)):
        answered = 0
    return ProgrammeRow(
        code=row.code,
        name=row.name,
        kind=row.get_kind_display(),
        state=row.state,
        tone=TONES[row.state],
        partner=row.partner.name if row.partner else "",
        asked=asked,
        answered=answered,
        rate=share_from_counts(answered, asked) if asked and not row.anonymous else None,
        next_draw_at=row.next_draw_at,
        waits="event" in row.plan,
    )


def tabs_of(request: UserRequest, current: str) -> list[Tab]:
    """Return the parts of the room this user may see."""
    tabs = [Tab(_("Programmes"), reverse("programmes:list"), current=current == "list")]
    if request.user.may(Permission.MANAGE_PROGRAMMES):
        tabs += [
            Tab(_("Rest"), reverse("programmes:rest"), current=current == "rest"),
            Tab(_("Not written to"), reverse("programmes:suppressed"), current=current == "suppressed"),
            Tab(_("Short messages"), reverse("programmes:messages"), current=current == "messages"),
        ]
    return tabs


@permit(Permission.SEE_FIGURES)
@require_safe
def programmes(request: UserRequest) -> HttpResponse:
    """List the programmes and how each is doing."""
    rows = programme_rows(request.user)
    running = sum(row.state == "running" for row in rows)
    context = {
        "rows": rows,
        "headline": ngettext(
            "%(count)d programme is listening", "%(count)d programmes are listening", running
        )
        % {"count": running}
        if running
        else _("No programme is listening"),
        "tabs": tabs_of(request, "list"),
        "manages": request.user.may(Permission.MANAGE_PROGRAMMES),
    }
    return render(request, "listening/programmes/list.html", context)


@permit(Permission.MANAGE_PROGRAMMES)
@require_http_methods(["GET", "HEAD", "POST"])
def new_programme(request: UserRequest) -> HttpResponse:
    """Begin a programme."""
    form = NewProgrammeForm(request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = create_programme(owner=request.user, **form.cleaned_data)
        messages.success(request, _("Written as a draft. Nobody is asked before you start it."))
        return redirect("programmes:plan", made.code)
    return render(request, "listening/programmes/new.html", {"form": form})


@permit(Permission.MANAGE_PROGRAMMES)
@require_http_methods(["GET", "HEAD", "POST"])
def rest(request: UserRequest) -> HttpResponse:
    """Show or set how long people are left alone, whatever a programme says."""
    rule = house_rest()
    form = RestForm(request.POST if request.method == "POST" else None, initial=rule.model_dump())
    if request.method == "POST" and form.is_valid():
        set_house_rest(form.rule())
        messages.success(request, _("Every programme keeps this from now on."))
        return redirect("programmes:rest")
    context = {"form": form, "tabs": tabs_of(request, "rest")}
    return render(request, "listening/programmes/rest.html", context)


@permit(Permission.MANAGE_PROGRAMMES)
@require_http_methods(["GET", "HEAD", "POST"])
def suppressed(request: UserRequest) -> HttpResponse:
    """List the addresses nothing is sent to, with the reason; a post adds one."""
    form = SuppressForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            suppress(
                told["email"], "by_hand", now=timezone.now(), detail=told["detail"], source=str(request.user)
            )
        except NotAnAddress as error:
            form.add_error("email", str(error))
        else:
            messages.success(request, _("Nothing more is sent to %(email)s.") % {"email": told["email"]})
            return redirect("programmes:suppressed")
    rows = Suppression.objects.visible_to(request.user).in_force()
    context = {
        "form": form,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "tabs": tabs_of(request, "suppressed"),
    }
    return render(request, "listening/programmes/suppressed.html", context)


@permit(Permission.MANAGE_PROGRAMMES)
@require_POST
def lift_suppression(request: UserRequest, pk: int) -> HttpResponse:
    """Allow an address again."""
    row = get_visible(Suppression, request.user, pk=pk, lifted_at=None)
    lift(row, request.user, now=timezone.now())
    messages.success(request, _("%(email)s may be written to again.") % {"email": row.email})
    return redirect("programmes:suppressed")
