"""How much each answer counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from rapport.analytics.schema import BY, TIMES, QueryRefused


@dataclass(frozen=True)
class Weights:
    """A weight for each key of one dimension; answers of other keys do not count.

    With `population` the numbers are shares of the population: the answers of each key are weighted so that
    together they make up this share (post-stratification). Without, they are the weights themselves.
    """

    dimension: str
    numbers: tuple[tuple[str, float], ...]
    population: bool = False

    @classmethod
    def each(cls, dimension: str, numbers: Mapping[str, float]) -> Self:
        """Weight each answer by the number of its key."""
        return cls(dimension, tuple(sorted(numbers.items())))

    @classmethod
    def to_population(cls, dimension: str, shares: Mapping[str, float]) -> Self:
        """Weight the answers so that each key makes up its share of the population."""
        return cls(dimension, tuple(sorted(shares.items())), population=True)

    def __post_init__(self) -> None:
        if self.dimension not in BY or self.dimension in TIMES:
            raise QueryRefused("weights", f"Weights cannot be given by {self.dimension!r}.")
        if not self.numbers or any(not 0 <= number < float("inf") for _key, number in self.numbers):
            raise QueryRefused("weights", "Give each key a weight of 0 or more.")
        if not any(number > 0 for _key, number in self.numbers):
            raise QueryRefused("weights", "At least one weight must be above 0.")
