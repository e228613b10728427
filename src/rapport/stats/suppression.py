"""Suppression: which groups are too small to show, and which must hide so that no total gives them away."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from rapport.stats.answers import check_count
from rapport.stats.estimate import HIDDEN_BELOW

Group = TypeVar("Group", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Suppression(Generic[Group]):
    """Groups to show and groups to hide, each in the order given.

    A hidden group shows no score, no bar length and no sort position. `complementary` are those of the hidden
    that are large enough themselves and hide only to protect another.
    """

    shown: tuple[Group, ...]
    hidden: tuple[Group, ...]
    complementary: tuple[Group, ...] = ()


def suppress(
    groups: Mapping[Group, int], *, minimum: int = HIDDEN_BELOW, total_shown: bool = False
) -> Suppression[Group]:
    """Decide which groups may be shown.

    Parameters
    ----------
    groups : mapping from group to int
        People (not answers) in each group.
    minimum : int
        Groups with fewer are hidden.
    total_shown : bool
        Whether a figure of all groups together is shown as well. Then whatever is hidden could be had back by
        subtraction, so further groups, smallest first, are hidden until the hidden ones hold at least
        `minimum` people in at least two groups.

    Returns
    -------
    Suppression

    Raises
    ------
    ScoreError
        A number of people is negative.

    Notes
    -----
    Primary: n >= minimum. Complementary for one total: Hundepool et al. (2012), Statistical Disclosure
    Control, section 4.3. Groups that overlap, or share more than one total, need more than this.

    Examples
    --------
    >>> suppress({"A": 4, "B": 5, "C": 0}).hidden
    ('A', 'C')
    >>> suppress({"A": 4, "B": 9, "C": 7}, total_shown=True).complementary
    ('C',)
    """
    for people in groups.values():
        check_count(people, "people")
    primary = {group for group, people in groups.items() if people < minimum}
    further = _complementary(groups, primary, minimum) if total_shown else set()
    return Suppression(
        shown=tuple(group for group in groups if group not in primary and group not in further),
        hidden=tuple(group for group in groups if group in primary or group in further),
        complementary=tuple(group for group in groups if group in further),
    )


def _complementary(groups: Mapping[Group, int], primary: set[Group], minimum: int) -> set[Group]:
    # an empty group neither needs nor gives cover
    covered = [groups[group] for group in primary if groups[group] > 0]
    further: set[Group] = set()
    if not covered:
        return further
    candidates = sorted((group for group in groups if group not in primary), key=lambda group: groups[group])
    for group in candidates:
        if len(covered) >= 2 and sum(covered) >= minimum:
            break
        further.add(group)
        covered.append(groups[group])
    return further
