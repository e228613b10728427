"""Rules, what they would have done, who gets what, and how well it is followed up."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.action.conditions import read_all
from rapport.rooms.action.forms import AbsenceForm, ResponsibilityForm, RuleForm
from rapport.rooms.action.models import Responsibility, Rule
from rapport.rooms.action.selectors.duty import absences_for
from rapport.rooms.action.selectors.follow_up import TeamRow, follow_up
from rapport.rooms.action.selectors.preview import preview_rule
from rapport.rooms.action.selectors.rules import rule_rows
from rapport.rooms.action.services.rules import save_rule, switch_rule
from rapport.stats import Estimate

router = Router(tags=["action"])


class RuleOut(Schema):
    """A rule, read back."""

    code: str
    name: str
    active: bool
    version: int
    sentence: str
    cases: int
    open: int


class ScoreIn(Schema):
    """A score a rule asks for: `unhappy`, `at_most` or `at_least`; any metric when none is named."""

    metric: str = ""
    test: str = "unhappy"
    threshold: float | None = None


class RuleIn(Schema):
    """A rule to write; colleagues by e-mail address. It is switched on by a post of its own."""

    name: Annotated[str, Field(min_length=1)]
    score: ScoreIn | None = None
    tier: list[str] = []
    touchpoint: list[str] = []
    stage: list[str] = []
    product: list[str] = []
    region: list[str] = []
    partner: list[str] = []
    kind: list[str] = []
    due_hours: int = 8
    remind_hours: int = 2
    contact_hours: int = 4
    confirm_hours: int = 40
    joins_days: int = 14
    assign_to: str = "owner"
    assignee: str = ""
    turns: list[str] = []
    fallback: str
    playbook: int | None = None
    as_complaint: bool = False


class DryRun(Schema):
    """What a rule would have done with the last year's feedback that the caller may see."""

    days: int
    signals: int
    cases: int
    mine: int
    owners: int


class SwitchIn(Schema):
    """On or off."""

    active: bool


class EstimateOut(Schema):
    """A figure with its range and base, or why there is none."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str | None
    method: str


class TeamOut(Schema):
    """How one team's cases were followed up."""

    name: str
    opened: int
    open: int
    overdue: int
    handed_on: int
    in_time: EstimateOut
    contact_hours: EstimateOut
    first_try: EstimateOut
    reopened: EstimateOut
    confirmed: EstimateOut


class FollowUpOut(Schema):
    """The figures over the cases opened in the last days, and by team."""

    days: int
    total: TeamOut
    teams: list[TeamOut]


class DaysQuery(Schema):
    """How far back to look."""

    days: Annotated[int, Field(ge=1, le=1096)] = 90


class ResponsibilityOut(Schema):
    """Who looks after a place."""

    id: int
    touchpoint: str | None
    product: str | None
    region: str | None
    colleague: str


class ResponsibilityIn(Schema):
    """A place by keys, and the colleague's e-mail address."""

    touchpoint: str = ""
    product: str = ""
    region: str = ""
    colleague: str


class AbsenceOut(Schema):
    """When a colleague is away, and who stands in."""

    id: int
    user: str
    starts_on: date
    ends_on: date
    stand_in: str | None


class AbsenceIn(Schema):
    """An absence; the caller's own when nobody is named."""

    user: str = ""
    starts_on: date
    ends_on: date
    stand_in: str = ""


def colleague_pk(email: str) -> int | str:
    """Find a colleague by e-mail address; none named stays none."""
    found = User.objects.filter(email__iexact=email, is_active=True).values_list("pk", flat=True).first()
    if email and found is None:
        raise HttpError(422, f"There is no colleague {email!r}.")
    return found or ""


def refuse(errors: Any) -> None:
    """Say what is wrong with what was sent, field by field."""
    said = "; ".join(f"{name}: {' '.join(map(str, texts))}" for name, texts in errors.items())
    raise HttpError(422, said.replace("__all__: ", ""))


@router.get("/rules", response=list[RuleOut])
def list_rules(request: HttpRequest) -> list[Any]:
    """List the rules, each read back in a sentence."""
    require(request, Permission.MANAGE_RULES)
    return list(rule_rows())


@router.post("/rules", response={201: RuleOut})
def write_rule(request: HttpRequest, given: RuleIn) -> Status[Any]:
    """Write a rule; it stays switched off until it is switched on."""
    require(request, Permission.MANAGE_RULES)
    score = given.score
    typed: dict[str, Any] = given.dict(exclude={"score"}) | {
        "score_metric": score.metric if score else "",
        "score_test": score.test if score else "",
        "score_threshold": "" if score is None or score.threshold is None else score.threshold,
        "assignee": colleague_pk(given.assignee),
        "fallback": colleague_pk(given.fallback),
        "turns": [colleague_pk(email) for email in given.turns],
    }
    form = RuleForm(typed, instance=Rule(active=False))
    if not form.is_valid():
        refuse(form.errors)
    saved = save_rule(form.instance, now=timezone.now())
    return Status(201, next(row for row in rule_rows() if row.code == saved.code))


@router.get("/rules/{code}/dry-run", response=DryRun)
def try_rule(request: HttpRequest, code: str) -> Any:
    """Say how many cases a rule would have opened in the last year; nothing is written."""
    user = require(request, Permission.MANAGE_RULES)
    rule = get_object_or_404(Rule, code=code)
    return preview_rule(rule, read_all(rule.conditions), user, now=timezone.now())


@router.post("/rules/{code}/switch", response=RuleOut)
def switch(request: HttpRequest, code: str, given: SwitchIn) -> Any:
    """Switch a rule on or off."""
    require(request, Permission.MANAGE_RULES)
    rule = get_object_or_404(Rule, code=code)
    switch_rule(rule, active=given.active)
    return next(row for row in rule_rows() if row.code == code)


@router.get("/follow-up", response=FollowUpOut)
def get_follow_up(request: HttpRequest, query: Query[DaysQuery]) -> dict[str, Any]:
    """Say how well cases are followed up, by team."""
    user = require(request, Permission.SEE_FIGURES)
    found = follow_up(user, days=query.days, now=timezone.now())
    return {"days": found.days, "total": _team(found.total), "teams": [_team(row) for row in found.teams]}


def _team(row: TeamRow) -> dict[str, Any]:
    counts = {name: getattr(row, name) for name in ("name", "opened", "open", "overdue", "handed_on")}
    figures = ("in_time", "contact_hours", "first_try", "reopened", "confirmed")
    return counts | {name: estimate_out(getattr(row, name)) for name in figures}


def estimate_out(figure: Estimate) -> dict[str, Any]:
    """Write an estimate for programs."""
    return {name: getattr(figure, name) for name in ("value", "low", "high", "n", "reason", "method")}


@router.get("/responsibilities", response=list[ResponsibilityOut])
def list_responsibilities(request: HttpRequest) -> list[dict[str, Any]]:
    """List who looks after what."""
    require(request, Permission.MANAGE_RULES)
    return [_responsibility(row) for row in Responsibility.objects.select_related("colleague")]


def _responsibility(row: Responsibility) -> dict[str, Any]:
    return {
        "id": row.pk,
        "touchpoint": row.touchpoint_id,
        "product": row.product_id,
        "region": row.region_id,
        "colleague": row.colleague.email,
    }


@router.post("/responsibilities", response={201: ResponsibilityOut})
def look_after(request: HttpRequest, given: ResponsibilityIn) -> Status[dict[str, Any]]:
    """Say who looks after a place."""
    require(request, Permission.MANAGE_RULES)
    form = ResponsibilityForm(given.dict() | {"colleague": colleague_pk(given.colleague)})
    if not form.is_valid():
        refuse(form.errors)
    return Status(201, _responsibility(form.save()))


@router.delete("/responsibilities/{int:pk}", response={204: None})
def let_go(request: HttpRequest, pk: int) -> Status[None]:
    """Take a line away."""
    require(request, Permission.MANAGE_RULES)
    get_object_or_404(Responsibility, pk=pk).delete()
    return Status(204, None)


@router.get("/absences", response=list[AbsenceOut])
def list_absences(request: HttpRequest) -> list[dict[str, Any]]:
    """List absences of today and later: one's own, or everybody's for who manages rules."""
    user = require(request, Permission.WORK_CASES)
    return [_absence(row) for row in absences_for(user, since=timezone.localdate())]


def _absence(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "user": row.user.email,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "stand_in": row.stand_in.email if row.stand_in else None,
    }


@router.post("/absences", response={201: AbsenceOut})
def add_absence(request: HttpRequest, given: AbsenceIn) -> Status[dict[str, Any]]:
    """Write down an absence."""
    user = require(request, Permission.WORK_CASES)
    people = {"user": colleague_pk(given.user) or user.pk, "stand_in": colleague_pk(given.stand_in)}
    form = AbsenceForm(given.dict() | people, by=user)
    if not form.is_valid():
        refuse(form.errors)
    return Status(201, _absence(form.save()))


@router.delete("/absences/{int:pk}", response={204: None})
def remove_absence(request: HttpRequest, pk: int) -> Status[None]:
    """Take an absence away."""
    user = require(request, Permission.WORK_CASES)
    get_object_or_404(absences_for(user, since=None), pk=pk).delete()
    return Status(204, None)
