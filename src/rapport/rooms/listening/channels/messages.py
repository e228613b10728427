"""Short messages on their way: queued with the invitation, handed over at most once."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from rapport.kernel.environment import environment
from rapport.kernel.jobs import job
from rapport.rooms.listening.channels.providers import NotTaken, Provider, Unclear, provider
from rapport.rooms.listening.channels.words import words_in
from rapport.rooms.listening.models import Invitation, ShortMessage
from rapport.rooms.listening.programmes.plan import Plan
from rapport.rooms.listening.services.inviting import link_of

State = ShortMessage.State
MOST_ATTEMPTS = 6
HANDING_TAKES_AT_MOST = timedelta(seconds=60)


def queue_message(invitation: Invitation, plan: Plan, *, now: datetime) -> None:
    """Put an invitation's message on its way, in the caller's transaction; never twice."""
    assert invitation.contact is not None
    number = invitation.reminders if invitation.sent_at else 0
    us = plan.mail.sender_name or environment().company
    text = words_in(invitation.language).message.format(us=us, link=link_of(invitation))
    message, made = ShortMessage.objects.get_or_create(
        key=f"message:{invitation.pk}:{number}",
        defaults={
            "invitation": invitation,
            "to": invitation.contact.phone,
            "text": text[:500],
            "queued_at": now,
        },
    )
    if made:
        deliver_message.defer(pk=message.pk)


@job(queue="mail", priority=5)
def deliver_message(pk: int) -> None:
    """Hand one message over."""
    hand_over(pk, provider(), now=timezone.now())


def hand_over(pk: int, carrier: Provider | None, *, now: datetime) -> None:
    """Note that a message is about to leave, then let it; whatever happens between leaves a doubt."""
    if carrier is None:
        _settle(pk, State.REFUSED, "No provider is set: RAPPORT_MESSAGES_URL.", before=State.QUEUED)
        return
    with transaction.atomic():
        row = (
            ShortMessage.objects.select_for_update(skip_locked=True).filter(pk=pk, state=State.QUEUED).first()
        )
        if row is None:
            return
        row.state, row.handed_at, row.attempts = State.HANDING, now, row.attempts + 1
        row.save(update_fields=["state", "handed_at", "attempts"])
    try:
        carrier.hand_over(key=row.key, to=row.to, text=row.text, at=int(now.timestamp()))
    except NotTaken as refusal:
        if refusal.for_good or row.attempts >= MOST_ATTEMPTS:
            _settle(pk, State.REFUSED, str(refusal))
        else:
            _settle(pk, State.QUEUED, str(refusal))
            wait = 2**row.attempts * 15
            deliver_message.configure(schedule_in={"seconds": wait}).defer(pk=pk)
    except Unclear as doubt:
        _settle(pk, State.DOUBTFUL, str(doubt))
    else:
        ShortMessage.objects.filter(pk=pk, state=State.HANDING).update(
            state=State.SENT, sent_at=now, error=""
        )


def _settle(pk: int, state: State, error: str, before: State = State.HANDING) -> None:
    ShortMessage.objects.filter(pk=pk, state=before).update(state=state, error=error[:300])


def doubt_lost_messages(*, now: datetime) -> int:
    """Doubt what was being handed over by a worker that died."""
    return ShortMessage.objects.filter(
        state=State.HANDING, handed_at__lte=now - HANDING_TAKES_AT_MOST
    ).update(state=State.DOUBTFUL, error="The worker died before the provider's answer was read.")
