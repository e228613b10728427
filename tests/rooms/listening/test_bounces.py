"""Bounces and complaints suppress, whether read from a message or told by the mail service."""

import base64
import hashlib
import hmac
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone
from tests.rooms.listening.asking import NOW, programme

from rapport.rooms.listening.channels.bounces import NoReport, read_report, take_raw
from rapport.rooms.listening.channels.command import read_bounces
from rapport.rooms.listening.channels.sending import send_due
from rapport.rooms.listening.links import secret_of
from rapport.rooms.listening.models import Bounce, Invitation, Suppression
from rapport.rooms.listening.sampling.draws import draw_sample

pytestmark = pytest.mark.django_db


def report(
    email: str, *, action: str = "failed", status: str = "5.1.1", number: int = 1, secret: str = ""
) -> bytes:
    """Write a delivery status as mail servers do (RFC 3464)."""
    quoted = f"List-Unsubscribe: <https://cx.halden.example/ask/stop/{secret}/>\n" if secret else ""
    return f"""From: MAILER-DAEMON@mx.example
To: cx@halden.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn-{number}@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not work.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {email}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} No such
 user here

--b
Content-Type: message/rfc822

From: cx@halden.example
To: {email}
{quoted}Subject: How are we doing?

Words.
--b--
""".encode()


COMPLAINT = b"""From: fbl@provider.example
Message-ID: <arf@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Provider/1
Version: 1
Original-Rcpt-To: <eva@veldhuis.example>

--b--
"""


@pytest.fixture
def asked(world: Any, cast: Any) -> Any:
    draw_sample(programme(cast("cx_manager")), now=NOW, seed=1)
    send_due(now=NOW)
    return world


def suppressed() -> dict[str, str]:
    return dict(Suppression.objects.in_force().values_list("email", "reason"))


def test_a_hard_bounce_suppresses_and_marks_the_asking(asked: Any) -> None:
    assert take_raw(report("eva@veldhuis.example"), now=NOW, source="mailbox") == (1, 1)
    assert suppressed() == {"eva@veldhuis.example": "bounced"}
    assert Suppression.objects.get().detail == "smtp; 550 5.1.1 No such user here"
    assert Invitation.objects.get(contact=asked.eva).state == "bounced"


def test_a_complaint_suppresses(asked: Any) -> None:
    assert take_raw(COMPLAINT, now=NOW, source="API") == (1, 1)
    assert suppressed() == {"eva@veldhuis.example": "complained"}


@pytest.mark.parametrize(
    ("action", "status"), [("delayed", "4.4.1"), ("failed", "5.2.2"), ("failed", "5.7.1")]
)
def test_only_the_third_soft_bounce_within_a_month_suppresses(asked: Any, action: str, status: str) -> None:
    for number in (1, 2, 2, 3):
        assert suppressed() == {}
        raw = report("eva@veldhuis.example", action=action, status=status, number=number)
        take_raw(raw, now=NOW + timedelta(days=number), source="mailbox")
    assert suppressed() == {"eva@veldhuis.example": "bounced"}
    assert Bounce.objects.count() == 3


def test_a_report_about_somebody_we_never_wrote_to_changes_nothing(asked: Any) -> None:
    assert take_raw(report("somebody@else.example"), now=NOW, source="API") == (1, 0)
    assert suppressed() == {}


def test_a_forwarded_address_is_found_by_the_message_quoted(asked: Any) -> None:
    eva = Invitation.objects.get(contact=asked.eva)
    raw = report("inbox77@forwarder.example", secret=secret_of(eva.pk))
    assert take_raw(raw, now=NOW, source="mailbox") == (1, 1)
    assert suppressed() == {"eva@veldhuis.example": "bounced"}


@pytest.mark.parametrize(
    "raw", [b"", b"Subject: Out of office\n\nBack on Monday.", b"\xff\xfe\x00", b"--b\n" * 500]
)
def test_what_is_no_report_is_refused_with_what_was_looked_for(raw: bytes) -> None:
    with pytest.raises(NoReport, match="no delivery report"):
        read_report(raw)


def test_programs_hand_reports_in(asked: Any, browser_of: Any) -> None:
    api = browser_of("analyst")
    took = api.post("/api/v1/bounces", report("eva@veldhuis.example"), content_type="message/rfc822")
    assert took.json() == {"named": 1, "known": 1}
    assert api.post("/api/v1/bounces", b"Hello", content_type="message/rfc822").status_code == 422


def test_the_command_reads_a_mailbox_file(asked: Any, tmp_path: Path, capsys: Any) -> None:
    box = tmp_path / "mbox"
    messages = [
        report("eva@veldhuis.example"),
        b"Subject: Hi\n\nWords.\n",
        report("x@else.example", number=2),
    ]
    box.write_bytes(b"".join(b"From MAILER Tue Mar  3 10:00:00 2026\n" + one + b"\n" for one in messages))
    read_bounces(box)
    assert "2 reports, 1 about people we wrote to, 1 other messages." in capsys.readouterr().out
    assert sys.stdout is not None


MAILGUN = {
    "EMAIL_BACKEND": "anymail.backends.mailgun.EmailBackend",
    "ANYMAIL": {"MAILGUN_API_KEY": "k", "MAILGUN_WEBHOOK_SIGNING_KEY": "signing-key"},
}


def mailgun(key: str, event: str = "failed") -> dict[str, Any]:
    at, token = str(int(timezone.now().timestamp())), "t" * 50
    signature = hmac.new(key.encode(), f"{at}{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": at, "token": token, "signature": signature},
        "event-data": {
            "event": event,
            "severity": "permanent",
            "id": "e1",
            "timestamp": float(at),
            "recipient": "eva@veldhuis.example",
            "reason": "bounce",
            "delivery-status": {"message": "No such user", "code": 550},
            "message": {"headers": {"message-id": "m1"}},
        },
    }


@override_settings(**MAILGUN)
def test_the_mail_services_word_counts_only_with_its_signature(asked: Any) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)

    def post(key: str, event: str = "failed") -> int:
        told = json.dumps(mailgun(key, event))
        return client.post("/ask/events/mailgun/", told, content_type="application/json").status_code

    assert post("a wrong key") == 400
    assert suppressed() == {}
    assert post("signing-key") == 200
    assert suppressed() == {"eva@veldhuis.example": "bounced"}
    assert client.post("/ask/events/postmark/", "{}", content_type="application/json").status_code == 404


@override_settings(
    EMAIL_BACKEND="anymail.backends.postmark.EmailBackend", ANYMAIL={"WEBHOOK_SECRET": "halden:secret"}
)
def test_a_service_without_signatures_needs_the_secret_in_the_address(asked: Any) -> None:
    told = json.dumps(
        {
            "RecordType": "SpamComplaint",
            "ID": 7,
            "Email": "eva@veldhuis.example",
            "BouncedAt": "2026-03-03T10:00:00Z",
        }
    )
    client = Client(raise_request_exception=False)
    sent: dict[str, Any] = {"data": told, "content_type": "application/json"}
    assert client.post("/ask/events/postmark/", **sent).status_code == 400
    guard = base64.b64encode(b"halden:secret").decode()
    assert (
        client.post("/ask/events/postmark/", **sent, HTTP_AUTHORIZATION=f"Basic {guard}").status_code == 200
    )
    assert suppressed() == {"eva@veldhuis.example": "complained"}
