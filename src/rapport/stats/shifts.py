"""Shift tables: whether the same people have moved between classes from one wave to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rapport.stats.answers import FloatArray, ScoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalHomogeneity:
    """Tests of equal margins of a shift table, or the reason why there is none.

    Attributes
    ----------
    stuart_maxwell, p_value, bhapkar, bhapkar_p_value : float or None
        Chi-squared statistics and their p-values.
    df : int
        Degrees of freedom: classes in use minus one.
    n : int
        People in the table.
    reason : str or None
        Why there is no statistic.
    """

    stuart_maxwell: float | None
    p_value: float | None
    bhapkar: float | None
    bhapkar_p_value: float | None
    df: int
    n: int
    reason: str | None = None


def marginal_homogeneity(table: ArrayLike) -> MarginalHomogeneity:
    """Test whether the same people are spread over the classes alike in both waves.

    Parameters
    ----------
    table : array_like of int, shape (k, k)
        People by class before (rows) and after (columns), such as detractor, passive, promoter.

    Returns
    -------
    MarginalHomogeneity
        Without a statistic and with a reason when nobody moved, or the movers leave it undetermined.

    Raises
    ------
    ScoreError
        The table is not square, or a count is negative or not finite.

    Notes
    -----
    With d the differences of the margins and ``S_ii = r_i + c_i - 2 n_ii``, ``S_ij = -(n_ij + n_ji)`` over
    all classes but one: ``X = d' S^-1 d``, chi-squared with k - 1 degrees of freedom (Stuart 1955, Biometrika
    42, 412-416; Maxwell 1970, British Journal of Psychiatry 116, 651-655). Bhapkar (1966): ``X / (1 - X /
    n)``. Classes that nobody is in are dropped.

    Examples
    --------
    >>> test = marginal_homogeneity([[20, 10, 5], [3, 30, 15], [0, 5, 40]])
    >>> round(test.stuart_maxwell, 2), test.df
    (13.76, 2)
    """
    counts = _checked_table(table)
    used = counts.sum(axis=0) + counts.sum(axis=1) > 0
    counts = counts[np.ix_(used, used)]
    n, df = int(counts.sum()), max(0, counts.shape[0] - 1)
    before, after = counts.sum(axis=1), counts.sum(axis=0)
    if n == np.trace(counts):
        return _undecided("Nobody has moved from one class to another.", df, n)
    difference = (before - after)[:-1]
    covariance = np.diag(before + after) - counts - counts.T
    covariance = covariance[:-1, :-1]
    if np.linalg.matrix_rank(covariance) < df:
        return _undecided("Some classes exchange nobody with the others; merge classes.", df, n)
    statistic = float(difference @ np.linalg.solve(covariance, difference))
    # when everybody moved the same way the statistic equals n, and Bhapkar's has no bound
    bhapkar = statistic / (1 - statistic / n) if statistic < n * (1 - 1e-12) else None
    return MarginalHomogeneity(
        stuart_maxwell=statistic,
        p_value=float(special.chdtrc(df, statistic)),
        bhapkar=bhapkar,
        bhapkar_p_value=None if bhapkar is None else float(special.chdtrc(df, bhapkar)),
        df=df,
        n=n,
    )


def _undecided(reason: str, df: int, n: int) -> MarginalHomogeneity:
    return MarginalHomogeneity(
        stuart_maxwell=None, p_value=None, bhapkar=None, bhapkar_p_value=None, df=df, n=n, reason=reason
    )


def _checked_table(table: ArrayLike) -> FloatArray:
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ScoreError(
            f"A shift table is square, with the same classes before and after; this is {counts.shape}."
        )
    if not np.all(np.isfinite(counts)) or np.any(counts < 0):
        raise ScoreError("A shift table holds counts of people, zero or more.")
    return counts
