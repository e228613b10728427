"""What an answer is made of: cells, each with its figure or the reason why there is none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from rapport.stats.estimate import Estimate

Key = str | date


@dataclass(frozen=True)
class Cell:
    """One group of answers: its keys in the order asked by ("" where none is known), and its figure."""

    keys: tuple[Key, ...]
    figure: Estimate


@dataclass(frozen=True)
class Base:
    """Who stands behind a figure: accounts and people heard, and how far answers of one account are alike."""

    accounts: int = 0
    people: int = 0
    spread: float = 1.0


@dataclass(frozen=True)
class Result:
    """The answer to one question.

    Attributes
    ----------
    measure : str
        What was asked for, with its statistic: ``"nps:net"``.
    by : tuple of str
        What the cells are split by, in order.
    total : Estimate
        The figure of everything the question reaches.
    cells : tuple of Cell
        In the order of their keys. What is too small, or would give away what is, has no value but a reason.
    base : Base
        Of the whole.
    as_of : datetime
        When the facts were last brought up to date.
    """

    measure: str
    by: tuple[str, ...]
    total: Estimate
    cells: tuple[Cell, ...]
    base: Base
    as_of: datetime

    def __iter__(self) -> Iterator[Cell]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def by_key(self) -> Mapping[tuple[Key, ...], Estimate]:
        """Return the figures by their keys."""
        return {cell.keys: cell.figure for cell in self.cells}

    def rows(self) -> list[dict[str, object]]:
        """Return the cells as plain rows, for a table or a data frame."""
        return [
            dict(zip(self.by, cell.keys, strict=True))
            | {
                "value": cell.figure.value,
                "low": cell.figure.low,
                "high": cell.figure.high,
                "n": cell.figure.n,
                "n_effective": cell.figure.n_effective,
                "reason": cell.figure.reason,
            }
            for cell in self.cells
        ]
