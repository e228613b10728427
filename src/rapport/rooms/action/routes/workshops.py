"""Workshops: the pack, the vote, what was agreed and what became of it."""

from datetime import date, datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.models import User
from rapport.kernel.roles import PARTNER_ROLES, Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.forms.workshops import AgreedForm, WorkshopForm
from rapport.rooms.action.models import Workshop, WorkshopItem
from rapport.rooms.action.packs.slides import NoSlides
from rapport.rooms.action.routes.rules import colleague_pk, refuse
from rapport.rooms.action.selectors.pack import build_pack
from rapport.rooms.action.selectors.workshops import ballot, follow_up, workshop_rows
from rapport.rooms.action.services import workshops
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.action.views.workshops import KINDS

router = Router(tags=["action"])


class WorkshopOut(Schema):
    """A workshop in the list."""

    code: str
    title: str
    held_on: date
    scope: str
    lead: str
    participants: int
    agreed: int


class WorkshopIn(Schema):
    """A workshop; participants by e-mail address, places by key."""

    title: Annotated[str, Field(min_length=1)]
    held_on: date
    metric: str = "nps"
    days: int = 365
    votes_each: int = 5
    participants: list[str] = []
    touchpoint: list[str] = []
    product: list[str] = []
    region: list[str] = []
    partner: list[str] = []
    tier: list[str] = []


class ItemOut(Schema):
    """Something put to the vote; dots once the vote is over."""

    pk: int
    text: str
    dots: int
    voters: int
    mine: int


class DayOut(Schema):
    """A workshop's day: how far it is, and its vote."""

    code: str
    title: str
    held_on: date
    pack_at: datetime | None
    voting_from: datetime | None
    voting_until: datetime | None
    voters: int
    voters_of: int
    items: list[ItemOut]


class QuoteOut(Schema):
    """What a customer said."""

    text: str
    language: str
    who: str
    url: str


class SectionOut(Schema):
    """One part of the pack, as on its page."""

    key: str
    title: str
    base: str
    columns: list[str]
    rows: list[list[str]]
    quotes: list[QuoteOut]
    reason: str


class PackOut(Schema):
    """The pack as far as the caller may see."""

    title: str
    scope: str
    made_at: datetime
    figure: str
    figure_base: str
    sections: list[SectionOut]


class TextIn(Schema):
    """Something to put to the vote."""

    text: Annotated[str, Field(min_length=1, max_length=200)]


class VotingIn(Schema):
    """Whether a vote goes on."""

    open: bool


class DotsIn(Schema):
    """The caller's dots by item, in place of those before."""

    dots: dict[int, Annotated[int, Field(ge=0)]]


class AgreedIn(Schema):
    """What was agreed; its owner by e-mail address, an improvement by code or a new one."""

    text: Annotated[str, Field(min_length=1, max_length=200)]
    owner: str
    due_on: date
    item: int | None = None
    improvement: str = ""


class AgreedOut(Schema):
    """One thing that was agreed, and what became of it."""

    text: str
    owner: str
    due_on: date
    done_on: date | None
    late: bool
    improvement: str
    state: str
    verdict: str
    item: str


class FollowUpOut(Schema):
    """What became of everything."""

    agreed: int
    done: int
    late: int
    rows: list[AgreedOut]


@router.get("/workshops", response=list[WorkshopOut])
def list_workshops(request: HttpRequest) -> list[Any]:
    """List the workshops one leads or takes part in."""
    return list(workshop_rows(require(request, Permission.SEE_FIGURES)))


@router.post("/workshops", response={201: DayOut})
def plan(request: HttpRequest, given: WorkshopIn) -> Status[Any]:
    """Plan a workshop."""
    user = require(request, Permission.WORK_CASES)
    if user.role in PARTNER_ROLES:
        raise Http404
    typed = given.dict() | {"participants": [colleague_pk(email) for email in given.participants]}
    form = WorkshopForm(typed, instance=Workshop(lead=user))
    if not form.is_valid():
        refuse(form.errors)
    return Status(201, _day(form.save(), user))


@router.get("/workshops/{code}", response=DayOut)
def show(request: HttpRequest, code: str) -> Any:
    """Show a workshop's day."""
    workshop, user = _seen(request, code)
    return _day(workshop, user)


@router.post("/workshops/{code}/pack", response=PackOut)
def make_pack(request: HttpRequest, code: str) -> Any:
    """Make the pack as of now."""
    workshop, user = _run(request, code)
    return _pack(workshops.make_pack(workshop, by=user, now=timezone.now()), user)


@router.get("/workshops/{code}/pack", response=PackOut)
def show_pack(request: HttpRequest, code: str) -> Any:
    """Show the pack, as far as the caller may see."""
    return _pack(*_seen(request, code))


@router.get("/workshops/{code}/pack/{kind}")
def pack_file(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """Give the pack as `pdf` or `pptx`."""
    workshop, user = _seen(request, code)
    if kind not in KINDS or workshop.pack_at is None:
        raise Http404
    content_type, write = KINDS[kind]
    try:
        return HttpResponse(write(build_pack(workshop, user)), content_type=content_type)
    except NoSlides as missing:
        raise HttpError(409, str(missing)) from missing


@router.post("/workshops/{code}/items", response={201: DayOut})
def add_item(request: HttpRequest, code: str, given: TextIn) -> Status[Any]:
    """Put something to the vote."""
    workshop, user = _run(request, code)
    try:
        workshops.put_to_vote(workshop, text=given.text)
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return Status(201, _day(workshop, user))


@router.delete("/workshops/{code}/items/{int:pk}", response={204: None})
def remove_item(request: HttpRequest, code: str, pk: int) -> Status[None]:
    """Take something away before the vote."""
    workshop, _user = _run(request, code)
    try:
        workshops.take_away(get_object_or_404(WorkshopItem, workshop=workshop, pk=pk))
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return Status(204, None)


@router.post("/workshops/{code}/voting", response=DayOut)
def switch_voting(request: HttpRequest, code: str, given: VotingIn) -> Any:
    """Begin or end the vote."""
    workshop, user = _run(request, code)
    act = workshops.open_voting if given.open else workshops.close_voting
    try:
        return _day(act(workshop, now=timezone.now()), user)
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal


@router.put("/workshops/{code}/vote", response=DayOut)
def vote(request: HttpRequest, code: str, given: DotsIn) -> Any:
    """Stick one's dots."""
    workshop, user = _seen(request, code)
    try:
        workshops.vote(workshop, user, given.dots)
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return _day(workshop, user)


@router.post("/workshops/{code}/actions", response={201: FollowUpOut})
def agree(request: HttpRequest, code: str, given: AgreedIn) -> Status[Any]:
    """Write down what was agreed."""
    workshop, user = _run(request, code)
    typed = given.dict() | {"owner": colleague_pk(given.owner)}
    form = AgreedForm(typed, workshop=workshop, user=user)
    if not form.is_valid():
        refuse(form.errors)
    try:
        workshops.agree(workshop, **form.cleaned_data, by=user, now=timezone.now())
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return Status(201, follow_up(workshop, today=timezone.localdate()))


@router.get("/workshops/{code}/follow-up", response=FollowUpOut)
def followed_up(request: HttpRequest, code: str) -> Any:
    """Say what became of what was agreed."""
    workshop, _user = _seen(request, code)
    return follow_up(workshop, today=timezone.localdate())


def _seen(request: HttpRequest, code: str) -> tuple[Workshop, User]:
    user = require(request, Permission.SEE_FIGURES)
    return get_visible(Workshop, user, code=code), user


def _run(request: HttpRequest, code: str) -> tuple[Workshop, User]:
    user = require(request, Permission.WORK_CASES)
    workshop = get_visible(Workshop, user, code=code)
    if not workshops.may_run(workshop, user):
        raise Http404
    return workshop, user


def _pack(workshop: Workshop, user: User) -> Any:
    if workshop.pack_at is None:
        raise Http404
    return build_pack(workshop, user)


def _day(workshop: Workshop, user: User) -> dict[str, Any]:
    shown = ballot(workshop, user)
    told = ("code", "title", "held_on", "pack_at", "voting_from", "voting_until")
    return {name: getattr(workshop, name) for name in told} | {
        "items": shown.items,
        "voters": shown.voters,
        "voters_of": shown.voters_of,
    }
