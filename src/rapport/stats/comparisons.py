"""Many comparisons at once: p-values adjusted so that looking at much does not find what is not there."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from rapport.stats.answers import FloatArray, IntArray, ScoreError, as_floats


def holm(p_values: ArrayLike) -> FloatArray:
    """Return p-values adjusted by Holm: the chance of even one false finding stays below the level.

    Parameters
    ----------
    p_values : array_like, shape (m,)
        0 to 1; none missing, because a test that was made counts.

    Returns
    -------
    ndarray of float, shape (m,)
        In the same order, 0 to 1.

    Raises
    ------
    ScoreError
        A p-value is missing or outside 0-1; names position and value.

    Notes
    -----
    With p sorted upward, ``max over j <= i of (m - j + 1) p_j``, at most 1 (Holm 1979, Scandinavian Journal
    of Statistics 6, 65-70).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(4).tolist()
    [0.03, 0.06, 0.06]
    """
    checked = _checked(p_values)
    order = np.argsort(checked, kind="stable")
    factors = np.arange(checked.size, 0, -1)
    return _in_place(np.maximum.accumulate(factors * checked[order]), order)


def benjamini_hochberg(p_values: ArrayLike) -> FloatArray:
    """Return p-values adjusted by Benjamini and Hochberg: the expected share of false findings stays low.

    Parameters
    ----------
    p_values : array_like, shape (m,)
        0 to 1; none missing. Independent or positively dependent tests.

    Returns
    -------
    ndarray of float, shape (m,)
        In the same order, 0 to 1.

    Raises
    ------
    ScoreError
        A p-value is missing or outside 0-1; names position and value.

    Notes
    -----
    With p sorted upward, ``min over j >= i of m p_j / j``, at most 1 (Benjamini and Hochberg 1995, J. R.
    Stat. Soc. B 57, 289-300).

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(4).tolist()
    [0.03, 0.04, 0.04]
    """
    checked = _checked(p_values)
    order = np.argsort(checked, kind="stable")
    m = checked.size
    scaled = checked[order] * m / np.arange(1, m + 1)
    return _in_place(np.minimum.accumulate(scaled[::-1])[::-1], order)


def _checked(p_values: ArrayLike) -> FloatArray:
    checked = as_floats(p_values, "P-value")
    wrong = ~((checked >= 0) & (checked <= 1))
    if wrong.any():
        position = int(np.argmax(wrong))
        value = float(checked[position])
        raise ScoreError(
            f"P-value {value:g} at position {position} is not in 0 to 1.", position=position, value=value
        )
    return checked


def _in_place(adjusted: FloatArray, order: IntArray) -> FloatArray:
    result = np.empty_like(adjusted)
    result[order] = np.minimum(adjusted, 1.0)
    return result
