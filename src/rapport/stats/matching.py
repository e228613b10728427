"""Record linkage: how well pairs that were found to be duplicates agree with the truth."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

from rapport.stats.estimate import Estimate
from rapport.stats.shares import share_from_counts

Record = TypeVar("Record", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchQuality:
    """Pairwise precision and recall of duplicate detection.

    Attributes
    ----------
    precision : Estimate
        Share of the found pairs that are true; without value when none was found.
    recall : Estimate
        Share of the true pairs that were found; without value when there is none.
    f1 : float or None
        Harmonic mean of both; None when nothing was found and nothing was there.
    true_positives, false_positives, false_negatives : int
        Pairs.
    """

    precision: Estimate
    recall: Estimate
    f1: float | None
    true_positives: int
    false_positives: int
    false_negatives: int


def pairwise_precision_recall(
    found: Iterable[tuple[Record, Record]], truth: Iterable[tuple[Record, Record]], *, level: float = 0.95
) -> MatchQuality:
    """Compare pairs of records found to be duplicates with the true pairs.

    Parameters
    ----------
    found, truth : iterable of (record, record)
        Pairs of record ids in any order; ``(a, b)`` and ``(b, a)`` are one pair, named twice counts once. For
        groups give all their pairs (`pairs_within`).
    level : float
        Confidence level of the Wilson intervals, two-sided. Pairs within one group are not independent, so
        the intervals are a lower bound on the doubt.

    Returns
    -------
    MatchQuality

    Raises
    ------
    ValueError
        A record is paired with itself.

    Notes
    -----
    ``precision = TP / (TP + FP)``, ``recall = TP / (TP + FN)``, ``F1 = 2 TP / (2 TP + FP + FN)`` over pairs
    (Christen 2012, Data Matching, section 7.2).

    Examples
    --------
    >>> quality = pairwise_precision_recall([("a", "b"), ("c", "d")], [("b", "a"), ("e", "f")])
    >>> quality.precision.value, quality.recall.value, quality.f1
    (0.5, 0.5, 0.5)
    """
    found_pairs, true_pairs = _unordered(found), _unordered(truth)
    hits = len(found_pairs & true_pairs)
    either = len(found_pairs) + len(true_pairs)
    return MatchQuality(
        precision=share_from_counts(hits, len(found_pairs), level=level),
        recall=share_from_counts(hits, len(true_pairs), level=level),
        f1=2 * hits / either if either else None,
        true_positives=hits,
        false_positives=len(found_pairs) - hits,
        false_negatives=len(true_pairs) - hits,
    )


def pairs_within(groups: Mapping[Record, Hashable]) -> set[tuple[Record, Record]]:
    """Return all pairs of records that share a group.

    Parameters
    ----------
    groups : mapping from record to group
        Such as record id to person; a record whose group is None is alone.

    Returns
    -------
    set of (record, record)
        k (k - 1) / 2 pairs for a group of k.

    Examples
    --------
    >>> sorted(pairs_within({1: "x", 2: "y", 3: "x", 4: None}))
    [(1, 3)]
    """
    members: dict[Hashable, list[Record]] = {}
    for record, group in groups.items():
        if group is not None:
            members.setdefault(group, []).append(record)
    return {pair for records in members.values() for pair in combinations(records, 2)}


def _unordered(pairs: Iterable[tuple[Record, Record]]) -> set[frozenset[Record]]:
    result = set()
    for a, b in pairs:
        if a == b:
            raise ValueError(f"Record {a!r} is paired with itself; a pair is two records.")
        result.add(frozenset((a, b)))
    return result
