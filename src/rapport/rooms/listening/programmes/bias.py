"""Who is missing among those who answered, and whether that is more than chance."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapport.rooms.listening.programmes.progress import Asked, Steps, count
from rapport.stats import Estimate, nps
from rapport.stats.comparisons import holm
from rapport.stats.intervals import normal_p_value


@dataclass(frozen=True)
class Group:
    """One part of those asked: how far they got, how many answered, and how that compares with the others."""

    name: str
    steps: Steps
    rate: Estimate
    nps: Estimate
    missing: bool
    """Answers more seldom than all others together, beyond chance with all groups looked at."""


def compare(groups: Mapping[str, Sequence[Asked]]) -> list[Group]:
    """Compare each group's response with that of all others, corrected for several looks (Holm)."""
    counts = {name: count(rows) for name, rows in groups.items()}
    whole = count(row for rows in groups.values() for row in rows)
    p_values = {name: _p_value(steps, whole) for name, steps in counts.items()}
    tested = {name: p for name, p in p_values.items() if p is not None}
    corrected = dict(zip(tested, holm(list(tested.values())), strict=True)) if tested else {}
    return [
        Group(
            name=name,
            steps=counts[name],
            rate=counts[name].rate,
            nps=_nps(rows),
            missing=corrected.get(name, 1.0) < 0.05 and _rate(counts[name]) < _rate(whole),
        )
        for name, rows in groups.items()
    ]


def _rate(steps: Steps) -> float:
    return steps.answered / steps.asked if steps.asked else 0.0


def _p_value(steps: Steps, whole: Steps) -> float | None:
    others = whole.asked - steps.asked
    if steps.asked < 5 or others < 5:
        return None
    there, here = (whole.answered - steps.answered) / others, _rate(steps)
    spread = _rate(whole) * (1 - _rate(whole)) * (1 / others + 1 / steps.asked)
    # The test of two shares with one pooled share; without any spread there is nothing to tell apart.
    return float(normal_p_value((here - there) / math.sqrt(spread))) if spread > 0 else None


def _nps(rows: Sequence[Asked]) -> Estimate:
    return nps([row.score for row in rows if row.score is not None])
