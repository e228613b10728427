"""The catalog room's part of the programming interface."""

from typing import Any

from django.db import models
from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.catalog.models import Holiday, Reference, Region
from rapport.rooms.catalog.services import CatalogRefused, save_reference
from rapport.rooms.catalog.tables import TABLES, ReferenceTable

router = Router(tags=["catalog"])


class ReferenceOut(Schema):
    """A row; what its table does not have is left out."""

    key: str
    name: str
    position: int
    retired: bool
    time_zone: str | None = None
    division: str | None = None
    stage: str | None = None
    region: str | None = None
    kind: str | None = None
    scale_low: float | None = None
    scale_high: float | None = None
    higher_is_better: bool | None = None
    holidays: list[str] | None = None


class ReferenceIn(Schema):
    """What to write; only what is given is changed, and only what the table has may be given."""

    name: str | None = None
    position: int | None = None
    retired: bool | None = None
    time_zone: str | None = None
    division: str | None = None
    stage: str | None = None
    region: str | None = None
    kind: str | None = None
    scale_low: float | None = None
    scale_high: float | None = None
    higher_is_better: bool | None = None


@router.get(
    "/catalog/{table}", response=list[ReferenceOut], exclude_unset=True, operation_id="list_reference"
)
def list_reference(request: HttpRequest, table: str) -> list[ReferenceOut]:
    """List a table: regions, divisions, functions, products, stages, touchpoints, metrics or partners."""
    user = require(request, Permission.SEE_CUSTOMERS)
    found = _table(table)
    return [_out(found, row) for row in found.rows_for(user)]


@router.get("/catalog/{table}/{key}", response=ReferenceOut, exclude_unset=True, operation_id="get_reference")
def get_reference(request: HttpRequest, table: str, key: str) -> ReferenceOut:
    """Return one row."""
    user = require(request, Permission.SEE_CUSTOMERS)
    found = _table(table)
    return _out(found, get_visible(found.model, user, key=key))


@router.put(
    "/catalog/{table}/{key}",
    response={200: ReferenceOut, 201: ReferenceOut},
    exclude_unset=True,
    operation_id="put_reference",
)
def put_reference(request: HttpRequest, table: str, key: str, told: ReferenceIn) -> Status[ReferenceOut]:
    """Add a row under this key, or change the one that has it."""
    require(request, Permission.EDIT_CATALOG)
    found = _table(table)
    try:
        row, is_new = save_reference(found, key, told.dict(exclude_unset=True))
    except CatalogRefused as refusal:
        raise HttpError(422, str(refusal)) from refusal
    return Status(201 if is_new else 200, _out(found, row))


def _table(name: str) -> ReferenceTable:
    if name not in TABLES:
        raise Http404
    return TABLES[name]


def _out(table: ReferenceTable, row: Reference) -> ReferenceOut:
    told: dict[str, Any] = {name: getattr(row, name) for name in ("key", "name", "position", "retired")}
    for name in table.columns:
        field = row._meta.get_field(name)
        told[name] = getattr(row, field.attname if isinstance(field, models.ForeignKey) else name)
    if isinstance(row, Region):
        days = Holiday.objects.filter(region=row).values_list("on", flat=True)
        told["holidays"] = [day.isoformat() for day in days]
    return ReferenceOut(**told)
