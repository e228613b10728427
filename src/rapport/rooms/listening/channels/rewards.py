"""Incentives: earned by answering, handed out by a colleague, added up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Q, Sum

from rapport.kernel.models import User
from rapport.rooms.listening.models import Invitation, Programme, Reward


@dataclass(frozen=True)
class RewardTotals:
    """What a programme's incentive comes to, as far as the reader may see."""

    name: str
    currency: str
    promised: int
    earned: int
    given: int
    cost: Decimal


def earn_rewards(response_ids: Iterable[UUID], *, now: datetime) -> int:
    """Note that those who answered have earned what they were promised."""
    return Reward.objects.filter(
        due_at=None, invitation__responses__in=list(response_ids), invitation__responses__test=False
    ).update(due_at=now)


def hand_out(reward: Reward, by: User, *, now: datetime) -> bool:
    """Note that an incentive was handed out; return whether that was news."""
    return bool(
        Reward.objects.filter(pk=reward.pk, given_at=None, due_at__isnull=False).update(
            given_at=now, given_by=by
        )
    )


def reward_totals(programme: Programme, user: User) -> RewardTotals | None:
    """Return what was promised, earned and handed out; None when nothing was promised."""
    rows = Reward.objects.filter(
        invitation__in=Invitation.objects.visible_to(user).filter(programme=programme).values("pk")
    )
    last = rows.order_by("-pk").first()
    if last is None:
        return None
    totals = rows.aggregate(
        promised=Count("pk"),
        earned=Count("pk", filter=Q(due_at__isnull=False)),
        given=Count("pk", filter=Q(given_at__isnull=False)),
        cost=Sum("value", filter=Q(due_at__isnull=False)),
    )
    return RewardTotals(
        name=last.name,
        currency=last.currency,
        promised=totals["promised"],
        earned=totals["earned"],
        given=totals["given"],
        cost=totals["cost"] or Decimal(0),
    )
