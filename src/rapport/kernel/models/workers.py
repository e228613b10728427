"""Signs of life of the workers."""

from django.db import models


class WorkerHeartbeat(models.Model):
    """When a worker last said that it lives."""

    name = models.CharField(max_length=120, primary_key=True)
    version = models.CharField(max_length=20)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
