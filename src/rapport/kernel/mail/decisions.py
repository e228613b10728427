"""What a person decides about mail that did not leave or may have left: look, send again, give up."""

from datetime import datetime

from django.db import transaction
from django.db.models import Count, QuerySet

from rapport.kernel.mail.sending import deliver
from rapport.kernel.models import OutgoingMail, User

State = OutgoingMail.State
UNSETTLED = (State.DOUBTFUL, State.REFUSED, State.QUEUED, State.SENDING, State.HANDING, State.DROPPED)


class NothingToDecide(Exception):
    """The message is not in a state in which this can be decided."""


def unsettled_mail(state: str = "") -> QuerySet[OutgoingMail]:
    """Return mail that was not accepted (yet), what waits for a person first."""
    wanted = [state] if state in UNSETTLED else list(UNSETTLED)
    return (
        OutgoingMail.objects.filter(state__in=wanted)
        .select_related("decided_by")
        .order_by("-queued_at", "-pk")
    )


def count_mail() -> dict[str, int]:
    """Return how many messages stand in each state."""
    counts = OutgoingMail.objects.values_list("state").annotate(count=Count("pk"))
    return dict.fromkeys(State.values, 0) | dict(counts)


def send_again(mail: OutgoingMail, user: User, *, now: datetime) -> None:
    """Queue a message once more, on a person's word; raise NothingToDecide unless it stopped.

    It keeps its Message-ID, so a mail server that did accept the first may recognise the second.
    """
    with transaction.atomic():
        _decide(mail, user, now, [State.DOUBTFUL, State.REFUSED, State.DROPPED], State.QUEUED)
        deliver.defer(keys=[mail.dedupe_key])


def give_up(mail: OutgoingMail, user: User, *, now: datetime) -> None:
    """Decide that a message is not to be sent any more; raise NothingToDecide if it may be on its way."""
    _decide(mail, user, now, [State.DOUBTFUL, State.REFUSED, State.QUEUED], State.DROPPED)


def _decide(mail: OutgoingMail, user: User, now: datetime, before: list[State], after: State) -> None:
    # A new state also ends the old claim: whoever still held it can no longer write an outcome.
    changed = OutgoingMail.objects.filter(pk=mail.pk, state__in=before).update(
        state=after, claim=None, attempts=0, not_before=None, queued_at=now, decided_by=user, decided_at=now
    )
    if not changed:
        raise NothingToDecide("This message was settled or is on its way; look at the list again.")
    mail.refresh_from_db()
