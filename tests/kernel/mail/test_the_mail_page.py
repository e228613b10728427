"""The administrators' page of mail."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from tests.rooms.action.cases import Cast

from rapport.kernel.models import OutgoingMail

Browser = Callable[[str], Client]


def doubtful() -> OutgoingMail:
    return OutgoingMail.objects.create(
        dedupe_key="k",
        to="nadia@halden.example",
        subject="C1 is overdue",
        text="Hello.",
        state="doubtful",
        error="Connection unexpectedly closed",
        queued_at=timezone.now(),
    )


def test_it_shows_what_is_in_doubt_and_sends_again_on_a_persons_word(cast: Cast, browser_of: Browser) -> None:
    mail, browser = doubtful(), browser_of("administrator")
    page = browser.get("/admin/mail/").content.decode()
    assert "1 message may have left" in page
    assert "Connection unexpectedly closed" in page
    browser.post("/admin/mail/", {"mail": mail.pk, "decision": "send"})
    mail.refresh_from_db()
    assert (mail.state, mail.decided_by) == ("queued", cast("administrator"))


def test_looking_at_it_changes_nothing(cast: Cast, browser_of: Browser) -> None:
    mail = doubtful()
    browser_of("administrator").get(f"/admin/mail/?mail={mail.pk}&decision=send")
    mail.refresh_from_db()
    assert mail.state == "doubtful"


@pytest.mark.parametrize("number", ["", "x", "999999"])
def test_a_message_that_is_not_there_is_not_found(browser_of: Browser, number: str) -> None:
    response = browser_of("administrator").post("/admin/mail/", {"mail": number, "decision": "drop"})
    assert response.status_code == 404


def test_only_administrators_see_it(browser_of: Browser) -> None:
    assert browser_of("cx_manager").get("/admin/mail/").status_code == 404
    assert browser_of("cx_manager").get("/admin/jobs/").status_code == 404
