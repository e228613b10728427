"""Lifetime: how long customers stay, how often they buy again, and what that is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from rapport.stats.answers import FloatArray, ScoreError, as_floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftedBetaGeometric:
    """Retention of a cohort whose customers differ: churn is beta distributed with `alpha` and `beta`.

    Examples
    --------
    >>> ShiftedBetaGeometric(alpha=1.0, beta=1.0, log_likelihood=0.0).retention(2).round(3).tolist()
    [0.5, 0.667]
    """

    alpha: float
    beta: float
    log_likelihood: float

    def survival(self, periods: int) -> FloatArray:
        """Return the share still there after 1 to `periods` renewals, shape (periods,)."""
        return np.asarray(np.cumprod(self.retention(periods)), dtype=np.float64)

    def retention(self, periods: int) -> FloatArray:
        """Return the share of those left that renews at renewal 1 to `periods`, shape (periods,)."""
        t = np.arange(periods)
        return np.asarray((self.beta + t) / (self.alpha + self.beta + t), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Survival:
    """Survival after each time at which something happened.

    Attributes
    ----------
    times, survival, low, high : ndarray of float, shape (k,)
        Times with an event, share surviving beyond, and the ends of its interval, 0 to 1.
    at_risk : ndarray of int, shape (k,)
        Customers still observed just before.
    median : float or None
        First time at which half or fewer survive; None when more than half survive to the end.
    """

    times: FloatArray
    survival: FloatArray
    low: FloatArray
    high: FloatArray
    at_risk: FloatArray
    median: float | None


def fit_retention(survivors: ArrayLike) -> ShiftedBetaGeometric:
    """Fit how long the customers of a cohort stay.

    Parameters
    ----------
    survivors : array_like, shape (periods + 1,)
        Customers at the start and after each renewal, never rising; need not be whole.

    Returns
    -------
    ShiftedBetaGeometric

    Raises
    ------
    ScoreError
        Fewer than three numbers, a rise, or nobody lost.

    Notes
    -----
    Likeliest alpha and beta of the shifted beta-geometric model, ``S(t) = B(alpha, beta + t) / B(alpha,
    beta)`` (Fader and Hardie 2007, Journal of Interactive Marketing 21(1), 76-90).

    Examples
    --------
    >>> model = fit_retention([1000, 631, 468, 382, 326, 289, 262, 241])
    >>> round(model.alpha, 2), round(model.beta, 2)
    (0.7, 1.18)
    """
    left = as_floats(survivors, "Survivor")
    if left.size < 3 or not np.all(np.isfinite(left)) or np.any(left < 0) or np.any(np.diff(left) > 0):
        raise ScoreError("Survivors are at least three finite numbers, zero or more, that never rise.")
    lost = -np.diff(left)
    if lost.sum() == 0:
        raise ScoreError("Nobody was lost, so nothing tells how long customers stay.")
    t = np.arange(1, left.size)

    def unlikely(logs: FloatArray) -> float:
        alpha, beta = np.exp(logs)
        gone = special.betaln(alpha + 1, beta + t - 1) - special.betaln(alpha, beta)
        stayed = special.betaln(alpha, beta + t[-1]) - special.betaln(alpha, beta)
        return -float(lost @ gone + left[-1] * stayed)

    found = optimize.minimize(
        unlikely, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-10}
    )
    alpha, beta = (float(value) for value in np.exp(found.x))
    return ShiftedBetaGeometric(alpha=alpha, beta=beta, log_likelihood=-float(found.fun))


def expected_purchases(
    repeats: float,
    last: float,
    observed: float,
    ahead: float,
    *,
    r: float,
    alpha: float,
    a: float,
    b: float,
) -> float:
    """Return how often a customer is expected to buy in the time ahead (BG/NBD).

    Parameters
    ----------
    repeats : float
        Purchases after the first.
    last, observed : float
        Time from the first purchase to the last, and to now; any unit, `last` no later than `observed`.
    ahead : float
        Time to look ahead, same unit.
    r, alpha, a, b : float
        Parameters of the model, above zero.

    Returns
    -------
    float

    Raises
    ------
    ScoreError
        A number is negative, the last purchase lies ahead, or ``a`` is 1.

    Notes
    -----
    Fader, Hardie and Lee (2005), Marketing Science 24(2), 275-284, equation 10.

    Examples
    --------
    >>> model = {"r": 0.2425967, "alpha": 4.413659, "a": 0.7929869, "b": 2.426164}
    >>> round(expected_purchases(10, 20, 39, 52, **model), 4)
    0.3475
    """
    if min(repeats, last, ahead) < 0 or not 0 <= last <= observed or min(r, alpha, a, b) <= 0 or a == 1:
        raise ScoreError(
            "Times and purchases are zero or more, the last not after now, parameters above zero."
        )
    shrink = ((alpha + observed) / (alpha + observed + ahead)) ** (r + repeats)
    turned = special.hyp2f1(r + repeats, b + repeats, a + b + repeats - 1, ahead / (alpha + observed + ahead))
    active = (a + b + repeats - 1) / (a - 1) * (1 - shrink * float(turned))
    gone = 0.0
    if repeats > 0:
        gone = a / (b + repeats - 1) * ((alpha + observed) / (alpha + last)) ** (r + repeats)
    return float(active / (1 + gone))


def expected_spend(repeats: float, mean: float, *, p: float, q: float, gamma: float) -> float:
    """Return the mean value of a customer's purchases, drawn towards that of all (Gamma-Gamma).

    Parameters
    ----------
    repeats : float
        Purchases observed.
    mean : float
        Their mean value; ignored without purchases.
    p, q, gamma : float
        Parameters of the model, above zero, ``q`` above 1.

    Returns
    -------
    float
        In the unit of `mean`.

    Raises
    ------
    ScoreError
        A number is out of its range.

    Notes
    -----
    ``p (gamma + x m) / (p x + q - 1)`` (Fader and Hardie 2013, The Gamma-Gamma model of monetary value).

    Examples
    --------
    >>> round(expected_spend(2, 22.35, p=6.25, q=3.74, gamma=15.44), 2)
    24.66
    """
    if repeats < 0 or min(p, gamma) <= 0 or q <= 1:
        raise ScoreError("Purchases are zero or more, p and gamma above zero, q above 1.")
    return p * (gamma + repeats * mean) / (p * repeats + q - 1)


def margin_multiple(retention: float, discount: float) -> float:
    """Return how many yearly margins a customer is worth when the same share is kept each year.

    Parameters
    ----------
    retention, discount : float
        A year, 0 to 1; retention below ``1 + discount``.

    Returns
    -------
    float
        The first margin is earned after a year. When retention rises with time, use `fit_retention`.

    Raises
    ------
    ScoreError
        A share is out of its range.

    Notes
    -----
    ``r / (1 + i - r)`` (Gupta and Lehmann 2003, Journal of Interactive Marketing 17(1), 9-24).

    Examples
    --------
    >>> round(margin_multiple(0.9, 0.1), 2)
    4.5
    """
    if not (0 <= retention <= 1 and discount >= 0 and retention < 1 + discount):
        raise ScoreError(f"Retention {retention} and discount {discount} give no multiple.")
    return retention / (1 + discount - retention)


def kaplan_meier(times: ArrayLike, events: ArrayLike, *, level: float = 0.95) -> Survival:
    """Return the share of customers that survives each time, also when some are still there.

    Parameters
    ----------
    times : array_like, shape (n,)
        How long each was observed, zero or more.
    events : array_like, shape (n,)
        1 or True where the customer was lost then, 0 or False where it was still there.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Survival

    Raises
    ------
    ScoreError
        Lengths differ, or a time is negative or missing.

    Notes
    -----
    ``S(t) = prod (1 - d / n)`` (Kaplan and Meier 1958, J. Am. Stat. Assoc. 53, 457-481), Greenwood's variance
    on the scale ``log(-log S)``.

    Examples
    --------
    >>> found = kaplan_meier([1, 2, 2, 3], [1, 1, 0, 1])
    >>> found.survival.tolist(), found.median
    ([0.75, 0.5, 0.0], 2.0)
    """
    t, lost = as_floats(times, "Time"), np.asarray(events, dtype=bool)
    if t.size != lost.size or not np.all(np.isfinite(t)) or np.any(t < 0):
        raise ScoreError(f"There are {t.size} times and {lost.size} events; give one each, times from zero.")
    moments = np.unique(t[lost])
    at_risk = np.array([np.sum(t >= moment) for moment in moments], dtype=np.float64)
    gone = np.array([np.sum(lost & (t == moment)) for moment in moments], dtype=np.float64)
    survival = np.cumprod(1 - gone / at_risk)
    inside = (survival > 0) & (survival < 1)
    left = at_risk - gone
    greenwood = np.cumsum(np.divide(gone, at_risk * left, out=np.zeros_like(gone), where=left > 0))
    logs = np.log(np.where(inside, survival, 0.5))
    width = float(special.ndtri(0.5 + level / 2)) * np.sqrt(greenwood) / np.abs(logs)
    base = np.where(inside, survival, 0.5)
    low = np.where(inside, base ** np.exp(width), survival)
    high = np.where(inside, base ** np.exp(-width), survival)
    reached = np.flatnonzero(survival <= 0.5 + 1e-12)
    return Survival(
        times=moments,
        survival=np.asarray(survival, dtype=np.float64),
        low=low,
        high=high,
        at_risk=at_risk,
        median=float(moments[reached[0]]) if reached.size else None,
    )


def ranking_auc(true: ArrayLike, score: ArrayLike) -> float | None:
    """Return the probability that a lost customer was scored above a kept one (area under the ROC curve).

    Parameters
    ----------
    true : array_like, shape (n,)
        1 where it happened, 0 where not.
    score : array_like, shape (n,)
        Any unit, higher for likelier.

    Returns
    -------
    float or None
        0 to 1, ties count half; None when only one of the two happened.

    Raises
    ------
    ScoreError
        Lengths differ or something is missing.

    Notes
    -----
    Mann-Whitney U over the number of pairs (Hanley and McNeil 1982, Radiology 143, 29-36).

    Examples
    --------
    >>> ranking_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    happened, scored = _pair(true, score)
    yes, no = scored[happened > 0], np.sort(scored[happened == 0])
    if not yes.size or not no.size:
        return None
    below = np.searchsorted(no, yes, side="left") + np.searchsorted(no, yes, side="right")
    return float(below.sum() / 2 / yes.size / no.size)


def brier_score(true: ArrayLike, predicted: ArrayLike) -> float:
    """Return the mean squared distance of predicted probabilities from what happened.

    Parameters
    ----------
    true : array_like, shape (n,)
        1 where it happened, 0 where not.
    predicted : array_like, shape (n,)
        Probabilities, 0 to 1.

    Returns
    -------
    float
        0 (perfect) to 1.

    Raises
    ------
    ScoreError
        Lengths differ, something is missing, or there is nothing.

    Notes
    -----
    Brier (1950), Monthly Weather Review 78, 1-3.

    Examples
    --------
    >>> round(brier_score([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3]), 4)
    0.0375
    """
    happened, chance = _pair(true, predicted)
    return float(np.mean((chance - happened) ** 2))


def calibration_errors(true: ArrayLike, predicted: ArrayLike, *, bins: int = 10) -> tuple[float, float]:
    """Return the mean and the largest distance of predicted from observed shares, over bins of equal width.

    Parameters
    ----------
    true : array_like, shape (n,)
        1 where it happened, 0 where not.
    predicted : array_like, shape (n,)
        Probabilities, 0 to 1; one on an edge belongs to the bin above.
    bins : int
        At least 1.

    Returns
    -------
    (float, float)
        Expected and maximum calibration error, 0 to 1.

    Raises
    ------
    ScoreError
        Lengths differ, something is missing, or there is nothing.

    Notes
    -----
    Guo et al. (2017), On calibration of modern neural networks, ICML.

    Examples
    --------
    >>> expected, largest = calibration_errors([0, 1], [0.2, 0.6], bins=2)
    >>> round(expected, 2), round(largest, 2)
    (0.3, 0.4)
    """
    happened, chance = _pair(true, predicted)
    number = np.minimum((chance * bins).astype(np.intp), bins - 1)
    counts = np.bincount(number, minlength=bins)
    apart = np.abs(np.bincount(number, weights=chance - happened, minlength=bins))
    used = counts > 0
    return float(apart.sum() / happened.size), float(np.max(apart[used] / counts[used]))


def _pair(true: ArrayLike, score: ArrayLike) -> tuple[FloatArray, FloatArray]:
    happened, scored = as_floats(true, "Outcome"), as_floats(score, "Prediction")
    if happened.size != scored.size or happened.size == 0:
        raise ScoreError(f"There are {happened.size} outcomes and {scored.size} predictions; give one each.")
    if not np.all(np.isin(happened, (0.0, 1.0))) or not np.all(np.isfinite(scored)):
        raise ScoreError("Outcomes are 0 or 1, and no prediction is missing.")
    return happened, scored
