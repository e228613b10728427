"""Promoters, what they are asked, what they agreed to, and what came of it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.accounts.models import Contact, Opportunity
from rapport.rooms.action.forms.promoters import AskingLimitsForm, PromoterLetterForm
from rapport.rooms.action.models import Ask, AskingLimits, AskKind, PromoterLetter
from rapport.rooms.action.routes.rules import EstimateOut, estimate_out, refuse
from rapport.rooms.action.selectors import promoters as reading
from rapport.rooms.action.services import promoters as writing
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.catalog.models import Product

router = Router(tags=["action"])
MOST = 1000


class PromoterQuery(Schema):
    """What the lists are narrowed to, by keys."""

    product: str = ""
    region: str = ""
    language: str = ""
    kind: str = ""


class PromoterListQuery(PromoterQuery):
    """The same, and how many at most."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = 200


class PromoterOut(Schema):
    """Somebody who recommends us, and how often they were written to in a year."""

    code: str
    name: str
    account_code: str
    language: str
    score: str
    said: str
    at: datetime
    asked: int
    thanked: int
    last_at: datetime | None
    agreed: int


class WriteIn(Schema):
    """What to write: thanks, reference, referral, case_study or quote; about a product, by its key."""

    kind: str
    product: str = ""


class UseOut(Schema):
    """One use; the opportunity by its number, where the caller may see it."""

    used_on: date
    words: str
    opportunity: int | None


class AskOut(Schema):
    """One letter, and what they agreed to."""

    code: str
    kind: str
    contact: str
    account: str
    product: str | None
    language: str
    subject: str
    text: str
    sent_at: datetime
    answered_at: datetime | None
    agreed: bool | None
    allowed: list[str]
    words: str
    until: date | None
    withdrawn_at: datetime | None
    in_force: bool
    uses: list[UseOut]


class UseIn(Schema):
    """What it was used for, today when no day is given; the opportunity by its number."""

    words: Annotated[str, Field(min_length=1, max_length=300)]
    used_on: date | None = None
    opportunity: int | None = None


class ReferenceOut(Schema):
    """What somebody agreed to and still holds."""

    code: str
    contact_code: str
    account: str
    region: str
    product: str
    language: str
    kind: str
    allowed: list[str]
    words: str
    until: date | None
    asked: int
    used: int
    last_used: date | None
    opportunities: list[str]


class KindOut(Schema):
    """What became of the letters of one kind."""

    label: str
    asked: int
    answered: int
    agreed: EstimateOut
    in_force: int
    used: int


class BroughtOut(Schema):
    """Opportunities linked, not caused, in one currency."""

    currency: str
    won: int
    value: Decimal
    unvalued: int
    open: int


class FiguresOut(Schema):
    """What was asked and agreed to in a year, and what business is linked to it."""

    thanked: int
    unanswered: int
    total: KindOut
    kinds: list[KindOut]
    brought: list[BroughtOut]


class LimitsIn(Schema):
    """How often promoters are written to."""

    a_contact: int = 2
    an_account: int = 4
    rest_days: int = 90


class PromoterLetterIn(Schema):
    """A letter's words; approved at once when asked for."""

    subject: Annotated[str, Field(min_length=1, max_length=200)]
    body: Annotated[str, Field(min_length=1)]
    approve: bool = False


class PromoterLetterOut(Schema):
    """A letter's words."""

    kind: str
    language: str
    subject: str
    body: str
    approved_at: datetime | None


def _wanted(query: PromoterQuery) -> reading.PromoterFilters:
    return reading.PromoterFilters(query.product, query.region, query.language, query.kind)


def _ask(ask: Ask, user: Any) -> dict[str, Any]:
    names = ("code", "kind", "language", "subject", "text", "sent_at", "answered_at", "agreed", "allowed")
    visible = set(reading.visible_opportunities(user, [ask]).values_list("pk", flat=True))
    return {name: getattr(ask, name) for name in (*names, "words", "until", "withdrawn_at")} | {
        "contact": ask.contact.code,
        "account": ask.account.code,
        "product": ask.product_id,
        "in_force": Ask.objects.filter(pk=ask.pk).in_force(timezone.localdate()).exists(),
        "uses": [
            {
                "used_on": use.used_on,
                "words": use.words,
                "opportunity": use.opportunity_id if use.opportunity_id in visible else None,
            }
            for use in ask.uses.all()
        ],
    }


@router.get("/promoters", response=list[PromoterOut])
def list_promoters(request: HttpRequest, query: Query[PromoterListQuery]) -> list[Any]:
    """List the first who would recommend us, the least written to before others."""
    user = require(request, Permission.SEE_CUSTOMERS)
    return list(reading.promoters(user, _wanted(query), now=timezone.now(), limit=query.limit).rows)


@router.post("/promoters/{code}/asks", response={201: AskOut})
def write_to(request: HttpRequest, code: str, given: WriteIn) -> Status[dict[str, Any]]:
    """Thank a promoter, or ask them; one letter is sent."""
    user = require(request, Permission.WORK_CASES)
    now = timezone.now()
    contact = get_visible(Contact, user, code=code)
    if given.kind not in AskKind.values:
        raise HttpError(422, f"kind: {given.kind!r} is none of {', '.join(AskKind.values)}.")
    product = Product.objects.filter(key=given.product, retired=False).first()
    if given.product and product is None:
        raise HttpError(422, f"product: there is no product {given.product!r}.")
    try:
        ask = writing.write_to(
            contact,
            given.kind,
            signal=reading.promoting_signal(contact, user, now=now),
            product=product,
            by=user,
            now=now,
        )
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return Status(201, _ask(ask, user))


@router.get("/asks/{code}", response=AskOut)
def get_ask(request: HttpRequest, code: str) -> dict[str, Any]:
    """Get one letter, what they agreed to, and its uses."""
    user = require(request, Permission.SEE_CUSTOMERS)
    return _ask(get_visible(Ask, user, code=code), user)


@router.post("/asks/{code}/uses", response={201: AskOut})
def note_use(request: HttpRequest, code: str, given: UseIn) -> Status[dict[str, Any]]:
    """Write down that it was used, or which opportunity came of it."""
    user = require(request, Permission.WORK_CASES)
    ask = get_visible(Ask, user, code=code)
    opportunity = get_visible(Opportunity, user, pk=given.opportunity) if given.opportunity else None
    try:
        writing.note_use(
            ask,
            opportunity=opportunity,
            used_on=given.used_on or timezone.localdate(),
            words=given.words,
            by=user,
            now=timezone.now(),
        )
    except StepRefused as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return Status(201, _ask(ask, user))


@router.get("/references", response=list[ReferenceOut])
def list_references(request: HttpRequest, query: Query[PromoterQuery]) -> list[Any]:
    """List what people agreed to and still holds, the least used first."""
    user = require(request, Permission.SEE_CUSTOMERS)
    return list(reading.references(user, _wanted(query), now=timezone.now()))


@router.get("/promoter-figures", response=FiguresOut)
def get_figures(request: HttpRequest) -> dict[str, Any]:
    """Say what asking led to in a year, and what business is linked to it."""
    user = require(request, Permission.SEE_CUSTOMERS)
    found = reading.promoter_figures(user, now=timezone.now())
    return {
        "thanked": found.thanked,
        "unanswered": found.unanswered,
        "total": _kind(found.total),
        "kinds": [_kind(row) for row in found.kinds],
        "brought": found.brought,
    }


def _kind(row: reading.KindRow) -> dict[str, Any]:
    names = ("label", "asked", "answered", "in_force", "used")
    return {name: getattr(row, name) for name in names} | {"agreed": estimate_out(row.agreed)}


@router.get("/asking-limits", response=LimitsIn)
def get_limits(request: HttpRequest) -> Any:
    """Say how often promoters are written to at most."""
    require(request, Permission.WORK_CASES)
    return AskingLimits.current()


@router.put("/asking-limits", response=LimitsIn)
def put_limits(request: HttpRequest, given: LimitsIn) -> Any:
    """Set how often promoters are written to at most."""
    require(request, Permission.MANAGE_RULES)
    form = AskingLimitsForm(given.dict(), instance=AskingLimits.current())
    if not form.is_valid():
        refuse(form.errors)
    form.instance.pk = 1
    return form.save()


@router.get("/promoter-letters", response=list[PromoterLetterOut])
def list_letters(request: HttpRequest) -> list[Any]:
    """List the letters to promoters."""
    require(request, Permission.MANAGE_RULES)
    return list(PromoterLetter.objects.all())


@router.put("/promoter-letters/{kind}/{language}", response=PromoterLetterOut)
def put_letter(request: HttpRequest, kind: str, language: str, given: PromoterLetterIn) -> Any:
    """Write a letter in a language; a changed letter has to be approved again."""
    user = require(request, Permission.MANAGE_RULES)
    if kind not in AskKind.values or language not in dict(settings.LANGUAGES):
        raise HttpError(404, "There is no such letter, or we do not write in that language.")
    row = PromoterLetter.objects.filter(kind=kind, language=language).first()
    row = row or PromoterLetter(kind=kind, language=language)
    form = PromoterLetterForm(given.dict(), instance=row)
    if not form.is_valid():
        refuse(form.errors)
    form.instance.approved_at = form.instance.approved_by = None
    saved = form.save()
    if given.approve:
        writing.approve_letter(saved, by=user, now=timezone.now())
    return saved
