"""Playbooks and the checklists they make."""

from datetime import datetime
from typing import Annotated, Any

from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.forms import PlaybookForm
from rapport.rooms.action.models import Case, CaseTask, Playbook
from rapport.rooms.action.routes.rules import colleague_pk, refuse
from rapport.rooms.action.selectors.plays import Outcome, does_it_work
from rapport.rooms.action.services import playbooks
from rapport.rooms.action.services.steps import StepRefused

router = Router(tags=["action"])


class StepBody(Schema):
    """A step; the case's owner does it when nobody is named."""

    text: Annotated[str, Field(min_length=1, max_length=200)]
    colleague: str = ""
    hours: Annotated[int, Field(ge=0, le=2000)] = 8


class PlaybookIn(Schema):
    """A playbook with its steps in order."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    situation: str = ""
    steps: list[StepBody] = []


class PlaybookOut(PlaybookIn):
    """A playbook as it stands."""

    id: int
    active: bool


class PlayIn(Schema):
    """The playbook to start."""

    playbook: int


class TaskOut(Schema):
    """A line of a case's checklist."""

    id: int
    playbook: str
    text: str
    owner: str | None
    due_at: datetime
    done_at: datetime | None


class TickIn(Schema):
    """Done, or not after all."""

    done: bool = True


class OutcomeOut(Schema):
    """An outcome with the play against comparable customers without it."""

    label: str
    with_it: float | None
    without_it: float | None
    difference: float | None
    low: float | None
    high: float | None
    p_adjusted: float | None
    matched: int
    neighbours: int
    unknown: int
    balanced: bool
    proven: bool
    reason: str | None
    method: str


class BalanceOut(Schema):
    """How far apart the two sides are in one trait, in standard deviations."""

    name: str
    before: float | None
    after: float | None


class WorksOut(Schema):
    """Whether a play works, as far as customers the caller may see can tell."""

    played: int
    others: int
    outcomes: list[OutcomeOut]
    balance: list[BalanceOut]


def _book(book: Playbook) -> dict[str, Any]:
    return {
        "id": book.pk,
        "name": book.name,
        "situation": book.situation,
        "active": book.active,
        "steps": [
            {
                "text": step.text,
                "colleague": step.colleague.email if step.colleague else "",
                "hours": step.hours,
            }
            for step in book.steps.select_related("colleague")
        ],
    }


@router.get("/playbooks", response=list[PlaybookOut])
def list_playbooks(request: HttpRequest) -> list[dict[str, Any]]:
    """List the playbooks with their steps."""
    require(request, Permission.WORK_CASES)
    return [_book(book) for book in Playbook.objects.prefetch_related("steps")]


@router.post("/playbooks", response={201: PlaybookOut})
def write_playbook(request: HttpRequest, given: PlaybookIn) -> Status[dict[str, Any]]:
    """Write a playbook with its steps."""
    require(request, Permission.MANAGE_RULES)
    form = PlaybookForm(given.dict())
    if not form.is_valid():
        refuse(form.errors)
    people = [colleague_pk(step.colleague) for step in given.steps]
    with transaction.atomic():
        book = form.save()
        for step, pk in zip(given.steps, people, strict=True):
            colleague = get_object_or_404(User, pk=pk) if pk else None
            playbooks.add_step(book, text=step.text, colleague=colleague, hours=step.hours)
    return Status(201, _book(book))


@router.get("/playbooks/{int:pk}/works", response=WorksOut)
def works(request: HttpRequest, pk: int) -> dict[str, Any]:
    """Compare customers a play was started for with comparable ones without it."""
    user = require(request, Permission.MANAGE_RULES)
    found = does_it_work(get_object_or_404(Playbook, pk=pk), user, now=timezone.now())
    return {
        "played": found.played,
        "others": found.others,
        "outcomes": [_outcome(one) for one in found.outcomes],
        "balance": found.balance,
    }


def _outcome(one: Outcome) -> dict[str, Any]:
    found, difference = one.found, one.found.difference
    sides = {name: getattr(found, name) for name in ("with_it", "without_it", "matched", "neighbours")}
    range_ = {name: getattr(difference, name) for name in ("low", "high", "reason", "method")}
    kept = {name: getattr(one, name) for name in ("label", "p_adjusted", "unknown", "proven")}
    return sides | range_ | kept | {"difference": difference.value, "balanced": found.is_balanced}


def _tasks(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "id": task.pk,
            "playbook": task.playbook.name,
            "text": task.text,
            "owner": task.owner.email if task.owner else None,
            "due_at": task.due_at,
            "done_at": task.done_at,
        }
        for task in case.tasks.select_related("owner", "playbook")
    ]


@router.get("/cases/{code}/tasks", response=list[TaskOut])
def list_tasks(request: HttpRequest, code: str) -> list[dict[str, Any]]:
    """List a case's checklist."""
    user = require(request, Permission.SEE_CUSTOMERS)
    return _tasks(get_visible(Case, user, code=code))


@router.post("/cases/{code}/tasks", response=list[TaskOut])
def play(request: HttpRequest, code: str, given: PlayIn) -> list[dict[str, Any]]:
    """Start a playbook on a case."""
    user = require(request, Permission.WORK_CASES)
    case = get_visible(Case, user, code=code)
    book = get_visible(Playbook, user, pk=given.playbook)
    try:
        playbooks.start(case, book, by=user, now=timezone.now())
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return _tasks(case)


@router.post("/cases/{code}/tasks/{int:pk}", response=list[TaskOut])
def tick(request: HttpRequest, code: str, pk: int, given: TickIn) -> list[dict[str, Any]]:
    """Tick a step off, or take the tick back."""
    user = require(request, Permission.WORK_CASES)
    case = get_visible(Case, user, code=code)
    task = get_object_or_404(CaseTask, case=case, pk=pk)
    try:
        if given.done:
            playbooks.tick(task, by=user, now=timezone.now())
        else:
            playbooks.untick(task)
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return _tasks(case)
