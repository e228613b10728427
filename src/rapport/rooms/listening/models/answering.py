"""What comes with answers: files, places in quotas, and anonymous answers on their way to the ledger."""

from uuid import uuid4

from django.db import models
from django.utils import timezone

from rapport.rooms.listening.models.invitation import Invitation
from rapport.rooms.listening.models.programme import Programme
from rapport.rooms.listening.models.survey import SurveyVersion


class Upload(models.Model):
    """A file given as an answer; it moves to the ledger when the response is sent."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    invitation = models.ForeignKey(Invitation, models.CASCADE, related_name="uploads")
    file = models.FileField(upload_to="responses/%Y/%m")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.name


class QuotaFill(models.Model):
    """How many finished responses a quota of a version counts already."""

    version = models.ForeignKey(SurveyVersion, models.CASCADE, related_name="quota_fills", db_index=False)
    key = models.CharField(max_length=60)
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="quota_filled_once")]

    def __str__(self) -> str:
        return f"{self.key}: {self.taken}"


class Ballot(models.Model):
    """An anonymous answer, sent and cut off from whoever gave it: no person, no time, a random id.

    It waits here until the nightly job carries all there are to the ledger, in no order.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    version = models.ForeignKey(SurveyVersion, models.PROTECT, related_name="+", db_index=False)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+", db_index=False)
    region = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=12, blank=True)
    answers = models.JSONField()

    def __str__(self) -> str:
        return str(self.id)
