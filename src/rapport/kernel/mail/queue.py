"""Queueing mail: written with the change that causes it, once for each key."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr

from django.conf import settings
from django.db import transaction

from rapport.kernel.models import OutgoingMail

MOST_A_JOB = 50


@dataclass(frozen=True)
class NewMail:
    """A message to one person; the same `dedupe_key` never leaves twice."""

    to: str
    subject: str
    text: str
    dedupe_key: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def queue_mail(
    *,
    to: str,
    subject: str,
    text: str,
    dedupe_key: str,
    now: datetime,
    html: str = "",
    headers: Mapping[str, str] | None = None,
) -> None:
    """Put one message on its way, in the caller's transaction; a key queued before changes nothing."""
    queue_mails([NewMail(to, subject, text, dedupe_key, html, headers or {})], now=now)


def queue_mails(mails: Sequence[NewMail], *, now: datetime) -> None:
    """Put messages on their way, in the caller's transaction, with one job for every fifty."""
    # Imported here because the job's module needs the tables, and rooms queue mail from theirs.
    from rapport.kernel.mail.sending import deliver

    with transaction.atomic():
        rows = [_row(mail, now) for mail in mails]
        OutgoingMail.objects.bulk_create(rows, ignore_conflicts=True)
        keys = [mail.dedupe_key for mail in mails]
        for start in range(0, len(keys), MOST_A_JOB):
            deliver.defer(keys=[*keys[start : start + MOST_A_JOB]])


def _row(mail: NewMail, now: datetime) -> OutgoingMail:
    return OutgoingMail(
        dedupe_key=mail.dedupe_key,
        to=mail.to,
        subject=" ".join(mail.subject.split())[:300],
        text=mail.text,
        html=mail.html,
        headers=dict(mail.headers),
        queued_at=now,
    )


def message_id(dedupe_key: str) -> str:
    """Return the Message-ID of a key: always the same, so that the receiving side can tell a repetition."""
    digest = hmac.new(settings.SECRET_KEY.encode(), dedupe_key.encode(), hashlib.sha256).hexdigest()[:40]
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{digest}@{domain}>"
