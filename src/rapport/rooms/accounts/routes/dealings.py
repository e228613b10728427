"""Contracts, orders, opportunities, products in use, requests, projects and usage for programs."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import create_model

from rapport.kernel.api_access import require
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.accounts.dealings import KINDS, Kind
from rapport.rooms.accounts.models import Account, Contact, Milestone, Project
from rapport.rooms.accounts.routes.answers import Given, refusals, values_of
from rapport.rooms.accounts.services.dealings import (
    add_dealing,
    change_dealing,
    editable_fields,
    set_milestone,
)

router = Router(tags=["dealings"])
LARGEST_PAGE = 500
TYPES: dict[str, type[Any]] = {
    "BooleanField": bool,
    "CharField": str,
    "DateField": date,
    "DateTimeField": datetime,
    "DecimalField": Decimal,
    "FloatField": float,
    "ForeignKey": str,
    "PositiveIntegerField": int,
    "TextField": str,
}


def _fields(kind: Kind) -> dict[str, tuple[Any, Any]]:
    return {name: (kind.model._meta.get_field(name), None) for name in editable_fields(kind)}


def _needed(field: Any) -> bool:
    return not (field.blank or field.null or field.has_default())


def _schema(
    kind: Kind, suffix: str, base: type[Schema], *, shown: bool = False, new: bool = False
) -> type[Schema]:
    columns: dict[str, Any] = {}
    for name, (field, _default) in _fields(kind).items():
        python = TYPES[field.get_internal_type()]
        must = _needed(field) and new
        columns[name] = (python, ...) if must else (python | None, ... if shown else None)
    if shown:
        columns |= {"id": (int, ...), "account": (str, ...)}
    made: type[Schema] = create_model(f"{kind.model.__name__}{suffix}", __base__=base, **columns)
    made.__doc__ = f"{str(kind.one).capitalize()}: products and stages by their keys, people by their codes."
    return made


def _shown(kind: Kind, schema: type[Schema], row: Any) -> Schema:
    values: dict[str, Any] = {"id": row.pk, "account": row.account.code}
    for name, (field, _default) in _fields(kind).items():
        value = getattr(row, field.attname)
        if isinstance(field, models.ForeignKey) and field.related_model is Contact:
            value = row.contact.code if row.contact else None
        values[name] = value
    return schema(**values)


def _offer(kind: Kind) -> None:
    """Offer listing, adding, reading and changing one kind of dealing."""
    shown = _schema(kind, "Shown", Schema, shown=True)
    new = _schema(kind, "New", Given, new=True)
    change = _schema(kind, "Change", Given)
    several: Any = list[shown]  # type: ignore[valid-type]
    page = create_model(
        f"{kind.model.__name__}Page", __base__=Schema, items=(several, ...), next=(int | None, ...)
    )
    name = kind.model.__name__.lower()

    def listed(request: HttpRequest, code: str, below: bool = True, after: int = 0, limit: int = 100) -> Any:
        user = require(request, Permission.SEE_CUSTOMERS)
        account = get_visible(Account, user, code=code)
        rows = kind.model._default_manager.visible_to(user).filter(pk__gt=after)
        rows = rows.filter(account__path__under=account.path) if below else rows.filter(account=account)
        size = max(1, min(limit, LARGEST_PAGE))
        found = list(rows.select_related(*kind.related).order_by("pk")[: size + 1])
        items = [_shown(kind, shown, row) for row in found[:size]]
        return {"items": items, "next": found[size - 1].pk if len(found) > size else None}

    def added(request: HttpRequest, code: str, payload: new) -> Any:  # type: ignore[valid-type]
        user = require(request, Permission.EDIT_CUSTOMERS)
        account = get_visible(Account, user, code=code)
        with refusals():
            values = values_of(kind.model, payload.model_dump(exclude_unset=True), user)  # type: ignore[attr-defined]
            return Status(201, _shown(kind, shown, add_dealing(kind, account, values)))

    def read(request: HttpRequest, dealing_id: int) -> Any:
        user = require(request, Permission.SEE_CUSTOMERS)
        return _shown(kind, shown, get_visible(kind.model, user, pk=dealing_id))

    def changed(request: HttpRequest, dealing_id: int, payload: change) -> Any:  # type: ignore[valid-type]
        user = require(request, Permission.EDIT_CUSTOMERS)
        row = get_visible(kind.model, user, pk=dealing_id)
        with refusals():
            values = values_of(kind.model, payload.model_dump(exclude_unset=True), user)  # type: ignore[attr-defined]
            return _shown(kind, shown, change_dealing(kind, row, values))

    def add(path: str, method: str, view: Callable[..., Any], response: Any, verb: str) -> None:
        said = f"{verb} {kind.one}".capitalize()
        operation = f"{verb}_{name}"
        router.add_api_operation(
            path, [method], view, response=response, operation_id=operation, summary=said
        )

    add(f"/accounts/{{code}}/{kind.key}", "GET", listed, page, "list")
    add(f"/accounts/{{code}}/{kind.key}", "POST", added, {201: shown}, "add")
    add(f"/{kind.key}/{{int:dealing_id}}", "GET", read, shown, "get")
    add(f"/{kind.key}/{{int:dealing_id}}", "PATCH", changed, shown, "change")


for _kind in KINDS.values():
    _offer(_kind)


class MilestoneBody(Given):
    """A point a project is to reach."""

    name: str
    due_on: date | None = None
    reached_on: date | None = None


class MilestoneShown(Schema):
    """A point a project is to reach."""

    id: int
    name: str
    due_on: date | None
    reached_on: date | None


def _milestone(row: Milestone) -> MilestoneShown:
    return MilestoneShown(id=row.pk, name=row.name, due_on=row.due_on, reached_on=row.reached_on)


@router.get("/projects/{int:project_id}/milestones", response=list[MilestoneShown], summary="List milestones")
def list_milestones(request: HttpRequest, project_id: int) -> list[MilestoneShown]:
    """Return the milestones of a project."""
    project = get_visible(Project, require(request, Permission.SEE_CUSTOMERS), pk=project_id)
    return [_milestone(row) for row in project.milestones.all()]


@router.put("/projects/{int:project_id}/milestones", response=MilestoneShown, summary="Set a milestone")
def put_milestone(request: HttpRequest, project_id: int, payload: MilestoneBody) -> MilestoneShown:
    """Add a milestone, or change the one of that name."""
    project = get_visible(Project, require(request, Permission.EDIT_CUSTOMERS), pk=project_id)
    known = project.milestones.filter(name=payload.name).first()
    with refusals():
        return _milestone(set_milestone(project, known, payload.model_dump(exclude_unset=True)))
