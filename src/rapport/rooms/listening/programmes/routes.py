"""Programmes, their draws and reports about messages, for programs."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.catalog.models import Partner
from rapport.rooms.listening.channels.bounces import NoReport, take_raw
from rapport.rooms.listening.channels.deciding import (
    NothingToDecide,
    give_up,
    send_again,
    unsettled_messages,
)
from rapport.rooms.listening.channels.rewards import hand_out
from rapport.rooms.listening.channels.suppression import NotAnAddress, lift, suppress
from rapport.rooms.listening.models import (
    Draw,
    Invitation,
    NotAsked,
    Programme,
    Reward,
    ShortMessage,
    Suppression,
    Survey,
)
from rapport.rooms.listening.programmes import progress
from rapport.rooms.listening.programmes.bias import compare
from rapport.rooms.listening.programmes.plan import PlanError, read_plan
from rapport.rooms.listening.programmes.services import (
    ProgrammeRefused,
    change_programme,
    create_programme,
    end_programme,
    new_seed,
    pause_programme,
    set_house_rest,
    start_programme,
)
from rapport.rooms.listening.sampling.draws import CannotDraw, draw_sample, work_out
from rapport.rooms.listening.sampling.report import Report
from rapport.rooms.listening.sampling.rest import house_rest
from rapport.stats import Estimate

router = Router(tags=["programmes"])
SEES, MANAGES = Permission.SEE_FIGURES, Permission.MANAGE_PROGRAMMES


class ProgrammeIn(Schema):
    """A new programme; without a plan it begins with the one usual for its kind."""

    name: str
    kind: str
    survey: str
    partner: str | None = None
    purpose: str = ""
    anonymous: bool = False
    several_responses: bool = False
    plan: dict[str, Any] | None = None


class ProgrammeChange(Schema):
    """What of a programme changes; the plan is given whole."""

    name: str | None = None
    purpose: str | None = None
    survey: str | None = None
    anonymous: bool | None = None
    several_responses: bool | None = None
    plan: dict[str, Any] | None = None


class ProgrammeOut(Schema):
    """A programme."""

    code: str
    name: str
    kind: str
    state: str
    purpose: str
    survey: str
    partner: str | None
    owner: str
    anonymous: bool
    several_responses: bool
    plan: dict[str, Any]
    next_draw_at: datetime | None


class Figure(Schema):
    """A figure with its range, or the reason why there is none."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str
    reason: str | None


class GroupOut(Schema):
    """How far a part of those asked got."""

    name: str
    asked: int
    reached: int
    opened: int
    started: int
    answered: int
    response: Figure
    nps: Figure | None
    missing: bool


class ProgressOut(Schema):
    """How far a programme got, of what the reader may see."""

    by: str
    groups: list[GroupOut]
    open_link_answers: int


class DrawIn(Schema):
    """A draw to be made now; without a seed one nobody chose."""

    seed: int | None = None


class DrawOut(Schema):
    """A draw; `drawn` counts what the reader may see, `report` is for who sees everything."""

    id: int
    drawn_at: datetime
    seed: int
    drawn: int
    left_out: dict[str, int]
    report: dict[str, Any] | None


class SuppressionIn(Schema):
    """An address nothing more shall be sent to."""

    email: str
    detail: str = ""


class SuppressionOut(Schema):
    """An address nothing is sent to."""

    id: int
    email: str
    reason: str
    detail: str
    source: str
    since: datetime


class RestIn(Schema):
    """How long people are left alone; null asks for nothing."""

    contact_days: int | None = None
    account_days: int | None = None
    account_most: int | None = None
    decision_days: int | None = None
    yearly_contact: int | None = None
    yearly_account: int | None = None


class ReportsTaken(Schema):
    """How many addresses a report named, and how many of them we wrote to."""

    named: int
    known: int


def _out(row: Programme) -> ProgrammeOut:
    return ProgrammeOut(
        **{name: getattr(row, name) for name in ("code", "name", "kind", "state", "purpose", "anonymous")},
        several_responses=row.several_responses,
        survey=row.survey.code,
        partner=row.partner_id,
        owner=row.owner.email,
        plan=read_plan(row.plan).model_dump(mode="json"),
        next_draw_at=row.next_draw_at,
    )


def _figure(estimate: Estimate) -> Figure:
    shown = estimate.hidden_below()
    return Figure(
        value=shown.value, low=shown.low, high=shown.high, n=shown.n, method=shown.method, reason=shown.reason
    )


def _load(user: User, code: str) -> Programme:
    return get_visible(Programme, user, code=code)


@router.get("/programmes", response=list[ProgrammeOut], summary="List programmes")
def list_programmes(request: HttpRequest) -> list[ProgrammeOut]:
    """Return the programmes you may see."""
    user = require(request, SEES)
    return [_out(row) for row in Programme.objects.visible_to(user).select_related("survey", "owner")]


@router.post("/programmes", response={201: ProgrammeOut}, summary="Write a programme")
def write_programme(request: HttpRequest, told: ProgrammeIn) -> Status[ProgrammeOut]:
    """Write a programme as a draft; you own it."""
    user = require(request, MANAGES)
    survey = get_visible(Survey, user, code=told.survey)
    partner = get_visible(Partner, user, key=told.partner) if told.partner else None
    try:
        row = create_programme(
            name=told.name,
            kind=told.kind,
            survey=survey,
            owner=user,
            partner=partner,
            purpose=told.purpose,
            anonymous=told.anonymous,
            several_responses=told.several_responses,
            plan=read_plan(told.plan) if told.plan is not None else None,
        )
    except KeyError as error:
        kinds = ", ".join(Programme.Kind.values)
        raise HttpError(422, f"kind: {told.kind} is none; write one of {kinds}.") from error
    except (PlanError, ValidationError) as error:
        raise HttpError(422, _said(error)) from error
    return Status(201, _out(row))


@router.get("/programmes/{str:code}", response=ProgrammeOut, summary="Read a programme")
def read_programme(request: HttpRequest, code: str) -> ProgrammeOut:
    """Return a programme with its plan."""
    return _out(_load(require(request, SEES), code))


@router.patch("/programmes/{str:code}", response=ProgrammeOut, summary="Change a programme")
def patch_programme(request: HttpRequest, code: str, told: ProgrammeChange) -> ProgrammeOut:
    """Change a programme; a plan replaces the whole plan."""
    user = require(request, MANAGES)
    row = _load(user, code)
    given = told.dict(exclude_unset=True, exclude={"plan", "survey"})
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if told.survey is not None:
        values["survey"] = get_visible(Survey, user, code=told.survey)
    try:
        plan = read_plan(row.plan if told.plan is None else told.plan)
        return _out(change_programme(row, values, plan))
    except (PlanError, ProgrammeRefused, ValidationError) as error:
        raise HttpError(422, _said(error)) from error


def _said(error: Exception) -> str:
    return "; ".join(error.messages) if isinstance(error, ValidationError) else str(error)


@router.post("/programmes/{str:code}/start", response=ProgrammeOut, summary="Start a programme")
def start(request: HttpRequest, code: str) -> ProgrammeOut:
    """Let a draft or paused programme ask."""
    row = _load(require(request, MANAGES), code)
    try:
        return _out(start_programme(row, now=timezone.now()))
    except ProgrammeRefused as error:
        raise HttpError(409, str(error)) from error


@router.post("/programmes/{str:code}/pause", response=ProgrammeOut, summary="Pause a programme")
def pause(request: HttpRequest, code: str) -> ProgrammeOut:
    """Stop a running programme for a while."""
    row = _load(require(request, MANAGES), code)
    try:
        return _out(pause_programme(row))
    except ProgrammeRefused as error:
        raise HttpError(409, str(error)) from error


@router.post("/programmes/{str:code}/end", response=ProgrammeOut, summary="End a programme")
def end(request: HttpRequest, code: str) -> ProgrammeOut:
    """End a programme for good."""
    row = _load(require(request, MANAGES), code)
    try:
        return _out(end_programme(row, now=timezone.now()))
    except ProgrammeRefused as error:
        raise HttpError(409, str(error)) from error


@router.get("/programmes/{str:code}/progress", response=ProgressOut, summary="Who answered, who is missing")
def read_progress(request: HttpRequest, code: str, by: str = "role") -> ProgressOut:
    """Return how far those asked got, by role, region, tier, channel, language or stratum."""
    user = require(request, SEES)
    row = _load(user, code)
    if by not in progress.BY:
        raise HttpError(422, f"by: write one of {', '.join(progress.BY)}.")
    groups = progress.safe_groups(progress.group(progress.asked_by(row, user), by), anonymous=row.anonymous)
    found = [
        GroupOut(
            name=group.name,
            **vars(group.steps),
            response=_figure(group.rate),
            nps=None if row.anonymous else _figure(group.nps),
            missing=group.missing,
        )
        for group in compare(groups)
    ]
    return ProgressOut(by=by, groups=found, open_link_answers=progress.open_answers(row, user).answers)


@router.get("/programmes/{str:code}/expected", response=dict[str, Any], summary="What a draw would bring")
def expected(request: HttpRequest, code: str, seed: int = 1) -> dict[str, Any]:
    """Work out a draw by the plan as it is, without writing anything."""
    user = require(request, MANAGES)
    row = _load(user, code)
    report = work_out(row, read_plan(row.plan), now=timezone.now(), seed=_seed(seed)).report
    return report.seen_by(user).model_dump(mode="json")


def _seed(seed: int) -> int:
    if not 0 <= seed < 2**31:
        raise HttpError(422, "seed: give a whole number from 0 to 2147483647.")
    return seed


@router.get("/programmes/{str:code}/draws", response=list[DrawOut], summary="List draws")
def list_draws(request: HttpRequest, code: str) -> list[DrawOut]:
    """Return a programme's draws, newest first."""
    user = require(request, SEES)
    return [_draw(draw, user) for draw in _load(user, code).draws.all()[:100]]


@router.post("/programmes/{str:code}/draws", response={201: DrawOut}, summary="Draw a sample")
def make_draw(request: HttpRequest, code: str, told: DrawIn) -> Status[DrawOut]:
    """Draw a sample now and invite the people."""
    user = require(request, MANAGES)
    row = _load(user, code)
    seed = new_seed() if told.seed is None else _seed(told.seed)
    try:
        return Status(201, _draw(draw_sample(row, now=timezone.now(), seed=seed, by=user), user))
    except CannotDraw as error:
        raise HttpError(409, str(error)) from error


def _draw(draw: Draw, user: User) -> DrawOut:
    left = NotAsked.objects.visible_to(user).filter(draw=draw).values_list("reason", flat=True)
    counts: dict[str, int] = {}
    for reason in left:
        counts[reason] = counts.get(reason, 0) + 1
    report = Report.model_validate(draw.report).model_dump(mode="json")
    return DrawOut(
        id=draw.pk,
        drawn_at=draw.drawn_at,
        seed=draw.seed,
        drawn=Invitation.objects.visible_to(user).filter(draw=draw).count(),
        left_out=counts,
        report=report if user.scope.everything else None,
    )


@router.get("/rest-rule", response=dict[str, Any], summary="Read the house's rest rule")
def read_rest(request: HttpRequest) -> dict[str, Any]:
    """Return how long people are left alone, whatever a programme says."""
    require(request, MANAGES)
    return house_rest().model_dump(mode="json")


@router.put("/rest-rule", response=dict[str, Any], summary="Set the house's rest rule")
def put_rest(request: HttpRequest, told: RestIn) -> dict[str, Any]:
    """Set how long people are left alone; what is left out asks for nothing."""
    require(request, MANAGES)
    try:
        rule = read_plan({"rest": told.dict()}).rest
    except PlanError as error:
        raise HttpError(422, str(error)) from error
    set_house_rest(rule)
    return rule.model_dump(mode="json")


@router.get("/suppressions", response=list[SuppressionOut], summary="List addresses nothing is sent to")
def list_suppressions(request: HttpRequest, before: int | None = None) -> list[Suppression]:
    """Return up to 200 of the addresses you may see, newest first; `before` an id continues."""
    user = require(request, MANAGES)
    rows = Suppression.objects.visible_to(user).in_force().order_by("-pk")
    return list((rows.filter(pk__lt=before) if before else rows)[:200])


@router.post("/suppressions", response={201: SuppressionOut}, summary="Send nothing more to an address")
def add_suppression(request: HttpRequest, told: SuppressionIn) -> Status[Suppression]:
    """Send nothing more to an address."""
    user = require(request, MANAGES)
    try:
        row = suppress(told.email, "by_hand", now=timezone.now(), detail=told.detail, source=str(user))
    except NotAnAddress as error:
        raise HttpError(422, str(error)) from error
    return Status(201, row)


@router.delete("/suppressions/{int:pk}", response={204: None}, summary="Allow an address again")
def remove_suppression(request: HttpRequest, pk: int) -> Status[None]:
    """Allow an address again; that it was suppressed stays on record."""
    user = require(request, MANAGES)
    lift(get_visible(Suppression, user, pk=pk, lifted_at=None), user, now=timezone.now())
    return Status(204, None)


@router.post("/bounces", response=ReportsTaken, summary="Hand in a delivery report")
def take_bounce(request: HttpRequest) -> ReportsTaken:
    """Take one raw message that reports a bounce (RFC 3464) or a complaint (RFC 5965)."""
    require(request, MANAGES)
    try:
        named, known = take_raw(request.body, now=timezone.now(), source="API")
    except NoReport as error:
        raise HttpError(422, str(error)) from error
    return ReportsTaken(named=named, known=known)


class RewardOut(Schema):
    """An incentive that was earned, and whether it was handed out."""

    id: int
    name: str
    value: Decimal
    currency: str
    account: str
    person: str
    due_at: datetime
    given_at: datetime | None

    @staticmethod
    def resolve_account(row: Reward) -> str:
        """Return the customer's code."""
        return row.invitation.account.code if row.invitation.account else ""

    @staticmethod
    def resolve_person(row: Reward) -> str:
        """Return the person's code."""
        return row.invitation.contact.code if row.invitation.contact else ""


@router.get("/programmes/{str:code}/rewards", response=list[RewardOut], summary="List earned incentives")
def list_rewards(request: HttpRequest, code: str, after: int = 0) -> list[Reward]:
    """Return up to 200 earned incentives of people you may see, by their id; `after` one continues."""
    user = require(request, MANAGES)
    row = get_visible(Programme, user, code=code)
    found = Reward.objects.visible_to(user).filter(invitation__programme=row, due_at__isnull=False)
    return list(
        found.filter(pk__gt=after)
        .select_related("invitation__account", "invitation__contact")
        .order_by("pk")[:200]
    )


@router.post("/rewards/{int:pk}/given", response=RewardOut, summary="Note an incentive as handed out")
def give_reward(request: HttpRequest, pk: int) -> Reward:
    """Note that an incentive was handed out; again changes nothing."""
    user = require(request, MANAGES)
    row = get_visible(Reward, user, pk=pk, due_at__isnull=False)
    hand_out(row, user, now=timezone.now())
    row.refresh_from_db()
    return row


class ShortMessageOut(Schema):
    """A short message that was not accepted, or not yet."""

    id: int
    to: str
    state: str
    error: str
    attempts: int
    queued_at: datetime


class DecisionIn(Schema):
    """What is decided: `send` it again, or `drop` it."""

    decision: Literal["send", "drop"]


@router.get("/short-messages", response=list[ShortMessageOut], summary="List short messages not accepted")
def list_messages(request: HttpRequest, state: str = "") -> list[ShortMessage]:
    """Return up to 200 short messages that did not leave, or may have left, newest first."""
    user = require(request, MANAGES)
    return list(unsettled_messages(user, state)[:200])


@router.post("/short-messages/{int:pk}/decision", response=ShortMessageOut, summary="Decide about a message")
def decide_message(request: HttpRequest, pk: int, told: DecisionIn) -> ShortMessage:
    """Send a message once more, or give it up."""
    user = require(request, MANAGES)
    row = get_visible(ShortMessage, user, pk=pk)
    try:
        (send_again if told.decision == "send" else give_up)(row, user, now=timezone.now())
    except NothingToDecide as nothing:
        raise HttpError(409, str(nothing)) from nothing
    return row
