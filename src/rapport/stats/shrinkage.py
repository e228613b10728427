"""Partial pooling: figures of small groups drawn towards what all have in common, for fair rankings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from rapport.stats.answers import FloatArray, ScoreError, as_floats, check_count, check_level
from rapport.stats.estimate import Estimate
from rapport.stats.nps import NpsCounts


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pooled:
    """Random-effects pooling of k estimates.

    Attributes
    ----------
    value, standard_error : float
        What the groups have in common, in their unit.
    between_variance : float
        Variance between groups (tau squared); 0 when they differ no more than by chance.
    q : float
        Cochran's statistic of heterogeneity.
    shrunk, shrunk_standard_error : ndarray of float, shape (k,)
        The groups' own figures after partial pooling, and their conditional standard errors.
    """

    value: float
    standard_error: float
    between_variance: float
    q: float
    shrunk: FloatArray
    shrunk_standard_error: FloatArray


def pool_random_effects(estimates: ArrayLike, standard_errors: ArrayLike) -> Pooled:
    """Pool estimates of several groups, and shrink each towards what they have in common.

    Parameters
    ----------
    estimates : array_like, shape (k,)
        Any unit; none missing.
    standard_errors : array_like, shape (k,)
        Same unit, above zero.

    Returns
    -------
    Pooled
        With a between-variance of zero every group is given the common value.

    Raises
    ------
    ScoreError
        There are no groups, or an estimate or standard error is not usable; names position and value.

    Notes
    -----
    DerSimonian and Laird (1986), Controlled Clinical Trials 7, 177-188: ``tau^2 = max(0, (Q - (k - 1)) /
    C)``. Shrunk: ``B m + (1 - B) y`` with ``B = se^2 / (se^2 + tau^2)`` (Efron and Morris 1975, J. Am. Stat.
    Assoc. 70, 311-319). The conditional standard error ``sqrt(tau^2 B + (B se_m)^2)`` carries the doubt
    about the common value m, not the doubt about tau.

    Examples
    --------
    >>> pooled = pool_random_effects([40.0, 10.0, -30.0], [10.0, 8.0, 12.0])
    >>> round(pooled.value, 1), pooled.shrunk.round(1).tolist()
    (7.2, [36.7, 9.8, -24.8])
    """
    values, errors = as_floats(estimates, "Estimate"), as_floats(standard_errors, "Standard error")
    _check_groups(values, errors)
    precision = 1 / errors**2
    middle = float(np.sum(precision * values) / np.sum(precision))
    q = float(np.sum(precision * (values - middle) ** 2))
    spread = float(np.sum(precision) - np.sum(precision**2) / np.sum(precision))
    between = max(0.0, (q - (values.size - 1)) / spread) if values.size > 1 else 0.0
    weights = 1 / (errors**2 + between)
    common, common_error = (
        float(np.sum(weights * values) / np.sum(weights)),
        1 / math.sqrt(float(np.sum(weights))),
    )
    pull = errors**2 * weights
    return Pooled(
        value=common,
        standard_error=common_error,
        between_variance=between,
        q=q,
        shrunk=pull * common + (1 - pull) * values,
        shrunk_standard_error=np.sqrt(between * pull + (pull * common_error) ** 2),
    )


def nps_with_prior(counts: NpsCounts, prior: tuple[float, float, float], *, level: float = 0.95) -> Estimate:
    """Return the net promoter score of a small group in points, given what is usual elsewhere.

    Parameters
    ----------
    counts : NpsCounts
        The group, such as one account. May be empty: then the prior speaks alone.
    prior : (float, float, float)
        Detractors, passives and promoters one would expect, as so many earlier answers; all above zero.
    level : float
        Probability that the interval holds the score, two-sided.

    Returns
    -------
    Estimate
        In points. `standard_error` is the posterior standard deviation; `n` counts the group's own answers;
        `n_effective` adds the prior's.

    Raises
    ------
    ScoreError
        A count is negative or a prior not above zero.

    Notes
    -----
    Dirichlet-multinomial: with posterior counts adding up to A and shares m, the mean is ``m_p - m_d`` and
    the variance ``(m_p + m_d - (m_p - m_d)^2) / (A + 1)`` (Gelman et al. 2013, Bayesian Data Analysis,
    section 3.4). The interval is that of a beta distribution over -100 to 100 with the same mean and
    variance.

    Examples
    --------
    >>> few = nps_with_prior(NpsCounts(detractors=0, passives=0, promoters=4), (2, 3, 5))
    >>> few.value, round(few.standard_error, 1)
    (50.0, 18.9)
    """
    check_level(level)
    for share in prior:
        if not (math.isfinite(share) and share > 0):
            raise ScoreError(f"The prior {prior} must be above zero for every class.", value=share)
    detractors, promoters = counts.detractors + prior[0], counts.promoters + prior[2]
    total = counts.n + sum(prior)
    net = (promoters - detractors) / total
    variance = ((promoters + detractors) / total - net**2) / (total + 1)
    low, high = _beta_limits(net, variance, level)
    return Estimate(
        value=100 * net,
        low=100 * min(low, net),
        high=100 * max(high, net),
        n=counts.n,
        n_effective=total,
        method="NPS, posterior mean under a Dirichlet prior",
        level=level,
        standard_error=100 * math.sqrt(variance),
        unit="points",
    )


def nps_prior(groups: Sequence[NpsCounts], *, strength: float | None = None) -> tuple[float, float, float]:
    """Return the prior for `nps_with_prior` from all groups together.

    Parameters
    ----------
    groups : sequence of NpsCounts
        All groups that are compared.
    strength : float, optional
        How many earlier answers the prior is worth, above zero. 10 draws four promoters of four well below
        fifteen of twenty-six when most groups are mixed. Without it the groups say themselves how much they
        have in common: between 1 and 1,000 answers.

    Returns
    -------
    (float, float, float)
        Detractors, passives and promoters, adding up to about `strength`.

    Raises
    ------
    ScoreError
        Nobody has answered, or the strength is not above zero.

    Notes
    -----
    The pooled shares, with one answer of each class added so that no class is impossible, times `strength`.
    Without a strength, the one that makes the counts likeliest under the Dirichlet-multinomial distribution
    (empirical Bayes: Efron and Morris 1975; Minka 2000, Estimating a Dirichlet distribution).

    Examples
    --------
    >>> mixed = NpsCounts(detractors=1, passives=2, promoters=1)
    >>> groups = [mixed, NpsCounts(detractors=0, passives=0, promoters=3)]
    >>> nps_prior(groups, strength=10)
    (2.0, 3.0, 5.0)
    """
    if strength is not None:
        check_count(strength, "earlier answers")
    n = sum(group.n for group in groups)
    if n == 0 or strength == 0:
        raise ScoreError("A prior needs answers from somebody and a strength above zero.")
    detractors = sum(group.detractors for group in groups) + 1
    passives = sum(group.passives for group in groups) + 1
    promoters = sum(group.promoters for group in groups) + 1
    if strength is None:
        shares = np.array([detractors, passives, promoters]) / (n + 3)
        strength = _likeliest_strength(groups, shares)
    scale = strength / (n + 3)
    return scale * detractors, scale * passives, scale * promoters


def _likeliest_strength(groups: Sequence[NpsCounts], shares: FloatArray) -> float:
    counts = np.array([(g.detractors, g.passives, g.promoters) for g in groups], dtype=np.float64)
    totals = counts.sum(axis=1)

    def unlikely(log_strength: float) -> float:
        strength = math.exp(log_strength)
        whole = special.gammaln(strength) - special.gammaln(totals + strength)
        parts = special.gammaln(counts + strength * shares) - special.gammaln(strength * shares)
        return -float(np.sum(whole) + np.sum(parts))

    found = optimize.minimize_scalar(unlikely, bounds=(0.0, math.log(1000)), method="bounded")
    return math.exp(float(found.x))


def _beta_limits(net: float, variance: float, level: float) -> tuple[float, float]:
    middle, spread = (net + 1) / 2, variance / 4
    size = middle * (1 - middle) / spread - 1
    tail = (1 - level) / 2
    a, b = middle * size, (1 - middle) * size
    return 2 * float(special.betaincinv(a, b, tail)) - 1, 2 * float(special.betaincinv(a, b, 1 - tail)) - 1


def _check_groups(values: FloatArray, errors: FloatArray) -> None:
    if values.size == 0 or values.size != errors.size:
        raise ScoreError(
            f"There are {values.size} estimates and {errors.size} standard errors; give one each."
        )
    wrong = ~(np.isfinite(values) & np.isfinite(errors) & (errors > 0))
    if wrong.any():
        position = int(np.argmax(wrong))
        pair = f"{float(values[position]):g} with standard error {float(errors[position]):g}"
        raise ScoreError(f"The estimate {pair} at position {position} cannot be pooled.", position=position)
