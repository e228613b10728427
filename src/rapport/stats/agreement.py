"""Agreement: of coders with one another, of a machine with people, of the items of an index."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from rapport.stats.answers import FloatArray, ScoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class F1Scores:
    """F1 of every label, and their averages.

    Attributes
    ----------
    per_label : dict from label to float
        ``2 tp / (2 tp + fp + fn)``, 0 to 1.
    macro, micro, weighted : float
        Plain mean over labels, F1 of all decisions together, and mean weighted by true frequency.
    """

    per_label: dict[Hashable, float]
    macro: float
    micro: float
    weighted: float


def cohen_kappa(table: ArrayLike) -> float | None:
    """Return Cohen's kappa of two coders.

    Parameters
    ----------
    table : array_like, shape (k, k)
        Items by the code of the first (rows) and the second coder (columns).

    Returns
    -------
    float or None
        At most 1, 0 for agreement by chance; None when chance alone agrees always.

    Raises
    ------
    ScoreError
        The table is not square, negative or empty.

    Notes
    -----
    ``(p_o - p_e) / (1 - p_e)`` (Cohen 1960, Educational and Psychological Measurement 20, 37-46).

    Examples
    --------
    >>> round(cohen_kappa([[20, 5], [10, 15]]), 2)
    0.4
    """
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ScoreError(f"Two coders use the same codes; a table of shape {counts.shape} is not square.")
    if not np.all(np.isfinite(counts)) or np.any(counts < 0) or counts.sum() == 0:
        raise ScoreError("The table holds counts of items, zero or more, and at least one item.")
    shares = counts / counts.sum()
    chance = float(shares.sum(axis=0) @ shares.sum(axis=1))
    return None if chance >= 1 else float((np.trace(shares) - chance) / (1 - chance))


def krippendorff_alpha(
    codes: Sequence[Sequence[float | None]], *, level: Literal["nominal", "interval"] = "nominal"
) -> float | None:
    """Return Krippendorff's alpha of any number of coders, who need not have coded everything.

    Parameters
    ----------
    codes : sequence of sequences, shape (n_coders, n_units)
        None or NaN where a coder gave none.
    level : {"nominal", "interval"}
        Whether all disagreements weigh the same, or by the squared distance of the codes.

    Returns
    -------
    float or None
        At most 1; None when no unit has two codes, or all codes are the same.

    Raises
    ------
    ScoreError
        Coders have different numbers of units.

    Notes
    -----
    ``1 - D_o / D_e`` over the coincidences of pairs within units (Krippendorff 2011, Computing Krippendorff's
    alpha-reliability).

    Examples
    --------
    >>> round(krippendorff_alpha([[0, 1, 0, 0], [0, 1, 1, None]]), 3)
    0.444
    """
    if len({len(coder) for coder in codes}) > 1:
        raise ScoreError("All coders need one place per unit, None where there is no code.")
    table = np.array(
        [[np.nan if c is None else float(c) for c in coder] for coder in codes], dtype=np.float64
    )
    units = [unit[~np.isnan(unit)] for unit in table.T]
    units = [unit for unit in units if unit.size > 1]
    if not units:
        return None
    values = np.unique(np.concatenate(units))
    together = np.zeros((values.size, values.size))
    for unit in units:
        counts = np.array([np.sum(unit == value) for value in values], dtype=np.float64)
        together += (np.outer(counts, counts) - np.diag(counts)) / (unit.size - 1)
    totals = together.sum(axis=1)
    apart = values[:, None] - values[None, :]
    distance = (apart != 0).astype(np.float64) if level == "nominal" else apart**2
    expected = float(np.sum(np.outer(totals, totals) * distance))
    if expected == 0:
        return None
    return 1 - (float(totals.sum()) - 1) * float(np.sum(together * distance)) / expected


def f1_scores(true: Sequence[Hashable], predicted: Sequence[Hashable]) -> F1Scores:
    """Return F1 of predicted labels, one label per item.

    Parameters
    ----------
    true, predicted : sequence, shape (n,)
        Labels.

    Returns
    -------
    F1Scores
        Over all labels that are true or predicted somewhere, in the order met.

    Raises
    ------
    ScoreError
        There are no items, or not one prediction each.

    Notes
    -----
    van Rijsbergen (1979), Information Retrieval; a label nobody has and nobody predicts does not occur.

    Examples
    --------
    >>> f1_scores(["late", "kind", "late"], ["late", "late", "late"]).micro.__round__(3)
    0.667
    """
    if not true or len(true) != len(predicted):
        raise ScoreError(f"There are {len(true)} true and {len(predicted)} predicted labels; give one each.")
    pairs = list(zip(true, predicted, strict=True))
    per_label: dict[Hashable, float] = {}
    for label in dict.fromkeys([*true, *predicted]):
        right = sum(t == label and p == label for t, p in pairs)
        touched = sum((t == label) + (p == label) for t, p in pairs)
        per_label[label] = 2 * right / touched
    return F1Scores(
        per_label=per_label,
        macro=sum(per_label.values()) / len(per_label),
        micro=sum(t == p for t, p in pairs) / len(pairs),
        weighted=sum(per_label[label] for label in true) / len(true),
    )


def cronbach_alpha(items: ArrayLike) -> float | None:
    """Return Cronbach's alpha: how well the items of an index measure the same.

    Parameters
    ----------
    items : array_like of float, shape (n, k)
        Answers of n people to k items on one scale; people with a missing item are left out.

    Returns
    -------
    float or None
        At most 1; None when the sum of the items does not vary.

    Raises
    ------
    ScoreError
        There are fewer than two items or two complete people.

    Notes
    -----
    ``k / (k - 1) (1 - sum of variances / variance of the sum)`` (Cronbach 1951, Psychometrika 16, 297-334).

    Examples
    --------
    >>> round(cronbach_alpha([[1, 2], [2, 2], [4, 5], [5, 3]]), 3)
    0.769
    """
    table = np.asarray(items, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ScoreError(f"Items of shape {table.shape}: give one row per person and at least two items.")
    whole: FloatArray = table[~np.isnan(table).any(axis=1)]
    if whole.shape[0] < 2:
        raise ScoreError("Fewer than two people answered all items.")
    k, total = whole.shape[1], float(np.var(whole.sum(axis=1), ddof=1))
    return None if total == 0 else k / (k - 1) * (1 - float(np.var(whole, axis=0, ddof=1).sum()) / total)
