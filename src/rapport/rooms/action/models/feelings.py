"""What we want customers to feel at a touchpoint, to lay beside what they feel."""

from typing import Any

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from rapport.rooms.catalog.models import Touchpoint
from rapport.rooms.signals.api import FEELINGS


def check_feelings(values: Any) -> None:
    """Raise ValidationError for a feeling nobody can name at capture."""
    unknown = sorted(set(values) - set(FEELINGS))
    if unknown:
        raise ValidationError(_("%(name)s is no feeling on our list.") % {"name": unknown[0]})


@pghistory.track()
class DesiredFeelings(models.Model):
    """The feelings a touchpoint is to leave behind."""

    touchpoint = models.OneToOneField(Touchpoint, models.CASCADE, primary_key=True, related_name="desired")
    feelings = ArrayField(models.CharField(max_length=30), default=list, validators=[check_feelings])

    class Meta:
        ordering = ["touchpoint__position"]
        verbose_name_plural = "desired feelings"

    def __str__(self) -> str:
        return f"{self.touchpoint}: {', '.join(self.feelings)}"
