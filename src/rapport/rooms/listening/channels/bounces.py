"""Reports about messages we sent: bounces (RFC 3464) and complaints (RFC 5965)."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import Message

from django.db import transaction

from rapport.rooms.listening.channels.suppression import suppress
from rapport.rooms.listening.links import hash_of
from rapport.rooms.listening.models import Bounce, Invitation, Suppression

LARGEST = 10 * 2**20
SOFT_BEFORE_SUPPRESSING = 3
SOFT_WITHIN = timedelta(days=30)
_SECRET = re.compile(r"/ask/stop/([A-Za-z0-9_-]{20,60})/")
# Of permanent failures these are not the address's own: the mailbox is full, or our mail was not liked.
NOT_ITS_FAULT = ("5.2.2", "5.7.", "5.3.4", "5.2.3")


class NoReport(ValueError):
    """What was given is no report about a message; says what was looked for."""


@dataclass(frozen=True)
class Report:
    """What a report says of one address."""

    email: str
    kind: str
    """`hard`, `soft` or `complaint`."""
    detail: str = ""
    secret: str = ""
    """Of the invitation the message was for, where the report quotes it."""
    event: str = ""


def read_report(raw: bytes) -> list[Report]:
    """Read a delivery status or a complaint; raise NoReport when it is neither."""
    if len(raw) > LARGEST:
        raise NoReport("The message is larger than 10 MB; a report is not.")
    message = message_from_bytes(raw, policy=policy.compat32)
    parts = list(message.walk())
    event = str(message["Message-ID"] or "") or hashlib.sha256(raw).hexdigest()
    secret = _quoted_secret(parts)
    found = [
        *(report for part in parts if _is(part, "message/delivery-status") for report in _statuses(part)),
        *(
            report
            for part in parts
            if _is(part, "message/feedback-report")
            for report in _complaint(part, parts)
        ),
    ]
    if not found:
        raise NoReport(
            "This is no delivery report: it has no part of type message/delivery-status "
            "or message/feedback-report."
        )
    return [
        Report(one.email, one.kind, one.detail, secret, f"{event[:120]}:{one.email[:60]}") for one in found
    ]


def _is(part: Message, kind: str) -> bool:
    return part.get_content_type() == kind


def _statuses(part: Message) -> Iterator[Report]:
    """Yield what each group of fields says; the first tells about the message, not about a recipient."""
    for fields in _groups(part):
        recipient = str(fields["Final-Recipient"] or fields["Original-Recipient"] or "")
        action = str(fields["Action"] or "").strip().lower()
        if not recipient or action not in {"failed", "delayed"}:
            continue
        status = str(fields["Status"] or "").strip().split(" ")[0]
        told = " ".join(str(fields["Diagnostic-Code"] or status).split())
        hard = action == "failed" and status.startswith("5") and not status.startswith(NOT_ITS_FAULT)
        yield Report(_address(recipient), "hard" if hard else "soft", told[:500])


def _groups(part: Message) -> list[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        return [group for group in payload if isinstance(group, Message)]
    blocks = re.split(r"\r?\n\r?\n", str(payload))
    return [message_from_bytes(block.encode("utf-8", "replace")) for block in blocks]


def _complaint(part: Message, parts: list[Message]) -> Iterator[Report]:
    fields = _groups(part)
    told = next((str(group["Original-Rcpt-To"]) for group in fields if group["Original-Rcpt-To"]), "")
    if not told:
        told = next((str(other["To"]) for other in parts[1:] if other["To"]), "")
    if told:
        kind = next((str(group["Feedback-Type"]) for group in fields if group["Feedback-Type"]), "abuse")
        yield Report(_address(told), "complaint", kind[:100])


def _address(field: str) -> str:
    found = re.search(r"[^\s;<>]+@[^\s;<>]+", field)
    return found[0].strip().lower() if found else ""


def _quoted_secret(parts: list[Message]) -> str:
    """Return the secret of the invitation whose message a report quotes."""
    for part in parts:
        quoted = str(part["List-Unsubscribe"] or "")
        if part.get_content_type() in {"text/rfc822-headers", "message/rfc822-headers"}:
            quoted += str(part.get_payload())
        found = _SECRET.search(quoted.replace("=\r\n", "").replace("=\n", ""))
        if found:
            return found[1]
    return ""


@transaction.atomic
def take_report(report: Report, *, now: datetime, source: str) -> bool:
    """Act on a report; return whether it concerns somebody we wrote to.

    A hard bounce or a complaint suppresses the address; three soft ones within a month do too.
    """
    written_to = Invitation.objects.filter(contact__email__iexact=report.email, channel="email")
    if report.secret:
        written_to = Invitation.objects.filter(secret_hash=hash_of(report.secret), contact__isnull=False)
    latest = written_to.order_by("-sent_at").select_related("contact").first()
    if latest is None or latest.contact is None or not report.email:
        return False
    address = latest.contact.email.lower() or report.email
    if report.kind == "complaint":
        suppress(address, Suppression.Reason.COMPLAINED, now=now, detail=report.detail, source=source)
    elif report.kind == "hard" or _soft_too_often(report, address, now):
        suppress(address, Suppression.Reason.BOUNCED, now=now, detail=report.detail, source=source)
        Invitation.objects.filter(pk=latest.pk, state__in=["drawn", "sent"]).update(
            state="bounced", send_at=None
        )
    return True


def _soft_too_often(report: Report, address: str, now: datetime) -> bool:
    Bounce.objects.get_or_create(
        event=report.event[:200] or f"{address}:{now.isoformat()}",
        defaults={"email": address, "detail": report.detail[:500], "at": now},
    )
    recent = Bounce.objects.filter(email=address, at__gt=now - SOFT_WITHIN).count()
    return recent >= SOFT_BEFORE_SUPPRESSING


def take_raw(raw: bytes, *, now: datetime, source: str) -> tuple[int, int]:
    """Act on a raw report; return how many addresses it names and how many of them we wrote to."""
    reports = read_report(raw)
    return len(reports), sum(take_report(report, now=now, source=source) for report in reports)
