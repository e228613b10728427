"""What administrators decide about mail in doubt or refused."""

import pytest
from django.utils import timezone
from tests.kernel.mail.post_office import post_office
from tests.rooms.action.cases import Cast

from rapport.kernel.jobs.worker import run_pending_jobs
from rapport.kernel.mail.decisions import NothingToDecide, count_mail, give_up, send_again
from rapport.kernel.mail.queue import message_id
from rapport.kernel.models import OutgoingMail


def mail(state: str) -> OutgoingMail:
    return OutgoingMail.objects.create(
        dedupe_key=f"k-{state}",
        to="nadia@halden.example",
        subject="A case",
        text="Hello.",
        state=state,
        queued_at=timezone.now(),
    )


@pytest.mark.parametrize("state", ["doubtful", "refused", "dropped"])
def test_sending_again_leaves_with_the_same_message_id(cast: Cast, state: str) -> None:
    message = mail(state)
    with post_office() as office:
        send_again(message, cast("administrator"), now=timezone.now())
        run_pending_jobs()
    assert [found["Message-ID"] for found in office.accepted] == [message_id(message.dedupe_key)]
    message.refresh_from_db()
    assert (message.state, message.decided_by) == ("sent", cast("administrator"))


@pytest.mark.parametrize("state", ["sent", "handing", "sending", "queued"])
def test_what_is_settled_or_under_way_cannot_be_sent_again(cast: Cast, state: str) -> None:
    with pytest.raises(NothingToDecide):
        send_again(mail(state), cast("administrator"), now=timezone.now())


@pytest.mark.parametrize("state", ["doubtful", "refused", "queued"])
def test_given_up_mail_stays(cast: Cast, state: str) -> None:
    message = mail(state)
    give_up(message, cast("administrator"), now=timezone.now())
    with post_office() as office:
        run_pending_jobs()
    assert office.accepted == []
    assert count_mail()["dropped"] == 1


@pytest.mark.parametrize("state", ["sent", "handing", "sending"])
def test_what_may_be_under_way_cannot_be_given_up(cast: Cast, state: str) -> None:
    with pytest.raises(NothingToDecide):
        give_up(mail(state), cast("administrator"), now=timezone.now())
