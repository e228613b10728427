"""The port to the ledger: how facts are read from it, and how far whoever asks may see."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from rapport.analytics.schema import QueryRefused


@dataclass(frozen=True)
class Metric:
    """Something scored, as figures need it; `kind` is nps, csat, ces or index."""

    key: str
    name: str
    kind: str
    low: float
    high: float
    higher_is_better: bool


@dataclass(frozen=True)
class State:
    """Up to where facts hold the ledger: which database, and which of its transactions were seen."""

    database: str
    snapshot: str


@dataclass(frozen=True)
class Changes:
    """Which scores came since a state, and which may be in the facts already and are to be read again."""

    state: State
    fresh: Sequence[int] = ()
    changed: Sequence[int] = ()
    whole: bool = False
    """That too much changed, or another database is there: make all facts anew."""


@dataclass(frozen=True, eq=False)
class Sight:
    """What a question reaches: the user's scope, cut down to the accounts asked for.

    `accounts` holds the reachable accounts (column `account`, and asked attributes as text); None stands for
    all of them. With `places` signals of unknown accounts count too, those without a name only if their
    block is among `blocks`; `regions` and `partners` bound them unless the user sees everything.
    """

    everything: bool
    accounts: pa.Table | None = None
    places: bool = True
    regions: frozenset[str] = frozenset()
    partners: frozenset[str] = frozenset()
    blocks: tuple[str, ...] = ()

    @property
    def digest(self) -> tuple[object, ...]:
        """Return what tells this sight from any other, for keeping results."""
        columns = () if self.accounts is None else tuple(self.accounts.columns)
        told = hash(tuple(tuple(column.to_pylist()) for column in columns))
        return (
            self.everything,
            None if self.accounts is None else (self.accounts.num_rows, told),
            self.places,
            tuple(sorted(self.regions)),
            tuple(sorted(self.partners)),
            self.blocks,
        )


@dataclass(frozen=True)
class Narrowing:
    """What of a question is about accounts: attributes by their values, and an account with all below it."""

    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    under: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.attributes or self.under)


class Ledger(Protocol):
    """What a ledger must be able to do for facts to be made of it."""

    def metrics(self) -> Mapping[str, Metric]:
        """Return the metrics in use, by key."""

    def whole(self) -> AbstractContextManager[tuple[State, Iterator[pa.Table]]]:
        """Read every current score in batches of the schema RAW, and the state they show."""

    def changes(self, since: State) -> Changes:
        """Return what changed since a state."""

    def read(self, scores: Sequence[int]) -> pa.Table:
        """Read those of these scores that are current."""

    def writing(self) -> AbstractContextManager[None]:
        """Keep every other process from writing facts meanwhile."""

    def forget_changes(self) -> None:
        """Throw away notes of changes older than any facts could need."""

    def sight(self, user: Any, narrowing: Narrowing, attributes: Sequence[str], *, nameless: bool) -> Sight:
        """Return what a user reaches; with `nameless`, which anonymous blocks may be shown."""


_ledgers: list[Ledger] = []


def connect(ledger: Ledger) -> None:
    """Make this the ledger that facts are derived from."""
    _ledgers[:] = [ledger]


def ledger() -> Ledger:
    """Return the ledger; raise QueryRefused where Rapport was not started."""
    if not _ledgers:
        raise QueryRefused("measure", "No ledger is connected; call django.setup() first.")
    return _ledgers[0]


def numbers(values: Sequence[int]) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Return ids as an array without repeats."""
    return np.unique(np.asarray(values, dtype=np.int64))
