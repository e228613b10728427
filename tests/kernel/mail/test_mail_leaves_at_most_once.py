"""Mail against a real SMTP server: accepted, refused, tried again, or in doubt; never twice by itself."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from tests.kernel.mail.post_office import post_office

from rapport.kernel.jobs.worker import run_pending_jobs
from rapport.kernel.mail.carriers import carrier
from rapport.kernel.mail.queue import message_id, queue_mail
from rapport.kernel.mail.sending import ClaimLost, _claim, _note_hand_over, _settle, deliver, sweep
from rapport.kernel.models import OutgoingMail

pytestmark = pytest.mark.django_db


def queue(key: str = "k-1", text: str = "Hello.\n") -> None:
    queue_mail(to="nadia@halden.example", subject="A case", text=text, dedupe_key=key, now=timezone.now())


def only() -> OutgoingMail:
    return OutgoingMail.objects.get()


def test_a_queued_message_is_accepted_by_the_server() -> None:
    with post_office() as office:
        queue()
        run_pending_jobs()
    [message] = office.accepted
    assert (message["To"], message["Subject"]) == ("nadia@halden.example", "A case")
    assert message["Message-ID"] == message_id("k-1")
    assert (only().state, only().attempts) == ("sent", 1)


def test_the_same_key_leaves_once_however_often_it_is_queued() -> None:
    with post_office() as office:
        for _time in range(3):
            queue()
            run_pending_jobs()
    assert len(office.accepted) == 1


def test_what_is_rolled_back_is_never_sent() -> None:
    with post_office() as office:
        with transaction.atomic():
            queue()
            transaction.set_rollback(True)
        run_pending_jobs()
    assert office.accepted == []
    assert not OutgoingMail.objects.exists()


def test_lines_beginning_with_a_dot_arrive_whole() -> None:
    with post_office() as office:
        queue(text="First.\n.\n..two\nLast.\n")
        run_pending_jobs()
    assert office.accepted[0].get_payload().replace("\r\n", "\n") == "First.\n.\n..two\nLast.\n"


def test_a_line_break_in_a_subject_makes_no_header() -> None:
    with post_office() as office:
        queue_mail(
            to="nadia@halden.example",
            subject="A case\nBcc: eve@evil.example",
            text="Hello.",
            dedupe_key="k-1",
            now=timezone.now(),
        )
        run_pending_jobs()
    assert office.accepted[0]["Bcc"] is None


@pytest.mark.parametrize("where", ["to_recipient", "to_data"])
def test_a_refusal_for_good_is_written_down_and_not_tried_again(where: str) -> None:
    with post_office() as office:
        setattr(office, where, "550 5.1.1 No such person here")
        queue()
        run_pending_jobs()
        sweep(timezone.now() + timedelta(hours=1))
        run_pending_jobs()
    assert (only().state, only().attempts) == ("refused", 1)
    assert "No such person here" in only().error


@pytest.mark.parametrize("where", ["to_recipient", "to_data"])
def test_a_refusal_for_now_is_tried_again_later(where: str) -> None:
    with post_office() as office:
        setattr(office, where, "451 4.7.1 Greylisted, come back")
        queue()
        run_pending_jobs()
        assert only().state == "queued"
        assert only().not_before is not None
        setattr(office, where, "")
        OutgoingMail.objects.update(not_before=timezone.now())
        deliver(keys=["k-1"])
        assert (only().state, len(office.accepted)) == ("sent", 1)


def test_no_server_means_waiting_longer_each_time() -> None:
    with post_office():
        pass
    waits = []
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=9
    ):
        queue()
        for _attempt in range(3):
            now = timezone.now()
            deliver(keys=["k-1"])
            not_before = only().not_before
            assert not_before is not None
            waits.append(round((not_before - now).total_seconds()))
            OutgoingMail.objects.update(not_before=now)
    assert only().state == "queued"
    assert waits == [5, 10, 20]


def test_an_answer_that_never_came_leaves_a_doubt_and_no_second_message() -> None:
    with post_office() as office:
        office.hang_up_after_data = True
        queue()
        run_pending_jobs()
        office.hang_up_after_data = False
        sweep(timezone.now() + timedelta(days=1))
        run_pending_jobs()
    assert only().state == "doubtful"
    assert len(office.accepted) == 1


def test_a_sender_that_lost_its_claim_hands_nothing_over() -> None:
    """Up to the final dot the server must not deliver, so whoever stops there has sent nothing."""

    def lost() -> None:
        raise ClaimLost

    with post_office() as office:
        sender = carrier()
        message = EmailMessage("A case", "Hello.", "rapport@halden.example", ["nadia@halden.example"])
        with pytest.raises(ClaimLost):
            sender.hand_over(message, lost)
        sender.close()
        queue()
        run_pending_jobs()
    assert [message["Message-ID"] for message in office.accepted] == [message_id("k-1")]


def test_a_message_whose_worker_died_before_the_hand_over_is_taken_up_again() -> None:
    queue()
    now = timezone.now()
    dead = _claim("k-1", now - timedelta(minutes=5))
    assert dead is not None
    assert dead.claim is not None
    with post_office() as office:
        sweep(now + timedelta(minutes=2))
        run_pending_jobs()
        assert len(office.accepted) == 1
        with pytest.raises(ClaimLost):
            _note_hand_over(dead.pk, dead.claim)
    assert only().state == "sent"


def test_a_message_another_worker_prepares_is_left_alone_and_looked_at_again() -> None:
    queue()
    assert _claim("k-1", timezone.now()) is not None
    with post_office() as office:
        run_pending_jobs()
    assert office.accepted == []
    assert only().state == "sending"


def test_a_hand_over_without_an_end_is_doubted_and_a_late_answer_settles_it() -> None:
    queue()
    mail = _claim("k-1", timezone.now())
    assert mail is not None
    assert mail.claim is not None
    _note_hand_over(mail.pk, mail.claim)
    sweep(timezone.now() + timedelta(seconds=59))
    assert only().state == "handing"
    sweep(timezone.now() + timedelta(seconds=61))
    assert only().state == "doubtful"
    _settle(mail.pk, mail.claim, OutgoingMail.State.SENT, sent_at=timezone.now(), error="")
    assert only().state == "sent"


def test_what_cannot_be_reached_for_three_days_is_given_back_to_a_person() -> None:
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=9
    ):
        queue()
        OutgoingMail.objects.update(queued_at=timezone.now() - timedelta(days=4))
        run_pending_jobs()
    assert only().state == "refused"
