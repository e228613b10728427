"""Segments: customers sorted into classes by what they buy or answer, and how far two sortings agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats
from scipy.spatial import distance

from rapport.stats.answers import FloatArray, IntArray, Labels, ScoreError, as_floats, codes

_FIRST_ROUNDS: Final = 60
_CLIMBED: Final = 4


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class KMeans:
    """Clusters around means.

    Attributes
    ----------
    labels : ndarray of int, shape (n,)
    centres : ndarray of float, shape (k, d)
    within : float
        Sum of squared distances from the centres.
    silhouette : float or None
        Mean silhouette, -1 to 1; None for one cluster.
    """

    labels: IntArray
    centres: FloatArray
    within: float
    silhouette: float | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LatentClasses:
    """Classes behind answers to several questions.

    Attributes
    ----------
    shares : ndarray of float, shape (k,)
        Size of each class.
    answers : tuple of ndarray, one per item, each of shape (k, n_categories)
        Probability of each category in each class.
    membership : ndarray of float, shape (n_patterns, k)
        Probability that a person with this pattern is of each class.
    log_likelihood, bic : float
    parameters : int
    """

    shares: FloatArray
    answers: tuple[FloatArray, ...]
    membership: FloatArray
    log_likelihood: float
    bic: float
    parameters: int


def k_means(points: ArrayLike, k: int, *, starts: int = 10, rng: np.random.Generator | None = None) -> KMeans:
    """Sort points into k clusters around means.

    Parameters
    ----------
    points : array_like of float, shape (n, d)
        None missing; bring the columns to comparable units first.
    k : int
        1 to n.
    starts : int
        The best of so many starts is taken.
    rng : numpy Generator, optional
        Seeded with 0 by default.

    Returns
    -------
    KMeans

    Raises
    ------
    ScoreError
        Points are missing or k does not fit.

    Notes
    -----
    Lloyd (1982), IEEE Trans. Inf. Theory 28, 129-137, from starts by Arthur and Vassilvitskii (2007);
    silhouette: Rousseeuw (1987), J. Comput. Appl. Math. 20, 53-65.

    Examples
    --------
    >>> found = k_means([[0.0], [0.2], [5.0], [5.2]], 2)
    >>> sorted(found.centres.ravel().round(1).tolist()), round(found.within, 2)
    ([0.1, 5.1], 0.04)
    """
    x = np.asarray(points, dtype=np.float64)
    if x.ndim != 2 or not np.all(np.isfinite(x)) or not 1 <= k <= x.shape[0]:
        raise ScoreError(f"{k} clusters of points of shape {x.shape}: give full rows, and no more clusters.")
    maker = rng if rng is not None else np.random.default_rng(0)
    runs = [_lloyd(x, _spread_out(x, k, maker)) for _ in range(starts)]
    labels, centres, within = min(runs, key=lambda run: run[2])
    return KMeans(labels=labels, centres=centres, within=within, silhouette=_silhouette(x, labels, k))


def latent_classes(
    items: Sequence[Labels],
    counts: ArrayLike,
    k: int,
    *,
    starts: int = 60,
    rng: np.random.Generator | None = None,
) -> LatentClasses:
    """Find k classes of people that explain why answers to several questions go together.

    Parameters
    ----------
    items : sequence of sequences, each of shape (n_patterns,)
        Category of each pattern for each question.
    counts : array_like, shape (n_patterns,)
        People with each pattern.
    k : int
        Classes, at least 1.
    starts : int
        The likeliest of so many starts is taken; few starts miss it.
    rng : numpy Generator, optional
        Seeded with 0 by default.

    Returns
    -------
    LatentClasses
        In order of size, largest first.

    Raises
    ------
    ScoreError
        A label is missing, a count negative, or nobody is there.

    Notes
    -----
    EM for independent answers within classes (Goodman 1974, Biometrika 61, 215-231); ``BIC = -2 LL + q ln
    n``.

    Examples
    --------
    >>> found = latent_classes([["y", "y", "n", "n"], ["y", "n", "y", "n"]], [40, 5, 5, 50], 1)
    >>> found.parameters, round(found.log_likelihood, 1)
    (2, -137.6)
    """
    people = as_floats(counts, "Count")
    if k < 1 or not np.all(np.isfinite(people)) or np.any(people < 0) or people.sum() == 0:
        raise ScoreError("Latent classes need at least one class and somebody in the patterns.")
    coded = [codes(item, people.size, "item") for item in items]
    marks = [np.eye(int(item.max()) + 1)[item] for item in coded]
    maker = rng if rng is not None else np.random.default_rng(0)
    runs = [_expect_maximise(marks, people, _start(marks, k, maker), _FIRST_ROUNDS) for _ in range(starts)]
    # most starts run into the same few hills: only the highest after a while are climbed to the top
    promising = sorted(runs, key=lambda run: -run.log_likelihood)[:_CLIMBED]
    best = max(
        (_expect_maximise(marks, people, run, 5000) for run in promising), key=lambda run: run.log_likelihood
    )
    order = np.argsort(-best.shares)
    parameters = k - 1 + k * sum(mark.shape[1] - 1 for mark in marks)
    return LatentClasses(
        shares=best.shares[order],
        answers=tuple(part[order] for part in best.answers),
        membership=best.membership[:, order],
        log_likelihood=best.log_likelihood,
        bic=-2 * best.log_likelihood + parameters * float(np.log(people.sum())),
        parameters=parameters,
    )


def adjusted_rand(a: Labels, b: Labels) -> float:
    """Return how far two sortings of the same things agree, corrected for chance.

    Parameters
    ----------
    a, b : sequence, shape (n,)
        Class of each thing in each sorting; names do not matter.

    Returns
    -------
    float
        1 for the same sorting, about 0 for chance.

    Raises
    ------
    ScoreError
        Lengths differ or a label is missing.

    Notes
    -----
    Hubert and Arabie (1985), Journal of Classification 2, 193-218.

    Examples
    --------
    >>> round(adjusted_rand([0, 0, 1, 2], [0, 0, 1, 1]), 3)
    0.571
    """
    n = len(list(b))  # type: ignore[arg-type]
    first, second = codes(a, n, "first"), codes(b, n, "second")
    table = np.zeros((int(first.max(initial=0)) + 1, int(second.max(initial=0)) + 1))
    np.add.at(table, (first, second), 1)
    together, rows, columns = (
        float(special.comb(part, 2).sum()) for part in (table, table.sum(axis=1), table.sum(axis=0))
    )
    pairs = float(special.comb(n, 2))
    expected = rows * columns / pairs if pairs else 0.0
    largest = (rows + columns) / 2
    return 1.0 if largest == expected else (together - expected) / (largest - expected)


def quintile_scores(values: ArrayLike, *, best: str = "highest") -> IntArray:
    """Return scores 1 to 5 by fifths, 5 for the best (recency, frequency, monetary value).

    Parameters
    ----------
    values : array_like, shape (n,)
        None missing.
    best : {"highest", "lowest"}
        Which end is best: the lowest for days since the last purchase.

    Returns
    -------
    ndarray of int, shape (n,)
        Equal values have equal scores.

    Raises
    ------
    ScoreError
        A value is missing.

    Notes
    -----
    ``ceil(5 rank / n)`` with mean ranks of ties (Hughes 2006, Strategic Database Marketing).

    Examples
    --------
    >>> quintile_scores([10, 400, 35, 90, 210], best="lowest").tolist()
    [5, 1, 4, 3, 2]
    """
    x = as_floats(values, "Value")
    if not np.all(np.isfinite(x)):
        raise ScoreError("A value is missing; score only customers who have one.")
    ranks = stats.rankdata(-x if best == "lowest" else x)
    return np.asarray(np.ceil(5 * ranks / max(1, x.size) - 1e-9), dtype=np.intp)


def _spread_out(x: FloatArray, k: int, rng: np.random.Generator) -> FloatArray:
    chosen = [x[rng.integers(x.shape[0])]]
    for _ in range(k - 1):
        apart = distance.cdist(x, np.array(chosen), "sqeuclidean").min(axis=1)
        total = float(apart.sum())
        chance = apart / total if total > 0 else np.full(x.shape[0], 1 / x.shape[0])
        chosen.append(x[rng.choice(x.shape[0], p=chance)])
    return np.array(chosen)


def _lloyd(x: FloatArray, centres: FloatArray) -> tuple[IntArray, FloatArray, float]:
    labels = np.full(x.shape[0], -1, dtype=np.intp)
    for _ in range(500):
        apart = distance.cdist(x, centres, "sqeuclidean")
        nearest = np.asarray(apart.argmin(axis=1), dtype=np.intp)
        if np.array_equal(nearest, labels):
            break
        labels = nearest
        for number in range(centres.shape[0]):
            if np.any(labels == number):
                centres[number] = x[labels == number].mean(axis=0)
    return labels, centres, float(np.sum((x - centres[labels]) ** 2))


def _silhouette(x: FloatArray, labels: IntArray, k: int) -> float | None:
    if np.unique(labels).size < 2:
        return None
    apart = distance.cdist(x, x)
    sizes = np.bincount(labels, minlength=k)
    sums = np.stack([apart[:, labels == number].sum(axis=1) for number in range(k)], axis=1)
    rows = np.arange(x.shape[0])
    own = sums[rows, labels] / np.maximum(sizes[labels] - 1, 1)
    others = sums / np.maximum(sizes, 1)
    others[rows, labels] = np.inf
    others[:, sizes == 0] = np.inf
    nearest = others.min(axis=1)
    alone = sizes[labels] == 1
    widest = np.maximum(np.maximum(own, nearest), 1e-300)
    return float(np.where(alone, 0.0, (nearest - own) / widest).mean())


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    log_likelihood: float
    shares: FloatArray
    answers: list[FloatArray]
    membership: FloatArray


def _start(marks: list[FloatArray], k: int, rng: np.random.Generator) -> _Run:
    answers = [rng.dirichlet(np.ones(mark.shape[1]), size=k) for mark in marks]
    return _Run(-np.inf, np.full(k, 1 / k), answers, np.empty((0, k)))


def _expect_maximise(marks: list[FloatArray], people: FloatArray, run: _Run, rounds: int) -> _Run:
    shares, answers, before = run.shares, run.answers, -np.inf
    together = np.concatenate(marks, axis=1)
    edges = np.cumsum([mark.shape[1] for mark in marks])[:-1]
    for _ in range(rounds):
        logs = np.log(np.maximum(np.concatenate(answers, axis=1), 1e-300))
        log = np.log(np.maximum(shares, 1e-300)) + together @ logs.T
        highest = log.max(axis=1, keepdims=True)
        likely = np.exp(log - highest)
        total = likely.sum(axis=1)
        now = float(people @ (np.log(total) + highest[:, 0]))
        membership = likely / total[:, None]
        if now - before < 1e-8:
            break
        before = now
        weighed = membership * people[:, None]
        sizes = np.maximum(weighed.sum(axis=0), 1e-300)
        shares = sizes / people.sum()
        answers = np.split(weighed.T @ together / sizes[:, None], edges, axis=1)
    return _Run(now, shares, answers, membership)
