"""No hidden cell or total of a table can be had back by adding and taking away what is shown."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport import stats

COUNTS = st.sampled_from([0, 1, 2, 4, 5, 6, 9, 20])


def tables(rows, columns):
    cells = list(product("abcd"[:rows], "wxyz"[:columns]))
    return st.lists(COUNTS, min_size=len(cells), max_size=len(cells)).map(
        lambda people: dict(zip(cells, people, strict=True))
    )


TABLES = st.one_of(tables(2, 2), tables(2, 3), tables(3, 3), tables(1, 4))


def adds_up(name, cell):
    return all(label is None or label == own for label, own in zip(name, cell, strict=True))


def row_of(name, cells):
    return np.array([float(adds_up(name, cell)) for cell in cells])


def spans(known, wanted):
    """Whether `wanted` is a combination of the rows `known`."""
    if not len(known):
        return False
    rest = wanted - known.T @ np.linalg.lstsq(known.T, wanted, rcond=None)[0]
    return bool(np.abs(rest).max() < 1e-8)


@settings(max_examples=40, deadline=None)
@given(people=TABLES)
def test_no_sum_of_hidden_cells_with_too_few_people_can_be_worked_out(people):
    found = stats.suppress_table(people)
    cells = [cell for cell, count in people.items() if count]
    known = np.array([row_of(name, cells) for name in found.shown])
    # brute force: every set of filled cells, up to 512 of them
    for marks in product((0.0, 1.0), repeat=len(cells)):
        total = sum(count for count, mark in zip([people[c] for c in cells], marks, strict=True) if mark)
        if 0 < total < 5:
            assert not spans(known, np.array(marks)), (marks, found.shown)


@settings(max_examples=40, deadline=None)
@given(people=TABLES)
def test_shown_and_hidden_are_everything_and_nothing_small_is_shown(people):
    found = stats.suppress_table(people)
    assert len(set(found.shown) | set(found.hidden)) == len(found.shown) + len(found.hidden)
    for name in found.shown:
        total = sum(count for cell, count in people.items() if adds_up(name, cell))
        assert total == 0 or total >= 5


@settings(max_examples=30, deadline=None)
@given(people=TABLES)
def test_nothing_is_hidden_when_nobody_needs_it(people):
    large = {cell: 5 * count for cell, count in people.items()}
    assert stats.suppress_table(large).hidden == ()


def test_three_dimensions_hide_across_all_their_totals():
    cells = list(product("ab", "wx", "12"))
    people = dict(zip(cells, [3, 20, 15, 12, 30, 25, 14, 11], strict=True))
    found = stats.suppress_table(people)
    known = np.array([row_of(name, cells) for name in found.shown])
    assert not spans(known, row_of(cells[0], cells))
    assert (None, None, None) in found.shown


def test_as_much_is_shown_as_the_one_small_cell_allows():
    cells = list(product("abc", "xyz"))
    people = dict(zip(cells, [2, 30, 9, 8, 25, 7, 40, 41, 42], strict=True))
    found = stats.suppress_table(people)
    # a small cell in a table with all totals takes a rectangle: itself and three others
    assert len(found.hidden) == 4
    assert all(None not in name for name in found.hidden)


def test_cells_of_unequal_dimensions_are_refused():
    with pytest.raises(stats.ScoreError, match="1 and 2 dimensions"):
        stats.suppress_table({("a",): 3, ("a", "b"): 4})
