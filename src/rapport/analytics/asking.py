"""The one language in which pages, programs and notebooks ask for figures."""

import os
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Generic, TypeVar

import duckdb
import pyarrow as pa

from rapport.analytics import engine
from rapport.analytics.figures import Sums, UnitSums, figure, no_figure, spread_of
from rapport.analytics.ledger import Ledger, Metric, Narrowing, Sight, ledger
from rapport.analytics.measures import Shape, base_sql, cells_sql, counts_sql
from rapport.analytics.results import Base, Cell, Key, Result
from rapport.analytics.schema import (
    ATTRIBUTES,
    BY,
    NOT_GIVEN,
    PLACES,
    STATISTICS,
    TIMES,
    WHERE,
    WHOLE_BLOCK,
    QueryRefused,
)
from rapport.analytics.store import NoFacts, View, store
from rapport.analytics.weighting import Weights
from rapport.stats.estimate import HIDDEN_BELOW, Estimate
from rapport.stats.suppression import suppress, suppress_table

OWN_STATISTIC = {"nps": "net", "csat": "top_two_box"}
MOST_BY = 4
_MOST_PROTECTED = 36
_KEPT = 256
_EPOCH = date(1970, 1, 1)

Where = Mapping[str, object]


def query(
    measure: str,
    *,
    user: Any,
    by: Sequence[str] = (),
    where: Where | None = None,
    weights: Weights | None = None,
) -> Result:
    """Return the figures of a measure, as far as a user may see.

    Parameters
    ----------
    measure : str
        A metric's key, for its own statistic (``"nps"``: net score; satisfaction: top two boxes; all else:
        mean), or with another one: ``"csat:mean"``, ``"nps:happy"``, ``"ces:unhappy"``.
    user : User or str
        Whoever asks, or their e-mail address. Their scope is a condition inside the engine.
    by : sequence of str
        Up to four of `BY`. Months, quarters and years are told by their first day (UTC).
    where : mapping, optional
        Any of `WHERE`. Lists of keys (``"none"`` stands for not given); ``account`` is an account's code and
        takes everything below it; ``since`` and ``until`` are days; ``band`` is of det, pas, pro; ``named``
        is yes or no.
    weights : Weights, optional
        How much answers count.

    Returns
    -------
    Result
        Cells of fewer than five answers have no value but a reason; so have those that would give them away
        by subtraction from the total (for two and more dimensions from any total, up to 36 cells; beyond
        that within the whole). Anonymous answers count in whole released blocks or not at all, and are left
        out as soon as anything narrows by what their blocks do not share.

    Raises
    ------
    QueryRefused
        Something asked for does not exist; it names the part.
    """
    source = ledger()
    asked = _Asked.read(source, measure, tuple(by), where or {}, weights)
    sight = source.sight(user, asked.narrowing, asked.attributes, nameless=asked.keeps_nameless)
    try:
        return _answer(asked, sight)
    except duckdb.IOException:
        # The files were tidied away between looking and reading: look again, once.
        return _answer(asked, sight, anew=True)


@dataclass(frozen=True)
class _Asked:
    """A question, checked."""

    metric: Metric
    statistic: str
    by: tuple[str, ...]
    places: tuple[tuple[str, tuple[str, ...]], ...]
    attribute_values: tuple[tuple[str, tuple[str, ...]], ...]
    since: date | None
    until: date | None
    bands: tuple[str, ...]
    named: str
    weights: Weights | None

    @classmethod
    def read(
        cls, source: Ledger, measure: str, by: tuple[str, ...], where: Where, weights: Weights | None
    ) -> "_Asked":
        metric, statistic = _measure(source, measure)
        for name in by:
            if name not in BY:
                raise QueryRefused("by", f"There is no dimension {name!r}; choose from {', '.join(BY)}.")
        if len(set(by)) < len(by) or len(by) > MOST_BY:
            raise QueryRefused("by", f"Split by up to {MOST_BY} different dimensions.")
        for name in where:
            if name not in WHERE:
                raise QueryRefused(
                    f"where.{name}", f"One cannot narrow by {name!r}; choose from {', '.join(WHERE)}."
                )
        bands, named = _keys(where, "band"), _keys(where, "named")
        if not set(bands) <= {"det", "pas", "pro"}:
            raise QueryRefused("where.band", "A band is one of det, pas, pro.")
        if not (len(named) <= 1 and set(named) <= {"yes", "no"}):
            raise QueryRefused("where.named", "Say yes or no.")
        return cls(
            metric, statistic, by,
            tuple((name, keys) for name in PLACES if (keys := _keys(where, name))),
            tuple((name, keys) for name in ATTRIBUTES if (keys := _keys(where, name))),
            _day(where, "since"), _day(where, "until"), bands, named[0] if named else "", weights,
        )  # fmt: skip

    @property
    def narrowing(self) -> Narrowing:
        """Return what of it is about accounts."""
        told = dict(self.attribute_values)
        return Narrowing(
            attributes={k: v for k, v in told.items() if k != "account"}, under=told.get("account", ())
        )

    @property
    def attributes(self) -> tuple[str, ...]:
        """Return the attributes of accounts it needs."""
        wanted = {*self.by, *([self.weights.dimension] if self.weights else [])}
        return tuple(name for name in ATTRIBUTES if name in wanted)

    @property
    def keeps_nameless(self) -> bool:
        """Say whether nothing is asked that would part an anonymous block."""
        parting = {name for name, _keys in self.places} - WHOLE_BLOCK
        if self.weights and self.weights.dimension not in WHOLE_BLOCK:
            return False
        return not (parting or self.attribute_values or self.bands or self.named == "yes")


def _measure(source: Ledger, measure: str) -> tuple[Metric, str]:
    key, _colon, statistic = measure.partition(":")
    metrics = source.metrics()
    if key not in metrics:
        known = ", ".join(sorted(metrics)) or "none"
        raise QueryRefused("measure", f"There is no metric {key!r}; there are {known}.")
    metric = metrics[key]
    statistic = statistic or OWN_STATISTIC.get(metric.kind, "mean")
    if statistic not in STATISTICS or (statistic == "net" and metric.kind != "nps"):
        fitting = [name for name in STATISTICS if name != "net" or metric.kind == "nps"]
        raise QueryRefused(
            "measure", f"{metric.name} has no {statistic!r}; choose from {', '.join(fitting)}."
        )
    return metric, statistic


def _keys(where: Where, name: str) -> tuple[str, ...]:
    given = where.get(name)
    if given is None or given == "":
        return ()
    keys: Iterable[object] = (
        (given,) if isinstance(given, str) else given if isinstance(given, Iterable) else (given,)
    )
    found = tuple(sorted({str(key) for key in keys}))
    if any("\0" in key or len(key) > 300 for key in found):
        raise QueryRefused(f"where.{name}", "A key here cannot be one.")
    return found


def _day(where: Where, name: str) -> date | None:
    given = where.get(name)
    if given is None or given == "":
        return None
    try:
        return given if isinstance(given, date) else date.fromisoformat(str(given))
    except ValueError as error:
        raise QueryRefused(f"where.{name}", "Write the day like 2026-09-17.") from error


# -- Answering ---------------------------------------------------------------------


@dataclass(frozen=True)
class _Counted:
    """What the engine added up."""

    cells: dict[tuple[Key, ...], Sums]
    base: Base


T = TypeVar("T")


class _Kept(Generic[T]):
    """What was worked out last, by everything it depends on, the state of the facts included."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[object, ...], T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[object, ...], work: Callable[[], T]) -> T:
        """Return what is kept, or work it out."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        made = work()
        with self._lock:
            self._found[key] = made
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return made

    def clear(self) -> None:
        """Throw everything away."""
        with self._lock:
            self._found.clear()


_results = _Kept[Result]()
_bases = _Kept[Base]()


def forget_results() -> None:
    """Throw away what is kept in this process; benchmarks do."""
    _results.clear()
    _bases.clear()


def _answer(asked: _Asked, sight: Sight, *, anew: bool = False) -> Result:
    view = _view(anew=anew)
    key = (os.getpid(), *view.identity, asked, sight.digest)
    return _results.get(key, lambda: _result(asked, _count(asked, sight, view), view))


def _view(*, anew: bool) -> View:
    """Return the facts, which a system that has just been set up makes now."""
    try:
        return store().view(anew=anew)
    except NoFacts:
        from rapport.analytics.refresh import refresh

        refresh()
        return store().view()


def _count(asked: _Asked, sight: Sight, view: View) -> _Counted:
    files = engine.files_of(view, asked.metric.key)
    if not files:
        return _Counted({}, Base())
    shape, tables = _shape(asked, sight, view)
    if shape.only_nameless and not shape.nameless:
        return _Counted({}, Base())
    if asked.weights:
        shape, tables = _with_weights(shape, tables, asked.weights, view, files)
    cells: dict[tuple[Key, ...], Sums] = defaultdict(Sums)
    for row in engine.run(cells_sql(shape), files, tables):
        if row["n"]:
            keys = tuple(_key(name, row[_column(name)], view) for name in asked.by)
            cells[keys] += Sums(*(row.get(name) or 0 for name in ("n", "x", "xx", "w", "wx", "wxx", "ww")))
    # Tiles of one page are split differently, but stand on the same answers.
    key = (os.getpid(), *view.identity, replace(asked, by=()), sight.digest)
    return _Counted(dict(cells), _bases.get(key, lambda: _base(replace(shape, by=()), files, tables)))


def _base(shape: Shape, files: tuple[str, ...], tables: Mapping[str, pa.Table]) -> Base:
    (units,) = engine.run(base_sql(shape), files, tables)
    accounts, people = int(units.pop("accounts") or 0), int(units.pop("people") or 0)
    return Base(accounts, people, spread_of(UnitSums(**{name: value or 0 for name, value in units.items()})))


def _shape(asked: _Asked, sight: Sight, view: View) -> tuple[Shape, dict[str, pa.Table]]:
    """Return the SQL's shape, and the small tables that hold everything particular to this question."""
    tables: dict[str, pa.Table] = {}
    if sight.accounts is not None:
        names = [f"account_{name}" if name != "id" else "account_id" for name in sight.accounts.column_names]
        tables["accounts"] = sight.accounts.rename_columns(names)
    for name, keys in asked.places:
        tables[f"where_{name}"] = _codes(view, name, ("" if key == NOT_GIVEN else key for key in keys))
    if sight.places:
        tables["blocks"] = _codes(view, "block", sight.blocks)
        for name, reached in (("region", sight.regions), ("partner", sight.partners)):
            tables[f"scope_{name}"] = _codes(view, name, reached)
    if asked.since or asked.until:
        since, until = (((day or _EPOCH) - _EPOCH).days for day in (asked.since, asked.until))
        tables["days"] = pa.table(
            {"since": pa.array([since], pa.int32()), "until": pa.array([until], pa.int32())}
        )
    shape = Shape(
        metric=asked.metric,
        statistic=asked.statistic,
        by=tuple(dict.fromkeys(_column(name) for name in asked.by)),
        joined=asked.attributes,
        accounts=sight.accounts is not None,
        unknown=sight.places,
        nameless=asked.keeps_nameless and bool(sight.blocks),
        bounded=not sight.everything,
        narrowed=tuple(name for name, _keys in asked.places),
        since=asked.since is not None,
        until=asked.until is not None,
        bands=asked.bands,
        only_nameless=asked.named == "no",
    )
    return shape, tables


def _with_weights(
    shape: Shape, tables: dict[str, pa.Table], weights: Weights, view: View, files: tuple[str, ...]
) -> tuple[Shape, dict[str, pa.Table]]:
    numbers = {("" if key == NOT_GIVEN else key): number for key, number in weights.numbers if number > 0}
    coded = weights.dimension in view.codes
    keys = {
        (_code(view, weights.dimension, key) if coded else key): number for key, number in numbers.items()
    }
    shape = replace(shape, weight=_column(weights.dimension))
    tables = tables | {"weights": _weights(keys, coded)}
    if weights.population:
        counted = {
            row["weight_key"]: row["n"]
            for row in engine.run(counts_sql(replace(shape, by=())), files, tables)
        }
        keys = {key: number / counted[key] for key, number in keys.items() if counted.get(key)}
        # Weights that add up to the answers there are: only their proportions matter.
        scale = sum(counted.values()) / sum(keys[key] * counted[key] for key in keys) if keys else 1.0
        tables["weights"] = _weights({key: number * scale for key, number in keys.items()}, coded)
    return shape, tables


def _weights(numbers: Mapping[Any, float], coded: bool) -> pa.Table:
    kind = pa.int32() if coded else pa.string()
    return pa.table(
        {"weighted": pa.array(list(numbers), kind), "weight": pa.array(numbers.values(), pa.float64())}
    )


def _codes(view: View, name: str, keys: Iterable[str]) -> pa.Table:
    known = (_code(view, name, key) for key in keys)
    return pa.table({"code": pa.array([code for code in known if code >= 0], pa.int32())})


def _code(view: View, name: str, key: str) -> int:
    return 0 if key == "" else view.codes[name].get(key, -1)


def _column(name: str) -> str:
    if name in TIMES:
        return "month"
    return f"account_{name}" if name in ATTRIBUTES else name


def _key(name: str, value: Any, view: View) -> Key:
    if name in TIMES:
        years, month = divmod(int(value), 12)
        first = {"month": month, "quarter": month // 3 * 3, "year": 0}[name]
        return date(1970 + years, first + 1, 1)
    return str(value or "") if name in ATTRIBUTES else view.keys[name].get(value, "")


# -- Figures, and what may not be shown --------------------------------------------------


def _result(asked: _Asked, counted: _Counted, view: View) -> Result:
    weighted, spread = asked.weights is not None, counted.base.spread
    keys = sorted(counted.cells, key=lambda one: tuple(str(key) for key in one))
    whole = Sums()
    for key in keys:
        whole += counted.cells[key]

    def made(sums: Sums) -> Estimate:
        return figure(asked.metric, asked.statistic, sums, weighted=weighted, spread=spread)

    hidden, hide_total = _hidden({key: counted.cells[key].n for key in keys}) if asked.by else (set(), False)
    cells = [Cell(key, _shown(made(counted.cells[key]), key in hidden)) for key in keys] if asked.by else []
    return Result(
        measure=f"{asked.metric.key}:{asked.statistic}",
        by=asked.by,
        total=_shown(made(whole), hide_total),
        cells=tuple(cells),
        base=counted.base,
        as_of=view.as_of,
    )


def _hidden(cells: Mapping[tuple[Key, ...], int]) -> tuple[set[tuple[Key, ...]], bool]:
    """Return the cells that must be hidden beside the whole, and whether the whole must be too.

    In tables of several dimensions no row's or column's total gives a cell away either, as long as the
    table is small enough for that to be worked out while somebody waits.
    """
    if not any(0 < n < HIDDEN_BELOW for n in cells.values()):
        return set(), False
    dimensions = len(next(iter(cells)))
    if dimensions > 1 and len(cells) <= _MOST_PROTECTED:
        table = suppress_table(cells)
        hidden = {name for name in cells if name in table.hidden}
        whole: tuple[object, ...] = (None,) * dimensions
        return hidden, whole in table.hidden
    one = suppress(cells, total_shown=True)
    return set(one.hidden), one.hide_total


def _shown(estimate: Estimate, hidden: bool) -> Estimate:
    estimate = estimate.hidden_below()
    if hidden and estimate.value is not None:
        return no_figure(estimate, "Hidden: with the total it would give a smaller group away.")
    return estimate
