"""Importance of drivers from a covariance matrix: LMG (Shapley), dominance by size, Johnson's weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rapport.stats.answers import FloatArray, ScoreError

MOST_DRIVERS: Final = 22
"""The exact route visits every subset: 4 million of 22 drivers, twice as many with each further one."""

_NOTHING: Final = 1e-10  # share of a driver's variance below which the others say all there is to say


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Importance:
    """How much of the variance of an outcome each of p drivers explains.

    Attributes
    ----------
    r_squared : float
        Share of the variance that all drivers explain together, 0 to 1.
    lmg : ndarray of float, shape (p,)
        Each driver's part of it (general dominance); adds up to `r_squared`.
    shares : ndarray of float, shape (p,)
        The parts as shares of the whole, adding up to 1; zeros when nothing is explained.
    conditional : ndarray of float, shape (p, p)
        Mean gain of each driver (row) when 0, 1, ... p - 1 others are there already (column).
    relative_weights : ndarray of float, shape (p,)
        Johnson's weights, adding up to `r_squared` too: a second opinion.
    """

    r_squared: float
    lmg: FloatArray
    shares: FloatArray
    conditional: FloatArray
    relative_weights: FloatArray


def importance(covariance: ArrayLike) -> Importance:
    """Return the exact importance of every driver from a covariance or correlation matrix.

    Parameters
    ----------
    covariance : array_like, shape (p + 1, p + 1)
        Of the p drivers in order and the outcome last; any units, symmetric, positive semidefinite.

    Returns
    -------
    Importance
        A driver without variance has importance zero; of drivers that say exactly the same each gets half.

    Raises
    ------
    ScoreError
        The matrix is not square, symmetric and finite, has no driver or more than 22, or its outcome has no
        variance.

    Notes
    -----
    LMG: ``lmg_j = mean over sizes s of mean over sets S of size s without j of R^2(S + j) - R^2(S)``
    (Lindeman, Merenda and Gold 1980; Grömping 2007, The American Statistician 61, 139-147), which is the
    Shapley value and general dominance (Budescu 1993, Psychological Bulletin 114, 542-551). All 2^p R^2 come
    from sweeping one driver after another out of all subsets at once, so that 20 drivers take a second.

    Examples
    --------
    >>> found = importance([[1.0, 0.5, 0.6], [0.5, 1.0, 0.4], [0.6, 0.4, 1.0]])
    >>> round(found.r_squared, 3), found.shares.round(3).tolist()
    (0.373, [0.768, 0.232])
    """
    matrix = _correlation(covariance)
    explained = explained_by_subsets(matrix[None])[:, 0]
    conditional = _by_size(explained)
    lmg = conditional.mean(axis=1)
    total = float(explained[-1])
    return Importance(
        r_squared=total,
        lmg=lmg,
        shares=lmg / total if total > 0 else np.zeros_like(lmg),
        conditional=conditional,
        relative_weights=_johnson(matrix[None])[0],
    )


def relative_weights(covariance: ArrayLike) -> FloatArray:
    """Return Johnson's relative weights, the quick approximation of LMG.

    Parameters
    ----------
    covariance : array_like, shape (p + 1, p + 1)
        As in `importance`.

    Returns
    -------
    ndarray of float, shape (p,)
        Parts of R^2, adding up to it.

    Raises
    ------
    ScoreError
        As in `importance`; any number of drivers is allowed.

    Notes
    -----
    With the correlations ``R = Q D Q'``, ``L = Q D^(1/2) Q'`` and ``b = L^-1 r``: ``w = L^2 b^2``, squares
    element by element (Johnson 2000, Multivariate Behavioral Research 35, 1-19).

    Examples
    --------
    >>> relative_weights([[1.0, 0.5, 0.6], [0.5, 1.0, 0.4], [0.6, 0.4, 1.0]]).round(3).tolist()
    [0.287, 0.087]
    """
    weights: FloatArray = _johnson(_correlation(covariance, most=None)[None])[0]
    return weights


def explained_by_subsets(correlations: FloatArray) -> FloatArray:
    """Return R^2 of every subset of the drivers, for a batch of correlation matrices with the outcome last.

    Parameters
    ----------
    correlations : ndarray of float, shape (batch, p + 1, p + 1)

    Returns
    -------
    ndarray of float, shape (2^p, batch)
        Bit j of the row number says whether driver j is in the subset.

    Notes
    -----
    At step j all subsets of the first j drivers are there, each with the covariance of what is left of the
    other variables; adding driver j takes its part out of them (Schur complement). The matrices shrink as
    the subsets double, so the work is about ``12 * 2^p`` multiplications.

    Examples
    --------
    >>> explained_by_subsets(np.array([[[1.0, 0.5], [0.5, 1.0]]])).ravel().tolist()
    [0.0, 0.25]
    """
    p = correlations.shape[-1] - 1
    left = correlations[None]
    for _ in range(p):
        pivot = left[..., 0, 0]
        usable = pivot > _NOTHING
        row = left[..., 0, 1:]
        share = row / np.where(usable, pivot, 1.0)[..., None] * usable[..., None]
        without = left[..., 1:, 1:]
        doubled = np.empty((2 * left.shape[0], *without.shape[1:]))
        doubled[: left.shape[0]] = without
        np.multiply(share[..., :, None], row[..., None, :], out=doubled[left.shape[0] :])
        np.subtract(without, doubled[left.shape[0] :], out=doubled[left.shape[0] :])
        left = doubled
    explained: FloatArray = np.clip(1 - left[..., 0, 0], 0.0, 1.0)
    return explained


def lmg_of_batch(correlations: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return LMG, shape (batch, p), and R^2, shape (batch,), of a batch of correlation matrices.

    Examples
    --------
    >>> lmg, total = lmg_of_batch(np.array([[[1.0, 0.0, 0.6], [0.0, 1.0, 0.3], [0.6, 0.3, 1.0]]]))
    >>> lmg.round(2).tolist(), total.round(2).tolist()
    ([[0.36, 0.09]], [0.45])
    """
    explained = explained_by_subsets(correlations)
    p, batch = correlations.shape[-1] - 1, correlations.shape[0]
    weight = 1 / (p * special.comb(p - 1, np.arange(p)))[_sizes(p - 1)]
    result = np.empty((batch, p))
    for driver in range(p):
        cube = explained.reshape(2 ** (p - 1 - driver), 2, 2**driver, batch)
        result[:, driver] = weight @ (cube[:, 1] - cube[:, 0]).reshape(-1, batch)
    return result, explained[-1]


def _by_size(explained: FloatArray) -> FloatArray:
    """Return the mean gain of each driver by the number of others there, shape (p, p)."""
    p = int(explained.size).bit_length() - 1
    sizes = _sizes(p - 1)
    result = np.empty((p, p))
    for driver in range(p):
        cube = explained.reshape(2 ** (p - 1 - driver), 2, 2**driver)
        gains = (cube[:, 1] - cube[:, 0]).ravel()
        result[driver] = np.bincount(sizes, weights=gains, minlength=p)
    return np.asarray(result / special.comb(p - 1, np.arange(p)), dtype=np.float64)


def _sizes(bits: int) -> np.ndarray:
    sizes = np.zeros(1, dtype=np.intp)
    for _ in range(bits):
        sizes = np.concatenate([sizes, sizes + 1])
    return sizes


def _johnson(correlations: FloatArray) -> FloatArray:
    drivers, outcome = correlations[:, :-1, :-1], correlations[:, :-1, -1]
    values, vectors = np.linalg.eigh(drivers)
    kept = values > _NOTHING
    roots = np.sqrt(np.where(kept, values, 0.0))
    turned = np.einsum("bij,bi->bj", vectors, outcome)
    inverse = np.divide(turned, roots, out=np.zeros_like(turned), where=kept)
    beta = np.einsum("bij,bj->bi", vectors, inverse)
    loadings = np.einsum("bij,bj,bkj->bik", vectors, roots, vectors)
    weights: FloatArray = np.einsum("bik,bk->bi", loadings**2, beta**2)
    return weights


def as_correlations(covariances: FloatArray) -> FloatArray:
    """Return correlations of a batch of covariance matrices, zero for what has no variance.

    Examples
    --------
    >>> as_correlations(np.array([[[4.0, 1.0], [1.0, 1.0]]])).tolist()
    [[[1.0, 0.5], [0.5, 1.0]]]
    """
    scale = np.sqrt(np.maximum(np.diagonal(covariances, axis1=-2, axis2=-1), 0.0))
    inverse = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    correlations: FloatArray = covariances * inverse[..., :, None] * inverse[..., None, :]
    return correlations


def _correlation(covariance: ArrayLike, most: int | None = MOST_DRIVERS) -> FloatArray:
    matrix = np.asarray(covariance, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.shape[0] < 2:
        raise ScoreError(
            f"A matrix of shape {matrix.shape} is not one of at least one driver and an outcome."
        )
    if not np.all(np.isfinite(matrix)) or not np.allclose(matrix, matrix.T, rtol=1e-8, atol=1e-12):
        raise ScoreError("The covariance matrix must be finite and symmetric.")
    if most is not None and matrix.shape[0] - 1 > most:
        raise ScoreError(
            f"{matrix.shape[0] - 1} drivers are more than {most}: leave some out, or use relative_weights."
        )
    if not matrix[-1, -1] > 0:
        raise ScoreError("The outcome, last in the matrix, has no variance to explain.")
    correlations: FloatArray = as_correlations(matrix[None])[0]
    return correlations
