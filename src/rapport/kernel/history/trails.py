"""The tables whose every change is kept, and the events of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from pghistory.models import Event


@dataclass(frozen=True)
class Trail:
    """One tracked table and the table of its events."""

    kind: str
    model: type[models.Model]
    events: type[Any]

    @property
    def name(self) -> str:
        """Return what a row of it is called."""
        return str(self.model._meta.verbose_name).capitalize()

    @property
    def table(self) -> str:
        """Return the database's name of the events."""
        name: str = self.events._meta.db_table
        return name

    @property
    def fields(self) -> list[models.Field[Any, Any]]:
        """Return the fields whose values are kept, leaving out the key."""
        tracked = {field.name for field in self.model._meta.fields}
        key = self.model._meta.pk
        spoken = not isinstance(key, models.AutoField)
        fields: list[models.Field[Any, Any]] = list(self.events._meta.fields)
        return [field for field in fields if field.name in tracked and (spoken or field.name != key.name)]

    def column_to(self, model: type[models.Model]) -> str:
        """Return the column by which a row belongs to a row of another table, or nothing."""
        for field in self.fields:
            if isinstance(field, models.ForeignKey) and field.related_model is model:
                return field.column
        return ""


@cache
def trails() -> dict[str, Trail]:
    """Return every tracked table by its label, such as accounts.account."""
    found = {}
    for events in apps.get_models():
        model = getattr(events, "pgh_tracked_model", None)
        if model is not None and issubclass(events, Event):
            found[model._meta.label_lower] = Trail(model._meta.label_lower, model, events)
    return dict(sorted(found.items(), key=lambda item: item[1].name))
