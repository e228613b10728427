"""Words and themes in figures: which are typical of a group, and which few make up most of the trouble."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from rapport.stats.answers import FloatArray, ScoreError, as_floats

Theme = TypeVar("Theme", bound=Hashable)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LogOdds:
    """How typical each word is of the first group against the second.

    Attributes
    ----------
    log_odds : ndarray of float, shape (n_words,)
        Above zero: typical of the first group.
    z : ndarray of float, shape (n_words,)
        Divided by its standard error; rank by this.
    """

    log_odds: FloatArray
    z: FloatArray


@dataclass(frozen=True, slots=True)
class ParetoRow(Generic[Theme]):
    """One theme of a Pareto table; `is_vital` marks the few that make up the threshold."""

    theme: Theme
    count: float
    cumulative_percent: float
    is_vital: bool


def log_odds_with_prior(
    first: ArrayLike,
    second: ArrayLike,
    background: ArrayLike,
    *,
    prior_total: float,
    variance_terms: int = 2,
) -> LogOdds:
    """Return which words are typical of one group against another, given how usual they are.

    Parameters
    ----------
    first, second, background : array_like, shape (n_words,)
        Counts of each word in the two groups and in general; background above zero.
    prior_total : float
        How many words the general use is worth, above zero.
    variance_terms : {2, 4}
        The usual approximation of the variance, or all its terms.

    Returns
    -------
    LogOdds

    Raises
    ------
    ScoreError
        Lengths differ, or a count is not usable.

    Notes
    -----
    Log-odds ratio with informative Dirichlet prior (Monroe, Colaresi and Quinn 2008, Political Analysis 16,
    372-403, equations 16 to 22).

    Examples
    --------
    >>> found = log_odds_with_prior([9, 1], [1, 8], [30, 40], prior_total=10)
    >>> (found.z > 0).tolist()
    [True, False]
    """
    one, two, usual = (as_floats(part, "Count") for part in (first, second, background))
    if not one.size == two.size == usual.size or variance_terms not in (2, 4):
        raise ScoreError("Give one count per word for both groups and the background, and 2 or 4 terms.")
    if min(one.min(), two.min()) < 0 or usual.min() <= 0 or not prior_total > 0:
        raise ScoreError("Counts are zero or more, those of the background and the prior above zero.")
    prior = prior_total * usual / usual.sum()
    inside = [one + prior, two + prior]
    outside = [one.sum() + prior_total - inside[0], two.sum() + prior_total - inside[1]]
    odds = np.log(inside[0] / outside[0]) - np.log(inside[1] / outside[1])
    variance = 1 / inside[0] + 1 / inside[1]
    if variance_terms == 4:
        variance = variance + 1 / outside[0] + 1 / outside[1]
    return LogOdds(log_odds=odds, z=np.asarray(odds / np.sqrt(variance), dtype=np.float64))


def pareto(counts: Mapping[Theme, float], *, threshold_percent: float = 80.0) -> tuple[ParetoRow[Theme], ...]:
    """Return themes from the most to the least frequent, and mark the vital few.

    Parameters
    ----------
    counts : mapping from theme to float
        Zero or more.
    threshold_percent : float
        What the vital few make up together, 0 to 100.

    Returns
    -------
    tuple of ParetoRow
        Themes of equal count in the order given; empty when nothing was counted.

    Raises
    ------
    ScoreError
        A count is negative or not finite.

    Notes
    -----
    The shortest run from the top whose sum reaches the threshold (Juran 1951, Quality Control Handbook).

    Examples
    --------
    >>> [row.theme for row in pareto({"price": 12, "delivery": 46, "help": 24}) if row.is_vital]
    ['delivery', 'help']
    """
    for theme, count in counts.items():
        if not (np.isfinite(count) and count >= 0):
            raise ScoreError(f"The count of {theme!r} is {count}; it must be zero or more.", value=count)
    total, so_far = sum(counts.values()), 0.0
    rows: list[ParetoRow[Theme]] = []
    for theme in sorted(counts, key=lambda one: -counts[one]) if total > 0 else []:
        is_vital = 100 * so_far / total < threshold_percent - 1e-9
        so_far += counts[theme]
        rows.append(ParetoRow(theme, counts[theme], 100 * so_far / total, is_vital))
    return tuple(rows)
