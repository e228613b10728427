"""Jobs that failed: why, without personal data, and what an administrator does about them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.job_context import JobContext

from rapport.kernel.history.acting import acting_as_job
from rapport.kernel.logs import where
from rapport.kernel.models import JobFailure


class NoSuchFailedJob(LookupError):
    """The job is not among the failed ones: somebody retried or discarded it before."""


class AlreadyWaiting(Exception):
    """The same job waits already, so the failed one need not run again."""


@dataclass(frozen=True)
class FailedJob:
    """A job that gave up, with its last error."""

    id: int
    task: str
    attempts: int
    failed_at: datetime | None
    error: str
    traceback: str


def describe(error: BaseException) -> str:
    """Name an error by kind, and by what is known to hold no personal data.

    The message itself is left out: it may quote a name, an address or a customer's words.
    """
    kinds = []
    for cause in _causes(error):
        kind = type(cause).__qualname__
        detail = _harmless_detail(cause)
        kinds.append(f"{kind} ({detail})" if detail else kind)
    return " from ".join(kinds)[:300]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__


def _harmless_detail(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    diagnosis = getattr(error, "diag", None)
    if diagnosis is None:
        return ""
    parts = (diagnosis.sqlstate, diagnosis.table_name, diagnosis.constraint_name)
    return ", ".join(part for part in parts if part)


def note_failure(*, job_id: int, task: str, attempt: int, error: BaseException, now: datetime) -> None:
    """Keep why an attempt failed."""
    JobFailure.objects.create(
        job_id=job_id,
        task=task,
        attempt=attempt,
        failed_at=now,
        error=describe(error),
        traceback="\n".join(where(error)),
    )


def keep_reason(call_next: Callable[[], Any], context: JobContext, worker: Any) -> Any:
    """Sign what a job changes with its name, and note why it failed, around every job a worker runs."""
    try:
        with acting_as_job(context.job.task_name):
            return call_next()
    except Exception as error:
        try:
            note_failure(
                job_id=context.job.id or 0,
                task=context.job.task_name,
                attempt=context.job.attempts + 1,
                error=error,
                now=timezone.now(),
            )
        except DatabaseError:
            # The database may be what failed; the job is retried all the same and the log has the error.
            connection.close()
        raise


def failed_jobs(limit: int = 200) -> list[FailedJob]:
    """Return the jobs that gave up, latest first."""
    jobs = list(ProcrastinateJob.objects.filter(status="failed").order_by("-id")[:limit])
    last: dict[int, JobFailure] = {}
    reasons = JobFailure.objects.filter(job_id__in=[job.id for job in jobs]).order_by("failed_at", "id")
    for reason in reasons:
        last[reason.job_id] = reason
    return [_failed(job, last.get(job.id)) for job in jobs]


def _failed(job: Any, reason: JobFailure | None) -> FailedJob:
    return FailedJob(
        id=job.id,
        task=job.task_name,
        attempts=job.attempts,
        failed_at=reason.failed_at if reason else None,
        error=reason.error if reason else "",
        traceback=reason.traceback if reason else "",
    )


def count_failed_jobs() -> int:
    """Return how many jobs gave up."""
    return ProcrastinateJob.objects.filter(status="failed").count()


def retry_job(job_id: int) -> None:
    """Put a failed job back on the queue, to be taken at once.

    Raises NoSuchFailedJob if it is not failed, AlreadyWaiting if the next turn of a periodic job waits.
    """
    try:
        with transaction.atomic():
            _back_to_queue(job_id)
    except IntegrityError as error:
        raise AlreadyWaiting(f"The like of job {job_id} waits already; discard this one.") from error


def _back_to_queue(job_id: int) -> None:
    _on_failed(
        job_id,
        "WITH back AS (UPDATE procrastinate_jobs SET status = 'todo', attempts = 0, scheduled_at = NULL"
        " WHERE id = %s AND status = 'failed' RETURNING id)"
        " SELECT pg_notify('procrastinate_any_queue_v1',"
        " json_build_object('type', 'job_inserted', 'job_id', id)::text) FROM back",
    )


def discard_job(job_id: int) -> None:
    """Remove a failed job for good; raise NoSuchFailedJob if it is not failed."""
    _on_failed(job_id, "DELETE FROM procrastinate_jobs WHERE id = %s AND status = 'failed' RETURNING id")


def _on_failed(job_id: int, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [job_id])
        if not cursor.fetchall():
            raise NoSuchFailedJob(f"Job {job_id} is not among the failed ones.")


def forget_failures(*, before: datetime) -> None:
    """Remove older reasons of jobs that do not stand failed any more."""
    standing = ProcrastinateJob.objects.filter(status="failed").values("id")
    JobFailure.objects.filter(failed_at__lt=before).exclude(job_id__in=standing).delete()
