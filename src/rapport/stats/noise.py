"""Series of weekly figures: seasons, noise with a memory, and what they say about a change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rapport.stats.answers import Answers, FloatArray, ScoreError, as_floats

WEEKS_OF_A_YEAR: Final = 365.25 / 7
MEMORY: Final = np.array([0.0, 0.2, 0.4, 0.6, 0.8])
LASTING: Final = np.array([0.0, 0.1, 0.25, 0.45, 0.65, 0.85])
VARIANCE_GRID: Final = np.geomspace(0.45, 2.4, 13)
_CAUTION: Final = 0.75  # a plan is made for noise that is exceeded in one case of four


def weeks_of(values: Answers, n: ArrayLike) -> Weeks:
    """Return the weeks with answers; see `check_recurrence` for what is refused."""
    y, counts = as_floats(values, "Value"), as_floats(n, "Count")
    if y.size != counts.size:
        raise ScoreError(f"There are {y.size} values and {counts.size} counts; give one of each per week.")
    wrong = np.isinf(y) | ~np.isfinite(counts) | (counts < 0)
    if wrong.any():
        position = int(np.argmax(wrong))
        pair = f"{float(y[position]):g} of {float(counts[position]):g} answers"
        raise ScoreError(f"Week {position} has {pair}, which is not usable.", position=position)
    used = ~np.isnan(y) & (counts > 0)
    return Weeks(y[used], counts[used], np.flatnonzero(used), int(y.size))


@dataclass(frozen=True, slots=True, eq=False)
class Weeks:
    """The weeks with answers: value, answers and position; `length` counts empty weeks too."""

    y: FloatArray
    n: FloatArray
    at: np.ndarray
    length: int


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """What the baseline is made of, decided by the history alone."""

    history: int
    trend: bool

    @property
    def waves(self) -> int:
        """How many yearly waves the history can show."""
        return min(2, int(self.history // 52))

    @property
    def notes(self) -> tuple[str, ...]:
        """What is allowed for, in words."""
        seasons = (
            "Seasons are not allowed for: less than a year of history."
            if self.waves == 0
            else f"Seasons are allowed for by {'one yearly wave' if self.waves == 1 else 'two yearly waves'}."
        )
        line = (
            "The baseline goes on in a straight line."
            if self.trend
            else "A trend that began before the change would count as its doing."
        )
        return seasons, line

    def columns(self, at: np.ndarray) -> FloatArray:
        """Return the columns of the baseline for weeks `at`, shape (n_weeks, n_columns)."""
        parts = [np.ones(at.size)]
        for wave in range(1, self.waves + 1):
            angle = 2 * np.pi * wave * at / WEEKS_OF_A_YEAR
            parts += [np.cos(angle), np.sin(angle)]
        if self.trend:
            parts.append((at - self.history / 2) / WEEKS_OF_A_YEAR)
        return np.stack(parts, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """The weeks with noise and baseline taken out, for each kind of noise (memory and lasting part).

    Rows are whitened: multiplied by the inverse Cholesky factor of the correlation, so that what is summed up
    over the first k rows belongs to the first k weeks. All sums are kept for every k.
    """

    kinds: FloatArray  # (kinds, 2): memory, lasting part
    roots: FloatArray  # (kinds, weeks, weeks): inverse Cholesky factors
    x: FloatArray  # (kinds, weeks, columns): whitened baseline
    y: FloatArray  # (kinds, weeks)
    gram: FloatArray  # (kinds, weeks, columns, columns): sums of x x'
    beta: FloatArray  # (kinds, weeks, columns): coefficients after each week; 0 where undetermined
    log_weight: FloatArray  # (kinds, weeks): log of restricted likelihood without variance
    rest: FloatArray  # (kinds, weeks): residual sum of squares
    variances: FloatArray  # (variances,)

    @classmethod
    def of(cls, weeks: Weeks, design: Baseline, before: int) -> Noise:
        """Return the noise of `weeks`, the first `before` of which are history."""
        typical = 1 / float(np.mean(1 / weeks.n[:before]))
        apart = np.abs(weeks.at[:, None] - weeks.at[None, :])
        kinds = np.array(
            [(0.0, 0.0)] + [(phi, part) for phi in MEMORY for part in LASTING[1:]], dtype=np.float64
        )
        own = np.diag(typical / weeks.n)
        factors = np.linalg.cholesky(
            np.stack([part * np.power(phi, apart) + (1 - part) * own for phi, part in kinds])
        )
        roots = np.linalg.inv(factors)
        x, y = roots @ design.columns(weeks.at), roots @ weeks.y
        gram = np.cumsum(x[..., :, None] * x[..., None, :], axis=1)
        right = np.cumsum(x * y[..., None], axis=1)
        ready = x.shape[2]  # before that many weeks the baseline is undetermined
        beta = np.zeros_like(x)
        beta[:, ready:] = np.linalg.solve(gram[:, ready:], right[:, ready:, :, None])[..., 0]
        rest = np.maximum(np.cumsum(y * y, axis=1) - np.sum(right * beta, axis=2), 0.0)
        halves = np.zeros_like(y)
        halves[:, ready:] = np.linalg.slogdet(gram[:, ready:])[1] / 2
        logs = np.cumsum(np.log(np.diagonal(factors, axis1=1, axis2=2)), axis=1)
        usual = float(np.median(rest[:, before - 1])) / max(1, before - ready)
        return cls(kinds, roots, x, y, gram, beta, -logs - halves, rest, usual * VARIANCE_GRID)

    def weights(self, first: int, last: int) -> FloatArray:
        """Return the posterior of noise after `first` to `last` weeks: (kinds, weeks, variances)."""
        chosen = slice(first - 1, last)
        free = np.arange(first, last + 1) - self.x.shape[2]
        log = (
            self.log_weight[:, chosen, None]
            - 0.5 * free[None, :, None] * np.log(self.variances)
            - 0.5 * self.rest[:, chosen, None] / self.variances
        )
        return _normalised(log)

    def memory(self, k: int) -> float:
        """Return the correlation of neighbouring weeks that the first k weeks suggest."""
        return float(np.sum(self.weights(k, k).sum(axis=(1, 2)) * self.kinds[:, 0] * self.kinds[:, 1]))

    def coefficients(self, k: int) -> FloatArray:
        """Return the baseline's coefficients after k weeks, the first of which is its level."""
        mixed: FloatArray = self.weights(k, k).sum(axis=(1, 2)) @ self.beta[:, k - 1]
        return mixed

    def scores(self, change: FloatArray, start: int) -> tuple[FloatArray, FloatArray]:
        """Return score and information about a change after start + 1, start + 2, ... weeks.

        Shape (kinds, weeks - start), in units of 1 / variance.
        """
        r = self.roots @ change
        xr = np.cumsum(self.x * r[..., None], axis=1)[:, start:]
        pull = np.linalg.solve(self.gram[:, start:], xr[..., None])[..., 0]
        score = np.cumsum(r * self.y, axis=1)[:, start:] - np.sum(xr * self.beta[:, start:], axis=2)
        information = np.cumsum(r * r, axis=1)[:, start:] - np.sum(pull * xr, axis=2)
        return score, np.maximum(information, 0.0)

    def information(self, change: FloatArray, before: int) -> FloatArray:
        """Return the information about a change after each week to come, as the first `before` suggest."""
        _, information = self.scores(change, before)
        weights = self.weights(before, before)[:, 0]
        spread = self.variances[None, :] / np.maximum(information[:, -1:], 1e-300)
        order = np.argsort(spread, axis=None)
        # the noise is known from few weeks: plan for more of it than is likeliest
        likely = np.cumsum(weights.ravel()[order])
        kind, size = np.unravel_index(order[int(np.searchsorted(likely, _CAUTION))], spread.shape)
        return np.asarray(information[kind] / self.variances[size], dtype=np.float64)

    def change(self, change: FloatArray, level: float) -> tuple[float, float, float]:
        """Return the change that all weeks suggest with its interval."""
        k = self.y.shape[1]
        score, information = (part[:, -1] for part in self.scores(change, k - 1))
        beta = score / information
        rest = np.maximum(self.rest[:, -1] - beta * score, 0.0)
        weights = _normalised(
            (self.log_weight[:, -1] - 0.5 * np.log(information))[:, None]
            - 0.5 * (k - self.x.shape[2] - 1) * np.log(self.variances)
            - 0.5 * rest[:, None] / self.variances
        )
        middle = float(np.sum(weights.sum(axis=1) * beta))
        spread = np.sum(weights * (self.variances / information[:, None] + (beta[:, None] - middle) ** 2))
        half = float(special.ndtri(0.5 + level / 2)) * math.sqrt(float(spread))
        return middle, middle - half, middle + half

    def evidence(self, change: FloatArray, start: int, promised: float, sign: float) -> FloatArray:
        """Return the evidence for a change around the promised one after each week from `start` on."""
        score, information = self.scores(sign * change, start)
        ratios = likelihood_ratio(
            score[..., None] / self.variances, information[..., None] / self.variances, promised
        )
        found: FloatArray = np.sum(self.weights(start + 1, self.y.shape[1]) * ratios, axis=(0, 2))
        return found


def _normalised(log: FloatArray) -> FloatArray:
    """Return probabilities over the first and the last axis from their logarithms."""
    likelihood = np.exp(log - log.max(axis=(0, -1), keepdims=True))
    return np.asarray(likelihood / likelihood.sum(axis=(0, -1), keepdims=True), dtype=np.float64)


def likelihood_ratio(score: FloatArray, information: FloatArray, promised: float) -> FloatArray:
    """Return the likelihood ratio averaged over changes ~ N(promised, (promised / 2)^2), above zero."""
    spread = promised / 2
    precision = information + 1 / spread**2
    middle = (score + promised / spread**2) / precision
    log = (
        -math.log(spread)
        - 0.5 * np.log(precision)
        + 0.5 * middle**2 * precision
        - 0.5 * (promised / spread) ** 2
        + special.log_ndtr(middle * np.sqrt(precision))
        - special.log_ndtr(promised / spread)
    )
    return np.asarray(np.exp(np.minimum(log, 700.0)), dtype=np.float64)
