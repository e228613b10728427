"""From sums the engine has added up to a figure with its interval."""

import math
from dataclasses import dataclass, fields, replace
from typing import Any

from rapport.analytics.ledger import Metric
from rapport.stats.estimate import Estimate
from rapport.stats.intervals import normal_quantile, t_quantile, wilson
from rapport.stats.means import mean_from_sums
from rapport.stats.nps import nps_from_counts, nps_from_weight_sums
from rapport.stats.shares import share_from_counts

BY_ACCOUNT = "answers of one account counted as alike"


@dataclass(frozen=True)
class Sums:
    """Sums over answers: their number, x and its square; the same weighted; and the squares of the weights.

    x is what the figure is the mean of: -1, 0 or 1 for a net score, 0 or 1 for a share, else the score.
    """

    n: int = 0
    x: float = 0
    xx: float = 0
    w: float = 0.0
    wx: float = 0.0
    wxx: float = 0.0
    ww: float = 0.0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True)
class UnitSums:
    """Sums over units: an account, or one answer without an account; and the spread of lone answers."""

    n: int = 0
    w: float = 0.0
    wx: float = 0.0
    ww: float = 0.0
    wwx: float = 0.0
    wwxx: float = 0.0
    units: int = 0
    unit_xx: float = 0.0
    unit_xw: float = 0.0
    unit_ww: float = 0.0


def spread_of(sums: UnitSums) -> float:
    """Return how much wider the variance is for answers of one account being alike, at least 1.

    The variance of a mean is that of totals by unit, linearised (each unit adds its weighted sum minus its
    weights times the mean), over that of lone answers.
    """
    if sums.n < 2 or sums.units < 2 or sums.w <= 0:
        return 1.0
    mean = sums.wx / sums.w
    lone = sums.wwxx - 2 * mean * sums.wwx + mean * mean * sums.ww
    clustered = sums.unit_xx - 2 * mean * sums.unit_xw + mean * mean * sums.unit_ww
    if lone <= 1e-12:
        return 1.0
    return max(1.0, (clustered * sums.units / (sums.units - 1)) / (lone * sums.n / (sums.n - 1)))


def figure(metric: Metric, statistic: str, sums: Sums, *, weighted: bool, spread: float = 1.0) -> Estimate:
    """Return the figure of some sums; answers all alike tell as much as one, so `spread` is at most n."""
    spread = min(spread, max(sums.n, 1))
    if statistic == "net":
        found = _net(sums, weighted, spread)
    elif statistic == "mean":
        found = _mean(sums, (metric.low, metric.high), weighted, spread)
    else:
        found = _share(sums, weighted, spread)
    return replace(found, method=f"{found.method}, {BY_ACCOUNT}") if spread > 1 and sums.n else found


def _net(sums: Sums, weighted: bool, spread: float) -> Estimate:
    x, xx = (sums.wx, sums.wxx) if weighted else (sums.x, sums.xx)
    promoters, detractors = (xx + x) / 2, (xx - x) / 2
    if not weighted and spread <= 1:
        return nps_from_counts(int(detractors), int(sums.n - xx), int(promoters))
    total, squares = (sums.w, sums.ww) if weighted else (float(sums.n), float(sums.n))
    # Weights added up in another order may leave a hair below nothing.
    return nps_from_weight_sums(
        max(detractors, 0.0), max(total - xx, 0.0), max(promoters, 0.0), n=sums.n,
        sum_of_squared_weights=max(squares, total * total / max(sums.n, 1)) * spread,
    )  # fmt: skip


def _share(sums: Sums, weighted: bool, spread: float) -> Estimate:
    found = share_from_counts(int(sums.x), sums.n)
    if found.value is None or (not weighted and spread <= 1):
        return found
    value = sums.wx / sums.w if weighted else found.value
    effective = _effective(sums, weighted) / spread
    low, high = wilson(value, effective, normal_quantile(found.level))
    return replace(
        found,
        value=value,
        low=min(low, value),
        high=max(high, value),
        n_effective=effective,
        standard_error=math.sqrt(value * (1 - value) / effective),
    )


def _mean(sums: Sums, scale: tuple[float, float], weighted: bool, spread: float) -> Estimate:
    found = mean_from_sums(sums.n, sums.x, sums.xx, scale=scale)
    if weighted and found.value is not None:
        found = _weighted_mean(sums, scale, found)
    if spread <= 1 or found.value is None or found.low is None or found.high is None:
        return found
    wider = math.sqrt(spread)
    return replace(
        found,
        low=max(scale[0], found.value - wider * (found.value - found.low)),
        high=min(scale[1], found.value + wider * (found.high - found.value)),
        n_effective=found.n_effective / spread,
        standard_error=None if found.standard_error is None else wider * found.standard_error,
    )


def _weighted_mean(sums: Sums, scale: tuple[float, float], plain: Estimate) -> Estimate:
    effective, value = _effective(sums, weighted=True), sums.wx / sums.w
    if effective <= 1 + 1e-9:
        reason = "One answer outweighs all others; a mean needs at least two."
        return Estimate.without_value(reason, method=plain.method, n=sums.n, unit=plain.unit)
    variance = max(0.0, sums.wxx / sums.w - value * value)
    if variance <= 1e-12 * max(1.0, value * value):
        # All alike: the bound of the plain mean holds, for as many answers as these are worth.
        others = -math.expm1(math.log((1 - plain.level) / 2) / effective)
        ends = (value - others * (value - scale[0]), value + others * (scale[1] - value))
        return replace(plain, value=value, low=ends[0], high=ends[1], n_effective=effective)
    error = math.sqrt(variance / (effective - 1))
    half = t_quantile(plain.level, effective - 1) * error
    return replace(
        plain,
        value=value,
        low=max(scale[0], value - half),
        high=min(scale[1], value + half),
        n_effective=effective,
        standard_error=error,
    )


def _effective(sums: Sums, weighted: bool) -> float:
    if not weighted:
        return float(sums.n)
    return min(float(sums.n), sums.w**2 / sums.ww) if sums.ww > 0 else float(sums.n)


def no_figure(plain: Estimate, reason: str) -> Estimate:
    """Return a figure without its value, for a reason."""
    kept: dict[str, Any] = {"method": plain.method, "n": plain.n, "level": plain.level, "unit": plain.unit}
    return Estimate.without_value(reason, **kept)
