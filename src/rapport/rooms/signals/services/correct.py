"""Correcting what was recorded: a new signal that supersedes the old one and keeps what was right."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.signals.models import Attachment, Signal
from rapport.rooms.signals.services.matching import RECENT
from rapport.rooms.signals.services.record import (
    NewAnswer,
    NewComment,
    NewScore,
    NewSignal,
    Recorded,
    SignalRefused,
    record_signal,
)


def may_correct(user: User, signal: Signal) -> bool:
    """Say whether a user may correct a signal: whoever noted it, and whoever may edit customers."""
    own = signal.author_id == user.pk and user.may(Permission.CAPTURE)
    return not signal.anonymous and not signal.superseded and (own or user.may(Permission.EDIT_CUSTOMERS))


def as_recorded(signal: Signal) -> NewSignal:
    """Return a signal in the form in which it could be recorded again."""
    return NewSignal(
        kind=signal.kind,
        source=signal.source,
        external_reference=f"correction of {signal.pk}",
        occurred_at=signal.occurred_at,
        account=signal.account.code if signal.account else signal.account_hint,
        contact=signal.contact.code if signal.contact else signal.contact_hint,
        scores=tuple(
            NewScore(score.metric_id, score.value, score.scale_low, score.scale_high)
            for score in signal.scores.all()
        ),
        comments=tuple(
            NewComment(words.text, words.language, words.question_key) for words in signal.comments.all()
        ),
        emotions=tuple(signal.emotions),
        answers=tuple(NewAnswer(**row) for row in signal.answers.values(*NewAnswer.__dataclass_fields__)),
        buying_role=signal.buying_role,
        touchpoint=signal.touchpoint_id,
        stage=signal.stage_id,
        product=signal.product_id,
        region=signal.region_id,
        division=signal.division_id,
        partner=signal.partner_id,
        supersedes=signal.pk,
    )


@transaction.atomic
def correct_signal(signal: Signal, changes: dict[str, Any], *, author: User, now: datetime) -> Recorded:
    """Record a correction; the files stay with the words they came with.

    Raises SignalRefused when the signal cannot be corrected, or the correction not be recorded.
    """
    if signal.anonymous or signal.superseded:
        raise SignalRefused("supersedes", "An anonymous answer or one corrected before cannot be corrected.")
    new = replace(as_recorded(signal), **changes)
    if "contact" in changes and "buying_role" not in changes:
        new = replace(new, buying_role="")
    files: Sequence[Attachment] = list(signal.attachments.all())
    if not (new.scores or new.comments or new.emotions or new.answers or files):
        raise SignalRefused("scores", "Nothing would be left; keep a score, a comment or a feeling.")
    recorded = record_signal(new, author=author, now=now, live=now - new.occurred_at <= RECENT)
    Attachment.objects.bulk_create(
        Attachment(
            signal_id=recorded.signal_id,
            file=item.file.name,
            name=item.name,
            content_type=item.content_type,
            size=item.size,
        )
        for item in files
    )
    return recorded
