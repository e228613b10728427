"""What a rule would have done: the feedback of the last months that meets its conditions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapport.kernel.models import User
from rapport.rooms.action.conditions import Condition, where_all
from rapport.rooms.signals.models import Signal

LOOK_BACK = timedelta(days=90)


@dataclass(frozen=True)
class Preview:
    """How many cases a rule would have opened, and how many of them for whoever asks."""

    days: int
    cases: int
    mine: int
    latest: tuple[Signal, ...] = ()


def preview_rule(conditions: Sequence[Condition], user: User, *, now: datetime) -> Preview:
    """Count current feedback of the last 90 days, within the user's scope, that meets every condition."""
    recent = Signal.objects.visible_to(user).filter(occurred_at__gt=now - LOOK_BACK, occurred_at__lte=now)
    met = recent.filter(where_all(conditions))
    latest = met.select_related("account", "contact").prefetch_related("comments", "scores__metric")[:5]
    return Preview(
        days=LOOK_BACK.days,
        cases=met.count(),
        mine=met.filter(account__owner=user.pk).count(),
        latest=tuple(latest),
    )
