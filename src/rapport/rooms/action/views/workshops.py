"""Workshops: the list, the day, its pack in three shapes, the vote on a phone, and what became of it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import PARTNER_ROLES, Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.forms.workshops import AgreedForm, ItemForm, WorkshopForm
from rapport.rooms.action.models import Workshop, WorkshopItem
from rapport.rooms.action.packs.paper import as_pdf
from rapport.rooms.action.packs.slides import NoSlides, as_slides, can_write_slides
from rapport.rooms.action.selectors.pack import Pack, build_pack
from rapport.rooms.action.selectors.workshops import ballot, follow_up, workshop_rows
from rapport.rooms.action.services import workshops
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.action.views.lists import tabs_of

SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
KINDS: dict[str, tuple[str, Callable[[Pack], bytes]]] = {
    "pdf": ("application/pdf", as_pdf),
    "pptx": (SLIDES, as_slides),
}


@permit(Permission.SEE_FIGURES)
@require_safe
def listed(request: UserRequest) -> HttpResponse:
    """List the workshops I lead or take part in."""
    context = {
        "rows": workshop_rows(request.user),
        "may_work": _may_begin(request),
        "tabs": tabs_of(request, "improvements"),
    }
    return render(request, "action/workshops.html", context)


def _may_begin(request: UserRequest) -> bool:
    return request.user.may(Permission.WORK_CASES) and request.user.role not in PARTNER_ROLES


@permit(Permission.WORK_CASES)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: UserRequest) -> HttpResponse:
    """Plan a workshop."""
    if not _may_begin(request):
        raise Http404
    return _edit(request, Workshop(lead=request.user))


@permit(Permission.WORK_CASES)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: UserRequest, code: str) -> HttpResponse:
    """Change the day, its scope, or who comes."""
    return _edit(request, _run(request, code))


def _edit(request: UserRequest, workshop: Workshop) -> HttpResponse:
    form = WorkshopForm(
        request.POST if request.method == "POST" else None,
        instance=workshop,
        initial={} if workshop.pk else {"metric": "nps", "held_on": timezone.localdate()},
    )
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, _("Saved: %(title)s.") % {"title": saved})
        return redirect("action:workshop", code=saved.code)
    return render(request, "action/workshop_edit.html", {"form": form, "workshop": workshop})


def _run(request: UserRequest, code: str) -> Workshop:
    """Return a workshop that the user may run; who only takes part finds no such page."""
    workshop = get_visible(Workshop, request.user, code=code)
    if not workshops.may_run(workshop, request.user):
        raise Http404
    return workshop


@permit(Permission.SEE_FIGURES)
@require_safe
def show(request: UserRequest, code: str) -> HttpResponse:
    """Show the day: pack, vote, what was agreed."""
    return _page(request, get_visible(Workshop, request.user, code=code))


def _page(request: UserRequest, workshop: Workshop, bound: AgreedForm | None = None) -> HttpResponse:
    context = {
        "workshop": workshop,
        "may_run": workshops.may_run(workshop, request.user),
        "ballot": ballot(workshop, request.user),
        "item_form": ItemForm(auto_id="item_%s"),
        "agreed_form": bound or AgreedForm(workshop=workshop, user=request.user, auto_id="agreed_%s"),
        "follow_up": follow_up(workshop, today=timezone.localdate()),
        "slides": can_write_slides(),
        "participants": workshop.participants.order_by("name"),
    }
    return render(request, "action/workshop.html", context)


@permit(Permission.WORK_CASES)
@require_POST
def make_pack(request: UserRequest, code: str) -> HttpResponse:
    """Make the pack as of now."""
    workshops.make_pack(_run(request, code), by=request.user, now=timezone.now())
    messages.success(request, _("The pack is made. Everybody reads it as far as they may see."))
    return redirect("action:pack", code=code)


@permit(Permission.SEE_FIGURES)
@require_safe
def pack(request: UserRequest, code: str) -> HttpResponse:
    """Show the pack."""
    workshop = _with_pack(request, code)
    made = build_pack(workshop, request.user)
    return render(
        request, "action/pack.html", {"workshop": workshop, "pack": made, "slides": can_write_slides()}
    )


@permit(Permission.SEE_FIGURES)
@require_safe
def pack_file(request: UserRequest, code: str, kind: str) -> HttpResponse:
    """Give the pack as a PDF or as slides."""
    if kind not in KINDS:
        raise Http404
    workshop = _with_pack(request, code)
    content_type, write = KINDS[kind]
    try:
        made = write(build_pack(workshop, request.user))
    except NoSlides as missing:
        messages.error(request, str(missing))
        return redirect("action:pack", code=code)
    answer = HttpResponse(made, content_type=content_type)
    name = slugify(workshop.title) or workshop.code
    answer["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer


def _with_pack(request: UserRequest, code: str) -> Workshop:
    workshop = get_visible(Workshop, request.user, code=code)
    if workshop.pack_at is None:
        raise Http404
    return workshop


@permit(Permission.WORK_CASES)
@require_POST
def add_item(request: UserRequest, code: str) -> HttpResponse:
    """Put something to the vote."""
    workshop = _run(request, code)
    return _step(request, code, lambda: workshops.put_to_vote(workshop, text=request.POST.get("text", "")))


@permit(Permission.WORK_CASES)
@require_POST
def remove_item(request: UserRequest, code: str, pk: int) -> HttpResponse:
    """Take something away again."""
    item = get_object_or_404(WorkshopItem, workshop=_run(request, code), pk=pk)
    return _step(request, code, lambda: workshops.take_away(item))


@permit(Permission.WORK_CASES)
@require_POST
def voting(request: UserRequest, code: str) -> HttpResponse:
    """Begin or end the vote."""
    workshop, now = _run(request, code), timezone.now()
    if request.POST.get("open") == "yes":
        return _step(request, code, lambda: workshops.open_voting(workshop, now=now))
    return _step(request, code, lambda: workshops.close_voting(workshop, now=now))


def _step(request: UserRequest, code: str, act: Callable[[], Any]) -> HttpResponse:
    try:
        act()
    except StepRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("action:workshop", code=code)


@permit(Permission.SEE_FIGURES)
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: UserRequest, code: str) -> HttpResponse:
    """Stick my dots, on a phone."""
    workshop = get_visible(Workshop, request.user, code=code)
    wrong = ""
    if request.method == "POST":
        try:
            workshops.vote(workshop, request.user, _dots(request))
        except StepRefused as refusal:
            wrong = str(refusal)
        else:
            messages.success(request, _("Your dots are stuck. You can move them until the vote ends."))
            return redirect("action:vote", code=code)
    shown = ballot(workshop, request.user)
    typed = _dots(request) if wrong else {item.pk: item.mine for item in shown.items}
    context = {
        "workshop": workshop,
        "rows": [(item, typed.get(item.pk, 0)) for item in shown.items],
        "left": workshops.dots_left(workshop, request.user),
        "wrong": wrong,
    }
    return render(request, "action/vote.html", context)


def _dots(request: UserRequest) -> dict[int, int]:
    """Read the dots by item; what is no number counts as none."""
    given = {
        key.removeprefix("dots_"): value for key, value in request.POST.items() if key.startswith("dots_")
    }
    return {
        int(key): int(str(value))
        for key, value in given.items()
        if key.isdecimal() and str(value).strip().isdecimal()
    }


@permit(Permission.WORK_CASES)
@require_POST
def agree(request: UserRequest, code: str) -> HttpResponse:
    """Write down what was agreed."""
    workshop = _run(request, code)
    form = AgreedForm(request.POST, workshop=workshop, user=request.user, auto_id="agreed_%s")
    if form.is_valid():
        try:
            made = workshops.agree(workshop, **form.cleaned_data, by=request.user, now=timezone.now())
        except StepRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            said = _("Written down in %(code)s.") % {"code": made.action.improvement.code}
            messages.success(request, said)
            return redirect("action:workshop", code=code)
    return _page(request, workshop, form)


@permit(Permission.SEE_FIGURES)
@require_safe
def followed_up(request: UserRequest, code: str) -> HttpResponse:
    """Say what became of it."""
    workshop = get_visible(Workshop, request.user, code=code)
    found = follow_up(workshop, today=timezone.localdate())
    return render(request, "action/workshop_follow_up.html", {"workshop": workshop, "found": found})
