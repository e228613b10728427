"""Keeping what a customer bought, was promised, uses and asked for."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from rapport.rooms.accounts.dealings import Kind
from rapport.rooms.accounts.models import Account, Milestone, Project
from rapport.rooms.accounts.services.changing import put_values, save_once
from rapport.rooms.accounts.services.passing import announce_passed, marks_of

# The last day of a pair may not come before its first.
IN_ORDER = (
    ("starts_on", "ends_on"),
    ("ordered_on", "delivered_on"),
    ("opened_on", "closed_on"),
    ("opened_at", "closed_at"),
    ("installed_on", "retired_on"),
)


def editable_fields(kind: Kind) -> list[str]:
    """Return the fields of a kind of dealing that people and programs may set."""
    return [field.name for field in kind.model._meta.concrete_fields if field.name not in {"id", "account"}]


@transaction.atomic
def add_dealing(kind: Kind, account: Account, values: Mapping[str, Any]) -> Any:
    """Add a dealing to a customer.

    Raises ValidationError naming each wrong field, and Conflict when its source already has that id.
    """
    row = kind.model(account=account)
    _save(kind, row, values)
    return row


@transaction.atomic
def change_dealing(kind: Kind, row: Any, values: Mapping[str, Any]) -> Any:
    """Change a dealing; raise ValidationError or Conflict as for a new one."""
    _save(kind, row, values)
    return row


@transaction.atomic
def remove_dealing(row: Any) -> None:
    """Remove a dealing that should not be there; its history keeps what it said."""
    row.delete()


def _save(kind: Kind, row: Any, values: Mapping[str, Any]) -> None:
    before = marks_of(row)
    put_values(row, values, editable_fields(kind))
    for first, last in IN_ORDER:
        begin, end = getattr(row, first, None), getattr(row, last, None)
        if begin and end and end < begin:
            raise ValidationError({last: [_("This lies before the beginning.")]})
    source = row.source or _("a source without a name")
    taken = _("%(source)s already has something with the id %(id)s.") % {
        "source": source,
        "id": row.external_id,
    }
    save_once(row, taken)
    announce_passed(row, before)


@transaction.atomic
def set_milestone(project: Project, milestone: Milestone | None, values: Mapping[str, Any]) -> Milestone:
    """Add a milestone to a project, or change one; raise ValidationError naming each wrong field."""
    row = milestone or Milestone(project=project)
    before = marks_of(row)
    put_values(row, values, ("name", "due_on", "reached_on"))
    others = Milestone.objects.filter(project=project, name=row.name).exclude(pk=row.pk)
    if others.exists():
        raise ValidationError({"name": [_("This project already has a milestone of that name.")]})
    row.save()
    announce_passed(row, before)
    return row


@transaction.atomic
def remove_milestone(milestone: Milestone) -> None:
    """Remove a milestone from its project."""
    milestone.delete()
