"""How often a problem is felt: unhappy answers from its places, whom they came from, what is at stake."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncWeek

from rapport.kernel.environment import environment
from rapport.kernel.models import User
from rapport.rooms.accounts.models import Contract
from rapport.rooms.action.models import Improvement
from rapport.rooms.catalog.models import Metric, Region, Touchpoint
from rapport.rooms.signals.api import band_condition
from rapport.rooms.signals.models import Score, ScoreQuerySet
from rapport.stats import Estimate, share_from_counts

YEAR = timedelta(days=365)
PLACES = ("touchpoint", "product", "region", "partner", "tier")
FEWEST = 30
MOST_FOUND = 8


@dataclass(frozen=True)
class Week:
    """One week's answers, and how many of them are unhappy; the week is named by its Monday."""

    monday: date
    n: int
    unhappy: int


@dataclass(frozen=True)
class Weight:
    """How much of the last year's feedback a problem touches, and what the customers behind it are worth.

    `at_stake` is the yearly value of the running contracts of the customers who were unhappy here, times the
    low end of the share of their answers that were: what surely hurts, not what might.
    """

    share: Estimate
    accounts: int
    worth: float
    currency: str

    @property
    def at_stake(self) -> float:
        return self.worth * (self.share.low or 0.0)


@dataclass(frozen=True)
class FoundProblem:
    """A place where more answers are unhappy than elsewhere, and nobody works on it yet."""

    metric: str
    metric_name: str
    touchpoint: str
    touchpoint_name: str
    region: str
    region_name: str
    weight: Weight


def scores_of(metric: Metric, places: Mapping[str, list[str]]) -> ScoreQuerySet:
    """Return the current answers a problem is measured in, anonymous ones left out."""
    scores = Score.objects.filter(metric=metric, superseded=False, anonymous=False)
    for place in PLACES:
        keys = places.get(place)
        if keys:
            column = "account__tier" if place == "tier" else place
            scores = scores.filter(**{f"{column}__in": keys})
    return scores


def seen_scores_of(user: User, metric: Metric, places: Mapping[str, list[str]]) -> ScoreQuerySet:
    """Return those of them that lie in the user's scope: the base of every figure the user is shown."""
    return scores_of(metric, places).in_scope(user)


def unhappy(metric: Metric) -> Q:
    """Return the condition on unhappy answers, by the ledger's one rule."""
    return band_condition([metric], ["det"])


def weeks_of(improvement: Improvement, *, start: date, end: date, user: User | None = None) -> list[Week]:
    """Return every whole week from the one of `start` up to the one before that of `end`, empty ones too.

    In the user's scope where one is given; the recurrence check gives none, because it weighs all customers.
    """
    first, last = monday_of(start), monday_of(end)
    about = improvement.metric, improvement.places
    scores = seen_scores_of(user, *about) if user else scores_of(*about)
    rows = (
        scores.filter(occurred_at__gte=_midnight(first), occurred_at__lt=_midnight(last))
        .order_by()
        .annotate(week=TruncWeek("occurred_at", tzinfo=UTC))
        .values("week")
        .annotate(n=Count("pk"), bad=Count("pk", filter=unhappy(improvement.metric)))
    )
    found = {row["week"].date(): (row["n"], row["bad"]) for row in rows}
    weeks = []
    while first < last:
        weeks.append(Week(first, *found.get(first, (0, 0))))
        first += timedelta(days=7)
    return weeks


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def weight_of(metric: Metric, places: Mapping[str, list[str]], user: User, *, now: datetime) -> Weight:
    """Weigh a problem by the last year's answers in the user's scope."""
    scores = seen_scores_of(user, metric, places).filter(occurred_at__gt=now - YEAR, occurred_at__lte=now)
    counted = scores.aggregate(n=Count("pk"), bad=Count("pk", filter=unhappy(metric)))
    touched = scores.filter(unhappy(metric), account__isnull=False).order_by().values("account").distinct()
    accounts = touched.count()
    worth, currency = _worth(touched)
    return Weight(share_from_counts(counted["bad"], counted["n"]), accounts, worth, currency)


def _worth(accounts: Any) -> tuple[float, str]:
    """Sum the running contracts of these customers that are in the reporting currency."""
    currency = environment().currency
    contracts = Contract.objects.filter(account__in=accounts, status=Contract.Status.ACTIVE)
    mine = contracts.filter(Q(currency=currency) | Q(currency="")).aggregate(worth=Sum("annual_value"))
    return float(mine["worth"] or 0), currency


def found_problems(user: User, *, now: datetime, metric: Metric | None = None) -> list[FoundProblem]:
    """Return the touchpoints of regions that surely have more unhappy answers than all of us, worst first.

    All of us are the customers in the user's scope. A place is found when the low end of its range lies
    above the share everywhere, and no open improvement is about it.
    """
    metric = metric or Metric.objects.filter(kind=Metric.Kind.NPS).order_by("position").first()
    if metric is None:
        return []
    scores = seen_scores_of(user, metric, {}).filter(occurred_at__gt=now - YEAR, occurred_at__lte=now)
    bad = Count("pk", filter=unhappy(metric))
    rows = list(scores.order_by().values("touchpoint", "region").annotate(n=Count("pk"), bad=bad))
    placed = [row for row in rows if row["touchpoint"] and row["region"]]
    cells = [row for row in placed if row["n"] >= FEWEST]
    answers, all_bad = sum(row["n"] for row in rows), sum(row["bad"] for row in rows)
    taken = _taken()
    worse = [
        row
        for row in cells
        if (share_from_counts(row["bad"], row["n"]).low or 0) > all_bad / answers
        and not any(_covers(places, row) for places in taken)
    ]
    names = (_names(Touchpoint), _names(Region))
    found = [_found(metric, row, names, user, now) for row in worse]
    return sorted(found, key=lambda one: (-one.weight.at_stake, -(one.weight.share.low or 0)))[:MOST_FOUND]


def _names(model: Any) -> dict[str, str]:
    return dict(model.objects.values_list("pk", "name"))


def _taken() -> list[Mapping[str, list[str]]]:
    rows = Improvement.objects.exclude(state=Improvement.State.DROPPED)
    return list(rows.values_list("places", flat=True))


def _covers(places: Mapping[str, list[str]], row: Mapping[str, Any]) -> bool:
    return all(not places.get(place) or row[place] in places[place] for place in ("touchpoint", "region"))


def _found(
    metric: Metric,
    row: Mapping[str, Any],
    names: tuple[dict[str, str], dict[str, str]],
    user: User,
    now: datetime,
) -> FoundProblem:
    touchpoint, region = row["touchpoint"], row["region"]
    places = {"touchpoint": [touchpoint], "region": [region]}
    return FoundProblem(
        metric=metric.key,
        metric_name=metric.name,
        touchpoint=touchpoint,
        touchpoint_name=names[0].get(touchpoint, touchpoint),
        region=region,
        region_name=names[1].get(region, region),
        weight=weight_of(metric, places, user, now=now),
    )


def places_said(places: Mapping[str, list[str]]) -> str:
    """Say the places of a problem: "Parts delivery, Benelux"."""
    from rapport.rooms.action.conditions import load_names

    names = load_names()
    return ", ".join(name for place in PLACES for name in names.of(place, places.get(place, [])))
