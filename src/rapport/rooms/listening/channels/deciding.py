"""What a person decides about short messages that did not leave, or may have left: send again, or give up."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from rapport.kernel.models import User
from rapport.rooms.listening.channels.messages import deliver_message
from rapport.rooms.listening.models import ShortMessage

State = ShortMessage.State
UNSETTLED = (State.DOUBTFUL, State.REFUSED, State.QUEUED, State.HANDING, State.DROPPED)


class NothingToDecide(Exception):
    """The message is not in a state in which this can be decided."""


def unsettled_messages(user: User, state: str = "") -> "QuerySet[ShortMessage]":
    """Return messages the user may see that were not accepted (yet), the newest first."""
    wanted = [state] if state in UNSETTLED else list(UNSETTLED)
    rows = ShortMessage.objects.visible_to(user).filter(state__in=wanted)
    return rows.select_related("invitation__contact", "invitation__programme", "decided_by")


def send_again(message: ShortMessage, user: User, *, now: datetime) -> None:
    """Queue a message once more, on a person's word; raise NothingToDecide unless it stopped."""
    with transaction.atomic():
        _decide(message, user, now, [State.DOUBTFUL, State.REFUSED, State.DROPPED], State.QUEUED)
        deliver_message.defer(pk=message.pk)


def give_up(message: ShortMessage, user: User, *, now: datetime) -> None:
    """Decide that a message goes no more; raise NothingToDecide if it may be on its way just now."""
    _decide(message, user, now, [State.DOUBTFUL, State.REFUSED, State.QUEUED], State.DROPPED)


def _decide(message: ShortMessage, user: User, now: datetime, before: list[State], after: State) -> None:
    waiting = ShortMessage.objects.filter(pk=message.pk, state__in=before).exclude(to="")
    if not waiting.update(state=after, attempts=0, decided_by=user, decided_at=now):
        raise NothingToDecide("This message was settled or is on its way; look at the list again.")
    message.refresh_from_db()
