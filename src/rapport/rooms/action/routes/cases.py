"""Cases and their steps."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.audit import note_sighting
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.accounts.models import Account
from rapport.rooms.action.models import Case
from rapport.rooms.action.selectors.lists import CaseFilters, filtered
from rapport.rooms.action.selectors.reading import rows_of, with_causes
from rapport.rooms.action.services.handing_on import reassign
from rapport.rooms.action.services.notes import add_note
from rapport.rooms.action.services.snoozing import snooze, wake
from rapport.rooms.action.services.steps import (
    StepRefused,
    acknowledge,
    close_case,
    confirm_fixed,
    deny_fixed,
    record_contact,
    record_fix,
    reopen_case,
    tell_customer,
)
from rapport.rooms.action.services.watching import stop_watching, watch

router = Router(tags=["action"])
MOST = 200


class CaseOut(Schema):
    """A case."""

    code: str
    title: str
    state: str
    account: str | None
    contact: str | None
    owner: str | None
    rule: str | None
    rule_version: int | None
    opened_at: datetime
    due_at: datetime
    overdue: bool
    acknowledged_at: datetime | None
    fixed_at: datetime | None
    customer_told_at: datetime | None
    told_how: str
    told_words: str
    closed_at: datetime | None
    resolution: str
    reopened: int
    contact_due_at: datetime | None
    first_contact_at: datetime | None
    confirm_due_at: datetime | None
    confirmed_at: datetime | None
    snoozed_until: datetime | None
    snooze_reason: str
    handed_on: int
    signals: list[str]


class CaseList(Schema):
    """A stretch of cases, newest first; `next` continues it."""

    cases: list[CaseOut]
    next: str | None = None


class CaseQuery(Schema):
    """What a list of cases is narrowed to."""

    state: list[str] = []
    overdue: bool = False
    account: str = ""
    before: str = ""
    limit: Annotated[int, Field(ge=1, le=MOST)] = 50


class WordsIn(Schema):
    """Words that go with a step."""

    words: Annotated[str, Field(min_length=1)]


class ReassignIn(WordsIn):
    """Who gets the case, by e-mail address, and why."""

    to: str


class TellIn(WordsIn):
    """How and when the customer was told; now, when no time is given."""

    how: str
    told_at: datetime | None = None


class ContactIn(WordsIn):
    """How and when the customer was first spoken to; now, when no time is given."""

    how: str
    at: datetime | None = None


class ConfirmIn(Schema):
    """Whether the customer says it is fixed, and their words."""

    fixed: bool
    words: str = ""


class SnoozeIn(WordsIn):
    """Until when a case is put aside, and why."""

    until: datetime


class WatchIn(Schema):
    """Whether to hear what becomes of a case."""

    watch: bool = True


class EventOut(Schema):
    """Something that happened to a case."""

    kind: str
    at: datetime
    by: str | None
    words: str


class NoteOut(Schema):
    """A note on a case."""

    author: str | None
    written_at: datetime
    text: str


class CaseDetail(CaseOut):
    """A case with its notes and everything that happened."""

    rule_sentence: str
    events: list[EventOut]
    notes: list[NoteOut]


def _case(case: Case, now: datetime) -> dict[str, Any]:
    [row] = rows_of([case], now=now)
    return {
        "code": case.code,
        "title": case.title,
        "state": case.state,
        "account": case.account.code if case.account else None,
        "contact": case.contact.code if case.contact else None,
        "owner": case.owner.email if case.owner else None,
        "rule": case.rule.code if case.rule else None,
        "rule_version": case.rule_version,
        "opened_at": case.opened_at,
        "due_at": case.due_at,
        "overdue": row.overdue,
        "acknowledged_at": case.acknowledged_at,
        "fixed_at": case.fixed_at,
        "customer_told_at": case.customer_told_at,
        "told_how": case.told_how,
        "told_words": case.told_words,
        "closed_at": case.closed_at,
        "resolution": case.resolution,
        "reopened": case.reopened,
        "contact_due_at": case.contact_due_at,
        "first_contact_at": case.first_contact_at,
        "confirm_due_at": case.confirm_due_at,
        "confirmed_at": case.confirmed_at,
        "snoozed_until": case.snoozed_until,
        "snooze_reason": case.snooze_reason,
        "handed_on": case.handed_on,
        "signals": list(dict.fromkeys(str(cause.signal_id) for cause in case.causes.all())),
    }


def _detail(case: Case, user: User, now: datetime) -> dict[str, Any]:
    found = with_causes(Case.objects.visible_to(user).filter(pk=case.pk)).select_related(
        "account", "contact", "owner", "rule"
    )
    shown = found[0]
    return {
        **_case(shown, now),
        "rule_sentence": shown.rule_sentence,
        "events": [
            {
                "kind": event.kind,
                "at": event.at,
                "by": event.by.email if event.by else None,
                "words": event.words,
            }
            for event in shown.events.select_related("by")
        ],
        "notes": [
            {
                "author": note.author.email if note.author else None,
                "written_at": note.written_at,
                "text": note.text,
            }
            for note in shown.notes.select_related("author")
        ],
    }


@router.get("/cases", response=CaseList)
def list_cases(request: HttpRequest, query: Query[CaseQuery]) -> dict[str, Any]:
    """List cases in the caller's scope, newest first."""
    user = require(request, Permission.SEE_CUSTOMERS)
    now = timezone.now()
    account = get_visible(Account, user, code=query.account) if query.account else None
    wanted = CaseFilters(states=tuple(query.state), overdue=query.overdue, account=account)
    cases = filtered(Case.objects.visible_to(user), wanted, now=now).order_by("-pk")
    if query.before:
        cases = cases.filter(pk__lt=_number(query.before))
    found = list(with_causes(cases).select_related("account", "contact", "owner", "rule")[: query.limit + 1])
    page = found[: query.limit]
    return {
        "cases": [_case(case, now) for case in page],
        "next": page[-1].code if len(found) > query.limit else None,
    }


def _number(code: str) -> int:
    digits = code.removeprefix("C")
    if not digits.isdigit():
        raise HttpError(422, f"{code!r} is no code of a case; take it from `next`.")
    return int(digits)


@router.get("/cases/{code}", response=CaseDetail)
def get_case(request: HttpRequest, code: str) -> dict[str, Any]:
    """Get a case with its notes and everything that happened."""
    user = require(request, Permission.SEE_CUSTOMERS)
    now = timezone.now()
    case = get_visible(Case, user, code=code)
    note_sighting(request, user, kind="case", code=case.code, label=case.title, now=now)
    return _detail(case, user, now)


def _step(
    request: HttpRequest,
    code: str,
    act: Callable[[Case, User, datetime], object],
    needs: Permission = Permission.WORK_CASES,
) -> dict[str, Any]:
    user = require(request, needs)
    now = timezone.now()
    case = get_visible(Case, user, code=code)
    try:
        act(case, user, now)
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return _detail(case, user, now)


@router.post("/cases/{code}/acknowledge", response=CaseDetail)
def acknowledge_case(request: HttpRequest, code: str) -> dict[str, Any]:
    """Say that somebody is looking after it."""
    return _step(request, code, lambda case, user, now: acknowledge(case, by=user, now=now))


def _check_zone(name: str, moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise HttpError(422, f"{name}: give the time with its zone, like 2026-09-17T10:41:00+02:00.")


@router.post("/cases/{code}/contact", response=CaseDetail)
def contact_case(request: HttpRequest, code: str, given: ContactIn) -> dict[str, Any]:
    """Write down the first contact with the customer."""
    _check_zone("at", given.at)
    return _step(
        request,
        code,
        lambda case, user, now: record_contact(
            case, by=user, how=given.how, words=given.words, at=given.at or now, now=now
        ),
    )


@router.post("/cases/{code}/confirm", response=CaseDetail)
def confirm_case(request: HttpRequest, code: str, given: ConfirmIn) -> dict[str, Any]:
    """Write down whether the customer says it is fixed; a no opens the case again."""
    answer = confirm_fixed if given.fixed else deny_fixed
    return _step(request, code, lambda case, user, now: answer(case, by=user, words=given.words, now=now))


@router.post("/cases/{code}/snooze", response=CaseDetail)
def snooze_case(request: HttpRequest, code: str, given: SnoozeIn) -> dict[str, Any]:
    """Put a case aside for a reason; its clocks keep running."""
    _check_zone("until", given.until)
    return _step(
        request,
        code,
        lambda case, user, now: snooze(case, by=user, until=given.until, reason=given.words, now=now),
    )


@router.post("/cases/{code}/wake", response=CaseDetail)
def wake_case(request: HttpRequest, code: str) -> dict[str, Any]:
    """Take a case up again."""
    return _step(request, code, lambda case, user, now: wake(case, by=user, now=now))


@router.post("/cases/{code}/watch", response=CaseDetail)
def watch_case(request: HttpRequest, code: str, given: WatchIn) -> dict[str, Any]:
    """Hear what becomes of a case, or no more."""

    def act(case: Case, user: User, now: datetime) -> None:
        if given.watch:
            watch(case, by=user, now=now)
        else:
            stop_watching(case, by=user)

    return _step(request, code, act, Permission.SEE_CUSTOMERS)


@router.post("/cases/{code}/fix", response=CaseDetail)
def fix_case(request: HttpRequest, code: str, given: WordsIn) -> dict[str, Any]:
    """Write down what was done for the customer."""
    return _step(request, code, lambda case, user, now: record_fix(case, by=user, words=given.words, now=now))


@router.post("/cases/{code}/notes", response=CaseDetail)
def note_case(request: HttpRequest, code: str, given: WordsIn) -> dict[str, Any]:
    """Add a note."""
    return _step(request, code, lambda case, user, now: add_note(case, by=user, text=given.words, now=now))


@router.post("/cases/{code}/reassign", response=CaseDetail)
def reassign_case(request: HttpRequest, code: str, given: ReassignIn) -> dict[str, Any]:
    """Hand a case on."""

    def act(case: Case, user: User, now: datetime) -> None:
        to = User.objects.filter(email__iexact=given.to, is_active=True).first()
        if to is None:
            raise StepRefused(f"There is no colleague {given.to!r} who can take it.")
        reassign(case, to=to, by=user, reason=given.words, now=now)

    return _step(request, code, act)


@router.post("/cases/{code}/tell", response=CaseDetail)
def tell_case(request: HttpRequest, code: str, given: TellIn) -> dict[str, Any]:
    """Write down how, when and in which words the customer was told."""
    _check_zone("told_at", given.told_at)
    return _step(
        request,
        code,
        lambda case, user, now: tell_customer(
            case, by=user, how=given.how, words=given.words, told_at=given.told_at or now, now=now
        ),
    )


@router.post("/cases/{code}/close", response=CaseDetail)
def close(request: HttpRequest, code: str, given: WordsIn) -> dict[str, Any]:
    """Close a case whose customer was told."""
    return _step(
        request, code, lambda case, user, now: close_case(case, by=user, resolution=given.words, now=now)
    )


@router.post("/cases/{code}/reopen", response=CaseDetail)
def reopen(request: HttpRequest, code: str, given: WordsIn) -> dict[str, Any]:
    """Open a closed case again."""
    return _step(
        request, code, lambda case, user, now: reopen_case(case, by=user, reason=given.words, now=now)
    )
