"""Survey files taken in: what they said, what was lost, and the survey they became."""

from pathlib import Path
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
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = SurveyFileQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.file_name


class ResponseImportQuerySet(models.QuerySet["ResponseImport"]):
    """Ways to narrow imports of responses."""

    def visible_to(self, user: Any) -> Self:
        """Keep those of survey files the user may see."""
        return self.filter(survey_file__in=SurveyFile.objects.visible_to(user).values("pk"))


class ResponseImport(models.Model):
    """One file of responses on its way into the ledger; what has landed is noted with the rows themselves."""

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("Waiting for the worker")
        READING = "reading", _("Reading and checking")
        LANDING = "landing", _("Recording")
        DONE = "done", _("Done")
        FAILED = "failed", _("Nothing more was recorded")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    survey_file = models.ForeignKey(SurveyFile, models.CASCADE, related_name="imports")
    upload = models.FileField(upload_to="survey-responses/%Y/%m", blank=True)
    path = models.CharField(max_length=1000, blank=True)
    """Where the file lies when nobody uploaded it."""
    file_name = models.CharField(_("file"), max_length=255)
    when = models.DateTimeField(null=True)
    """For responses whose file tells no date."""
    anonymous = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    message = models.TextField(blank=True)
    total = models.PositiveBigIntegerField(default=0)
    """How many responses the file holds, counted before the first is recorded."""
    landed = models.JSONField(default=dict)
    """What became of them so far; the shape is `Landed`."""
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = ResponseImportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.file_name

    @property
    def location(self) -> Path:
        """Where the file lies."""
        return Path(self.path) if self.path else Path(self.upload.path)

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DONE, self.State.FAILED)

    @property
    def percent(self) -> int:
        """How much of it has been recorded."""
        if self.state == self.State.DONE:
            return 100
        return min(99, int(100 * self.landed.get("read", 0) / self.total)) if self.total else 0
