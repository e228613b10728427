"""Signs of life of the workers, and what became of jobs that failed."""

from django.db import models


class WorkerHeartbeat(models.Model):
    """When a worker last said that it lives."""

    name = models.CharField(max_length=120, primary_key=True)
    version = models.CharField(max_length=20)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class JobFailure(models.Model):
    """Why an attempt at a job failed: where in the code and of what kind, never the data it worked on."""

    job_id = models.BigIntegerField()
    task = models.CharField(max_length=200)
    attempt = models.PositiveIntegerField()
    failed_at = models.DateTimeField()
    error = models.CharField(max_length=300)
    traceback = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["job_id", "-failed_at"], name="job_failure_by_job")]

    def __str__(self) -> str:
        return f"{self.task}: {self.error}"
