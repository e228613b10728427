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
    that are large enough themselves and hide only to protect another. `hide_total` says that the total must
    not be shown either, because the groups are too few or too small to cover one another.
    """

    shown: tuple[Group, ...]
    hidden: tuple[Group, ...]
    complementary: tuple[Group, ...] = ()
    hide_total: bool = False


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
    hidden = primary | further
    return Suppression(
        shown=tuple(group for group in groups if group not in hidden),
        hidden=tuple(group for group in groups if group in hidden),
        complementary=tuple(group for group in groups if group in further),
        hide_total=total_shown and not _is_covered(groups, hidden, minimum),
    )


def _complementary(groups: Mapping[Group, int], primary: set[Group], minimum: int) -> set[Group]:
    further: set[Group] = set()
    candidates = [group for group in groups if group not in primary]
    for group in sorted(candidates, key=lambda candidate: groups[candidate]):
        if _is_covered(groups, primary | further, minimum):
            break
        further.add(group)
    return further


def _is_covered(groups: Mapping[Group, int], hidden: set[Group], minimum: int) -> bool:
    # an empty group neither needs nor gives cover
    people = [groups[group] for group in hidden if groups[group] > 0]
    return not people or (len(people) >= 2 and sum(people) >= minimum)
