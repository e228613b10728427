"""Drivers: which ratings move an outcome, how surely, for whom, and what raising one of them would bring."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from rapport.stats.answers import FloatArray, IntArray, Labels, ScoreError, as_floats, check_level, codes
from rapport.stats.comparisons import holm
from rapport.stats.dominance import (
    MOST_DRIVERS,
    Importance,
    as_correlations,
    importance,
    lmg_of_batch,
)
from rapport.stats.estimate import Difference, Estimate
from rapport.stats.intervals import normal_p_value, normal_quantile

Outcome = Literal["numeric", "ordered"]
Missing = Literal["complete", "available"]

COLLINEAR_FROM: Final = 10.0
"""Variance inflation from which a driver's part cannot be told from that of the others."""

_MOST_GROUPS: Final = 4000
_ROWS_AT_ONCE: Final = 32_768
_BATCH_BYTES: Final = 64_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One driver of an outcome.

    Attributes
    ----------
    name : Hashable
        As given.
    importance : Estimate
        Its part of R^2 (LMG, general dominance), 0 to 1.
    share : Estimate
        The same as a share of what all drivers explain, 0 to 1.
    coefficient : Estimate
        Change of the outcome per unit of the driver, the others held, in units of outcome per unit of driver.
    conditional : tuple of float
        Mean gain in R^2 when 0, 1, ... others are there already.
    relative_weight : float
        Johnson's weight, a second opinion on `importance`.
    correlation : float
        With the outcome (with the latent outcome for an ordered one).
    performance : float
        Mean of the driver: the other axis of an importance-performance map.
    variance_inflation : float
        ``1 / (1 - R^2)`` of the driver from the others; infinite when they say the same.
    n : int
        Rows with an outcome in which the driver was rated.
    """

    name: Hashable
    importance: Estimate
    share: Estimate
    coefficient: Estimate
    conditional: tuple[float, ...]
    relative_weight: float
    correlation: float
    performance: float
    variance_inflation: float
    n: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Drivers:
    """The drivers of an outcome, in the order given.

    Attributes
    ----------
    r_squared : Estimate
        What all drivers explain together, 0 to 1.
    drivers : tuple of Driver
        In the order given; sort by ``importance.value`` to rank.
    n : int
        Rows used.
    left_out : int
        Rows not used, because the outcome or (``missing="complete"``) any driver is missing.
    clusters : int
        Units that were drawn anew in the bootstrap.
    outcome_mean : float
        Mean of the outcome.
    warnings : tuple of str
        What a reader must know: collinearity, drivers without spread, signs turned around.
    method : str
        What was computed.
    reason : str or None
        Why there is nothing, when there is nothing.
    """

    r_squared: Estimate
    drivers: tuple[Driver, ...]
    n: int
    left_out: int
    clusters: int
    outcome_mean: float
    warnings: tuple[str, ...]
    method: str
    level: float
    coefficient_draws: FloatArray
    share_draws: FloatArray
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverDifference:
    """How much more a driver counts in segment `b` than in segment `a`: `share` is b minus a.

    `p_value` is adjusted for all differences that were looked at (Holm).
    """

    name: Hashable
    a: Hashable
    b: Hashable
    share: Difference
    p_value: float | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SegmentDrivers:
    """The drivers of each segment, their differences, and whether segments differ at all.

    Attributes
    ----------
    segments : dict from label to Drivers
        In the order met.
    differences : tuple of DriverDifference
        Of every pair of segments and every driver.
    p_value : float or None
        That all segments have the same shares (Wald); None when it cannot be tested.
    """

    segments: dict[Hashable, Drivers]
    differences: tuple[DriverDifference, ...]
    p_value: float | None


def driver_importance(drivers: ArrayLike, outcome: ArrayLike) -> tuple[Importance, int]:
    """Return the exact importance of numeric drivers for an outcome, and the rows used, without intervals.

    Parameters
    ----------
    drivers : array_like of float, shape (n, p)
        Any unit; a row with a missing value (NaN) is left out.
    outcome : array_like of float, shape (n,)
        Any unit.

    Returns
    -------
    (Importance, int)

    Raises
    ------
    ScoreError
        Shapes do not fit, a value is infinite, or the outcome has no variance.

    Notes
    -----
    The covariance matrix (in one pass over blocks of rows), then `importance`.

    Examples
    --------
    >>> found, n = driver_importance([[1, 2], [2, 1], [3, 4], [4, np.nan], [5, 4]], [1, 2, 3, 9, 4])
    >>> n, found.shares.round(2).tolist()
    (4, [0.69, 0.31])
    """
    x, y = _as_table(drivers, outcome)
    moments = _sum_up(x, y, None)
    if np.isnan(moments.cross).any():
        kept = ~(np.isnan(x).any(axis=1) | np.isnan(y))
        x, y = x[kept], y[kept]
        moments = _sum_up(x, y, None)
    _check_finite(moments)
    return importance(moments.covariance(np.ones((1, 1)))[0]), y.size


def key_drivers(
    drivers: Mapping[Hashable, ArrayLike],
    outcome: ArrayLike,
    *,
    kind: Outcome = "numeric",
    clusters: Labels | None = None,
    missing: Missing = "complete",
    draws: int = 500,
    rng: np.random.Generator | None = None,
    level: float = 0.95,
) -> Drivers:
    """Return how much each driver counts for an outcome, with intervals.

    Parameters
    ----------
    drivers : mapping from name to array_like, each of shape (n,)
        Ratings, any unit, at most 22 drivers. NaN or None is not answered.
    outcome : array_like, shape (n,)
        Score, rating, or 0 and 1. NaN or None: the row is left out.
    kind : {"numeric", "ordered"}
        Ordered (or yes/no): the outcome is the visible class of a normal one behind it, whose correlations
        with the drivers are polyserial. It scales R^2 and importances by one factor and changes no share.
    clusters : sequence, shape (n,), optional
        Such as the account of each row: drawn as a whole in the bootstrap.
    missing : {"complete", "available"}
        Use rows with all drivers answered, or each pair of variables where both are. The second loses fewer
        answers and is right when answers are missing at random; ``left_out`` and each driver's ``n`` say what
        was used.
    draws : int
        Bootstrap draws, at least 50.
    rng : numpy Generator, optional
        Seeded with 0 by default, so that a page shows the same interval each time.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Drivers
        With fewer than ten rows more than drivers, fewer than ten clusters, or an outcome all alike: no value
        and a reason.

    Raises
    ------
    ScoreError
        Lengths differ, a value is infinite, or there are no or too many drivers.

    Notes
    -----
    `importance` of the covariance matrix. Polyserial correlation: ``r s_y / sum_k (v_(k+1) - v_k) phi(t_k)``
    with thresholds t from the shares of the classes v, which are numbered (Olsson, Drasgow and Dorans 1982,
    Psychometrika 47, 337-347). It was chosen over McFadden's R^2 of 2^p logistic fits because it needs one
    covariance matrix, is exact for any number of drivers, and gives the same R^2 whether an outcome is asked
    in two classes or in eleven.

    Intervals are percentiles of a bootstrap of clusters (or rows): each draw weighs the clusters' sums and
    cross products anew, so it does not touch the rows again. More than 4,000 units are first joined at random
    into 4,000 groups, which are drawn instead. Percentiles are widened to hold the value.

    Importance is association: it says what goes with the outcome, not what causes it.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> delivery, price = rng.integers(1, 11, 300), rng.integers(1, 11, 300)
    >>> score = 0.8 * delivery + 0.1 * price + rng.normal(size=300)
    >>> found = key_drivers({"delivery": delivery, "price": price}, score, draws=100)
    >>> found.drivers[0].share.value > 0.9, found.drivers[0].share.excludes(0.5), found.n
    (True, True, 300)
    """
    names, x, y = _columns(drivers, outcome)
    _check_draws(draws, level)
    groups = None if clusters is None else _numbers(clusters, y.size)
    maker = rng if rng is not None else np.random.default_rng(0)
    sample = _Sample.of(x, y, groups, kind, missing)
    if sample.reason is not None:
        return _no_drivers(sample, kind, missing, level)
    moments, units = sample.moments(maker)
    counts = _multinomial(maker, units, draws)
    return _analyse(names, sample, moments, counts, kind, missing, level)


def compare_drivers(
    drivers: Mapping[Hashable, ArrayLike],
    outcome: ArrayLike,
    segments: Labels,
    *,
    kind: Outcome = "numeric",
    clusters: Labels | None = None,
    missing: Missing = "complete",
    draws: int = 500,
    rng: np.random.Generator | None = None,
    level: float = 0.95,
) -> SegmentDrivers:
    """Return the drivers of each segment (such as a role), and a test of whether they differ.

    Parameters
    ----------
    drivers, outcome, kind, clusters, missing, draws, rng, level
        As in `key_drivers`.
    segments : sequence, shape (n,)
        Label of each row.

    Returns
    -------
    SegmentDrivers
        Segments too small for `key_drivers` have a reason and no difference.

    Raises
    ------
    ScoreError
        As in `key_drivers`, or a label is missing.

    Notes
    -----
    An account may have people in several segments: its rows are drawn together in all of them, so the
    differences allow for it. Each difference of shares has the standard error of its draws and a normal
    interval and p-value; all p-values together are adjusted by Holm. The overall test is Wald's with the
    covariance of the draws, ``(k - 1)(p - 1)`` degrees of freedom.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> a, b, role = rng.normal(size=400), rng.normal(size=400), np.repeat(["user", "buyer"], 200)
    >>> score = np.where(role == "user", a, b) + rng.normal(size=400)
    >>> found = compare_drivers({"help": a, "price": b}, score, role, draws=100)
    >>> found.p_value < 0.001, found.differences[0].share.value < -0.5
    (True, True)
    """
    names, x, y = _columns(drivers, outcome)
    _check_draws(draws, level)
    items = segments.tolist() if isinstance(segments, np.ndarray) else list(segments)  # type: ignore[arg-type]
    numbers = codes(items, y.size, "segment")
    labels: list[Hashable] = list(dict.fromkeys(items))
    maker = rng if rng is not None else np.random.default_rng(0)
    units = np.arange(y.size, dtype=np.intp) if clusters is None else _numbers(clusters, y.size)
    units = _joined(units, maker)
    total = int(units.max()) + 1 if units.size else 0
    counts = _multinomial(maker, max(1, total), draws)
    found: dict[Hashable, Drivers] = {}
    for number, label in enumerate(labels):
        inside = numbers == number
        sample = _Sample.of(x[inside], y[inside], units[inside], kind, missing)
        if sample.reason is not None:
            found[label] = _no_drivers(sample, kind, missing, level)
            continue
        moments = sample.moments_of(units[inside][sample.kept], total)
        found[label] = _analyse(names, sample, moments, counts, kind, missing, level)
    return _compare(names, found, level)


def what_if(found: Drivers, changes: Mapping[Hashable, float]) -> Estimate:
    """Return how the mean outcome would change if the means of drivers changed, the others staying.

    Parameters
    ----------
    found : Drivers
        From `key_drivers`.
    changes : mapping from name to float
        Change of the driver's mean, in its unit.

    Returns
    -------
    Estimate
        Change in the unit of the outcome (for 0 and 1: of the share). Without drivers: no value and a reason.

    Raises
    ------
    ScoreError
        A driver is not known, or a change not finite.

    Notes
    -----
    ``sum_j b_j change_j`` with the coefficients of the linear model of all drivers, and percentiles of the
    same sum over the bootstrap draws. It holds if the association is causal and linear; beyond changes people
    have really shown it is a guess.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> delivery = rng.integers(1, 11, 300)
    >>> found = key_drivers({"delivery": delivery}, 0.8 * delivery + rng.normal(size=300), draws=100)
    >>> gain = what_if(found, {"delivery": 0.5})
    >>> round(gain.value, 2), gain.low < 0.4 < gain.high
    (0.41, True)
    """
    method = "what-if: linear model, bootstrap percentiles"
    names = [driver.name for driver in found.drivers]
    if found.reason is not None:
        return Estimate.without_value(found.reason, method=method, n=found.n, level=found.level, unit="scale")
    vector = np.zeros(len(names))
    for name, change in changes.items():
        if name not in names or not math.isfinite(change):
            raise ScoreError(f"{name!r} changed by {change} is no driver with a finite change.", value=name)
        vector[names.index(name)] = change
    values = np.array([driver.coefficient.value for driver in found.drivers], dtype=np.float64)
    return _estimate(
        float(values @ vector), found.coefficient_draws @ vector, found, method, unit="scale", cut=None
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """Counts, sums and cross products of shifted variables by unit; counts and sums by pair when needed.

    Shapes: n (units, 1 or k, 1 or k), sums (units, k, 1 or k), cross (units, k, k); `ranks` counts the
    outcome's classes by unit.
    """

    n: FloatArray
    sums: FloatArray
    cross: FloatArray
    ranks: FloatArray | None = None

    def covariance(self, counts: FloatArray) -> FloatArray:
        """Return covariance matrices, shape (draws, k, k), with the units counted `counts` (draws, units)."""
        n, sums, cross = (_drawn(part, counts) for part in (self.n, self.sums, self.cross))
        n = np.maximum(n, 1.0)
        matrix: FloatArray = cross / n - (sums / n) * (np.swapaxes(sums, 1, 2) / n)
        return matrix

    def latent_factor(self, counts: FloatArray, variances: FloatArray) -> FloatArray:
        """Return by how much correlations with the classes fall short of those with what is behind them."""
        assert self.ranks is not None
        shares = np.cumsum(counts @ self.ranks, axis=1)
        shares = shares[:, :-1] / shares[:, -1:]
        heights = np.exp(-0.5 * special.ndtri(np.clip(shares, 1e-15, 1 - 1e-15)) ** 2) / math.sqrt(
            2 * math.pi
        )
        total = heights.sum(axis=1)
        return np.asarray(np.sqrt(variances) / np.where(total > 0, total, np.inf), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """The rows that are used."""

    x: FloatArray
    y: FloatArray
    units: IntArray | None
    kept: NDArray[np.bool_]
    pairs: bool
    ranks: IntArray | None
    clusters: int
    reason: str | None

    @classmethod
    def of(
        cls, x: FloatArray, y: FloatArray, units: IntArray | None, kind: Outcome, missing: Missing
    ) -> _Sample:
        holes = np.isnan(x)
        kept = ~np.isnan(y) & (~holes.any(axis=1) if missing == "complete" else ~holes.all(axis=1))
        x, y = x[kept], y[kept]
        units = None if units is None else units[kept]
        clusters = y.size if units is None else int(np.unique(units).size)
        ranks = None
        if kind == "ordered":
            values, ranks = np.unique(y, return_inverse=True)
            if values.size > 50:
                raise ScoreError(f"An ordered outcome has at most 50 classes; this one has {values.size}.")
            y = ranks.astype(np.float64)
        pairs = missing == "available" and bool(np.isnan(x).any())
        return cls(x, y, units, kept, pairs, ranks, clusters, _why_not(x, y, clusters))

    def moments(self, rng: np.random.Generator) -> tuple[_Moments, int]:
        units = np.arange(self.y.size, dtype=np.intp) if self.units is None else self.units
        units = _joined(np.unique(units, return_inverse=True)[1], rng)
        total = int(units.max()) + 1
        return self.moments_of(units, total), total

    def moments_of(self, units: IntArray, total: int) -> _Moments:
        return _sum_up(self.x, self.y, units, total, pairs=self.pairs, ranks=self.ranks)


def _analyse(
    names: Sequence[Hashable],
    sample: _Sample,
    moments: _Moments,
    counts: FloatArray,
    kind: Outcome,
    missing: Missing,
    level: float,
) -> Drivers:
    whole = np.ones((1, counts.shape[1]))
    point = _figures(moments, whole, kind)
    drawn = _figures(moments, counts, kind)
    exact = importance(point.matrices[0])
    base = Drivers(
        r_squared=Estimate.without_value("-", method=""),
        drivers=(),
        n=int(sample.y.size),
        left_out=int(sample.kept.size - sample.y.size),
        clusters=sample.clusters,
        outcome_mean=float(sample.y.mean()),
        warnings=(),
        method=_words(kind, missing),
        level=level,
        coefficient_draws=drawn.coefficients,
        share_draws=drawn.shares,
    )
    inflation = _inflation(point.matrices[0][:-1, :-1])
    correlations = point.matrices[0][:-1, -1]
    share, part, slope = (f"{base.method}: {word}" for word in ("share", "LMG", "coefficient"))
    answered = np.sum(~np.isnan(sample.x), axis=0)
    result = tuple(
        Driver(
            name=name,
            importance=_estimate(float(exact.lmg[j]), drawn.lmg[:, j], base, part, cut=(0.0, 1.0)),
            share=_estimate(float(exact.shares[j]), drawn.shares[:, j], base, share, cut=(0.0, 1.0)),
            coefficient=_estimate(
                float(point.coefficients[0, j]), drawn.coefficients[:, j], base, slope, unit="scale", cut=None
            ),
            conditional=tuple(exact.conditional[j].tolist()),
            relative_weight=float(exact.relative_weights[j]),
            correlation=float(correlations[j]),
            performance=float(np.nanmean(sample.x[:, j])),
            variance_inflation=float(inflation[j]),
            n=int(answered[j]),
        )
        for j, name in enumerate(names)
    )
    total = _estimate(exact.r_squared, drawn.r_squared, base, f"{base.method}: R^2", cut=(0.0, 1.0))
    return Drivers(
        r_squared=total,
        drivers=result,
        n=base.n,
        left_out=base.left_out,
        clusters=base.clusters,
        outcome_mean=base.outcome_mean,
        warnings=_warnings(result, point.matrices[0], point.capped),
        method=base.method,
        level=level,
        coefficient_draws=drawn.coefficients,
        share_draws=drawn.shares,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Figures:
    matrices: FloatArray
    lmg: FloatArray
    shares: FloatArray
    r_squared: FloatArray
    coefficients: FloatArray
    capped: bool


def _figures(moments: _Moments, counts: FloatArray, kind: Outcome) -> _Figures:
    """Return LMG, shares, R^2 and coefficients of every draw, a batch at a time."""
    p = moments.cross.shape[-1] - 1
    at_once = max(1, int(_BATCH_BYTES / (8 * 3 * 2.0**p)))
    parts = [_batch(moments, counts[i : i + at_once], kind) for i in range(0, len(counts), at_once)]
    return _Figures(
        matrices=np.concatenate([part.matrices for part in parts]),
        lmg=np.concatenate([part.lmg for part in parts]),
        shares=np.concatenate([part.shares for part in parts]),
        r_squared=np.concatenate([part.r_squared for part in parts]),
        coefficients=np.concatenate([part.coefficients for part in parts]),
        capped=any(part.capped for part in parts),
    )


def _batch(moments: _Moments, counts: FloatArray, kind: Outcome) -> _Figures:
    covariance = moments.covariance(counts)
    coefficients = np.einsum(
        "bij,bj->bi",
        np.linalg.pinv(covariance[:, :-1, :-1], rcond=1e-10, hermitian=True),
        covariance[:, :-1, -1],
    )
    matrices = as_correlations(covariance)
    if kind == "ordered":
        factor = moments.latent_factor(counts, covariance[:, -1, -1])[:, None]
        matrices[:, :-1, -1] *= factor
        matrices[:, -1, :-1] *= factor
    capped = False
    if moments.n.shape[-1] > 1 or kind == "ordered":
        matrices, capped = _mended(matrices)
    lmg, total = lmg_of_batch(matrices)
    shares = np.divide(lmg, total[:, None], out=np.zeros_like(lmg), where=total[:, None] > 0)
    return _Figures(matrices, lmg, shares, total, coefficients, capped)


def _mended(matrices: FloatArray) -> tuple[FloatArray, bool]:
    """Return correlation matrices without negative eigenvalues, which pairs and latent outcomes may leave."""
    values, vectors = np.linalg.eigh(matrices)
    if values.min() >= -1e-12:
        return matrices, False
    mended = np.einsum("bij,bj,bkj->bik", vectors, np.maximum(values, 1e-9), vectors)
    return as_correlations(mended), True


def _compare(names: Sequence[Hashable], found: dict[Hashable, Drivers], level: float) -> SegmentDrivers:
    usable = [label for label, one in found.items() if one.reason is None]
    z = normal_quantile(level)
    differences: list[tuple[Hashable, Hashable, Hashable, Difference]] = []
    for a, b in combinations(usable, 2):
        for j, name in enumerate(names):
            error = float(np.std(found[b].share_draws[:, j] - found[a].share_draws[:, j], ddof=1))
            first, second = found[a].drivers[j].share.value, found[b].drivers[j].share.value
            assert first is not None
            assert second is not None
            statistic = (second - first) / error if error > 0 else 0.0
            difference = Difference(
                value=second - first,
                low=max(-1.0, second - first - z * error),
                high=min(1.0, second - first + z * error),
                n_a=found[a].n,
                n_b=found[b].n,
                method="difference of driver shares, bootstrap standard error",
                level=level,
                standard_error=error,
                statistic=statistic,
                p_value=normal_p_value(statistic),
                unit="share",
            )
            differences.append((name, a, b, difference))
    adjusted = holm([one[3].p_value or 0.0 for one in differences]) if differences else np.empty(0)
    return SegmentDrivers(
        segments=found,
        differences=tuple(
            DriverDifference(name=name, a=a, b=b, share=difference, p_value=float(p))
            for (name, a, b, difference), p in zip(differences, adjusted, strict=True)
        ),
        p_value=_wald([found[label] for label in usable]),
    )


def _wald(segments: Sequence[Drivers]) -> float | None:
    if len(segments) < 2 or len(segments[0].drivers) < 2:
        return None
    values = [np.array([d.share.value for d in one.drivers], dtype=np.float64) for one in segments]
    apart = np.concatenate([(value - values[0])[:-1] for value in values[1:]])
    drawn = np.concatenate(
        [(one.share_draws - segments[0].share_draws)[:, :-1] for one in segments[1:]], axis=1
    )
    covariance = np.atleast_2d(np.cov(drawn.T))
    rank = int(np.linalg.matrix_rank(covariance, hermitian=True))
    if rank == 0:
        return None
    statistic = float(apart @ np.linalg.pinv(covariance, hermitian=True) @ apart)
    return float(special.chdtrc(rank, statistic))


def _sum_up(
    x: FloatArray,
    y: FloatArray,
    units: IntArray | None,
    total: int = 1,
    *,
    pairs: bool = False,
    ranks: IntArray | None = None,
) -> _Moments:
    """Add up rows by unit; without units in one go over blocks that stay in the cache."""
    k = x.shape[1] + 1
    # a point amid the values, so that squares do not swallow the digits of the spread
    shift = np.array([np.nan_to_num(np.nanmedian(part)) if part.size else 0.0 for part in _heads(x, y)])
    if units is None:
        return _sum_blocks(x, y, shift)
    z = np.empty((k, y.size))
    z[:-1] = x.T
    z[-1] = y
    z -= shift[:, None]
    there = ~np.isnan(z)
    if pairs:
        z[~there] = 0.0
    cross = np.empty((total, k, k))
    n, sums = np.empty((total, k, k) if pairs else (total, 1, 1)), np.empty((total, k, k if pairs else 1))
    for i in range(k):
        for j in range(i + 1):
            cross[:, i, j] = cross[:, j, i] = np.bincount(units, weights=z[i] * z[j], minlength=total)
            if pairs:
                both = (there[i] & there[j]).astype(np.float64)
                n[:, i, j] = n[:, j, i] = np.bincount(units, weights=both, minlength=total)
                sums[:, i, j] = np.bincount(units, weights=z[i] * both, minlength=total)
                sums[:, j, i] = np.bincount(units, weights=z[j] * both, minlength=total)
        if not pairs:
            sums[:, i, 0] = np.bincount(units, weights=z[i], minlength=total)
    if not pairs:
        n[:, 0, 0] = np.bincount(units, minlength=total)
    classes = None
    if ranks is not None:
        width = int(ranks.max()) + 1
        flat = np.bincount(units * width + ranks, minlength=total * width)
        classes = flat.reshape(total, width).astype(np.float64)
    return _Moments(n, sums, cross, classes)


def _sum_blocks(x: FloatArray, y: FloatArray, shift: FloatArray) -> _Moments:
    k = shift.size
    sums, cross = np.zeros(k), np.zeros((k, k))
    block = np.empty((min(_ROWS_AT_ONCE, y.size), k))
    for start in range(0, y.size, _ROWS_AT_ONCE):
        rows = x[start : start + _ROWS_AT_ONCE]
        part = block[: rows.shape[0]]
        part[:, :-1] = rows
        part[:, -1] = y[start : start + _ROWS_AT_ONCE]
        part -= shift
        sums += part.sum(axis=0)
        cross += part.T @ part
    return _Moments(np.full((1, 1, 1), float(y.size)), sums[None, :, None], cross[None])


def _heads(x: FloatArray, y: FloatArray) -> list[FloatArray]:
    some = slice(0, 1000)
    heads = [*x[some].T, y[some]]
    return [part[~np.isnan(part)] for part in heads]


def _drawn(part: FloatArray, counts: FloatArray) -> FloatArray:
    flat: FloatArray = counts @ part.reshape(part.shape[0], -1)
    return flat.reshape(counts.shape[0], *part.shape[1:])


def _multinomial(rng: np.random.Generator, units: int, draws: int) -> FloatArray:
    chosen = rng.multinomial(units, np.full(units, 1 / units), size=draws)
    return np.asarray(chosen, dtype=np.float64)


def _joined(units: IntArray, rng: np.random.Generator) -> IntArray:
    total = int(units.max()) + 1 if units.size else 0
    if total <= _MOST_GROUPS:
        return units
    groups = rng.permutation(np.arange(total) % _MOST_GROUPS).astype(np.intp)
    joined: IntArray = groups[units]
    return joined


def _numbers(labels: Labels, n: int) -> IntArray:
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu" and labels.shape == (n,):
        return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.intp)
    return codes(labels, n, "cluster")


def _inflation(correlations: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(correlations)
    flat = np.diagonal(correlations) <= 0
    # a direction without variance is shared by the drivers that have a part in it
    with np.errstate(divide="ignore"):
        inverse = np.where(values > 1e-10, 1 / np.maximum(values, 1e-300), np.inf)
    squares = np.where(vectors**2 < 1e-12, 0.0, vectors**2)
    terms = np.zeros_like(squares)
    np.multiply(squares, inverse[None, :], out=terms, where=squares > 0)
    return np.asarray(np.where(flat, 1.0, terms.sum(axis=1)), dtype=np.float64)


def _warnings(drivers: Sequence[Driver], matrix: FloatArray, capped: bool) -> tuple[str, ...]:
    said = []
    for j, driver in enumerate(drivers):
        if matrix[j, j] <= 0:
            said.append(f"{driver.name}: everybody gave the same answer, so it can explain nothing.")
        elif driver.variance_inflation >= COLLINEAR_FROM:
            others = np.abs(matrix[j, :-1]) - np.eye(len(drivers))[j]
            twin = drivers[int(np.argmax(others))].name
            said.append(
                f"{driver.name}: the other drivers say nearly the same (most of all {twin}); "
                "read their importances together."
            )
        slope = driver.coefficient
        if slope.excludes(0.0) and slope.value is not None and slope.value * driver.correlation < 0:
            said.append(
                f"{driver.name}: goes one way with the outcome alone and the other way beside the others."
            )
    if capped:
        said.append("The correlations contradicted one another and were mended to the nearest that do not.")
    return tuple(said)


def _estimate(
    value: float,
    draws: FloatArray,
    found: Drivers,
    method: str,
    *,
    unit: str = "share",
    cut: tuple[float, float] | None,
) -> Estimate:
    tail = (1 - found.level) / 2
    low, high = (float(edge) for edge in np.quantile(draws, [tail, 1 - tail]))
    if cut is not None:
        value, low, high = (min(max(edge, cut[0]), cut[1]) for edge in (value, low, high))
    return Estimate(
        value=value,
        low=min(low, value),
        high=max(high, value),
        n=found.n,
        n_effective=float(min(found.n, found.clusters)),
        method=method,
        level=found.level,
        standard_error=float(np.std(draws, ddof=1)),
        unit=unit,
        missing=found.left_out,
    )


def _words(kind: Outcome, missing: Missing) -> str:
    model = "linear model" if kind == "numeric" else "latent normal outcome"
    rows = "rows with all answers" if missing == "complete" else "all pairs of answers"
    return f"drivers, {model}, {rows}"


def _no_drivers(sample: _Sample, kind: Outcome, missing: Missing, level: float) -> Drivers:
    method, n = _words(kind, missing), int(sample.y.size)
    return Drivers(
        r_squared=Estimate.without_value(str(sample.reason), method=method, n=n, level=level, unit="share"),
        drivers=(),
        n=n,
        left_out=int(sample.kept.size) - n,
        clusters=sample.clusters,
        outcome_mean=float(sample.y.mean()) if n else math.nan,
        warnings=(),
        method=method,
        level=level,
        coefficient_draws=np.empty((0, 0)),
        share_draws=np.empty((0, 0)),
        reason=sample.reason,
    )


def _why_not(x: FloatArray, y: FloatArray, clusters: int) -> str | None:
    if y.size < x.shape[1] + 10:
        return f"{y.size} usable rows are too few for {x.shape[1]} drivers; {x.shape[1] + 10} are needed."
    if clusters < 10:
        return f"{clusters} clusters are too few to see how far chance may reach; 10 are needed."
    if np.ptp(y) == 0:
        return "The outcome is the same in all rows, so there is nothing to explain."
    return None


def _columns(
    drivers: Mapping[Hashable, ArrayLike], outcome: ArrayLike
) -> tuple[list[Hashable], FloatArray, FloatArray]:
    if not 1 <= len(drivers) <= MOST_DRIVERS:
        raise ScoreError(f"There are {len(drivers)} drivers; give 1 to {MOST_DRIVERS}.")
    y = as_floats(outcome, "Outcome")
    x = np.empty((y.size, len(drivers)), order="F")
    for j, (name, values) in enumerate(drivers.items()):
        column = as_floats(values, f"{name} value")
        if column.size != y.size:
            raise ScoreError(f"{name!r} has {column.size} answers for {y.size} outcomes; give one per row.")
        x[:, j] = column
    for name, column in [*zip(drivers, x.T, strict=True), ("outcome", y)]:
        if np.isinf(column).any():
            position = int(np.argmax(np.isinf(column)))
            raise ScoreError(f"{name!r} at position {position} is not finite.", position=position)
    return list(drivers), x, y


def _as_table(drivers: ArrayLike, outcome: ArrayLike) -> tuple[FloatArray, FloatArray]:
    x, y = np.asarray(drivers, dtype=np.float64), as_floats(outcome, "Outcome")
    if x.ndim != 2 or x.shape[0] != y.size:
        raise ScoreError(f"Drivers of shape {x.shape} do not fit {y.size} outcomes; give one row each.")
    return x, y


def _check_finite(moments: _Moments) -> None:
    if not np.isfinite(moments.cross).all():
        raise ScoreError("A driver or outcome is not finite.")


def _check_draws(draws: int, level: float) -> None:
    check_level(level)
    if draws < 50:
        raise ScoreError(f"{draws} draws are too few for an interval; take at least 50.", value=draws)
