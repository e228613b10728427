"""The people of customers and their buying roles for programs."""

from datetime import date, datetime

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
from rapport.rooms.accounts.models import BuyingRole, Contact, ContactExternalId
from rapport.rooms.accounts.routes.answers import (
    ExternalIdBody,
    ExternalIdShown,
    Given,
    refusals,
    start_after,
    values_of,
)
from rapport.rooms.accounts.selectors.people import FILTERS, PeopleQuery, people_asked_for
from rapport.rooms.accounts.services.contacts import (
    add_contact_external_id,
    change_contact,
    create_contact,
    set_contact_external_ids,
)
from rapport.rooms.accounts.services.roles import change_role, confirm_role, end_role, give_role

router = Router(tags=["contacts"])
LARGEST_PAGE = 500
PLAIN = [
    *(
        "code",
        "name",
        "title",
        "seniority",
        "language",
        "time_zone",
        "email",
        "phone",
        "street",
        "postal_code",
    ),
    *(
        "city",
        "preferences",
        "consent",
        "consent_at",
        "consent_source",
        "left_on",
        "created_at",
        "updated_at",
    ),
]


class ContactShown(Schema):
    """A person: the account by its code, the function by its key."""

    code: str
    account: str
    name: str
    title: str
    seniority: str
    function: str | None
    language: str
    time_zone: str
    email: str
    phone: str
    street: str
    postal_code: str
    city: str
    preferences: str
    consent: str
    consent_at: datetime | None
    consent_source: str
    left_on: date | None
    merged_into: str | None
    external_ids: list[ExternalIdShown]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Contact) -> "ContactShown":
        """Show a row."""
        return cls(
            **{name: getattr(row, name) for name in PLAIN},
            account=row.account.code,
            function=row.function_id,
            merged_into=row.merged_into.code if row.merged_into else None,
            external_ids=[
                ExternalIdShown(system=one.system, value=one.value) for one in row.external_ids.all()
            ],
        )


class ContactPage(Schema):
    """A stretch of a list; `next` goes into `after` for the following one."""

    items: list[ContactShown]
    next: str | None


class ContactChange(Given):
    """What to change of a person; a field left out stays as it is."""

    account: str | None = None
    name: str | None = None
    title: str | None = None
    seniority: str | None = None
    function: str | None = None
    language: str | None = None
    time_zone: str | None = None
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    preferences: str | None = None
    consent: str | None = None
    consent_at: datetime | None = None
    consent_source: str | None = None
    left_on: date | None = None
    external_ids: list[ExternalIdBody] | None = None


class ContactNew(ContactChange):
    """A person to add."""

    account: str
    name: str


class ContactFilters(Schema):
    """What to look for among people."""

    q: str = Field(
        "", description="Name, e-mail address, job title, code or id; typing mistakes are forgiven"
    )
    role: list[str] = Field([], description="A buying role held today")
    function: list[str] = []
    seniority: list[str] = []
    language: list[str] = []
    consent: list[str] = []
    region: list[str] = []
    left: list[str] = Field([], description="`no` for those still there, `yes` for those who left")
    account: str = Field("", description="The code of the customer they belong to")
    after: str = Field("", description="The code after which the list goes on")
    limit: int = Field(100, ge=1, le=LARGEST_PAGE)


def _whole(rows: "QuerySet[Contact]") -> "QuerySet[Contact]":
    return rows.select_related("account", "merged_into").prefetch_related("external_ids")


@router.get("/contacts", response=ContactPage, summary="List or search people")
def list_contacts(request: HttpRequest, asked: Query[ContactFilters]) -> ContactPage:
    """Return people in the order of their codes, or the best matches first when words are given."""
    user = require(request, Permission.SEE_CUSTOMERS)
    chosen = {name: getattr(asked, name) for name in FILTERS if getattr(asked, name)}
    rows = people_asked_for(user, PeopleQuery(asked.q.strip(), chosen), timezone.now())
    if asked.account:
        rows = rows.filter(account__code=asked.account)
    if asked.q.strip():
        return ContactPage(items=[ContactShown.of(row) for row in _whole(rows)[: asked.limit]], next=None)
    rows = rows.filter(pk__gt=start_after(Contact, asked.after)).order_by("pk")
    found = list(_whole(rows)[: asked.limit + 1])
    shown = [ContactShown.of(row) for row in found[: asked.limit]]
    return ContactPage(items=shown, next=shown[-1].code if len(found) > asked.limit else None)


@router.get("/contacts/{code}", response=ContactShown, summary="Get one person")
def get_contact(request: HttpRequest, code: str) -> ContactShown:
    """Return a person; that they were looked at is noted."""
    user = require(request, Permission.SEE_CUSTOMERS)
    row = get_visible(Contact, user, code=code)
    note_sighting(request, user, kind="contact", code=row.code, label=row.name, now=timezone.now())
    return ContactShown.of(row)


@router.post("/contacts", response={201: ContactShown}, summary="Add a person")
def post_contact(request: HttpRequest, payload: ContactNew) -> Status[ContactShown]:
    """Add a person; 409 when an external id belongs to another."""
    user = require(request, Permission.EDIT_CUSTOMERS)
    given = payload.model_dump(exclude_unset=True, exclude={"external_ids"})
    ids = [(one.system, one.value) for one in payload.external_ids or []]
    with refusals():
        values = values_of(Contact, given, user)
        row = create_contact(values, external_ids=ids, by=user, now=timezone.now())
    return Status(201, ContactShown.of(Contact.objects.get(pk=row.pk)))


@router.patch("/contacts/{code}", response=ContactShown, summary="Change a person")
def patch_contact(request: HttpRequest, code: str, payload: ContactChange) -> ContactShown:
    """Change what is given; the list of external ids, when given, replaces the old one."""
    user = require(request, Permission.EDIT_CUSTOMERS)
    row = get_visible(Contact, user, code=code)
    given = payload.model_dump(exclude_unset=True, exclude={"external_ids"})
    with refusals(), transaction.atomic():
        if payload.external_ids is not None:
            set_contact_external_ids(row, [(one.system, one.value) for one in payload.external_ids])
        change_contact(row, values_of(Contact, given, user), by=user, now=timezone.now())
    return ContactShown.of(Contact.objects.get(pk=row.pk))


@router.post(
    "/contacts/{code}/external-ids", response={201: ExternalIdShown}, summary="Note a person's external id"
)
def post_contact_id(request: HttpRequest, code: str, payload: ExternalIdBody) -> Status[ExternalIdShown]:
    """Note what another system calls a person; 409 when that id belongs to another."""
    user = require(request, Permission.EDIT_CUSTOMERS)
    row = get_visible(Contact, user, code=code)
    with refusals():
        made = add_contact_external_id(row, payload.system, payload.value)
    return Status(201, ExternalIdShown(system=made.system, value=made.value))


@router.delete("/contacts/{code}/external-ids", response={204: None}, summary="Forget a person's external id")
def delete_contact_id(request: HttpRequest, code: str, system: str, value: str) -> Status[None]:
    """Forget what another system calls a person."""
    user = require(request, Permission.EDIT_CUSTOMERS)
    row = get_visible(Contact, user, code=code)
    ContactExternalId.objects.filter(contact=row, system=system, value=value).delete()
    return Status(204, None)


# -- Buying roles ------------------------------------------------------------------


class RoleShown(Schema):
    """A part a person plays; `decision` is the number of an opportunity, or none."""

    id: int
    contact: str
    decision: int | None
    role: str
    veto: bool
    weight: int | None
    expectations: str
    source: str
    valid_from: date | None
    valid_to: date | None
    confirmed_at: datetime | None

    @classmethod
    def of(cls, row: BuyingRole) -> "RoleShown":
        """Show a row."""
        names = ("role", "veto", "weight", "expectations", "source", "valid_from", "valid_to", "confirmed_at")
        plain = {name: getattr(row, name) for name in names}
        return cls(id=row.pk, contact=row.contact.code, decision=row.decision_id, **plain)


class RoleChange(Given):
    """What to change of a role; a field left out stays as it is. Saying anything of it confirms it."""

    decision: int | None = None
    role: str | None = None
    veto: bool = False
    weight: int | None = None
    expectations: str | None = None
    source: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class RoleNew(RoleChange):
    """A part a person plays."""

    role: str


@router.get("/contacts/{code}/roles", response=list[RoleShown], summary="List a person's buying roles")
def list_roles(request: HttpRequest, code: str) -> list[RoleShown]:
    """Return every role the person holds or held."""
    user = require(request, Permission.SEE_CUSTOMERS)
    person = get_visible(Contact, user, code=code)
    return [RoleShown.of(row) for row in BuyingRole.objects.filter(contact=person).select_related("contact")]


@router.post("/contacts/{code}/roles", response={201: RoleShown}, summary="Give a person a buying role")
def post_role(request: HttpRequest, code: str, payload: RoleNew) -> Status[RoleShown]:
    """Note that a person plays a part."""
    user = require(request, Permission.EDIT_CUSTOMERS)
    person = get_visible(Contact, user, code=code)
    with refusals():
        values = values_of(BuyingRole, payload.model_dump(exclude_unset=True), user)
        return Status(201, RoleShown.of(give_role(person, values, now=timezone.now())))


@router.patch("/roles/{role_id}", response=RoleShown, summary="Change a buying role")
def patch_role(request: HttpRequest, role_id: int, payload: RoleChange) -> RoleShown:
    """Change a role, which confirms it."""
    user = require(request, Permission.EDIT_CUSTOMERS)
    row = get_visible(BuyingRole, user, pk=role_id)
    with refusals():
        values = values_of(BuyingRole, payload.model_dump(exclude_unset=True), user)
        return RoleShown.of(change_role(row, values, now=timezone.now()))


@router.post("/roles/{role_id}/confirm", response=RoleShown, summary="Confirm a buying role")
def post_confirmation(request: HttpRequest, role_id: int) -> RoleShown:
    """Say that a role is still held."""
    user = require(request, Permission.EDIT_CUSTOMERS)
    return RoleShown.of(confirm_role(get_visible(BuyingRole, user, pk=role_id), now=timezone.now()))


@router.post("/roles/{role_id}/end", response={204: None}, summary="End a buying role")
def post_end(request: HttpRequest, role_id: int) -> Status[None]:
    """Say that a role is held no longer."""
    user = require(request, Permission.EDIT_CUSTOMERS)
    end_role(get_visible(BuyingRole, user, pk=role_id), timezone.localdate())
    return Status(204, None)
