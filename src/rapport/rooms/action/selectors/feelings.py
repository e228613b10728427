"""What customers feel at a touchpoint, beside what we want them to feel there."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import CharField, Count, F, Func, Q, QuerySet
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.action.models import DesiredFeelings
from rapport.rooms.catalog.models import Touchpoint
from rapport.rooms.signals.api import FEELINGS
from rapport.rooms.signals.models import Signal
from rapport.stats import Estimate, share_from_counts

YEAR = timedelta(days=365)
SHOWN = 3


@dataclass(frozen=True)
class Felt:
    """A feeling, and in how many of the answers that named any it was named."""

    key: str
    label: str
    count: int
    desired: bool


@dataclass(frozen=True)
class FeelingsAt:
    """A touchpoint: what we want, what is felt most, and what share named at least one desired feeling."""

    key: str
    name: str
    desired: tuple[str, ...]
    felt: tuple[Felt, ...]
    share: Estimate
    n: int


def feelings_at(user: User, touchpoints: Iterable[Touchpoint], *, now: datetime) -> tuple[FeelingsAt, ...]:
    """Return each touchpoint by the last year's feedback in the user's scope that named a feeling."""
    places = list(touchpoints)
    wanted = dict(DesiredFeelings.objects.filter(touchpoint__in=places).values_list("touchpoint", "feelings"))
    signals = Signal.objects.filter(
        touchpoint__in=places,
        occurred_at__gt=now - YEAR,
        occurred_at__lte=now,
        superseded=False,
        anonymous=False,
    )
    named = signals.in_scope(user).exclude(emotions=[]).order_by()
    counts = _counts(named)
    return tuple(_row(place, wanted.get(place.pk, []), named, counts[place.pk]) for place in places)


def _counts(named: QuerySet[Signal]) -> defaultdict[str, Counter[str]]:
    """Return how many answers named each feeling, by touchpoint, counted by the database."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    each = named.annotate(feeling=Func(F("emotions"), function="unnest", output_field=CharField()))
    rows = each.values("touchpoint", "feeling").annotate(count=Count("pk", distinct=True))
    for row in rows:
        counts[row["touchpoint"]][row["feeling"]] = row["count"]
    return counts


def _row(place: Touchpoint, desired: list[str], named: QuerySet[Signal], counts: Counter[str]) -> FeelingsAt:
    here = named.filter(touchpoint=place)
    found = here.aggregate(n=Count("pk"), good=Count("pk", filter=Q(emotions__overlap=desired)))
    felt = tuple(
        Felt(key, str(FEELINGS.get(key, key)), count, key in desired)
        for key, count in sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:SHOWN]
    )
    return FeelingsAt(
        key=place.pk,
        name=place.name,
        desired=tuple(str(FEELINGS[key]) for key in desired if key in FEELINGS),
        felt=felt,
        share=_share(desired, found["good"], found["n"]),
        n=found["n"],
    )


def _share(desired: list[str], good: int, n: int) -> Estimate:
    reason = "" if desired else _("Nobody has said yet what customers are to feel here.")
    reason = reason or ("" if n else _("No feedback of the last year from here named a feeling."))
    if reason:
        return Estimate.without_value(reason, method="share", unit="share")
    return share_from_counts(good, n)
