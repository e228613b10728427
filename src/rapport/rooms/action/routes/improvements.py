"""Improvements: the ranked list, one of them, and its steps."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.forms.improving import ImprovementForm
from rapport.rooms.action.models import Case, CorrectiveAction, Improvement
from rapport.rooms.action.routes.rules import EstimateOut, colleague_pk, estimate_out, refuse
from rapport.rooms.action.selectors.improvements import (
    baseline_of,
    ranked,
    sees_all,
    share_that_held,
    shown_looks,
)
from rapport.rooms.action.selectors.problems import Weight, weight_of
from rapport.rooms.action.services import improving
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.signals.models import Signal

router = Router(tags=["action"])


class WeightOut(Schema):
    """What a problem touches."""

    share: EstimateOut
    accounts: int
    worth: float
    at_stake: float
    currency: str


class ImprovementRowOut(Schema):
    """An improvement in the ranked list."""

    code: str
    title: str
    places: str
    state: str
    owner: str
    function: str
    weight: WeightOut
    cases: int
    verdict: str
    came_back: int


class RankedOut(Schema):
    """The improvements by what is surely at stake, and the share of fixes that held."""

    improvements: list[ImprovementRowOut]
    held: EstimateOut


class LookOut(Schema):
    """One weekly look; its numbers only for who sees every customer."""

    week: date
    n: int | None
    unhappy: int | None
    verdict: str
    change: float | None
    low: float | None
    high: float | None
    evidence: float | None
    method: str
    words: str


class ImprovementOut(Schema):
    """An improvement with its causes, actions, cases and looks."""

    code: str
    title: str
    problem: str
    metric: str
    places: dict[str, list[str]]
    state: str
    owner: str
    function: str | None
    shipped_on: date | None
    expected_share: float | None
    baseline_n: int | None
    baseline_unhappy: int | None
    needed_n: int | None
    came_back: int
    weight: WeightOut
    whys: list[dict[str, str]]
    causes: list[dict[str, str]]
    actions: list[dict[str, Any]]
    cases: list[str]
    looks: list[LookOut]


class ImprovementIn(Schema):
    """A problem of many customers; the owner by e-mail address, places by keys."""

    title: Annotated[str, Field(min_length=1)]
    problem: Annotated[str, Field(min_length=1)]
    metric: str = "nps"
    touchpoint: list[str] = []
    product: list[str] = []
    region: list[str] = []
    partner: list[str] = []
    tier: list[str] = []
    function: str = ""
    owner: str
    cases: list[str] = []


class WhyIn(Schema):
    """The next of the whys."""

    answer: Annotated[str, Field(min_length=1, max_length=200)]
    evidence: Annotated[str, Field(max_length=200)] = ""
    signal: UUID | None = None


class CauseIn(Schema):
    """A cause: possible, proven or ruled_out; the latter two with evidence."""

    family: Annotated[str, Field(min_length=1, max_length=60)]
    text: Annotated[str, Field(min_length=1, max_length=120)]
    standing: str = "possible"
    evidence: Annotated[str, Field(max_length=200)] = ""
    signal: UUID | None = None


class ActionIn(Schema):
    """A corrective action; the owner by e-mail address."""

    text: Annotated[str, Field(min_length=1, max_length=200)]
    owner: str
    due_on: date
    cost: Decimal | None = None


class ShipIn(Schema):
    """From when the change is in force, since when the trouble was there, and the share expected after."""

    on: date
    since: date | None = None
    expected_share: Annotated[float, Field(ge=0, lt=1)]


class DropIn(Schema):
    """Why it is given up."""

    why: Annotated[str, Field(min_length=1)]


class LinkIn(Schema):
    """A case that is one of the problem."""

    case: str


def _weight(weight: Weight) -> dict[str, Any]:
    return {
        "share": estimate_out(weight.share),
        "accounts": weight.accounts,
        "worth": weight.worth,
        "at_stake": weight.at_stake,
        "currency": weight.currency,
    }


def _out(one: Improvement, user: User, now: datetime) -> dict[str, Any]:
    one = Improvement.objects.select_related("metric", "owner").get(pk=one.pk)
    kept = (*("code", "title", "problem", "places", "state", "shipped_on", "expected_share", "came_back"),)
    baseline = baseline_of(one, user)
    return {name: getattr(one, name) for name in kept} | {
        "needed_n": one.needed_n if sees_all(user) else None,
        "baseline_n": baseline.n if baseline else None,
        "baseline_unhappy": baseline.unhappy if baseline else None,
        "metric": one.metric_id,
        "owner": one.owner.email,
        "function": one.function_id,
        "weight": _weight(weight_of(one.metric, one.places, user, now=now)),
        "whys": list(one.whys.values("answer", "evidence")),
        "causes": list(one.causes.values("family", "text", "standing", "evidence")),
        "actions": [_action(action) for action in one.actions.select_related("owner")],
        "cases": list(
            Case.objects.visible_to(user)
            .filter(improvements=one)
            .order_by("pk")
            .values_list("code", flat=True)
        ),
        "looks": list(reversed(shown_looks(one, user))),
    }


def _action(action: CorrectiveAction) -> dict[str, Any]:
    return {
        "id": action.pk,
        "text": action.text,
        "owner": action.owner.email,
        "due_on": action.due_on,
        "cost": action.cost,
        "done_on": action.done_on,
    }


@router.get("/improvements", response=RankedOut)
def list_improvements(request: HttpRequest) -> dict[str, Any]:
    """List improvements by what is surely at stake."""
    user = require(request, Permission.SEE_FIGURES)
    rows = ranked(user, now=timezone.now())
    names = ("code", "title", "places", "state", "owner", "function", "cases", "verdict", "came_back")
    return {
        "improvements": [
            {name: getattr(row, name) for name in names} | {"weight": _weight(row.weight)} for row in rows
        ],
        "held": estimate_out(share_that_held(user)),
    }


@router.get("/improvements/{code}", response=ImprovementOut)
def get_improvement(request: HttpRequest, code: str) -> dict[str, Any]:
    """Get one improvement."""
    user = require(request, Permission.SEE_FIGURES)
    return _out(get_visible(Improvement, user, code=code), user, timezone.now())


@router.post("/improvements", response={201: ImprovementOut})
def write_improvement(request: HttpRequest, given: ImprovementIn) -> Status[dict[str, Any]]:
    """Write down a problem of many customers."""
    user = require(request, Permission.WORK_CASES)
    form = ImprovementForm(given.dict() | {"owner": colleague_pk(given.owner)})
    if not form.is_valid():
        refuse(form.errors)
    data = form.cleaned_data
    made = improving.find_problem(
        title=data["title"],
        problem=data["problem"],
        metric=data["metric"],
        places=form.places(),
        owner=data["owner"],
        function=data["function"],
        by=user,
        now=timezone.now(),
        cases=[get_visible(Case, user, code=code) for code in given.cases],
    )
    return Status(201, _out(made, user, timezone.now()))


def _step(request: HttpRequest, code: str, act: Callable[[Improvement, User], object]) -> dict[str, Any]:
    user = require(request, Permission.WORK_CASES)
    one = get_visible(Improvement, user, code=code)
    try:
        act(one, user)
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return _out(one, user, timezone.now())


def _signal(user: User, pk: UUID | None) -> Signal | None:
    return get_visible(Signal, user, pk=pk) if pk else None


@router.post("/improvements/{code}/whys", response=ImprovementOut)
def say_why(request: HttpRequest, code: str, given: WhyIn) -> dict[str, Any]:
    """Say the next of the five whys."""
    return _step(
        request,
        code,
        lambda one, user: improving.say_why(
            one, answer=given.answer, evidence=given.evidence, signal=_signal(user, given.signal)
        ),
    )


@router.post("/improvements/{code}/causes", response=ImprovementOut)
def name_cause(request: HttpRequest, code: str, given: CauseIn) -> dict[str, Any]:
    """Put a cause on the fishbone, or judge one."""
    return _step(
        request,
        code,
        lambda one, user: improving.name_cause(
            one,
            family=given.family,
            text=given.text,
            standing=given.standing,
            evidence=given.evidence,
            signal=_signal(user, given.signal),
        ),
    )


@router.post("/improvements/{code}/actions", response=ImprovementOut)
def plan_action(request: HttpRequest, code: str, given: ActionIn) -> dict[str, Any]:
    """Plan a corrective action."""
    owner = get_object_or_404(User, pk=colleague_pk(given.owner) or 0)
    return _step(
        request,
        code,
        lambda one, user: improving.plan_action(
            one, text=given.text, owner=owner, due_on=given.due_on, cost=given.cost
        ),
    )


@router.post("/improvements/{code}/actions/{int:pk}/done", response=ImprovementOut)
def finish_action(request: HttpRequest, code: str, pk: int) -> dict[str, Any]:
    """Say that an action is done."""

    def act(one: Improvement, user: User) -> None:
        found = get_object_or_404(CorrectiveAction, improvement=one, pk=pk)
        improving.finish_action(found, on=timezone.localdate())

    return _step(request, code, act)


@router.post("/improvements/{code}/ship", response=ImprovementOut)
def ship(request: HttpRequest, code: str, given: ShipIn) -> dict[str, Any]:
    """Say from when the change is in force."""
    return _step(
        request,
        code,
        lambda one, user: improving.put_in_force(
            one,
            on=given.on,
            since=given.since,
            expected_share=given.expected_share,
            now=timezone.now(),
            by=user,
        ),
    )


@router.post("/improvements/{code}/rethink", response=ImprovementOut)
def rethink(request: HttpRequest, code: str) -> dict[str, Any]:
    """Open an improvement again whose change does no better."""
    return _step(request, code, lambda one, user: improving.rethink(one))


@router.post("/improvements/{code}/drop", response=ImprovementOut)
def drop(request: HttpRequest, code: str, given: DropIn) -> dict[str, Any]:
    """Give an improvement up."""
    return _step(request, code, lambda one, user: improving.give_up(one, why=given.why))


@router.post("/improvements/{code}/cases", response=ImprovementOut)
def link(request: HttpRequest, code: str, given: LinkIn) -> dict[str, Any]:
    """Say that a case is one of the problem."""
    return _step(
        request,
        code,
        lambda one, user: improving.link_case(one, get_visible(Case, user, code=given.case)),
    )
