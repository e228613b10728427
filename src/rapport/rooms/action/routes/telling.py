"""Telling customers, promises, letters and what is published."""

from datetime import date, datetime
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.accounts.models import Account
from rapport.rooms.action.forms.telling import LetterForm
from rapport.rooms.action.models import Case, Improvement, LetterTemplate, Promise, Publication, Telling
from rapport.rooms.action.routes.rules import EstimateOut, colleague_pk, estimate_out, refuse
from rapport.rooms.action.selectors.telling import fixed_share, letters_of, promise_figures, seen_share
from rapport.rooms.action.services import promises, telling
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.catalog.models import Region

router = Router(tags=["action"])


class PersonOut(Schema):
    """Somebody who raised it; with a reason when they are left out."""

    contact: str
    name: str
    language: str
    left_out: str = ""


class DraftIn(Schema):
    """What changed, by language; our own language must be among them."""

    words: dict[str, str]


class LetterOut(Schema):
    """One person's letter and what became of it."""

    contact_code: str
    language: str
    subject: str
    text: str
    mail: str
    seen_at: datetime | None
    answered: bool
    fixed: bool | None
    words: str


class TellingOut(Schema):
    """A round of letters."""

    code: str
    drafted_at: datetime
    sent_at: datetime | None
    dropped_at: datetime | None
    fixed: EstimateOut
    seen: EstimateOut
    letters: list[LetterOut]


class TemplateIn(Schema):
    """The letter in one language; approved at once when asked for."""

    subject: Annotated[str, Field(min_length=1, max_length=200)]
    body: Annotated[str, Field(min_length=1)]
    approve: bool = False


class TemplateOut(Schema):
    """The letter in one language."""

    language: str
    subject: str
    body: str
    approved_at: datetime | None


class PromiseIn(Schema):
    """A promise to a customer; the owner by e-mail address."""

    account: str
    case: str = ""
    words: Annotated[str, Field(min_length=1, max_length=300)]
    owner: str
    due_on: date


class PromiseOut(Schema):
    """A promise and what became of it."""

    id: int
    account: str
    case: str | None
    words: str
    owner: str
    due_on: date
    kept_on: date | None
    broken_on: date | None
    outcome: str


class LedgerOut(Schema):
    """The promises one may see, and the share kept by their day."""

    open: int
    late: int
    kept: EstimateOut
    promises: list[PromiseOut]


class SettleIn(Schema):
    """Whether it was kept; a broken one needs the reason."""

    kept: bool
    outcome: Annotated[str, Field(max_length=300)] = ""


class PublicationIn(Schema):
    """What the public reads; for one region, or for everybody."""

    you_said: Annotated[str, Field(min_length=1)]
    we_did: Annotated[str, Field(min_length=1)]
    region: str = ""


class PublicationOut(Schema):
    """Something published."""

    id: int
    you_said: str
    we_did: str
    region: str | None
    published_at: datetime
    withdrawn_at: datetime | None


def _about(user: User, kind: str, code: str) -> Case | Improvement:
    if kind == "cases":
        return get_visible(Case, user, code=code)
    return get_visible(Improvement, user, code=code)


def _people(user: User, kind: str, code: str) -> list[dict[str, str]]:
    raised = telling.who_raised(_about(user, kind, code), user)
    willing = [
        {"contact": one.code, "name": one.name, "language": telling.language_of(one)} for one in raised.people
    ]
    return willing + [
        {
            "contact": left.contact.code,
            "name": left.contact.name,
            "language": telling.language_of(left.contact),
            "left_out": left.reason,
        }
        for left in raised.left_out
    ]


def _out(one: Telling) -> dict[str, Any]:
    one.refresh_from_db()
    kept = {name: getattr(one, name) for name in ("code", "drafted_at", "sent_at", "dropped_at")}
    return kept | {
        "fixed": estimate_out(fixed_share(one)),
        "seen": estimate_out(seen_share(one)),
        "letters": letters_of(one),
    }


@router.get("/cases/{code}/raised-by", response=list[PersonOut])
def case_raised_by(request: HttpRequest, code: str) -> list[dict[str, str]]:
    """List everybody who raised a case, and who of them is not written to."""
    return _people(require(request, Permission.WORK_CASES), "cases", code)


@router.get("/improvements/{code}/raised-by", response=list[PersonOut])
def improvement_raised_by(request: HttpRequest, code: str) -> list[dict[str, str]]:
    """List everybody who raised a problem, and who of them is not written to."""
    return _people(require(request, Permission.WORK_CASES), "improvements", code)


def _draft(request: HttpRequest, kind: str, code: str, given: DraftIn) -> Status[dict[str, Any]]:
    user = require(request, Permission.WORK_CASES)
    about = _about(user, kind, code)
    try:
        made = telling.draft(about, words=given.words, by=user, now=timezone.now())
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return Status(201, _out(made))


@router.post("/cases/{code}/tellings", response={201: TellingOut})
def draft_about_case(request: HttpRequest, code: str, given: DraftIn) -> Status[dict[str, Any]]:
    """Draft letters to everybody who raised a case; nothing is sent."""
    return _draft(request, "cases", code, given)


@router.post("/improvements/{code}/tellings", response={201: TellingOut})
def draft_about_improvement(request: HttpRequest, code: str, given: DraftIn) -> Status[dict[str, Any]]:
    """Draft letters to everybody who raised a problem; nothing is sent."""
    return _draft(request, "improvements", code, given)


@router.get("/tellings/{code}", response=TellingOut)
def get_telling(request: HttpRequest, code: str) -> dict[str, Any]:
    """Get a round of letters with the answers."""
    return _out(get_visible(Telling, require(request, Permission.WORK_CASES), code=code))


@router.post("/tellings/{code}/send", response=TellingOut)
def send(request: HttpRequest, code: str) -> dict[str, Any]:
    """Send the drafts, each once."""
    user = require(request, Permission.WORK_CASES)
    one = get_visible(Telling, user, code=code)
    try:
        telling.send(one, by=user, now=timezone.now())
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return _out(one)


@router.post("/tellings/{code}/drop", response=TellingOut)
def drop(request: HttpRequest, code: str) -> dict[str, Any]:
    """Drop the drafts."""
    one = get_visible(Telling, require(request, Permission.WORK_CASES), code=code)
    try:
        telling.drop(one, now=timezone.now())
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return _out(one)


@router.get("/letters", response=list[TemplateOut])
def list_letters(request: HttpRequest) -> list[Any]:
    """List the letters by language."""
    require(request, Permission.MANAGE_RULES)
    return list(LetterTemplate.objects.all())


@router.put("/letters/{language}", response=TemplateOut)
def put_letter(request: HttpRequest, language: str, given: TemplateIn) -> Any:
    """Write the letter in a language; a changed letter has to be approved again."""
    user = require(request, Permission.MANAGE_RULES)
    if language not in dict(settings.LANGUAGES):
        raise HttpError(404, "We do not write in that language.")
    row = LetterTemplate.objects.filter(language=language).first() or LetterTemplate(language=language)
    form = LetterForm(given.dict(), instance=row)
    if not form.is_valid():
        refuse(form.errors)
    form.instance.approved_at = form.instance.approved_by = None
    saved = form.save()
    if given.approve:
        telling.approve(saved, by=user, now=timezone.now())
    return saved


def _promise(one: Promise) -> dict[str, Any]:
    kept = ("words", "due_on", "kept_on", "broken_on", "outcome")
    return {name: getattr(one, name) for name in kept} | {
        "id": one.pk,
        "account": one.account.code,
        "case": one.case.code if one.case else None,
        "owner": one.owner.email,
    }


@router.get("/promises", response=LedgerOut)
def list_promises(request: HttpRequest) -> dict[str, Any]:
    """List promises, the latest due first."""
    user = require(request, Permission.WORK_CASES)
    figures = promise_figures(user, today=timezone.localdate())
    rows = Promise.objects.visible_to(user).select_related("account", "case", "owner").order_by("-due_on")
    return {
        "open": figures.open,
        "late": figures.late,
        "kept": estimate_out(figures.kept),
        "promises": [_promise(one) for one in rows[:500]],
    }


@router.post("/promises", response={201: PromiseOut})
def make_promise(request: HttpRequest, given: PromiseIn) -> Status[dict[str, Any]]:
    """Write a promise down."""
    user = require(request, Permission.WORK_CASES)
    made = promises.promise(
        account=get_visible(Account, user, code=given.account),
        case=get_visible(Case, user, code=given.case) if given.case else None,
        words=given.words,
        owner=get_object_or_404(User, pk=colleague_pk(given.owner) or 0),
        due_on=given.due_on,
        by=user,
        now=timezone.now(),
    )
    return Status(201, _promise(made))


@router.post("/promises/{int:pk}/settle", response=PromiseOut)
def settle(request: HttpRequest, pk: int, given: SettleIn) -> dict[str, Any]:
    """Say that a promise was kept, or broken and why."""
    user = require(request, Permission.WORK_CASES)
    one = get_visible(Promise, user, pk=pk)
    try:
        act = promises.keep if given.kept else promises.give_up_promise
        act(one, on=timezone.localdate(), outcome=given.outcome)
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    one.refresh_from_db()
    return _promise(one)


def _publication(one: Publication) -> dict[str, Any]:
    kept = ("you_said", "we_did", "published_at", "withdrawn_at")
    return {name: getattr(one, name) for name in kept} | {"id": one.pk, "region": one.region_id}


@router.post("/improvements/{code}/publications", response={201: PublicationOut})
def publish(request: HttpRequest, code: str, given: PublicationIn) -> Status[dict[str, Any]]:
    """Publish what was said and done about an improvement in force."""
    user = require(request, Permission.MANAGE_RULES)
    one = get_visible(Improvement, user, code=code)
    region = get_visible(Region, user, pk=given.region) if given.region else None
    try:
        made = promises.publish(
            one, you_said=given.you_said, we_did=given.we_did, region=region, by=user, now=timezone.now()
        )
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return Status(201, _publication(made))


@router.post("/publications/{int:pk}/withdraw", response=PublicationOut)
def withdraw(request: HttpRequest, pk: int) -> dict[str, Any]:
    """Take something off the public page."""
    one = get_visible(Publication, require(request, Permission.MANAGE_RULES), pk=pk)
    promises.withdraw(one, now=timezone.now())
    one.refresh_from_db()
    return _publication(one)
