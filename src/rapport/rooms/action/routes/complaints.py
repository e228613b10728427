"""Complaints: the register, their track, their times, the figures of a year, and letters for one purpose."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.action.forms.complaints import LetterTextForm
from rapport.rooms.action.models import Case, Complaint, ComplaintCategory, LetterText, Severity
from rapport.rooms.action.routes.rules import EstimateOut, colleague_pk, estimate_out, refuse
from rapport.rooms.action.selectors import complaints as reading
from rapport.rooms.action.selectors.colleagues import case_workers
from rapport.rooms.action.services import complaints, letters
from rapport.rooms.action.services.steps import StepRefused
from rapport.stats import Difference

router = Router(tags=["action"])
MOST = 200
T = TypeVar("T")


class MoneyOut(Schema):
    """An amount in a currency."""

    amount: Decimal
    currency: str


class ComplaintOut(Schema):
    """A complaint as the register has it; its case has the rest."""

    code: str
    title: str
    account: str | None
    category: str
    severity: str
    received_at: datetime
    received_how: str
    step: str
    late: bool
    acknowledge_due_at: datetime
    acknowledged_at: datetime | None
    resolve_due_at: datetime
    decision: str
    told_at: datetime | None
    satisfied: bool | None
    referred_to: str
    closed_at: datetime | None
    reopened: int
    costs: list[MoneyOut]


class FindingOut(Schema):
    """What was found out."""

    text: str
    found_at: datetime


class RemedyOut(Schema):
    """What the customer was given."""

    kind: str
    words: str
    cost: Decimal | None
    currency: str


class ComplaintDetail(ComplaintOut):
    """A complaint with its investigation, decision and remedies."""

    root_cause: str
    decision_reasons: str
    decided_at: datetime | None
    findings: list[FindingOut]
    remedies: list[RemedyOut]


class ComplaintList(Schema):
    """A stretch of complaints, the latest taken up first; `next` continues it."""

    complaints: list[ComplaintOut]
    next: int | None = None


class ComplaintQuery(Schema):
    """What the register is narrowed to."""

    step: list[str] = []
    year: list[str] = []
    severity: list[str] = []
    decision: list[str] = []
    region: list[str] = []
    product: list[str] = []
    late: bool = False
    before: int | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = 50


class RegisterIn(Schema):
    """How a complaint reached us; now, when no time is given. The category by its name."""

    how: str
    at: datetime | None = None
    severity: str = Severity.SERIOUS
    category: str = ""


class ReceiveIn(RegisterIn):
    """A complaint as it reached a colleague; the owner by e-mail address, the caller when nobody is named."""

    account: str
    contact: str = ""
    words: Annotated[str, Field(min_length=1)]
    owner: str = ""


class ReceiptIn(Schema):
    """How the receipt was confirmed; by the approved letter when nothing is given."""

    how: str = ""
    words: str = ""
    at: datetime | None = None


class FindingIn(Schema):
    """What was found out."""

    words: Annotated[str, Field(min_length=1)]


class DecisionIn(Schema):
    """The decision (`upheld`, `partly`, `rejected`) with its reasons."""

    decision: str
    reasons: Annotated[str, Field(min_length=1)]
    root_cause: str = ""


class RemedyIn(Schema):
    """What the customer was given; a cost needs its currency."""

    kind: str
    words: Annotated[str, Field(min_length=1, max_length=300)]
    cost: Decimal | None = None
    currency: str = ""


class ReferIn(Schema):
    """To whom the customer took it."""

    to: Annotated[str, Field(min_length=1, max_length=120)]
    words: str = ""


class TermOut(Schema):
    """Within how many working hours complaints of a severity are confirmed and decided."""

    severity: str
    acknowledge_hours: int
    resolve_hours: int


class ChangeOut(Schema):
    """A tested difference to the year before, or why there is none."""

    value: float | None
    low: float | None
    high: float | None
    proven: bool
    reason: str | None


class YearOut(Schema):
    """What became of the complaints received in one stretch of time."""

    since: date
    until: date
    received: int
    decided: int
    told: int
    unanswered: int
    referred: int
    acknowledge_hours: EstimateOut
    resolve_hours: EstimateOut
    acknowledged_in_time: EstimateOut
    resolved_in_time: EstimateOut
    upheld: EstimateOut
    satisfied: EstimateOut
    reopened: EstimateOut
    costs: list[MoneyOut]


class GroupOut(Schema):
    """The complaints of one category, product or region."""

    name: str
    received: int
    upheld: EstimateOut
    resolve_hours: EstimateOut
    in_target: EstimateOut


class ReportOut(Schema):
    """The figures of a year, of the year before, and the differences."""

    year: int
    now: YearOut
    before: YearOut
    changes: dict[str, ChangeOut]
    by_category: list[GroupOut]
    by_product: list[GroupOut]
    by_region: list[GroupOut]


class LetterTextIn(Schema):
    """The words of a letter; approved at once when asked for."""

    subject: Annotated[str, Field(min_length=1, max_length=200)]
    body: Annotated[str, Field(min_length=1)]
    approve: bool = False


class LetterTextOut(Schema):
    """The words of a letter for one purpose in one language."""

    purpose: str
    language: str
    subject: str
    body: str
    approved_at: datetime | None


def _row(complaint: Complaint, now: datetime) -> dict[str, Any]:
    row = reading.row_of(complaint, now=now)
    return {
        "code": row.code,
        "title": row.title,
        "account": row.account_code or None,
        "category": row.category,
        "severity": row.severity,
        "received_at": row.received_at,
        "received_how": complaint.received_how,
        "step": row.step,
        "late": row.late,
        "acknowledge_due_at": row.acknowledge_due_at,
        "acknowledged_at": row.acknowledged_at,
        "resolve_due_at": row.resolve_due_at,
        "decision": row.decision,
        "told_at": row.told_at,
        "satisfied": row.satisfied,
        "referred_to": row.referred_to,
        "closed_at": row.closed_at,
        "reopened": row.reopened,
        "costs": list(row.costs),
    }


def _detail(case: Case, now: datetime) -> dict[str, Any]:
    track = reading.track_of(case, now=now)
    if track is None:
        raise HttpError(404, f"{case.code} is not handled as a complaint.")
    complaint = track.complaint
    return {
        **_row(complaint, now),
        "root_cause": complaint.root_cause,
        "decision_reasons": complaint.decision_reasons,
        "decided_at": complaint.decided_at,
        "findings": [{"text": one.text, "found_at": one.found_at} for one in track.findings],
        "remedies": list(track.remedies),
    }


@router.get("/complaints", response=ComplaintList)
def list_complaints(request: HttpRequest, query: Query[ComplaintQuery]) -> dict[str, Any]:
    """List complaints in the caller's scope."""
    user = require(request, Permission.SEE_CUSTOMERS)
    now = timezone.now()
    wanted = reading.ComplaintFilters(
        years=tuple(query.year),
        steps=tuple(query.step),
        late=query.late,
        severities=tuple(query.severity),
        decisions=tuple(query.decision),
        regions=tuple(query.region),
        products=tuple(query.product),
    )
    found = reading.narrowed(Complaint.objects.visible_to(user), wanted, now=now).order_by("-pk")
    if query.before is not None:
        found = found.filter(pk__lt=query.before)
    rows = list(reading.with_answers(found)[: query.limit + 1])
    page = rows[: query.limit]
    return {
        "complaints": [_row(one, now) for one in page],
        "next": page[-1].pk if len(rows) > query.limit else None,
    }


@router.post("/complaints", response={201: ComplaintDetail})
def receive(request: HttpRequest, given: ReceiveIn) -> Status[Any]:
    """Write down a complaint that has reached us: as feedback, as a case, and as a complaint."""
    user = require(request, Permission.WORK_CASES)
    now = timezone.now()
    account = get_visible(Account, user, code=given.account)
    contact = get_visible(Contact, user, code=given.contact) if given.contact else None
    if contact and not Account.objects.subtree_of(account).filter(pk=contact.account_id).exists():
        raise HttpError(422, f"contact: {given.contact} is nobody at {given.account}.")
    made = _refusing(
        lambda: complaints.receive(
            account=account,
            contact=contact,
            words=given.words,
            receipt=_receipt(given, now),
            owner=_owner(given.owner, user),
            by=user,
            now=now,
        )
    )
    return Status(201, _detail(made.case, now))


def _owner(email: str, user: User) -> User:
    if not email:
        return user
    workers = case_workers()
    if user.role.startswith("partner_"):
        workers = workers.filter(pk=user.pk)
    found = workers.filter(pk=colleague_pk(email)).first()
    if found is None:
        raise HttpError(422, f"owner: {email!r} is no colleague who works on cases.")
    return found


def _receipt(given: RegisterIn, now: datetime) -> complaints.Receipt:
    _check_zone(given.at)
    category = None
    if given.category:
        category = ComplaintCategory.objects.filter(name__iexact=given.category, active=True).first()
        if category is None:
            raise HttpError(422, f"category: there is no category {given.category!r} in use.")
    return complaints.Receipt(given.how, given.at or now, given.severity, category)


def _check_zone(moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise HttpError(422, "at: give the time with its zone, like 2026-09-17T10:41:00+02:00.")


def _refusing(act: Callable[[], T]) -> T:
    try:
        return act()
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal


@router.get("/complaints/year/{year}", response=ReportOut)
def report(request: HttpRequest, year: int) -> dict[str, Any]:
    """Get the figures of a year in the caller's scope."""
    user = require(request, Permission.SEE_FIGURES)
    if not 2000 <= year <= 2100:
        raise HttpError(422, "year: give a year from 2000 to 2100.")
    found = reading.year_report(user, year, now=timezone.now())
    names = ("received", "acknowledged", "resolved", "upheld", "satisfied", "reopened")
    return {
        "year": year,
        "now": _figures(found.now),
        "before": _figures(found.before),
        "changes": {name: _change(getattr(found.changes, name)) for name in names},
        "by_category": [_group(one) for one in found.by_category],
        "by_product": [_group(one) for one in found.by_product],
        "by_region": [_group(one) for one in found.by_region],
    }


def _figures(one: reading.YearFigures) -> dict[str, Any]:
    plain = ("since", "until", "received", "decided", "told", "unanswered", "referred")
    shares = ("acknowledged_in_time", "resolved_in_time", "upheld", "satisfied", "reopened")
    figures = ("acknowledge_hours", "resolve_hours", *shares)
    return {
        **{name: getattr(one, name) for name in plain},
        **{name: estimate_out(getattr(one, name)) for name in figures},
        "costs": list(one.costs),
    }


def _group(one: reading.Group) -> dict[str, Any]:
    figures = {name: estimate_out(getattr(one, name)) for name in ("upheld", "resolve_hours", "in_target")}
    return {"name": one.name, "received": one.received, **figures}


def _change(one: Difference) -> dict[str, Any]:
    return {
        "value": one.value,
        "low": one.low,
        "high": one.high,
        "proven": one.is_proven,
        "reason": one.reason,
    }


@router.get("/cases/{code}/complaint", response=ComplaintDetail)
def get_complaint(request: HttpRequest, code: str) -> dict[str, Any]:
    """Get the formal track of a case."""
    user = require(request, Permission.SEE_CUSTOMERS)
    return _detail(get_visible(Case, user, code=code), timezone.now())


def _step(
    request: HttpRequest, code: str, act: Callable[[Complaint, User, datetime], object]
) -> dict[str, Any]:
    user = require(request, Permission.WORK_CASES)
    now = timezone.now()
    case = get_visible(Case, user, code=code)
    complaint = Complaint.objects.select_related("case").filter(case=case).first()
    if complaint is None:
        raise HttpError(409, f"{case.code} is not handled as a complaint yet.")
    _refusing(lambda: act(complaint, user, now))
    return _detail(case, now)


@router.post("/cases/{code}/complaint", response=ComplaintDetail)
def take_up(request: HttpRequest, code: str, given: RegisterIn) -> dict[str, Any]:
    """Handle a case as a complaint."""
    user = require(request, Permission.WORK_CASES)
    now = timezone.now()
    case = get_visible(Case, user, code=code)
    _refusing(lambda: complaints.register(case, _receipt(given, now), by=user, now=now))
    return _detail(case, now)


@router.post("/cases/{code}/complaint/receipt", response=ComplaintDetail)
def confirm(request: HttpRequest, code: str, given: ReceiptIn) -> dict[str, Any]:
    """Confirm the receipt by the approved letter, or write down that it was confirmed another way."""
    _check_zone(given.at)

    def act(complaint: Complaint, user: User, now: datetime) -> object:
        if not given.how:
            return complaints.send_receipt(complaint, by=user, now=now)
        return complaints.note_receipt(
            complaint, how=given.how, words=given.words, at=given.at or now, by=user, now=now
        )

    return _step(request, code, act)


@router.post("/cases/{code}/complaint/findings", response=ComplaintDetail)
def find(request: HttpRequest, code: str, given: FindingIn) -> dict[str, Any]:
    """Write down what was found out."""
    return _step(
        request,
        code,
        lambda one, user, now: complaints.add_finding(one, words=given.words, by=user, now=now),
    )


@router.post("/cases/{code}/complaint/decision", response=ComplaintDetail)
def decide(request: HttpRequest, code: str, given: DecisionIn) -> dict[str, Any]:
    """Decide, with reasons."""
    return _step(
        request, code, lambda one, user, now: complaints.decide(one, **given.dict(), by=user, now=now)
    )


@router.post("/cases/{code}/complaint/remedies", response=ComplaintDetail)
def remedy(request: HttpRequest, code: str, given: RemedyIn) -> dict[str, Any]:
    """Write down what the customer was given."""
    return _step(
        request, code, lambda one, user, now: complaints.add_remedy(one, **given.dict(), by=user, now=now)
    )


@router.post("/cases/{code}/complaint/referral", response=ComplaintDetail)
def refer(request: HttpRequest, code: str, given: ReferIn) -> dict[str, Any]:
    """Write down that the customer took it outside."""
    return _step(
        request, code, lambda one, user, now: complaints.refer(one, **given.dict(), by=user, now=now)
    )


@router.get("/complaint-terms", response=list[TermOut])
def list_terms(request: HttpRequest) -> Any:
    """List within how many working hours complaints are confirmed and decided."""
    require(request, Permission.MANAGE_RULES)
    return reading.terms()


@router.put("/complaint-terms", response=TermOut)
def write_term(request: HttpRequest, given: TermOut) -> Any:
    """Write the times of one severity."""
    require(request, Permission.MANAGE_RULES)
    if not (0 < given.acknowledge_hours <= 1000 and 0 < given.resolve_hours <= 5000):
        raise HttpError(422, "Give from 1 to 1000 hours to confirm, and from 1 to 5000 to decide.")
    return _refusing(lambda: complaints.save_term(**given.dict()))


@router.get("/letter-texts", response=list[LetterTextOut])
def list_texts(request: HttpRequest) -> Any:
    """List the letters for one purpose."""
    require(request, Permission.MANAGE_RULES)
    return LetterText.objects.all()


@router.put("/letter-texts/{purpose}/{language}", response=LetterTextOut)
def write_text(request: HttpRequest, purpose: str, language: str, given: LetterTextIn) -> Any:
    """Write a letter's words; changed ones have to be approved again."""
    user = require(request, Permission.MANAGE_RULES)
    if purpose not in LetterText.Purpose.values or language not in dict(settings.LANGUAGES):
        raise HttpError(404, f"There is no letter {purpose!r} in {language!r}.")
    row = LetterText.objects.filter(purpose=purpose, language=language).first()
    form = LetterTextForm(given.dict(), instance=row or LetterText(purpose=purpose, language=language))
    if not form.is_valid():
        refuse(form.errors)
    form.instance.approved_at = form.instance.approved_by = None
    saved = form.save()
    if given.approve:
        letters.approve_text(saved, by=user, now=timezone.now())
    return saved
