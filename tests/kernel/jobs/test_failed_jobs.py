"""Jobs that fail keep their reason, and a person may try or discard them."""

import pytest
from django.db import IntegrityError, connection, transaction
from tests.cast import World

from rapport.kernel.jobs.failures import (
    NoSuchFailedJob,
    count_failed_jobs,
    describe,
    discard_job,
    failed_jobs,
    note_failure,
    retry_job,
)
from rapport.kernel.logs import where
from rapport.kernel.models import Team

pytestmark = pytest.mark.django_db


def put(status: str, *, lock: str | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts, queueing_lock)"
            " VALUES ('q', 'some.task', '{}', %s, 8, %s) RETURNING id",
            [status, lock],
        )
        return int(cursor.fetchone()[0])


def status_of(job_id: int) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM procrastinate_jobs WHERE id = %s", [job_id])
        row = cursor.fetchone()
    return row[0] if row else None


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:  # noqa: BLE001
        return caught


def test_a_reason_names_kind_and_place_but_never_the_data() -> None:
    error = raised(ValueError("Joost Brandsma, joost@veldhuis.example, said: nobody rang"))
    assert describe(error) == "ValueError"
    assert "test_failed_jobs.py" in where(error)[-1]
    assert "Joost" not in describe(error) + "".join(where(error))


def test_a_reason_from_the_database_names_the_constraint_but_not_the_row(world: World) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Team.objects.create(key="benelux-team", name="Again")
    said = describe(caught.value)
    assert "23505" in said
    assert "benelux-team" not in said


def test_a_reason_from_the_system_says_what_the_system_said() -> None:
    assert describe(raised(ConnectionRefusedError(111, "Connection refused"))) == (
        "ConnectionRefusedError (Connection refused)"
    )


def test_a_failed_job_is_listed_with_its_last_reason() -> None:
    from django.utils import timezone

    job_id = put("failed")
    for attempt, error in [(7, KeyError("x")), (8, ValueError("y"))]:
        note_failure(
            job_id=job_id, task="some.task", attempt=attempt, error=raised(error), now=timezone.now()
        )
    [job] = failed_jobs()
    assert (job.id, job.error, count_failed_jobs()) == (job_id, "ValueError", 1)


def test_a_failed_job_can_be_tried_again_or_discarded() -> None:
    first, second = put("failed"), put("failed")
    retry_job(first)
    discard_job(second)
    assert (status_of(first), status_of(second)) == ("todo", None)


@pytest.mark.parametrize("status", ["todo", "doing", "succeeded"])
def test_only_failed_jobs_are_touched(status: str) -> None:
    job_id = put(status)
    for act in (retry_job, discard_job):
        with pytest.raises(NoSuchFailedJob):
            act(job_id)
    assert status_of(job_id) == status
