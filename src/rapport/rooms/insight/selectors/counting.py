"""Counting answers in the database: one grouped query gives every figure of a page."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import reduce
from operator import add
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, F, FloatField, Func, Q, QuerySet, Sum, TextField, Value
from django.db.models.expressions import Case, Expression, When
from django.db.models.functions import Cast, TruncMonth, TruncQuarter

from rapport.kernel.models import User
from rapport.rooms.catalog.models import Metric
from rapport.rooms.insight.tallies import Measure, Tally
from rapport.rooms.signals.api import DETRACTOR_TO, PROMOTER_FROM, Filters, band_condition
from rapport.rooms.signals.models import Score, ScoreQuerySet

K = TypeVar("K")
MONTH = TruncMonth("occurred_at", tzinfo=UTC)
QUARTER = TruncQuarter("occurred_at", tzinfo=UTC)


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


COLUMNS: Mapping[str, str] = {
    "month": "month",
    "quarter": "quarter",
    "region": "region",
    "role": "buying_role",
    "touchpoint": "touchpoint",
    "stage": "signal__stage",
    "product": "product",
    "division": "signal__division",
    "partner": "partner",
    "tier": "account__tier",
    "sector": "account__sector",
    "kind": "kind",
    "source": "source",
}
# Anonymous answers have these; by anything else they stand apart, as a whole.
OF_EVERY_ANSWER = frozenset({"month", "quarter", "region", "kind", "source"})


@dataclass(frozen=True)
class Cut:
    """The answers of one combination of dimensions; those without a name stand apart."""

    key: tuple[Any, ...]
    anonymous: bool
    tally: Tally


def cuts(user: User, measure: Measure, filters: Filters, dimensions: Sequence[str]) -> list[Cut]:
    """Count a metric's answers by some dimensions in one query, as far as the user may see.

    Months and quarters are their first day; a key that is not known is empty.
    """
    columns = [COLUMNS[name] for name in dimensions]
    rows = scores_of(user, measure, filters)
    if "month" in columns:
        rows = rows.annotate(month=MONTH)
    if "quarter" in columns:
        rows = rows.annotate(quarter=QUARTER)
    grouped = rows.order_by().values(*columns, "anonymous").annotate(**counts(measure))
    return [
        Cut(tuple(_plain(row[column]) for column in columns), row["anonymous"], tally_of(row))
        for row in grouped
    ]


def _plain(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value or ""


@dataclass(frozen=True)
class CustomerSums:
    """The named answers of one customer with everything below it: how many, their sum and sum of squares."""

    customer: int
    n: int
    total: float
    squares: float


def sums_by_customer(user: User, measure: Measure, filters: Filters) -> list[CustomerSums]:
    """Add up what the figure is the mean of, by customer: the account at the top of its tree."""
    rows = scores_of(user, measure, filters).filter(anonymous=False, account__isnull=False)
    top = Cast(
        Func(F("account__path"), Value(0), Value(1), function="subpath", output_field=TextField()),
        TextField(),
    )
    grouped = (
        rows.alias(x=_value(measure))
        .annotate(top=top)
        .order_by()
        .values("top")
        .annotate(n=Count("*"), s=Sum("x"), q=Sum(F("x") * F("x")))
    )
    return [CustomerSums(int(row["top"]), row["n"], float(row["s"]), float(row["q"])) for row in grouped]


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
    try:
        statement, parameters = people.query.sql_with_params()
    except EmptyResultSet:
        # Who may see nothing at all: Django knows it without asking.
        return Base()
    with connection.cursor() as cursor:
        cursor.execute(_BASE.format(people=statement), parameters)
        accounts, heard, *sums = cursor.fetchone()
    return Base(accounts=accounts, people=int(heard), spread=_spread(_Sums(*(float(sum_) for sum_ in sums))))


# People are added up to accounts, and these to the sums the variance is made of, inside the database.
_BASE = """
SELECT count(account), coalesce(sum(people), 0),
  coalesce(sum(n), 0), coalesce(sum(s), 0), coalesce(sum(q), 0),
  count(account) + coalesce(sum(n) FILTER (WHERE account IS NULL), 0),
  coalesce(sum(CASE WHEN account IS NULL THEN q ELSE s * s END), 0),
  coalesce(sum(CASE WHEN account IS NULL THEN s ELSE n * s END), 0),
  coalesce(sum(CASE WHEN account IS NULL THEN n ELSE n * n END), 0)
FROM (SELECT account, count(contact) AS people, sum(n)::float8 AS n, sum(s) AS s, sum(q) AS q
  FROM ({people}) p GROUP BY account) a
"""


@dataclass(frozen=True)
class _Sums:
    """Sums over answers, and over units: an account, or one answer without an account."""

    n: float
    values: float
    squares: float
    units: float
    unit_squares: float
    """Of each unit's sum."""
    products: float
    """Of each unit's sum and number of answers."""
    unit_numbers: float
    """Of each unit's number of answers, squared."""


def _spread(sums: _Sums) -> float:
    if sums.n < 2 or sums.units < 2:
        return 1.0
    mean = sums.values / sums.n
    variance = sums.squares - sums.n * mean * mean
    clustered = sums.unit_squares - 2 * mean * sums.products + mean * mean * sums.unit_numbers
    if variance <= 1e-12:
        return 1.0
    return max(1.0, (clustered * sums.units / (sums.units - 1)) / (variance * sums.n / (sums.n - 1)))


def counts(measure: Measure) -> dict[str, Expression]:
    """Return what is counted of each group of scores."""
    metric = _metric(measure)
    detractor, promoter = band_condition([metric], ["det"]), band_condition([metric], ["pro"])
    if measure.kind == Metric.Kind.NPS:
        # The same rule, bare: the database counts a million of these.
        detractor, promoter = Q(value__lte=DETRACTOR_TO), Q(value__gte=PROMOTER_FROM)
    found: dict[str, Expression] = {
        "n": Count("*"),
        "detractors": Count("value", filter=detractor),
        "promoters": Count("value", filter=promoter),
    }
    if measure.kind == Metric.Kind.CSAT:
        found["top"] = Count("value", filter=_top(measure))
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
            When(value__lte=DETRACTOR_TO, then=_double(-1.0)),
            When(value__gte=PROMOTER_FROM, then=_double(1.0)),
            default=_double(0.0),
            output_field=FloatField(),
        )
    if measure.kind == Metric.Kind.CSAT:
        return Case(When(_top(measure), then=_double(1.0)), default=_double(0.0), output_field=FloatField())
    return _on_scale(measure)


def _double(number: float) -> Expression:
    """Write a number as the database's own kind of floating point; a bare 1.0 is a slow decimal there."""
    return Cast(Value(number), FloatField())


def measures(keys: Sequence[str] = ()) -> list[Measure]:
    """Return the metrics in use as measures, all or those with these keys."""
    rows = Metric.objects.filter(retired=False)
    return [Measure.of(metric) for metric in (rows.filter(pk__in=keys) if keys else rows)]
