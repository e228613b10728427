"""What is taken away again: answers nobody sent, files nobody needs, all of a person; counts stay."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from rapport.rooms.listening.models import (
    Invitation,
    Occasion,
    Response,
    Sheet,
    ShortMessage,
    Upload,
)

A_TIME = 500
UPLOADS_WAIT = timedelta(days=1)
"""How long a file that no answer names is left alone: its page may be about to be kept."""


@dataclass(frozen=True)
class Erased:
    """What was taken away of a person."""

    invitations: int
    responses: int
    files: int


def forget_partial_answers(*, before: datetime, now: datetime) -> int:
    """Take away answers that were never sent and not touched since, with their files; return how many.

    Previews go altogether. A person who comes back by the link begins anew.
    """
    done = 0
    waiting = Response.objects.exclude(state=Response.State.SENT).filter(saved_at__lt=before)
    while True:
        with transaction.atomic():
            rows = waiting.filter(Q(forgotten_at=None) | Q(forgotten_at__lt=F("saved_at")), test=False)
            found = list(rows.select_for_update(skip_locked=True)[:A_TIME])
            _empty(found, now)
        done += len(found)
        if len(found) < A_TIME:
            break
    tests = Response.objects.filter(test=True, saved_at__lt=before)
    _remove(Upload.objects.filter(invitation__in=tests.values("invitation")))
    tests.delete()
    return done


def _empty(responses: Iterable[Response], now: datetime) -> None:
    """Take the answers and files of responses away; whoever is writing to one just now merges anew."""
    responses = list(responses)
    keys = [one.pk for one in responses]
    named = {found for one in responses for found in _ids_in(one.answers)}
    _remove(Upload.objects.filter(pk__in=named, invitation__in=[one.invitation_id for one in responses]))
    Response.objects.filter(pk__in=keys).update(
        answers={}, page="", forgotten_at=now, revision=F("revision") + 1
    )


def clear_unused_files(*, now: datetime) -> int:
    """Remove files whose answer was replaced or taken back; return how many."""
    old = Upload.objects.filter(created_at__lt=now - UPLOADS_WAIT)
    done = 0
    for some in _some(old.values_list("invitation", flat=True).order_by("invitation").distinct()):
        with transaction.atomic():
            kept: dict[UUID, set[UUID]] = {}
            # Locked, so that no answer comes to name a file while it goes.
            for one in Response.objects.select_for_update().filter(invitation__in=some):
                kept.setdefault(one.invitation_id, set()).update(_ids_in(one.answers))
            rows = list(old.filter(invitation__in=some))
            unused = [row.pk for row in rows if row.pk not in kept.get(row.invitation_id, set())]
            done += _remove(Upload.objects.filter(pk__in=unused))
    return done


def _some(keys: "QuerySet[Any, UUID]") -> Iterator[list[UUID]]:
    found = list(keys)
    for first in range(0, len(found), A_TIME):
        yield found[first : first + A_TIME]


def _ids_in(answers: Any) -> set[UUID]:
    """Return what may be the id of a file among answers."""
    found = set()
    for value in answers.values() if isinstance(answers, dict) else ():
        if isinstance(value, str) and len(value) == 36:
            try:
                found.add(UUID(value))
            except ValueError:
                continue
    return found


def _remove(uploads: "QuerySet[Upload]") -> int:
    """Remove files: their rows now, what lies in the storage when that is certain."""
    rows = list(uploads)
    storage = Upload._meta.get_field("file").storage
    for name in [str(row.file.name) for row in rows]:
        transaction.on_commit(partial(storage.delete, name))
    Upload.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


@transaction.atomic
def erase_person(contact_id: int, *, now: datetime) -> Erased:
    """Take away all that surveys hold of a person: answers, files, messages, and what was known when asked.

    That somebody in this role was asked and how far they came stays, so that no count changes; their links
    lead nowhere any more. What the ledger holds is not touched here.
    """
    asked = Invitation.objects.filter(contact=contact_id)
    keys = list(asked.values_list("pk", flat=True))
    responses = list(Response.objects.select_for_update().filter(invitation__in=keys))
    files = _remove(Upload.objects.filter(invitation__in=keys))
    _empty(responses, now)
    Response.objects.filter(invitation__in=keys).update(language="", secret_hash=None)
    Sheet.objects.filter(invitation__in=keys).update(first={}, second=None)
    ShortMessage.objects.filter(invitation__in=keys).update(to="", text="", error="")
    ShortMessage.objects.filter(invitation__in=keys, state=ShortMessage.State.QUEUED).update(
        state=ShortMessage.State.REFUSED
    )
    Occasion.objects.filter(contact=contact_id).update(contact=None, words="")
    ends = Q(expires_at=None) | Q(expires_at__gt=now)
    asked.filter(ends).update(expires_at=now)
    asked.update(facts={}, language="", label="", send_at=None)
    return Erased(len(keys), len(responses), files)
