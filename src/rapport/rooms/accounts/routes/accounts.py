"""Customers for programs."""

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from rapport.kernel.api_access import require
from rapport.kernel.audit import note_sighting
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.accounts.models import Account, AccountExternalId
from rapport.rooms.accounts.routes.answers import (
    ExternalIdBody,
    ExternalIdShown,
    Given,
    refusals,
    start_after,
    values_of,
)
from rapport.rooms.accounts.selectors.accounts import FILTERS, AccountQuery, accounts_asked_for
from rapport.rooms.accounts.services.accounts import (
    INHERITED,
    add_external_id,
    change_account,
    create_account,
    set_external_ids,
)

router = Router(tags=["accounts"])
LARGEST_PAGE = 500


class AccountShown(Schema):
    """A customer: references by their keys, the parent by its code, the owner by e-mail address."""

    code: str
    name: str
    kind: str
    parent: str | None
    sector: str
    employees: int | None
    revenue: Decimal | None
    budget: Decimal | None
    currency: str
    founded: int | None
    street: str
    postal_code: str
    city: str
    country: str
    domain: str
    life_cycle: str
    tier: str
    region: str | None
    division: str | None
    partner: str | None
    team: str | None
    owner: str | None
    merged_into: str | None
    external_ids: list[ExternalIdShown]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Account) -> "AccountShown":
        """Show a row."""
        plain = {name: getattr(row, name) for name in PLAIN}
        return cls(
            **plain,
            parent=row.parent.code if row.parent else None,
            region=row.region_id,
            division=row.division_id,
            partner=row.partner_id,
            team=row.team_id,
            owner=row.owner.email if row.owner else None,
            merged_into=row.merged_into.code if row.merged_into else None,
            external_ids=[
                ExternalIdShown(system=one.system, value=one.value) for one in row.external_ids.all()
            ],
        )


PLAIN = [
    *("code", "name", "kind", "sector", "employees", "revenue", "budget", "currency", "founded", "street"),
    *("postal_code", "city", "country", "domain", "life_cycle", "tier", "created_at", "updated_at"),
]


class AccountPage(Schema):
    """A stretch of a list; `next` goes into `after` for the following one."""

    items: list[AccountShown]
    next: str | None


class AccountChange(Given):
    """What to change of a customer; a field left out stays as it is."""

    name: str | None = None
    kind: str | None = None
    parent: str | None = None
    sector: str | None = None
    employees: int | None = None
    revenue: Decimal | None = None
    budget: Decimal | None = None
    currency: str | None = None
    founded: int | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None
    domain: str | None = None
    life_cycle: str | None = None
    tier: str | None = None
    region: str | None = None
    division: str | None = None
    partner: str | None = None
    team: str | None = None
    owner: str | None = None
    external_ids: list[ExternalIdBody] | None = None
    also_below: list[str] = Field(
        [], description=f"Also give everything below these values: {', '.join(INHERITED)}"
    )


class AccountNew(AccountChange):
    """A customer to add; region, team, owner, partner and division left out are taken from the parent."""

    name: str


class AccountFilters(Schema):
    """What to look for among customers."""

    q: str = Field(
        "", description="Name, city, domain, code, id or e-mail address; typing mistakes are forgiven"
    )
    region: list[str] = []
    tier: list[str] = []
    life_cycle: list[str] = []
    team: list[str] = []
    owner: list[str] = Field([], description="The number of a user, `mine` or `none`")
    sector: list[str] = []
    kind: list[str] = []
    partner: list[str] = []
    country: list[str] = []
    division: list[str] = []
    after: str = Field("", description="The code after which the list goes on")
    limit: int = Field(100, ge=1, le=LARGEST_PAGE)


def _whole(rows: "QuerySet[Account]") -> "QuerySet[Account]":
    return rows.select_related("parent", "owner", "merged_into").prefetch_related("external_ids")


@router.get("/accounts", response=AccountPage, summary="List or search customers")
def list_accounts(request: HttpRequest, asked: Query[AccountFilters]) -> AccountPage:
    """Return customers in the order of their codes, or the best matches first when words are given."""
    user = require(request, Permission.SEE_CUSTOMERS)
    chosen = {name: getattr(asked, name) for name in FILTERS if getattr(asked, name)}
    rows = accounts_asked_for(user, AccountQuery(asked.q.strip(), chosen))
    if asked.q.strip():
        return AccountPage(items=[AccountShown.of(row) for row in _whole(rows)[: asked.limit]], next=None)
    rows = rows.filter(pk__gt=start_after(Account, asked.after)).order_by("pk")
    found = list(_whole(rows)[: asked.limit + 1])
    shown = [AccountShown.of(row) for row in found[: asked.limit]]
    return AccountPage(items=shown, next=shown[-1].code if len(found) > asked.limit else None)


@router.get("/accounts/{code}", response=AccountShown, summary="Get one customer")
def get_account(request: HttpRequest, code: str) -> AccountShown:
    """Return a customer; that it was looked at is noted."""
    user = require(request, Permission.SEE_CUSTOMERS)
    row = get_visible(Account, user, code=code)
    note_sighting(request, user, kind="account", code=row.code, label=row.name, now=timezone.now())
    return AccountShown.of(row)


@router.post("/accounts", response={201: AccountShown}, summary="Add a customer")
def post_account(request: HttpRequest, payload: AccountNew) -> Status[AccountShown]:
    """Add a customer; 409 when an external id belongs to another."""
    user = require(request, Permission.EDIT_CUSTOMERS)
    given = payload.model_dump(exclude_unset=True, exclude={"external_ids", "also_below"})
    ids = [(one.system, one.value) for one in payload.external_ids or []]
    with refusals():
        values = values_of(Account, given, user)
        row = create_account(values, external_ids=ids, by=user, now=timezone.now())
    return Status(201, AccountShown.of(Account.objects.get(pk=row.pk)))


@router.patch("/accounts/{code}", response=AccountShown, summary="Change a customer")
def patch_account(request: HttpRequest, code: str, payload: AccountChange) -> AccountShown:
    """Change what is given; the list of external ids, when given, replaces the old one."""
    user = require(request, Permission.EDIT_CUSTOMERS)
    row = get_visible(Account, user, code=code)
    given = payload.model_dump(exclude_unset=True, exclude={"external_ids", "also_below"})
    with refusals(), transaction.atomic():
        wrong = sorted(set(payload.also_below) - set(INHERITED))
        if wrong:
            raise ValidationError({"also_below": [f"{wrong[0]} is not one of {', '.join(INHERITED)}."]})
        if payload.external_ids is not None:
            set_external_ids(row, [(one.system, one.value) for one in payload.external_ids])
        values = values_of(Account, given, user)
        change_account(row, values, below=payload.also_below, by=user, now=timezone.now())
    return AccountShown.of(Account.objects.get(pk=row.pk))


@router.post("/accounts/{code}/external-ids", response={201: ExternalIdShown}, summary="Note an external id")
def post_external_id(request: HttpRequest, code: str, payload: ExternalIdBody) -> Status[ExternalIdShown]:
    """Note what another system calls a customer; 409 when that id belongs to another."""
    user = require(request, Permission.EDIT_CUSTOMERS)
    row = get_visible(Account, user, code=code)
    with refusals():
        made = add_external_id(row, payload.system, payload.value)
    return Status(201, ExternalIdShown(system=made.system, value=made.value))


@router.delete("/accounts/{code}/external-ids", response={204: None}, summary="Forget an external id")
def delete_external_id(request: HttpRequest, code: str, system: str, value: str) -> Status[None]:
    """Forget what another system calls a customer."""
    user = require(request, Permission.EDIT_CUSTOMERS)
    row = get_visible(Account, user, code=code)
    AccountExternalId.objects.filter(account=row, system=system, value=value).delete()
    return Status(204, None)
