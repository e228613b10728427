"""The answers behind a driver analysis: an outcome and the ratings given beside it, one row a signal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import Count
from numpy.typing import NDArray

from rapport.kernel.models import User
from rapport.rooms.catalog.models import Metric
from rapport.rooms.insight.selectors.counting import measures
from rapport.rooms.insight.tallies import Measure
from rapport.rooms.signals.api import Filters
from rapport.rooms.signals.models import Score, ScoreQuerySet

FloatArray = NDArray[np.float64]
GROUPINGS = ("role", "sector", "tier", "region")
_COLUMNS = {
    "role": "buying_role",
    "sector": "account__sector",
    "tier": "account__tier",
    "region": "region",
}


@dataclass(frozen=True)
class Candidate:
    """A metric scored beside the outcome, and in how many answers both were given."""

    measure: Measure
    n: int


@dataclass(frozen=True, eq=False)
class AnswerTable:
    """Answers with an outcome, in the order recorded; a rating not given is NaN.

    `clusters` numbers the accounts; an answer without one stands alone. `groups` holds each answer's label by
    grouping; answers without a name have none, and are `anonymous`.
    """

    outcome: Measure
    drivers: tuple[Measure, ...]
    y: FloatArray
    x: FloatArray
    clusters: NDArray[np.int64]
    anonymous: NDArray[np.bool_]
    groups: dict[str, list[str]] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Return how many answers have an outcome."""
        return int(self.y.size)


def candidates(user: User, outcome: Measure, filters: Filters, known: Sequence[Measure]) -> list[Candidate]:
    """Return the metrics scored in the same answers as the outcome, those with most answers first."""
    carrying = _scores(user, filters).filter(metric=outcome.key).values("signal")
    others = (
        _scores(user, filters)
        .filter(metric__in=[one.key for one in known if one.key != outcome.key], signal__in=carrying)
        .order_by()
        .values("metric")
        .annotate(n=Count("*"))
    )
    counted = {row["metric"]: row["n"] for row in others}
    found = [Candidate(one, counted[one.key]) for one in known if one.key in counted]
    return sorted(found, key=lambda one: -one.n)


def usual_drivers(found: Sequence[Candidate]) -> list[Measure]:
    """Return what is taken for drivers when nobody chose: ratings, or without any the other metrics.

    Recommendation, satisfaction and effort are outcomes themselves; beside ratings they would take their
    part.
    A metric given in less than half as many answers as the most common one would cost more than it tells.
    """
    ratings = [one for one in found if one.measure.kind == Metric.Kind.INDEX] or list(found)
    most = max((one.n for one in ratings), default=0)
    return [one.measure for one in ratings if 2 * one.n >= most]


def answer_table(user: User, outcome: Measure, drivers: Sequence[Measure], filters: Filters) -> AnswerTable:
    """Read the answers with an outcome that the user may see and the filters keep, on their metrics' scales.

    Anonymous blocks come whole or not at all: all answers of a block were given to the same metrics.
    """
    rows = _scores(user, filters).filter(metric=outcome.key).order_by("occurred_at", "signal")
    read = list(
        rows.values_list(
            "signal", "value", "scale_low", "scale_high", "account", "anonymous", *_COLUMNS.values()
        )
    )
    at = {row[0]: number for number, row in enumerate(read)}
    x = np.full((len(read), len(drivers)), np.nan)
    columns = {one.key: number for number, one in enumerate(drivers)}
    ratings = _scores(user, filters).filter(metric__in=list(columns)).order_by()
    for signal, metric, value, low, high in ratings.values_list(
        "signal", "metric", "value", "scale_low", "scale_high"
    ).iterator(10_000):
        number = at.get(signal)
        if number is not None:
            x[number, columns[metric]] = _moved(drivers[columns[metric]], value, low, high)
    return AnswerTable(
        outcome=outcome,
        drivers=tuple(drivers),
        y=np.array([_moved(outcome, *row[1:4]) for row in read], dtype=np.float64),
        x=x,
        clusters=_clusters([row[4] for row in read]),
        anonymous=np.array([row[5] for row in read], dtype=np.bool_),
        groups={name: [row[6 + number] or "" for row in read] for number, name in enumerate(_COLUMNS)},
    )


def answer_columns() -> list[str]:
    """Return what each row of `answer_rows` holds."""
    return [*(f"score {one.key}" for one in measures()), "cluster", *GROUPINGS, "anonymous"]


def answer_rows(user: User, outcome: Measure, filters: Filters) -> Iterator[tuple[Any, ...]]:
    """Yield one row an answer, in the order in which an analysis numbers the customers."""
    known = measures()
    others = [one for one in known if one.key != outcome.key]
    table = answer_table(user, outcome, others, filters)
    columns = {one.key: table.x[:, at] for at, one in enumerate(others)} | {outcome.key: table.y}
    for row in range(table.n):
        yield (
            *(_plain(columns[one.key][row]) for one in known),
            int(table.clusters[row]),
            *(table.groups[name][row] for name in GROUPINGS),
            bool(table.anonymous[row]),
        )


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _scores(user: User, filters: Filters) -> ScoreQuerySet:
    return filters.changed(metric="", bands=()).scores(Score.objects.visible_to(user))


def _moved(measure: Measure, value: float, low: float, high: float) -> float:
    """Return a score on the metric's own scale, should it have been given on another."""
    if (low, high) == (measure.low, measure.high):
        return value
    return measure.low + (value - low) / (high - low) * (measure.high - measure.low)


def _clusters(accounts: Sequence[Any]) -> NDArray[np.int64]:
    """Number the accounts by their first answer; whoever has none gets a number of their own."""
    numbers: dict[Any, int] = {}
    found = [
        numbers.setdefault(("alone", place) if account is None else account, len(numbers))
        for place, account in enumerate(accounts)
    ]
    return np.array(found, dtype=np.int64)
