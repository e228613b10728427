"""Survey files taken in: what they said, what was lost, and the survey they became."""

from typing import Any, Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.kernel.roles import Permission
from rapport.rooms.listening.models import Survey


class SurveyFileQuerySet(models.QuerySet["SurveyFile"]):
    """Ways to narrow survey files."""

    def visible_to(self, user: Any) -> Self:
        """Keep one's own; administrators see all."""
        return self if user.may(Permission.ADMINISTER) else self.filter(started_by=user)


class SurveyFile(models.Model):
    """One survey file of a rival, read; `survey` is the draft it was kept as."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    file_name = models.CharField(_("file"), max_length=255)
    document = models.JSONField()
    columns = models.JSONField()
    """Where the columns of its response files belong; the shape is `slots.py`."""
    report = models.JSONField()
    original = models.BinaryField(default=b"")
    """The file itself, where its response files cannot be read without it."""
    survey = models.ForeignKey(Survey, models.PROTECT, null=True, related_name="+", verbose_name=_("survey"))
    landed = models.JSONField(default=list)
    """What became of each response file."""
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = SurveyFileQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.file_name
