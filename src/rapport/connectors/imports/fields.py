"""Declaring the fields of a target by the columns of its table, so that both never drift apart."""

from decimal import Decimal
from typing import Any

from django.db import models

from rapport.connectors.files import Field
from rapport.connectors.files.tables import Kind

_BIGGEST = {"PositiveSmallIntegerField": 32_767, "PositiveIntegerField": 2_147_483_647}
_KINDS: tuple[tuple[type[Any], Kind], ...] = (
    (models.BooleanField, "boolean"),
    (models.DateTimeField, "datetime"),
    (models.DateField, "date"),
    (models.EmailField, "email"),
    (models.DecimalField, "money"),
    (models.FloatField, "number"),
    (models.IntegerField, "integer"),
)


def column_field(
    model: type[models.Model],
    name: str,
    *,
    kind: Kind | None = None,
    required: bool = False,
    help: str = "",  # noqa: A002 - the field's own word
    label: str = "",
    refers_to: str = "",
    synonyms: tuple[str, ...] = (),
) -> Field:
    """Describe one column of a table as a field to import: its label, kind, choices and limits."""
    column: Any = model._meta.get_field(name)
    said = label or str(column.verbose_name)
    return Field(
        name=name,
        label=said[:1].upper() + said[1:],
        kind=kind or _kind_of(column, refers_to),
        required=required,
        help=help,
        refers_to=refers_to,
        synonyms=synonyms,
        choices=tuple((str(key), str(label)) for key, label in column.choices or ()),
        max_length=0 if refers_to else getattr(column, "max_length", None) or 0,
        minimum=Decimal(0) if "Positive" in type(column).__name__ else None,
        maximum=_maximum(column),
    )


def _kind_of(column: Any, refers_to: str) -> Kind:
    if refers_to:
        return "text"
    if column.choices:
        return "choice"
    return next((kind for known, kind in _KINDS if isinstance(column, known)), "text")


def _maximum(column: Any) -> Decimal | None:
    if isinstance(column, models.DecimalField):
        return Decimal(10) ** (column.max_digits - column.decimal_places) - 1
    biggest = _BIGGEST.get(type(column).__name__)
    return Decimal(biggest) if biggest else None


def external_id(example: str) -> Field:
    """Describe the id a row has in the system it comes from."""
    return Field(
        "external_id",
        "Id in the source",
        help=f"What the source calls this row, such as {example}. By it a row is known again the next time.",
        max_length=200,
        synonyms=("id", "external id", "reference"),
    )
