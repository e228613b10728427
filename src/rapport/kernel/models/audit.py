"""Who looked at whom."""

from django.conf import settings
from django.db import models


class Sighting(models.Model):
    """A user saw the page of an account or a person."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    seen_at = models.DateTimeField()
    kind = models.CharField(max_length=30)
    object_code = models.CharField(max_length=40)
    label = models.CharField(max_length=200)
    way = models.CharField(max_length=10)
    request_id = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["kind", "object_code", "-seen_at"]),
            models.Index(fields=["user", "-seen_at"]),
            models.Index(fields=["-seen_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_code}"
