"""Counting answers in the database: one grouped query gives every figure of a page."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from functools import reduce
from operator import add
from typing import Any, TypeVar

from django.db.models import Count, F, FloatField, Q, QuerySet, Sum, Value
from django.db.models.expressions import Case, Expression, When
from django.db.models.functions import TruncMonth

from rapport.kernel.models import User
from rapport.rooms.catalog.models import Metric
from rapport.rooms.insight.tallies import Measure, Tally
from rapport.rooms.signals.api import DETRACTOR_TO, PROMOTER_FROM, Filters, band_condition
from rapport.rooms.signals.models import Score, ScoreQuerySet

K = TypeVar("K")
MONTH = TruncMonth("occurred_at", tzinfo=UTC)


@dataclass(frozen=True)
class Cell:
    """The answers of one month, region and role; those without a name stand apart."""

    month: date
    region: str
    role: str
    anonymous: bool
    tally: Tally


def cube(user: User, measure: Measure, filters: Filters) -> list[Cell]:
    """Count a metric's answers by month, region and role, as far as the user may see."""
    rows = scores_of(user, measure, filters).annotate(month=MONTH)
    grouped = (
        rows.order_by().values("month", "region", "buying_role", "anonymous").annotate(**counts(measure))
    )
    return [
        Cell(row["month"].date(), row["region"] or "", row["buying_role"], row["anonymous"], tally_of(row))
        for row in grouped
    ]


def tally(user: User, measure: Measure, filters: Filters) -> Tally:
    """Count a metric's answers."""
    return tally_of(scores_of(user, measure, filters).aggregate(**counts(measure)))


def tallies_by(rows: "QuerySet[Any, Any]", measure: Measure, *keys: str) -> dict[Any, Tally]:
    """Count scores by the values of some columns; one column gives bare keys, several give tuples."""
    grouped = rows.order_by().values(*keys).annotate(**counts(measure))
    return {
        row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys): tally_of(row) for row in grouped
    }


def scores_of(user: User, measure: Measure, filters: Filters) -> ScoreQuerySet:
    """Return the scores of a metric that the user may see and the filters keep."""
    return filters.changed(metric=measure.key).scores(Score.objects.visible_to(user))


def add_up(cells: Iterable[Cell], key: Callable[[Cell], K]) -> dict[K, Tally]:
    """Add cells up by a key."""
    groups: dict[K, list[Tally]] = defaultdict(list)
    for cell in cells:
        groups[key(cell)].append(cell.tally)
    return {found: total(tallies) for found, tallies in groups.items()}


def total(tallies: Iterable[Tally]) -> Tally:
    """Add tallies up."""
    return reduce(add, tallies, Tally())


@dataclass(frozen=True)
class Base:
    """Who stands behind a figure: accounts and people heard, and how far answers of one account are alike."""

    accounts: int = 0
    people: int = 0
    spread: float = 1.0


def base_of(user: User, measure: Measure, filters: Filters) -> Base:
    """Count the accounts and people behind a figure, and how much wider its variance is for their being few.

    Answers of one account are not independent. The variance of the mean is the one of totals by account
    (linearised: each account adds its sum minus its number times the mean), divided by that of lone answers;
    an answer without an account stands alone.
    """
    rows = scores_of(user, measure, filters).alias(x=_value(measure))
    people = (
        rows.order_by()
        .values("account", "contact", "anonymous")
        .annotate(n=Count("*"), s=Sum("x"), q=Sum(F("x") * F("x")))
    )
    by_account: dict[int, tuple[float, float]] = {}
    heard, n, whole, squares, lone = 0, 0, 0.0, 0.0, 0
    alone_sum = alone_squares = 0.0
    for row in people:
        n, whole, squares = n + row["n"], whole + row["s"], squares + row["q"]
        heard += row["contact"] is not None
        if row["account"] is None:
            lone, alone_sum, alone_squares = lone + row["n"], alone_sum + row["s"], alone_squares + row["q"]
        else:
            count, sum_ = by_account.get(row["account"], (0, 0.0))
            by_account[row["account"]] = (count + row["n"], sum_ + row["s"])
    spread = _spread(by_account.values(), n, whole, squares, lone, alone_sum, alone_squares)
    return Base(accounts=len(by_account), people=heard, spread=spread)


def _spread(
    accounts: Iterable[tuple[float, float]],
    n: int,
    whole: float,
    squares: float,
    lone: int,
    lone_sum: float,
    lone_squares: float,
) -> float:
    if n < 2:
        return 1.0
    mean = whole / n
    variance = squares - n * mean * mean
    clustered = lone_squares - 2 * mean * lone_sum + lone * mean * mean
    units = lone
    for count, sum_ in accounts:
        clustered += (sum_ - count * mean) ** 2
        units += 1
    if units < 2 or variance <= 1e-12:
        return 1.0
    return max(1.0, (clustered * units / (units - 1)) / (variance * n / (n - 1)))


def counts(measure: Measure) -> dict[str, Expression]:
    """Return what is counted of each group of scores."""
    metric = _metric(measure)
    detractor, promoter = band_condition([metric], ["det"]), band_condition([metric], ["pro"])
    if measure.kind == Metric.Kind.NPS:
        # The same rule, bare: the database counts a million of these.
        detractor, promoter = Q(value__lte=DETRACTOR_TO), Q(value__gte=PROMOTER_FROM)
    found: dict[str, Expression] = {
        "n": Count("*"),
        "detractors": Count("pk", filter=detractor),
        "promoters": Count("pk", filter=promoter),
    }
    if measure.kind == Metric.Kind.CSAT:
        found["top"] = Count("pk", filter=_top(measure))
    elif measure.kind != Metric.Kind.NPS:
        found["total"] = Sum(_on_scale(measure))
        found["squares"] = Sum(_on_scale(measure) * _on_scale(measure))
    return found


def tally_of(row: Mapping[str, Any]) -> Tally:
    """Return the tally of one row of counts."""
    return Tally(
        n=row["n"],
        detractors=row["detractors"],
        passives=row["n"] - row["detractors"] - row["promoters"],
        promoters=row["promoters"],
        top=row.get("top") or 0,
        total=row.get("total") or 0.0,
        squares=row.get("squares") or 0.0,
    )


def _metric(measure: Measure) -> Metric:
    return Metric(
        key=measure.key, kind=measure.kind, scale_low=measure.low, scale_high=measure.high,
        higher_is_better=measure.higher_is_better,
    )  # fmt: skip


def _top(measure: Measure) -> Q:
    return Q(value__gt=F("scale_high") - 2) if measure.higher_is_better else Q(value__lt=F("scale_low") + 2)


def _on_scale(measure: Measure) -> Expression:
    """Return a score moved to the metric's own scale, should it have been given on another."""
    share = (F("value") - F("scale_low")) / (F("scale_high") - F("scale_low"))
    return Value(measure.low) + share * Value(measure.high - measure.low)


def _value(measure: Measure) -> Expression:
    """Return what the figure of a measure is the mean of."""
    if measure.kind == Metric.Kind.NPS:
        return Case(
            When(value__lte=DETRACTOR_TO, then=Value(-1.0)),
            When(value__gte=PROMOTER_FROM, then=Value(1.0)),
            default=Value(0.0),
            output_field=FloatField(),
        )
    if measure.kind == Metric.Kind.CSAT:
        return Case(When(_top(measure), then=Value(1.0)), default=Value(0.0), output_field=FloatField())
    return _on_scale(measure)


def measures(keys: Sequence[str] = ()) -> list[Measure]:
    """Return the metrics in use as measures, all or those with these keys."""
    rows = Metric.objects.filter(retired=False)
    return [Measure.of(metric) for metric in (rows.filter(pk__in=keys) if keys else rows)]
