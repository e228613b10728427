"""How values are put on a row: only fields that may be edited, checked, with mistakes named by field."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _


class Conflict(Exception):
    """Something that must be unique is taken; the message says by what."""


def put_values(row: models.Model, values: Mapping[str, Any], editable: Iterable[str]) -> list[str]:
    """Set the values on the row and check the whole of it; return the fields that changed.

    Raises ValidationError naming each field that is wrong.
    """
    allowed = set(editable)
    for name in values:
        if name not in allowed:
            raise ValidationError({name: [_("There is no such field to change.")]})
    changed = [name for name, value in values.items() if _differs(row, name, value)]
    for name in changed:
        setattr(row, name, values[name])
    others = {field.name for field in row._meta.concrete_fields} - allowed
    row.full_clean(exclude=others, validate_constraints=False)
    return changed


def _differs(row: models.Model, name: str, value: Any) -> bool:
    """Compare with what stands there, references by their keys: a new row may have none yet."""
    now = getattr(row, str(getattr(row._meta.get_field(name), "attname", name)))
    return bool(now != (value.pk if isinstance(value, models.Model) else value))


def save_once(row: models.Model, taken: str) -> None:
    """Save a row; raise Conflict with the given message when its id in another system is taken."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "once_a_source" in str(error):
            raise Conflict(taken) from error
        raise
