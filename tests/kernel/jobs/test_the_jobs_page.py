"""The administrators' page of failed jobs."""

from collections.abc import Callable

from django.test import Client
from django.utils import timezone
from tests.kernel.jobs.test_failed_jobs import put, raised, status_of

from rapport.kernel.jobs.failures import note_failure

Browser = Callable[[str], Client]


def test_a_failed_job_is_shown_with_its_reason_and_tried_again(browser_of: Browser) -> None:
    job_id, browser = put("failed"), browser_of("administrator")
    now = timezone.now()
    note_failure(job_id=job_id, task="some.task", attempt=8, error=raised(KeyError("Joost")), now=now)
    page = browser.get("/admin/jobs/").content.decode()
    assert "1 job gave up" in page
    assert "KeyError" in page
    assert "Joost" not in page
    browser.post("/admin/jobs/", {"job": job_id, "decision": "retry"})
    assert status_of(job_id) == "todo"


def test_a_failed_job_is_discarded(browser_of: Browser) -> None:
    job_id = put("failed")
    browser_of("administrator").post("/admin/jobs/", {"job": job_id, "decision": "discard"})
    assert status_of(job_id) is None


def test_a_job_whose_like_waits_cannot_be_tried_again(browser_of: Browser) -> None:
    job_id = put("failed", lock="sweep")
    put("todo", lock="sweep")
    page = browser_of("administrator").post("/admin/jobs/", {"job": job_id, "decision": "retry"}, follow=True)
    assert "waits already" in page.content.decode()
    assert status_of(job_id) == "failed"
