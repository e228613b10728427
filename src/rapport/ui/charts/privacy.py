"""Which cells of a table must stay hidden so that nobody's answer can be worked out from a total."""

from collections.abc import Sequence

Cells = Sequence[Sequence[int]]


def hidden_cells(
    counts: Cells, hidden_below: int, row_totals: Sequence[bool], column_totals: Sequence[bool]
) -> set[tuple[int, int]]:
    """Return the cells to hide: the small ones, and beside a lone one the next smallest of its line.

    `counts` holds the answers of each cell, rows of equal length. `row_totals` and `column_totals` say where
    a total is shown: only there could a lone hidden cell be found by subtraction. Empty cells tell nothing.
    """
    hidden = {(r, c) for r, row in enumerate(counts) for c, n in enumerate(row) if 0 < n < hidden_below}
    lines = [[(r, c) for c in range(len(row))] for r, row in enumerate(counts) if row_totals[r]]
    width = len(counts[0]) if counts else 0
    lines += [[(r, c) for r in range(len(counts))] for c in range(width) if column_totals[c]]
    while added := _next_to_hide(lines, hidden, counts):
        hidden.add(added)
    return hidden


def _is_lone(line: Sequence[tuple[int, int]], hidden: set[tuple[int, int]]) -> bool:
    return sum(cell in hidden for cell in line) == 1


def _next_to_hide(
    lines: Sequence[Sequence[tuple[int, int]]], hidden: set[tuple[int, int]], counts: Cells
) -> tuple[int, int] | None:
    lone = [line for line in lines if _is_lone(line, hidden)]
    for line in lone:
        open_cells = [cell for cell in line if cell not in hidden and counts[cell[0]][cell[1]] > 0]
        if open_cells:
            # a cell that also keeps a lone one of its other line company saves hiding a third
            helps = {cell: sum(cell in other for other in lone) for cell in open_cells}
            return min(open_cells, key=lambda cell: (-helps[cell], counts[cell[0]][cell[1]], cell))
    return None
