"""Duplicates found, and merges that can be undone."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class DuplicateCandidate(models.Model):
    """Two rows that look like the same customer or the same person."""

    class Kind(models.TextChoices):
        """What the two rows are."""

        ACCOUNT = "account", _("Accounts")
        CONTACT = "contact", _("People")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    left_id = models.BigIntegerField()
    right_id = models.BigIntegerField()
    likeness = models.FloatField()
    reasons = models.JSONField(default=list)
    found_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)

    class Meta:
        ordering = ["-likeness", "id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "left_id", "right_id"], name="duplicate_found_once"),
            models.CheckConstraint(
                name="duplicate_pair_in_order", condition=models.Q(left_id__lt=models.F("right_id"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.left_id} ~ {self.right_id}"


class Merge(models.Model):
    """One row was found to be the same as another; what it held before is kept so that it can be undone."""

    kind = models.CharField(max_length=8, choices=DuplicateCandidate.Kind.choices)
    kept_id = models.BigIntegerField()
    merged_id = models.BigIntegerField()
    before = models.JSONField()
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-merged_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "merged_id"], condition=models.Q(undone_at=None), name="merged_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.merged_id} into {self.kept_id}"
