"""What was imported, by whom, with which mapping, what came of it, and every problem found."""

from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.kernel.roles import Permission


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    """Ways to narrow imports."""

    def visible_to(self, user: Any) -> Self:
        """Keep one's own imports; administrators see all."""
        return self if user.may(Permission.ADMINISTER) else self.filter(started_by=user)


class ImportRun(models.Model):
    """One file on its way in."""

    class State(models.TextChoices):
        """How far it is."""

        CHOSEN = "chosen", _("Being prepared")
        WAITING = "waiting", _("Waiting for the worker")
        READING = "reading", _("Reading and checking")
        LANDING = "landing", _("Landing")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Nothing landed")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    file = models.FileField(_("file"), upload_to="imports/%Y/%m", blank=True)
    path = models.CharField(max_length=1000, blank=True)
    file_name = models.CharField(_("file name"), max_length=255)
    target = models.CharField(_("what it holds"), max_length=40)
    source = models.CharField(_("source system"), max_length=60, default="file")
    mapping = models.TextField(_("mapping"))
    findings = models.TextField(_("what was found out about the file"), blank=True)
    dry_run = models.BooleanField(_("trial run"), default=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.CHOSEN)
    message = models.TextField(_("what happened"), blank=True)
    share = models.FloatField(default=0)
    checkpoint = models.BigIntegerField(default=0)
    read = models.BigIntegerField(_("rows read"), default=0)
    created = models.BigIntegerField(_("created"), default=0)
    changed = models.BigIntegerField(_("changed"), default=0)
    unchanged = models.BigIntegerField(_("unchanged"), default=0)
    rejected = models.BigIntegerField(_("rejected"), default=0)
    repeated = models.BigIntegerField(_("repeated in the file"), default=0)
    left_out = models.BigIntegerField(_("left out by the mapping"), default=0)
    unmatched = models.BigIntegerField(_("on the matching list"), default=0)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("started by")
    )
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["started_by", "-created_at"], name="import_by_person")]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.target})"

    @property
    def location(self) -> Path:
        """Where the file lies."""
        return Path(self.path) if self.path else Path(self.file.path)

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DONE, self.State.REFUSED, self.State.FAILED)

    @property
    def is_running(self) -> bool:
        return self.state in (self.State.WAITING, self.State.READING, self.State.LANDING)


class ImportBatch(models.Model):
    """A stretch of a file that has landed, noted in the transaction of its rows; gone when all have."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    counts = models.JSONField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="import_batch_once")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.number}"


class ImportProblem(models.Model):
    """One thing wrong in one row."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="problems")
    row = models.BigIntegerField()
    column = models.TextField()
    value = models.TextField(blank=True)
    what = models.TextField()
    mend = models.TextField()
    rejected = models.BooleanField(default=True)

    class Meta:
        ordering = ["row", "id"]
        indexes = [models.Index(fields=["run", "row"], name="import_problem_by_row")]

    def __str__(self) -> str:
        return f"{self.row} {self.column}: {self.what}"


class SavedMappingQuerySet(models.QuerySet["SavedMapping"]):
    """Ways to narrow saved mappings."""

    def visible_to(self, user: Any) -> Self:
        """Mappings hold no customer's data: whoever may import may use them all."""
        return self if user.may(Permission.IMPORT) else self.none()


class SavedMapping(models.Model):
    """A mapping kept for the next file of the same kind."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    target = models.CharField(max_length=40)
    toml = models.TextField()
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)

    objects = SavedMappingQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
