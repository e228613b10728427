"""From responses to the ledger: each sent response becomes one signal, once, whatever dies on the way.

The outbox is the response itself: sent, and not yet settled. Whoever takes some locks them, records their
signals under the response's id (which the ledger accepts once) and settles them, all in one transaction.
"""

import random
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.core.files.base import File
from django.db import connection, transaction

from rapport.kernel.events import announce
from rapport.rooms.accounts.api import change_contact
from rapport.rooms.accounts.models import Contact
from rapport.rooms.catalog.models import Metric
from rapport.rooms.listening.definition import Definition
from rapport.rooms.listening.events import ContactWanted, ResponsesSent
from rapport.rooms.listening.models import Ballot, Response, SurveyVersion, Upload
from rapport.rooms.listening.services.saying import Said, said_in
from rapport.rooms.signals.api import BulkRecorder, NewAttachment, NewSignal, Refusal

A_TIME = 500
PLACES = ("touchpoint", "stage", "product", "region", "division", "partner")
log = structlog.get_logger("rapport.respond")


# -- named responses


def pass_on(*, now: datetime) -> int:
    """Pass on every sent response that waits, return how many; what the ledger refuses waits on."""
    done, refused = 0, list[UUID]()
    while True:
        batch_done, batch_refused, size = _pass_on_some(now, refused)
        done += batch_done
        refused += batch_refused
        if size < A_TIME:
            return done


@transaction.atomic
def _pass_on_some(now: datetime, refused: Sequence[UUID]) -> tuple[int, list[UUID], int]:
    waiting = list(
        Response.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state=Response.State.SENT, settled_at=None, test=False)
        .exclude(pk__in=refused)
        .select_related("invitation__version", "invitation__programme")
        # Read once a version, not once a response.
        .defer("invitation__version__document")
        .order_by("sent_at")[:A_TIME]
    )
    metrics = frozenset(Metric.objects.values_list("pk", flat=True))
    said = {
        one.pk: said_in(_definition(one.invitation.version), one.answers, one.language, metrics)
        for one in waiting
    }
    speaking = [one for one in waiting if not said[one.pk].is_empty]
    signals = [_signal(one, said[one.pk]) for one in speaking]
    result = BulkRecorder(author=None, now=now, live=True).record(signals)
    for attachment in (one for signal in signals for one in signal.attachments):
        attachment.file.close()
    failed = _refused(speaking, result.refusals)
    settled = [one for one in waiting if one.pk not in failed]
    found = _settle(settled, now)
    for one in settled:
        _follow_up(one, said[one.pk], found.get(str(one.pk)), now)
    if settled:
        announce(ResponsesSent(tuple(one.pk for one in settled)))
    return len(settled), list(failed), len(waiting)


_definitions: dict[tuple[str, int], Definition] = {}


def _definition(version: SurveyVersion) -> Definition:
    """Return a version's document, read once: it never changes."""
    key = (connection.settings_dict["NAME"], version.pk)
    if key not in _definitions:
        if len(_definitions) > 500:
            _definitions.clear()
        _definitions[key] = version.definition()
    return _definitions[key]


def _signal(response: Response, said: Said) -> NewSignal:
    invitation = response.invitation
    assert response.sent_at is not None
    return NewSignal(
        kind=_kind(invitation.programme.kind if invitation.programme else ""),
        source=source_of(invitation.version),
        external_reference=str(response.pk),
        occurred_at=response.sent_at,
        account=f"A{invitation.account_id}" if invitation.account_id else "",
        contact=f"P{invitation.contact_id}" if invitation.contact_id else "",
        scores=said.scores,
        comments=said.comments,
        emotions=said.emotions,
        answers=said.answers,
        attachments=_attachments(said.files),
        buying_role=invitation.buying_role,
        **{place: invitation.place[place] for place in PLACES if invitation.place.get(place)},
    )


def source_of(version: SurveyVersion) -> str:
    """Return how the ledger names a survey as the source of signals."""
    return source_of_survey(version.survey_id)


def source_of_survey(survey_id: int) -> str:
    """Return how the ledger names a survey, whichever its version."""
    return f"survey:S{survey_id}"


def _kind(programme_kind: str) -> str:
    return {"check_in": "check_in", "win_loss": "lost_sale"}.get(programme_kind, "survey")


def _attachments(ids: Sequence[str]) -> tuple[NewAttachment, ...]:
    # A plain file, so that the ledger keeps a copy of its own.
    return tuple(
        NewAttachment(
            file=File(kept.file.storage.open(str(kept.file.name)), name=kept.name),
            name=kept.name,
            content_type=kept.content_type,
        )
        for kept in (Upload.objects.filter(pk__in=ids) if ids else ())
    )


def _refused(speaking: Sequence[Response], refusals: Sequence[Refusal]) -> set[UUID]:
    for refusal in refusals:
        log.error("response_refused", response=str(speaking[refusal.position].pk), field=refusal.field)
    return {speaking[refusal.position].pk for refusal in refusals}


_SETTLE = """
UPDATE listening_response r SET settled_at = %s, signal_id = s.id
FROM unnest(%s::uuid[], %s::text[]) AS w (id, source)
LEFT JOIN signals_signal s ON s.source = w.source AND s.external_reference = w.id::text
WHERE r.id = w.id RETURNING r.id, s.id
"""


def _settle(responses: Sequence[Response], now: datetime) -> dict[str, UUID | None]:
    """Mark responses as passed on and note which signal each became."""
    if not responses:
        return {}
    sources = [source_of(one.invitation.version) for one in responses]
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [now, [one.pk for one in responses], sources])
        return {str(row[0]): row[1] for row in cursor.fetchall()}


def _follow_up(response: Response, said: Said, signal_id: UUID | None, now: datetime) -> None:
    invitation = response.invitation
    if said.consents and invitation.contact_id is not None:
        contact = Contact.objects.get(pk=invitation.contact_id)
        given = {"consent": Contact.Consent.GIVEN, "consent_source": source_of(invitation.version)}
        change_contact(contact, given, by=None, now=now)
    if said.wants_contact:
        _want_contact(response, signal_id)
    if said.files:
        kept = list(Upload.objects.filter(pk__in=said.files))
        transaction.on_commit(lambda: _clear_away(kept))


def _clear_away(uploads: Sequence[Upload]) -> None:
    """Remove uploads that lie with their signal now."""
    for upload in uploads:
        upload.file.delete(save=False)
        upload.delete()


@transaction.atomic
def ask_for_contact(response_id: UUID) -> None:
    """Note that somebody wants to be contacted, asked on the page that thanks; once a response."""
    locked = Response.objects.select_for_update(of=("self",)).select_related("invitation__programme")
    response = locked.get(pk=response_id)
    programme = response.invitation.programme
    if response.answers.get("_contact") or response.test or programme is None or programme.anonymous:
        return
    response.answers = {**response.answers, "_contact": True}
    response.save(update_fields=["answers"])
    _want_contact(response, response.signal_id)


def _want_contact(response: Response, signal_id: UUID | None) -> None:
    invitation = response.invitation
    if invitation.programme is not None:
        announce(
            ContactWanted(
                response.pk,
                invitation.contact_id,
                invitation.account_id,
                signal_id,
                invitation.programme.owner_id,
            )
        )


# -- anonymous answers


@transaction.atomic
def empty_ballots(*, now: datetime, rng: random.Random) -> int:
    """Carry all anonymous answers to the ledger, shuffled, so that no order tells whose they are."""
    ballots = list(Ballot.objects.select_for_update(skip_locked=True).select_related("version", "programme"))
    rng.shuffle(ballots)
    metrics = frozenset(Metric.objects.values_list("pk", flat=True))
    signals = []
    for ballot in ballots:
        said = said_in(_definition(ballot.version), ballot.answers, ballot.language, metrics)
        if said.scores or said.comments or said.emotions or said.answers:
            signals.append(_anonymous(ballot, said, now))
    result = BulkRecorder(author=None, now=now, live=False).record(signals)
    refused = {signals[one.position].external_reference for one in result.refusals}
    for one in result.refusals:
        log.error("ballot_refused", field=one.field)
    Ballot.objects.filter(pk__in=[ballot.pk for ballot in ballots if str(ballot.pk) not in refused]).delete()
    return len(ballots) - len(refused)


def _anonymous(ballot: Ballot, said: Said, now: datetime) -> NewSignal:
    return NewSignal(
        kind=_kind(ballot.programme.kind),
        source=source_of(ballot.version),
        external_reference=str(ballot.pk),
        occurred_at=now,
        scores=said.scores,
        comments=said.comments,
        emotions=said.emotions,
        answers=said.answers,
        region=ballot.region or None,
        anonymous=True,
    )
