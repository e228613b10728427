"""Noting what a customer just said: the form's fields become one signal."""

from dataclasses import dataclass
from datetime import datetime

from rapport.kernel.models import User
from rapport.kernel.roles import PARTNER_ROLES, Role
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.services.record import (
    NewAttachment,
    NewComment,
    NewScore,
    NewSignal,
    Recorded,
    record_signal,
)

SOURCE = "capture"
TONE = "tone"


@dataclass(frozen=True)
class Talk:
    """What somebody noted of a talk."""

    reference: str
    kind: str
    occurred_at: datetime
    account: str
    contact: str = ""
    words: str = ""
    language: str = ""
    tone: int | None = None
    score: int | None = None
    feelings: tuple[str, ...] = ()
    touchpoint: str | None = None
    product: str | None = None
    anonymous: bool = False
    files: tuple[NewAttachment, ...] = ()


def capture(talk: Talk, *, author: User, now: datetime) -> Recorded:
    """Record a talk; sending the same form twice records it once. Raises SignalRefused."""
    new = NewSignal(
        kind=talk.kind,
        source=SOURCE,
        external_reference=talk.reference,
        occurred_at=talk.occurred_at,
        account=talk.account,
        contact=talk.contact,
        scores=_scores(talk),
        comments=(NewComment(talk.words, talk.language),) if talk.words else (),
        emotions=talk.feelings,
        attachments=talk.files,
        touchpoint=talk.touchpoint,
        product=talk.product,
        anonymous=talk.anonymous,
    )
    return record_signal(new, author=author, now=now, seen_by=reach_of(author))


def reach_of(user: User) -> User | None:
    """Return whose scope narrows the customers found: a partner's people reach only their own.

    Any employee may name any customer by its whole name, and learns nothing from it.
    """
    return user if Role(user.role) in PARTNER_ROLES else None


def _scores(talk: Talk) -> tuple[NewScore, ...]:
    scores = []
    if talk.tone is not None:
        scores.append(NewScore(tone_metric().pk, talk.tone))
    if talk.score is not None:
        scores.append(NewScore(nps_metric().pk, talk.score))
    return tuple(scores)


def tone_metric() -> Metric:
    """Return the metric for how somebody sounded, made on first use."""
    given = {
        "name": "Tone of the talk",
        "kind": Metric.Kind.INDEX,
        "scale_low": 1,
        "scale_high": 5,
        "position": 90,
    }
    return Metric.objects.get_or_create(key=TONE, defaults=given)[0]


def nps_metric() -> Metric:
    """Return the metric for recommendation: the catalog's first one, made when there is none."""
    known = Metric.objects.filter(kind=Metric.Kind.NPS, retired=False).first()
    return known or Metric.objects.create(key="nps", name="Likely to recommend", kind=Metric.Kind.NPS)
