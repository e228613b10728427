"""What is counted of a metric's answers, and the figure that is made of it."""

import math
from dataclasses import dataclass, fields, replace
from typing import Self

from rapport.rooms.catalog.models import Metric
from rapport.stats.estimate import Difference, Estimate
from rapport.stats.intervals import normal_quantile, square_and_add, wilson
from rapport.stats.means import mean_from_sums
from rapport.stats.nps import nps_from_counts, nps_from_weight_sums
from rapport.stats.shares import share_from_counts
from rapport.ui.estimates import Scale

BY_ACCOUNT = "answers of one account counted as alike"


@dataclass(frozen=True)
class Tally:
    """Counts that add up: answers by band, those in the two best boxes, and sums on the metric's scale."""

    n: int = 0
    detractors: int = 0
    passives: int = 0
    promoters: int = 0
    top: int = 0
    total: float = 0.0
    squares: float = 0.0

    def __add__(self, other: Self) -> "Tally":
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __sub__(self, other: Self) -> "Tally":
        return Tally(*(getattr(self, f.name) - getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True)
class Measure:
    """A metric with what its figures need."""

    key: str
    name: str
    kind: str
    low: float
    high: float
    higher_is_better: bool

    @classmethod
    def of(cls, metric: Metric) -> "Measure":
        """Return the measure of a metric."""
        return cls(
            metric.pk, metric.name, metric.kind, metric.scale_low, metric.scale_high, metric.higher_is_better
        )

    @property
    def scale(self) -> Scale | str:
        """Return how its figures are written."""
        if self.kind == Metric.Kind.NPS:
            return "nps"
        return "share" if self.kind == Metric.Kind.CSAT else Scale(self.low, self.high, decimals=1)

    @property
    def words(self) -> str:
        """Return what its figure is, in words."""
        if self.kind == Metric.Kind.NPS:
            return "NPS"
        return f"{self.name}, two best boxes" if self.kind == Metric.Kind.CSAT else f"{self.name}, mean"

    def figure(self, tally: Tally, spread: float = 1.0) -> Estimate:
        """Return the figure of a tally; `spread` is by how much its variance exceeds that of lone answers.

        Answers that were all alike would tell as much as one, so no more than `n` times.
        """
        spread = min(spread, max(tally.n, 1))
        if self.kind == Metric.Kind.NPS:
            return _nps(tally, spread)
        if self.kind == Metric.Kind.CSAT:
            return _share(tally, spread)
        return _mean(tally, (self.low, self.high), spread)


def difference(before: Estimate, after: Estimate) -> Difference:
    """Return how a figure changed, tested by squaring and adding the two intervals."""
    method = "difference, limits squared and added"
    if before.is_hidden or after.is_hidden:
        # With the other figure beside it, the difference would give the hidden one away.
        return Difference.without_value(
            "One of the two rests on too few answers.",
            method=method,
            n_a=before.n,
            n_b=after.n,
            unit=after.unit,
        )
    if (
        before.value is None or before.low is None or before.high is None
        or after.value is None or after.low is None or after.high is None
    ):  # fmt: skip
        return Difference.without_value(
            "One of the two has no figure.", method=method, n_a=before.n, n_b=after.n, unit=after.unit
        )
    low, high = square_and_add(before.value, (before.low, before.high), after.value, (after.low, after.high))
    return Difference(
        value=after.value - before.value,
        low=low,
        high=high,
        n_a=before.n,
        n_b=after.n,
        method=method,
        unit=after.unit,
    )


def _nps(tally: Tally, spread: float) -> Estimate:
    if spread <= 1 or tally.n == 0:
        return nps_from_counts(tally.detractors, tally.passives, tally.promoters)
    found = nps_from_weight_sums(
        tally.detractors, tally.passives, tally.promoters, n=tally.n, sum_of_squared_weights=tally.n * spread
    )
    return replace(found, method=f"{found.method}, {BY_ACCOUNT}")


def _share(tally: Tally, spread: float) -> Estimate:
    found = share_from_counts(tally.top, tally.n)
    if spread <= 1 or found.value is None:
        return found
    effective = tally.n / spread
    low, high = wilson(found.value, effective, normal_quantile(found.level))
    error = math.sqrt(found.value * (1 - found.value) / effective)
    return replace(
        found,
        low=low,
        high=high,
        n_effective=effective,
        standard_error=error,
        method=f"{found.method}, {BY_ACCOUNT}",
    )


def _mean(tally: Tally, scale: tuple[float, float], spread: float) -> Estimate:
    found = mean_from_sums(tally.n, tally.total, tally.squares, scale=scale)
    if spread <= 1 or found.value is None or found.low is None or found.high is None:
        return found
    wider = math.sqrt(spread)
    return replace(
        found,
        low=max(scale[0], found.value - wider * (found.value - found.low)),
        high=min(scale[1], found.value + wider * (found.high - found.value)),
        n_effective=tally.n / spread,
        standard_error=None if found.standard_error is None else wider * found.standard_error,
        method=f"{found.method}, {BY_ACCOUNT}",
    )
