"""The figures of a dashboard's tiles: counted by few queries, hidden where too few, tested where compared."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.insight.boards.spec import TileSpec, narrowed
from rapport.rooms.insight.selectors.comparing import (
    Contrast,
    is_comparable,
    period_before,
    proven,
    ranked,
    worst_contrast,
    year_before,
)
from rapport.rooms.insight.selectors.counting import (
    OF_EVERY_ANSWER,
    Base,
    Cut,
    base_of,
    cuts,
    total,
)
from rapport.rooms.insight.selectors.customers import Views, views_of
from rapport.rooms.insight.tallies import Measure, Tally, difference
from rapport.rooms.listening.api import AskedBase, asked_base
from rapport.rooms.signals.api import Filters
from rapport.stats.estimate import HIDDEN_BELOW, Difference, Estimate
from rapport.stats.suppression import suppress

CUBE = frozenset({"month", "region", "role"})
MOST_LINES: Mapping[str, int] = {"breakdown": 14, "pivot": 60}
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Line:
    """One figure of a tile: its key by the tile's dimensions, and what it is compared with.

    `anonymous` marks the answers without a name, which stand apart where a dimension would part their blocks.
    """

    key: Key
    tally: Tally
    estimate: Estimate
    anonymous: bool = False
    before: Estimate | None = None
    change: Difference | None = None
    is_proven: bool = False
    """Whether the change holds after correcting for all that are compared on the dashboard."""


@dataclass(frozen=True)
class Result:
    """Everything a tile says, in numbers."""

    spec: TileSpec
    measure: Measure
    filters: Filters
    compared: Filters | None = None
    whole: Line | None = None
    lines: tuple[Line, ...] = ()
    left_out: int = 0
    base: Base = field(default_factory=Base)
    asked: AskedBase = field(default_factory=AskedBase)
    contrast: Contrast | None = None
    views: Views | None = None
    comparisons: int = 0
    """How many differences were tested on the whole dashboard."""


@dataclass
class Counting:
    """Counts of one page: whatever tiles share is asked of the database once."""

    user: User
    today: date
    planned: dict[tuple[str, Filters], set[str]] = field(default_factory=lambda: defaultdict(set))
    _cuts: dict[tuple[str, Filters, tuple[str, ...]], list[Cut]] = field(default_factory=dict)
    _bases: dict[tuple[str, Filters], Base] = field(default_factory=dict)
    _asked: dict[Filters, AskedBase] = field(default_factory=dict)
    _views: dict[tuple[str, Filters], Views] = field(default_factory=dict)

    def plan(self, measure: Measure, filters: Filters, dimensions: Iterable[str]) -> None:
        """Say what will be asked for, so that small cubes are counted together."""
        needed = {"month" if name == "quarter" else name for name in dimensions}
        if needed <= CUBE:
            self.planned[measure.key, filters] |= needed

    def tallies(
        self, measure: Measure, filters: Filters, dimensions: Sequence[str]
    ) -> tuple[dict[Key, Tally], dict[Key, Tally]]:
        """Return the answers by these dimensions, and apart those without a name that not all can part.

        The keys of the latter are None where a dimension would part a block.
        """
        columns = ["month" if name == "quarter" else name for name in dimensions]
        cube = self.planned.get((measure.key, filters), set())
        asked = tuple(sorted(cube)) if set(columns) <= cube else tuple(columns)
        found = self._counted(measure, filters, asked)
        at = [asked.index(column) for column in columns]
        apart = not set(columns) <= OF_EVERY_ANSWER
        groups: dict[Key, list[Tally]] = defaultdict(list)
        nameless: dict[Key, list[Tally]] = defaultdict(list)
        for cut in found:
            key = tuple(
                _quarter(cut.key[i]) if name == "quarter" else cut.key[i]
                for i, name in zip(at, dimensions, strict=True)
            )
            if apart and cut.anonymous:
                kept = zip(key, dimensions, strict=True)
                nameless[tuple(of if name in OF_EVERY_ANSWER else None for of, name in kept)].append(
                    cut.tally
                )
            else:
                groups[key].append(cut.tally)
        return _added(groups), _added(nameless)

    def whole(self, measure: Measure, filters: Filters) -> Tally:
        """Return all answers."""
        found, _none = self.tallies(measure, filters, ())
        return total(found.values())

    def base(self, measure: Measure, filters: Filters) -> Base:
        """Return who stands behind a figure."""
        key = (measure.key, filters)
        if key not in self._bases:
            self._bases[key] = base_of(self.user, measure, filters)
        return self._bases[key]

    def asked(self, filters: Filters) -> AskedBase:
        """Return how many were asked."""
        if filters not in self._asked:
            self._asked[filters] = asked_base(self.user, filters)
        return self._asked[filters]

    def views(self, measure: Measure, filters: Filters) -> Views:
        """Return the score of customers and of revenue."""
        key = (measure.key, filters)
        if key not in self._views:
            self._views[key] = views_of(self.user, measure, filters)
        return self._views[key]

    def _counted(self, measure: Measure, filters: Filters, dimensions: tuple[str, ...]) -> list[Cut]:
        key = (measure.key, filters, dimensions)
        if key not in self._cuts:
            self._cuts[key] = cuts(self.user, measure, filters, dimensions)
        return self._cuts[key]


def _added(groups: Mapping[Key, Sequence[Tally]]) -> dict[Key, Tally]:
    return {key: total(tallies) for key, tallies in groups.items()}


def _quarter(month: date) -> date:
    return month.replace(month=3 * ((month.month - 1) // 3) + 1)


def results(
    user: User, specs: Sequence[TileSpec], known: Mapping[str, Measure], asked: Filters, today: date
) -> list[Result | None]:
    """Return what every tile says; None for a tile whose metric is no longer in use.

    A change has its arrow only when it holds after Holm's correction for all changes tested on the dashboard.
    """
    counting = Counting(user, today)
    drafts = [_draft(spec, known, asked, today) for spec in specs]
    for draft in drafts:
        if draft is not None:
            _plan(counting, draft)
    found = [None if draft is None else _counted(counting, draft) for draft in drafts]
    return _tested(found)


def _draft(spec: TileSpec, known: Mapping[str, Measure], asked: Filters, today: date) -> Result | None:
    measure = known.get(spec.metric or asked.metric)
    if measure is None:
        return None
    filters = narrowed(asked, spec.where, today).changed(metric=measure.key)
    return Result(spec, measure, filters, compared_filters(spec, filters, today))


def compared_filters(spec: TileSpec, filters: Filters, today: date) -> Filters | None:
    """Return the narrowing of what a tile is compared with."""
    against = spec.compare.against
    if against == "before":
        return period_before(filters)
    if against == "last_year":
        return year_before(filters)
    if against == "group":
        return narrowed(filters, spec.compare.where, today).changed(metric=filters.metric)
    return None


def _dimensions(spec: TileSpec) -> tuple[str, ...]:
    return ("month",) if spec.kind in {"trend", "mix"} else tuple(spec.by)


def _plan(counting: Counting, draft: Result) -> None:
    if draft.spec.kind in {"asked", "unhappy", "silent"}:
        return
    for filters in (draft.filters, draft.compared):
        if filters is not None:
            counting.plan(draft.measure, filters, _dimensions(draft.spec))


def _counted(counting: Counting, draft: Result) -> Result:
    if draft.spec.kind in {"unhappy", "silent"}:
        return draft
    asked = counting.asked(draft.filters)
    if draft.spec.kind == "asked":
        return replace(draft, asked=asked)
    measure, filters = draft.measure, draft.filters
    base = counting.base(measure, filters)
    whole = _line((), counting.whole(measure, filters), measure, base)
    found = replace(draft, base=base, asked=asked, whole=whole)
    if draft.spec.kind == "views":
        found = replace(found, views=counting.views(measure, filters))
    if _dimensions(draft.spec):
        found = _divided(counting, found, _dimensions(draft.spec))
    return _compared(counting, found)


def _line(key: Key, tally: Tally, measure: Measure, base: Base, anonymous: bool = False) -> Line:
    return Line(key, tally, measure.figure(tally, base.spread).hidden_below(), anonymous)


def _divided(counting: Counting, found: Result, dimensions: tuple[str, ...]) -> Result:
    measure, base = found.measure, found.base
    groups, nameless = counting.tallies(measure, found.filters, dimensions)
    keys = _in_order(groups, dimensions)
    most = MOST_LINES.get(found.spec.kind)
    shown = keys[:most]
    lines = [_line(key, groups.get(key, Tally()), measure, base) for key in shown]
    lines += [_line(key, nameless[key], measure, base, anonymous=True) for key in ranked(nameless)]
    contrast = None
    if len(dimensions) == 1 and not _is_time(dimensions[0]):
        assert found.whole is not None
        by_name = {str(key[0]): groups[key] for key in groups}
        contrast = worst_contrast(measure, by_name, found.whole.tally, base.spread)
    return replace(found, lines=_covered(lines), left_out=len(keys) - len(shown), contrast=contrast)


def _is_time(dimension: str) -> bool:
    return dimension in {"month", "quarter"}


def _in_order(groups: Mapping[Key, Tally], dimensions: Sequence[str]) -> list[Key]:
    """Return months in their order without gaps, and all else with most answers first."""
    if len(dimensions) == 1 and dimensions[0] == "month":
        return [(month,) for month in _months([key[0] for key in groups])] if groups else []
    if len(dimensions) == 1 and dimensions[0] == "quarter":
        return sorted(groups)
    if len(dimensions) < 2:
        return list(ranked(groups))
    # Groups of the first dimension together, the biggest first.
    sizes: dict[Any, int] = defaultdict(int)
    for key, tally in groups.items():
        sizes[key[0]] += tally.n
    return sorted(groups, key=lambda key: (-sizes[key[0]], str(key[0]), -groups[key].n, str(key)))


def _months(known: Sequence[date]) -> list[date]:
    first, last = (month.year * 12 + month.month - 1 for month in (min(known), max(known)))
    return [date(at // 12, at % 12 + 1, 1) for at in range(first, last + 1)]


def _covered(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Hide a further figure where a hidden one could be had by subtracting its neighbours from the whole."""
    counted = {at: line.tally.n for at, line in enumerate(lines)}
    hidden = set(suppress(counted, minimum=HIDDEN_BELOW, total_shown=True).complementary)
    return tuple(_hide(line) if at in hidden else line for at, line in enumerate(lines))


def _hide(line: Line) -> Line:
    if line.estimate.value is None:
        return line
    reason = _("Hidden: it would give a smaller neighbour away.")
    estimate = Estimate.without_value(
        reason, method=line.estimate.method, n=line.estimate.n, unit=line.estimate.unit
    )
    return replace(line, estimate=estimate)


def _compared(counting: Counting, found: Result) -> Result:
    """Set every figure against the one it is compared with."""
    if found.compared is None or found.whole is None:
        return found
    measure, other = found.measure, found.compared
    base = counting.base(measure, other)
    whole = _against(found.whole, counting.whole(measure, other), measure, base)
    dimensions = _dimensions(found.spec)
    if not dimensions or any(_is_time(name) for name in dimensions):
        return replace(found, whole=whole)
    groups, nameless = counting.tallies(measure, other, dimensions)
    befores = _covered(
        [
            _line(line.key, (nameless if line.anonymous else groups).get(line.key, Tally()), measure, base)
            for line in found.lines
        ]
    )
    lines = tuple(
        replace(line, before=before.estimate, change=difference(before.estimate, line.estimate))
        for line, before in zip(found.lines, befores, strict=True)
    )
    return replace(found, whole=whole, lines=lines)


def _against(line: Line, tally: Tally, measure: Measure, base: Base) -> Line:
    before = measure.figure(tally, base.spread).hidden_below()
    return replace(line, before=before, change=difference(before, line.estimate))


def _tested(found: Sequence[Result | None]) -> list[Result | None]:
    changes: dict[Key, Difference] = {}
    for result in found:
        for line in _all_lines(result):
            if line.change is not None and _is_ranked(line):
                assert result is not None
                changes[_tested_as(result, line)] = line.change
    sure, count = proven(changes), len(changes)
    return [None if result is None else _marked(result, sure, count) for result in found]


def _tested_as(result: Result, line: Line) -> Key:
    """Return what makes a change the same one: tiles that show it twice test it once."""
    dimensions = _dimensions(result.spec) if line.key else ()
    return (result.measure.key, result.filters, result.compared, dimensions, line.key, line.anonymous)


def _is_ranked(line: Line) -> bool:
    return line.before is not None and is_comparable(line.estimate) and is_comparable(line.before)


def _all_lines(result: Result | None) -> list[Line]:
    if result is None or result.whole is None:
        return []
    return [result.whole, *result.lines]


def _marked(result: Result, sure: set[Key], count: int) -> Result:
    if result.whole is None:
        return replace(result, comparisons=count)
    lines = [replace(line, is_proven=_tested_as(result, line) in sure) for line in _all_lines(result)]
    return replace(result, whole=lines[0], lines=tuple(lines[1:]), comparisons=count)
