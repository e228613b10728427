"""Weights that let those who answered stand for the frame, and what they do to the score to recommend."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rapport.rooms.listening.programmes.progress import Asked
from rapport.stats import (
    Estimate,
    RakingError,
    ScoreError,
    effective_n,
    kish_design_effect,
    nps,
    poststratification_weights,
    rake_weights,
    trim_weights,
)

LARGEST_RATIO = 5.0
FEWEST = 5


@dataclass(frozen=True)
class Weighted:
    """The score without and with weights, side by side, and what the weights cost."""

    plain: Estimate
    weighted: Estimate
    how: str
    """`raking`, `post-stratification`, or empty when nothing could be weighted; then `reason` says why."""
    by: tuple[str, ...] = ()
    design_effect: float = 1.0
    effective_n: float = 0.0
    silent: tuple[str, ...] = ()
    """Parts of the frame nobody has answered in; no weight can stand for them."""
    trimmed: bool = False
    reason: str = ""


def weigh(asked: Sequence[Asked], margins: Mapping[str, Mapping[str, int]]) -> Weighted:
    """Weigh those who answered to the frame's margins.

    By one margin this is post-stratification, by several raking. Parts of the frame in which nobody has
    answered are named and left out; no weight is more than five times the mean.
    """
    heard = [one for one in asked if one.score is not None]
    scores = np.array([one.score for one in heard], dtype=np.float64)
    plain = nps(scores)
    if len(heard) < FEWEST:
        return Weighted(
            plain, plain, "", effective_n=len(heard), reason="Too few have answered to weigh them."
        )
    used, silent = _targets(heard, margins)
    if not used:
        return Weighted(plain, plain, "", effective_n=len(heard), reason="The frame has only one part.")
    try:
        weights = _weights(heard, used)
    except (RakingError, ScoreError) as error:
        return Weighted(plain, plain, "", effective_n=len(heard), silent=silent, reason=str(error))
    tamed = trim_weights(weights, largest_ratio=LARGEST_RATIO)
    return Weighted(
        plain=plain,
        weighted=nps(scores, tamed),
        how="raking" if len(used) > 1 else "post-stratification",
        by=tuple(used),
        design_effect=kish_design_effect(tamed) or 1.0,
        effective_n=effective_n(tamed),
        silent=silent,
        trimmed=bool(np.max(np.abs(tamed - weights)) > 1e-9),
    )


def _targets(
    heard: Sequence[Asked], margins: Mapping[str, Mapping[str, int]]
) -> tuple[dict[str, Mapping[Hashable, float]], tuple[str, ...]]:
    """Return each margin as shares of the parts that were heard, and the parts that were not."""
    used: dict[str, Mapping[Hashable, float]] = {}
    silent: list[str] = []
    for name, sizes in margins.items():
        present = Counter(one.labels[name] for one in heard)
        silent += [part for part, size in sizes.items() if size > 0 and part not in present]
        known = {part: float(size) for part, size in sizes.items() if size > 0 and part in present}
        # Somebody whose label changed since the draw belongs to a part the frame did not have.
        known |= {part: float(n) for part, n in present.items() if part not in known}
        if len(known) > 1:
            total = sum(known.values())
            used[name] = {part: size / total for part, size in known.items()}
    return used, tuple(silent)


def _weights(
    heard: Sequence[Asked], used: Mapping[str, Mapping[Hashable, float]]
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    if len(used) == 1:
        [(name, target)] = used.items()
        return poststratification_weights([one.labels[name] for one in heard], target)
    labels = [[one.labels[name] for one in heard] for name in used]
    return rake_weights(labels, list(used.values()), tolerance=1e-6)
