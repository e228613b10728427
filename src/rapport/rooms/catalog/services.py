"""Changing the reference tables."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from rapport.kernel.events import announce
from rapport.rooms.catalog.events import ReferenceLeaves
from rapport.rooms.catalog.models import Metric, Reference
from rapport.rooms.catalog.selectors import is_used
from rapport.rooms.catalog.tables import ReferenceTable

SCALE = ("kind", "scale_low", "scale_high", "higher_is_better")


class CatalogRefused(Exception):
    """A row cannot be written or removed like this; the message says why."""


@transaction.atomic
def save_reference(table: ReferenceTable, key: str, values: Mapping[str, Any]) -> tuple[Reference, bool]:
    """Add or change the row with this key and say whether it is new; only the values given are changed.

    Raises
    ------
    CatalogRefused
        If a value cannot be used, the table has no such column, or scores stand on a scale that would change.
    """
    row = table.model._default_manager.select_for_update(of=("self",)).filter(pk=key).first()
    is_new = row is None
    row = row or table.model(key=key, position=_last(table) + 1)
    for name, value in values.items():
        _set(table, row, name, value)
    _check(row)
    row.save(force_insert=is_new)
    return row, is_new


def _set(table: ReferenceTable, row: Reference, name: str, value: Any) -> None:
    if name not in ("name", "position", "retired", *table.columns):
        raise CatalogRefused(_("%(table)s have no %(name)s.") % {"table": table.title, "name": name})
    field = row._meta.get_field(name)
    setattr(row, field.attname if isinstance(field, models.ForeignKey) else name, value)


def _check(row: Reference) -> None:
    try:
        row.full_clean(validate_unique=False)
    except ValidationError as error:
        told = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        raise CatalogRefused(
            " ".join(f"{name}: {' '.join(words)}" for name, words in told.items())
        ) from error
    if isinstance(row, Metric):
        _keep_scale(row)


def _keep_scale(metric: Metric) -> None:
    before = Metric.objects.filter(pk=metric.pk).first()
    if before and any(getattr(before, name) != getattr(metric, name) for name in SCALE) and is_used(before):
        raise CatalogRefused(
            _("Scores of %(name)s were recorded on its scale, so it stays. Add another metric.")
            % {"name": before.name}
        )


def _last(table: ReferenceTable) -> int:
    top = table.model._default_manager.aggregate(top=models.Max("position"))["top"]
    return int(top or 0)


@transaction.atomic
def move_reference(table: ReferenceTable, row: Reference, *, up: bool) -> None:
    """Let a row change places with the one before or after it."""
    rows = list(table.model._default_manager.select_for_update(of=("self",)).all())
    here = next(index for index, one in enumerate(rows) if one.pk == row.pk)
    there = here - 1 if up else here + 1
    if 0 <= there < len(rows):
        rows[here], rows[there] = rows[there], rows[here]
    for position, one in enumerate(rows, start=1):
        if one.position != position:
            one.position = position
            one.save(update_fields=["position"])


def retire_reference(row: Reference, *, retired: bool) -> None:
    """Offer a row no longer, or again; what refers to it stays as it is."""
    row.retired = retired
    row.save(update_fields=["retired"])


@transaction.atomic
def remove_reference(table: ReferenceTable, row: Reference) -> None:
    """Remove a row nothing ever referred to; raise CatalogRefused otherwise."""
    if is_used(row):
        raise CatalogRefused(_("%(name)s is in use. Retire it instead.") % {"name": row.name})
    announce(ReferenceLeaves(table.name, row.key))
    row.delete()
