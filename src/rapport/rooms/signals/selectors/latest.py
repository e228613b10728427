"""What each person last told us."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from rapport.kernel.models import User
from rapport.rooms.accounts.panels import Heard
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.models import Comment, Score, Signal


def last_heard(user: User, contact_ids: Sequence[int]) -> Mapping[int, Heard]:
    """Return for each person the latest recommendation, or where there is none the latest sign of life."""
    heard: dict[int, Heard] = {}
    words_of: dict[UUID, int] = {}
    spoke = Signal.objects.visible_to(user).filter(contact__in=contact_ids)
    for contact, pk, at in (
        spoke.order_by("contact", "-occurred_at", "-id")
        .distinct("contact")
        .values_list("contact", "pk", "occurred_at")
    ):
        heard[contact] = Heard(at)
        words_of[pk] = contact
    for contact, pk, value in _recommendations(user, contact_ids):
        words_of = {signal: who for signal, who in words_of.items() if who != contact}
        words_of[pk] = contact
        # The score may be older than the last word; the person is as silent as the last sign of life says.
        heard[contact] = Heard(heard[contact].at, value)
    for signal, text, language in (
        Comment.objects.filter(signal__in=words_of).order_by("-pk").values_list("signal", "text", "language")
    ):
        known = heard[words_of[signal]]
        heard[words_of[signal]] = Heard(known.at, known.score, text, language)
    return heard


def _recommendations(user: User, contact_ids: Sequence[int]) -> Sequence[tuple[int, UUID, float]]:
    kinds = Metric.objects.filter(kind=Metric.Kind.NPS).values("pk")
    rows = Score.objects.visible_to(user).filter(contact__in=contact_ids, metric__in=kinds)
    latest = rows.order_by("contact", "-occurred_at", "-signal").distinct("contact")
    return list(latest.values_list("contact", "signal", "value"))
