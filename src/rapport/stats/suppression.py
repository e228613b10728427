"""Suppression: which groups are too small to show, and which must hide so that no total gives them away."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Generic, TypeVar

import numpy as np
from scipy import optimize

from rapport.stats.answers import FloatArray, ScoreError, check_count
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
    Control, section 4.3. Groups that share more than one total need
    `suppress_table`.

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


@dataclass(frozen=True, slots=True)
class TableSuppression(Generic[Group]):
    """Which cells and totals of a table may be shown.

    Cells and totals are named by their labels, with None in place of a dimension that is added up. `hidden`
    holds everything that may not be shown, `complementary` those of the hidden that are large enough
    themselves and hide only to protect another.
    """

    shown: tuple[tuple[Group | None, ...], ...]
    hidden: tuple[tuple[Group | None, ...], ...]
    complementary: tuple[tuple[Group | None, ...], ...]


def suppress_table(
    cells: Mapping[tuple[Group, ...], int], *, minimum: int = HIDDEN_BELOW
) -> TableSuppression[Group]:
    """Decide which cells and which totals of a table may be shown, so that nothing hidden can be worked out.

    Parameters
    ----------
    cells : mapping from (label, ..., label) to int
        People (not answers) in each cell, one label per dimension, all with the same number of dimensions. A
        cell that is not given has nobody in it. A person is in one cell only.
    minimum : int
        Cells and totals with fewer people (but not none) are hidden.

    Returns
    -------
    TableSuppression
        Over all cells given and all totals of every kind: for a table of two dimensions the cells, the totals
        of rows ``(row, None)`` and of columns ``(None, column)``, and the grand total ``(None, None)``.

    Raises
    ------
    ScoreError
        A number of people is negative, or cells have different numbers of dimensions.

    Notes
    -----
    A reader of the shown figures knows every weighted sum of them. For each hidden figure below the minimum
    the smallest sum of hidden cells that it is a full part of, all weights 0 to 1, is found by linear
    programming over the row space of the shown figures; unless it holds `minimum` people, one more of the
    figures that give it away is hidden, the smallest first and cells before totals (the attacker problem of
    Hundepool et al. 2012, Statistical Disclosure Control, sections 4.3 and 4.4). Then what turned out not to
    be needed is shown again, largest first. Empty cells are known to be empty and protect nobody.

    Examples
    --------
    >>> people = {("north", "user"): 3, ("north", "buyer"): 9, ("south", "user"): 8, ("south", "buyer"): 7}
    >>> suppress_table(people).complementary
    (('north', 'buyer'), ('south', 'user'), ('south', 'buyer'))
    """
    figures = _figures(cells)
    people = [sum(cells[cell] for cell in parts) for parts in figures.values()]
    names, inside = list(figures), _membership(cells, figures)
    base = np.array([float(count) for count in cells.values()])
    small = {number for number, count in enumerate(people) if 0 < count < minimum}
    hidden = set(small)
    for number in sorted(small):
        while (given_away := _giving_away(inside, base, hidden, number, minimum)) is not None:
            hidden.add(min(given_away, key=lambda one: (len(figures[names[one]]) > 1, people[one])))
    for number in sorted(hidden - small, key=lambda one: (-len(figures[names[one]]), -people[one])):
        fewer = hidden - {number}
        if all(_giving_away(inside, base, fewer, one, minimum) is None for one in sorted(small)):
            hidden = fewer
    return TableSuppression(
        shown=tuple(name for number, name in enumerate(names) if number not in hidden),
        hidden=tuple(name for number, name in enumerate(names) if number in hidden),
        complementary=tuple(name for number, name in enumerate(names) if number in hidden - small),
    )


def _figures(
    cells: Mapping[tuple[Group, ...], int],
) -> dict[tuple[Group | None, ...], list[tuple[Group, ...]]]:
    """Return every cell and every total with the cells it adds up."""
    figures: dict[tuple[Group | None, ...], list[tuple[Group, ...]]] = {cell: [cell] for cell in cells}
    sizes = {len(cell) for cell in cells}
    if len(sizes) > 1:
        raise ScoreError(f"Cells have {min(sizes)} and {max(sizes)} dimensions; give all the same number.")
    for cell, people in cells.items():
        check_count(people, "people")
        for kept in product((True, False), repeat=len(cell)):
            if not all(kept):
                total = tuple(label if keep else None for label, keep in zip(cell, kept, strict=True))
                figures.setdefault(total, []).append(cell)
    return figures


def _membership(
    cells: Mapping[tuple[Group, ...], int],
    figures: Mapping[tuple[Group | None, ...], list[tuple[Group, ...]]],
) -> FloatArray:
    """Return which cells (columns) each figure (row) adds up."""
    position = {cell: number for number, cell in enumerate(cells)}
    inside = np.zeros((len(figures), len(cells)))
    for row, parts in enumerate(figures.values()):
        inside[row, [position[cell] for cell in parts]] = 1.0
    return inside


def _giving_away(
    inside: FloatArray, people: FloatArray, hidden: set[int], number: int, minimum: int
) -> list[int] | None:
    """Return the shown figures that give away a sum of too few people around `number`; None if none do."""
    shown = np.array([row for row in range(inside.shape[0]) if row not in hidden], dtype=np.intp)
    filled = people > 0
    known = inside[np.ix_(shown, filled)]
    wanted = inside[number, filled]
    if not shown.size:
        return None
    # weights of the cells are between 0 and 1, and 1 in the figure that is to be protected
    low = np.where(wanted > 0, 1.0, 0.0)
    free = known.shape[0]
    # each figure is taken some times, added or taken away: the fewest such times make the plainest attack
    objective = np.concatenate([known @ people[filled], -(known @ people[filled])]) + 1e-7
    both = np.concatenate([known, -known]).T
    found = optimize.linprog(
        objective,
        A_ub=np.concatenate([both, -both]),
        b_ub=np.concatenate([np.ones(both.shape[0]), -low]),
        bounds=[(0, None)] * (2 * free),
        method="highs",
    )
    if found.status != 0 or found.fun is None or found.x is None or found.fun >= minimum - 1e-3:
        return None
    taken = found.x[:free] - found.x[free:]
    return [int(row) for row in shown[np.abs(taken) > 1e-9]]
