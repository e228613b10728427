"""Replies by mail that came from another address than one's own."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.models import TakenMail
from rapport.rooms.action.services import replies
from rapport.rooms.action.services.steps import StepRefused

router = Router(tags=["action"])


class ReplyOut(Schema):
    """A reply that was put aside, and what became of it."""

    id: int
    case_code: str
    sender: str
    taken_at: datetime
    outcome: str
    reason: str
    text: str

    @staticmethod
    def resolve_case_code(taken: TakenMail) -> str:
        return taken.case.code if taken.case else ""


class DecisionIn(Schema):
    """Whether it is one's own."""

    mine: bool


@router.get("/replies", response=list[ReplyOut])
def list_aside(request: HttpRequest) -> list[Any]:
    """List the replies that wait for one's word."""
    user = require(request, Permission.WORK_CASES)
    rows = TakenMail.objects.visible_to(user).filter(outcome=TakenMail.Outcome.ASIDE)
    return list(rows.select_related("case"))


@router.post("/replies/{int:pk}", response=ReplyOut)
def decide(request: HttpRequest, pk: int, given: DecisionIn) -> Any:
    """Take a reply as one's own, or throw it away."""
    taken = get_visible(TakenMail, require(request, Permission.WORK_CASES), pk=pk)
    try:
        if given.mine:
            replies.accept(taken, now=timezone.now())
        else:
            replies.throw_away(taken)
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    taken.refresh_from_db()
    return taken
