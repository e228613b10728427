"""How the interface reads references, and how it says what was wrong."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404
from django.utils.translation import gettext as _
from ninja import Schema
from ninja.errors import HttpError
from ninja.errors import ValidationError as Refused
from pydantic import ConfigDict

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact, Opportunity
from rapport.rooms.accounts.services.changing import Conflict


class Given(Schema):
    """What a program sends: a field nobody knows is refused by name."""

    model_config = ConfigDict(extra="forbid")


class ExternalIdBody(Given):
    """What another system calls a row."""

    system: str
    value: str


class ExternalIdShown(Schema):
    """What another system calls a row."""

    system: str
    value: str


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a service's complaints into answers: 422 naming the field, 409 where something is taken."""
    try:
        yield
    except ValidationError as error:
        by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        raise Refused(
            [
                {"type": "value_error", "loc": ["body", "payload", name], "msg": text}
                for name, texts in by_field.items()
                for text in texts
            ]
        ) from error
    except Conflict as error:
        raise HttpError(409, str(error)) from error


def values_of(model: type[models.Model], given: Mapping[str, Any], user: User) -> dict[str, Any]:
    """Turn keys, codes and addresses into rows; raise ValidationError naming the field of an unknown one."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        field = model._meta.get_field(name)
        if isinstance(field, models.ForeignKey):
            found[name] = _row(field, name, value, user)
        else:
            found[name] = _empty_text(field, value)
    return found


def _empty_text(field: Any, value: Any) -> Any:
    """Columns of text hold nothing as an empty text."""
    return "" if value is None and isinstance(field, models.CharField | models.TextField) else value


def _row(field: Any, name: str, value: str | int | None, user: User) -> Any:
    if value in (None, ""):
        return None
    model = field.related_model
    rows: Any = model._default_manager
    if model in (Account, Contact):
        row = rows.visible_to(user).filter(code=value).first()
    elif model is Opportunity:
        row = rows.visible_to(user).filter(pk=value).first() if str(value).isdigit() else None
    elif model is User:
        row = rows.filter(email__iexact=value, is_active=True).first()
    else:
        row = rows.filter(pk=value).first()
    if row is None:
        raise ValidationError({name: [_("%(value)s is not known.") % {"value": value}]})
    return row


def start_after(model: type[models.Model], code: str) -> int:
    """Return the number of the code after which a list goes on; raise Http404 when it is no code."""
    letter = "A" if model is Account else "P"
    if not code:
        return 0
    if not (code.startswith(letter) and code[1:].isdigit()):
        raise Http404
    return int(code[1:])
