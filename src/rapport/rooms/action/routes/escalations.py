"""Escalations: the list, one of them, taking it on, ending it, and the levels."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.forms import LevelForm
from rapport.rooms.action.models import Case, Escalation, EscalationLevel
from rapport.rooms.action.routes.rules import colleague_pk, refuse
from rapport.rooms.action.selectors.escalations import lately_over, open_escalations, rows_of
from rapport.rooms.action.services.escalation import acknowledge_escalation, end_escalation, escalate
from rapport.rooms.action.services.steps import StepRefused

router = Router(tags=["action"])


class EscalationOut(Schema):
    """An escalation."""

    code: str
    case_code: str
    title: str
    account: str
    tier: str
    worth: float
    currency: str
    level: str
    number: int
    reason: str
    words: str
    raised_at: datetime
    responder: str
    taken_on_by: str
    taken_on_at: datetime | None
    unanswered: bool
    ended_at: datetime | None
    changes: str
    on_list: bool


class EscalateIn(Schema):
    """Why a case has to go up."""

    words: Annotated[str, Field(min_length=1)]


class SummaryIn(Schema):
    """The one page about an escalation that is over."""

    what_happened: Annotated[str, Field(min_length=1)]
    what_we_did: Annotated[str, Field(min_length=1)]
    what_changes: Annotated[str, Field(min_length=1)]


class LevelIn(Schema):
    """A level; the responder by e-mail address, the words one a line."""

    number: int
    name: Annotated[str, Field(min_length=1)]
    responder: str
    acknowledge_minutes: int = 60
    after_hours: int | None = None
    tiers: list[str] = []
    words: str = ""
    on_list: bool = False
    active: bool = True


class LevelOut(LevelIn):
    """A level as it stands."""


def _out(escalation: Escalation) -> Any:
    [row] = rows_of(Escalation.objects.filter(pk=escalation.pk).select_related("case__account", "level"))
    return row


@router.get("/escalations", response=list[EscalationOut])
def list_escalations(request: HttpRequest) -> list[Any]:
    """List what is escalated now, what nobody answered first, then what ended in the last 30 days."""
    user = require(request, Permission.SEE_CUSTOMERS)
    return [*open_escalations(user), *lately_over(user, now=timezone.now())]


@router.get("/escalations/{code}", response=EscalationOut)
def get_escalation(request: HttpRequest, code: str) -> Any:
    """Get one escalation."""
    user = require(request, Permission.SEE_CUSTOMERS)
    return _out(get_visible(Escalation, user, code=code))


def _act(request: HttpRequest, code: str, act: Callable[[Escalation, User], Escalation]) -> Any:
    user = require(request, Permission.SEE_CUSTOMERS)
    escalation = get_visible(Escalation, user, code=code)
    try:
        return _out(act(escalation, user))
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal


@router.post("/cases/{code}/escalate", response=EscalationOut)
def escalate_case(request: HttpRequest, code: str, given: EscalateIn) -> Any:
    """Call the next level up."""
    user = require(request, Permission.WORK_CASES)
    case = get_visible(Case, user, code=code)
    try:
        return _out(escalate(case, by=user, words=given.words, now=timezone.now()))
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal


@router.post("/escalations/{code}/acknowledge", response=EscalationOut)
def take_on(request: HttpRequest, code: str) -> Any:
    """Take an escalation on."""
    return _act(request, code, lambda one, user: acknowledge_escalation(one, by=user, now=timezone.now()))


@router.post("/escalations/{code}/end", response=EscalationOut)
def end(request: HttpRequest, code: str, given: SummaryIn) -> Any:
    """Sum an escalation up and end it."""
    return _act(
        request,
        code,
        lambda one, user: end_escalation(
            one,
            by=user,
            happened=given.what_happened,
            did=given.what_we_did,
            changes=given.what_changes,
            now=timezone.now(),
        ),
    )


@router.get("/escalation-levels", response=list[LevelOut])
def list_levels(request: HttpRequest) -> list[dict[str, Any]]:
    """List the levels, lowest first."""
    require(request, Permission.MANAGE_RULES)
    return [_level(level) for level in EscalationLevel.objects.select_related("responder")]


def _level(level: EscalationLevel) -> dict[str, Any]:
    given = {name: getattr(level, name) for name in LevelIn.model_fields if name != "responder"}
    return given | {"responder": level.responder.email}


@router.put("/escalation-levels", response={200: LevelOut})
def put_level(request: HttpRequest, given: LevelIn) -> Status[dict[str, Any]]:
    """Write a level by its number, new or changed."""
    require(request, Permission.MANAGE_RULES)
    known = EscalationLevel.objects.filter(number=given.number).first()
    typed = given.dict() | {"responder": colleague_pk(given.responder)}
    form = LevelForm(typed, instance=known or EscalationLevel())
    if not form.is_valid():
        refuse(form.errors)
    return Status(200, _level(form.save()))
