"""Maturity of customer experience: twenty statements in four competencies, and the level they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rapport.stats.answers import ScoreError

COMPETENCIES: Final = (
    "purposeful leadership",
    "compelling brand values",
    "employee engagement",
    "customer connectedness",
)
_AREA_LEVELS: Final = ((21, "Very good"), (16, "Okay"), (11, "Poor"), (5, "Very poor"))
_OVERALL_LEVELS: Final = (
    (90, "Embed"),
    (80, "Align"),
    (70, "Operationalize"),
    (60, "Mobilize"),
    (50, "Explore"),
    (20, "Ignore"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maturity:
    """One assessment: totals of the four competencies (5-25) and of all (20-100), with their levels."""

    area_totals: tuple[int, ...]
    area_levels: tuple[str, ...]
    overall: int
    overall_level: str


def assess_maturity(items: Sequence[int]) -> Maturity:
    """Return the totals and levels of one assessment.

    Parameters
    ----------
    items : sequence of int, shape (20,)
        Agreement 1-5 with the twenty statements, five for each competency in the order of `COMPETENCIES`;
        none missing.

    Returns
    -------
    Maturity

    Raises
    ------
    ScoreError
        There are not twenty, or one is no whole number from 1 to 5; names position and value.

    Notes
    -----
    Competency: 5-10 very poor, 11-15 poor, 16-20 okay, 21-25 very good. Overall: under 50 ignore, 50-59
    explore, 60-69 mobilize, 70-79 operationalize, 80-89 align, 90-100 embed (Temkin Group, Customer
    experience competency and maturity assessment).

    Examples
    --------
    >>> found = assess_maturity([3] * 20)
    >>> found.overall, found.overall_level, found.area_levels[0]
    (60, 'Mobilize', 'Poor')
    """
    if len(items) != 20:
        raise ScoreError(f"There are {len(items)} answers; the assessment has twenty statements.")
    for position, item in enumerate(items):
        if item not in (1, 2, 3, 4, 5):
            raise ScoreError(
                f"Answer {item} at position {position} is not 1 to 5.", position=position, value=item
            )
    totals = tuple(int(sum(items[start : start + 5])) for start in range(0, 20, 5))
    return Maturity(
        area_totals=totals,
        area_levels=tuple(_level(total, _AREA_LEVELS) for total in totals),
        overall=sum(totals),
        overall_level=_level(sum(totals), _OVERALL_LEVELS),
    )


def _level(total: int, levels: tuple[tuple[int, str], ...]) -> str:
    return next(name for lowest, name in levels if total >= lowest)
