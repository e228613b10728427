"""What is removed every night."""

from datetime import timedelta

import pytest
from django.utils import timezone
from tests.kernel.jobs.test_failed_jobs import put

from rapport.kernel.mail.queue import queue_mail
from rapport.kernel.models import JobFailure, OutgoingMail
from rapport.kernel.tasks import forget

pytestmark = pytest.mark.django_db


def test_sent_mail_loses_its_words_and_keeps_its_key() -> None:
    now = timezone.now()
    for key, days, state in [("old", 91, "sent"), ("new", 89, "sent"), ("waits", 91, "doubtful")]:
        sent_at = now - timedelta(days=days)
        queue_mail(to="a@halden.example", subject="S", text="Words", dedupe_key=key, now=sent_at)
        OutgoingMail.objects.filter(dedupe_key=key).update(state=state, sent_at=sent_at)
    forget(now)
    texts = dict(OutgoingMail.objects.values_list("dedupe_key", "text"))
    assert texts == {"old": "", "new": "Words", "waits": "Words"}


def test_reasons_stay_as_long_as_their_job_stands_failed() -> None:
    now = timezone.now()
    failed, mended = put("failed"), put("todo")
    for job_id in (failed, mended):
        JobFailure.objects.create(
            job_id=job_id, task="t", attempt=1, failed_at=now - timedelta(days=31), error="E"
        )
    forget(now)
    assert list(JobFailure.objects.values_list("job_id", flat=True)) == [failed]
