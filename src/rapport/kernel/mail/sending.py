"""Sending queued mail: each message is claimed, handed over once, and its outcome written down."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from rapport.kernel.jobs import job, periodic
from rapport.kernel.mail.carriers import Carrier, Doubtful, NotAccepted, carrier
from rapport.kernel.mail.queue import MOST_A_JOB, message_id
from rapport.kernel.measures import MAILS
from rapport.kernel.models import OutgoingMail

State = OutgoingMail.State
# A claim older than this is taken over: harmless, because only the holder of the latest claim may hand over.
CLAIM_HOLDS = timedelta(seconds=10)
# Longer than the server is waited for, so a message still "being handed over" then has lost its worker.
HAND_OVER_TAKES_AT_MOST = timedelta(seconds=60)
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
TRIED_FOR = timedelta(days=3)


class ClaimLost(Exception):
    """Another worker took this message over, so this one must not hand it over."""


@job(queue="mail", priority=10)
def deliver(keys: list[str]) -> None:
    """Send these messages, those that are due; whatever cannot be handed over now is tried again later."""
    mail_server = carrier()
    try:
        for key in keys:
            _deliver_one(mail_server, key)
    finally:
        mail_server.close()


def _deliver_one(mail_server: Carrier, key: str) -> None:
    now = timezone.now()
    mail = _claim(key, now)
    if mail is None:
        _look_again_if_claimed(key, now)
        return
    assert mail.claim is not None
    claim = mail.claim
    try:
        mail_server.hand_over(_message(mail), lambda: _note_hand_over(mail.pk, claim))
    except NotAccepted as refusal:
        _not_accepted(mail, refusal, timezone.now())
    except Doubtful as doubt:
        _settle(mail.pk, claim, State.DOUBTFUL, error=str(doubt))
    except ClaimLost:
        return
    else:
        _settle(mail.pk, claim, State.SENT, sent_at=timezone.now(), error="")


def _due(now: datetime) -> Q:
    waiting = Q(state=State.QUEUED) & (Q(not_before=None) | Q(not_before__lte=now))
    return waiting | Q(state=State.SENDING, claimed_at__lte=now - CLAIM_HOLDS)


def _claim(key: str, now: datetime) -> OutgoingMail | None:
    """Take a message if it is due and nobody else is at it."""
    with transaction.atomic():
        due = OutgoingMail.objects.select_for_update(skip_locked=True).filter(_due(now), dedupe_key=key)
        mail = due.first()
        if mail is None:
            return None
        mail.state, mail.claim, mail.claimed_at = State.SENDING, uuid4(), now
        mail.attempts += 1
        mail.save(update_fields=["state", "claim", "claimed_at", "attempts"])
    return mail


def _look_again_if_claimed(key: str, now: datetime) -> None:
    """Come back to a message that another worker holds: if that one died, nobody else would."""
    if OutgoingMail.objects.filter(dedupe_key=key, state=State.SENDING).exists():
        _deliver_later([key], CLAIM_HOLDS)


def _deliver_later(keys: list[str], wait: timedelta) -> None:
    deliver.configure(schedule_in={"seconds": int(wait.total_seconds()) + 1}).defer(keys=[*keys])


def _message(mail: OutgoingMail) -> EmailMultiAlternatives:
    headers = {"Message-ID": message_id(mail.dedupe_key), "Auto-Submitted": "auto-generated", **mail.headers}
    message = EmailMultiAlternatives(
        mail.subject, mail.text, settings.DEFAULT_FROM_EMAIL, [mail.to], headers=headers
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def _note_hand_over(pk: int, claim: UUID) -> None:
    """Commit that the message is about to be handed over; from here on a silence is a doubt."""
    mine = OutgoingMail.objects.filter(pk=pk, state=State.SENDING, claim=claim)
    if not mine.update(state=State.HANDING, handed_at=timezone.now()):
        raise ClaimLost


def _settle(pk: int, claim: UUID, state: State, **changes: object) -> None:
    """Write the outcome of the attempt that holds the claim, also after the sweep has doubted it."""
    mine = OutgoingMail.objects.filter(
        pk=pk, claim=claim, state__in=[State.SENDING, State.HANDING, State.DOUBTFUL]
    )
    if mine.update(state=state, **changes):
        MAILS.labels(state.value).inc()


def _not_accepted(mail: OutgoingMail, refusal: NotAccepted, now: datetime) -> None:
    assert mail.claim is not None
    if refusal.for_good or now - mail.queued_at > TRIED_FOR:
        _settle(mail.pk, mail.claim, State.REFUSED, error=str(refusal))
        return
    wait = min(FIRST_WAIT * 2 ** min(mail.attempts - 1, 20), LONGEST_WAIT)
    with transaction.atomic():
        _settle(mail.pk, mail.claim, State.QUEUED, error=str(refusal), not_before=now + wait)
        _deliver_later([mail.dedupe_key], wait)


@periodic("* * * * *")
def sweep_mail(timestamp: int) -> None:
    """Doubt what was being handed over by a worker that died, and take up what was left lying."""
    sweep(timezone.now())


def sweep(now: datetime) -> None:
    """Do the sweep as of `now`."""
    lost = OutgoingMail.objects.filter(state=State.HANDING, handed_at__lte=now - HAND_OVER_TAKES_AT_MOST)
    doubted = lost.update(
        state=State.DOUBTFUL, error="The worker died before the mail server's answer was read."
    )
    MAILS.labels(State.DOUBTFUL.value).inc(doubted)
    left = (
        OutgoingMail.objects.filter(_due(now), queued_at__lte=now - timedelta(minutes=1))
        .order_by(F("not_before").asc(nulls_first=True), "pk")
        .values_list("dedupe_key", flat=True)[:1000]
    )
    keys = list(left)
    for start in range(0, len(keys), MOST_A_JOB):
        deliver.defer(keys=keys[start : start + MOST_A_JOB])


def forget_words(*, before: datetime) -> None:
    """Take the words out of mail accepted earlier; its key stays, so that it is never sent again."""
    OutgoingMail.objects.filter(state=State.SENT, sent_at__lt=before).exclude(text="").update(
        subject="", text="", html="", headers={}
    )
