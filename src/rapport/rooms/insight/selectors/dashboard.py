"""What the dashboard shows of one metric: the figure, its change, and where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from rapport.kernel.models import User
from rapport.rooms.insight.selectors.counting import Base, Cell, add_up, base_of, cube, tally, total
from rapport.rooms.insight.tallies import Measure, Tally, difference
from rapport.rooms.signals.api import Filters
from rapport.stats.comparisons import holm
from rapport.stats.estimate import Difference, Estimate
from rapport.stats.intervals import normal_p_value

COMPARED_FROM = 30


@dataclass(frozen=True)
class Contrast:
    """A region against all others."""

    region: str
    figure: Estimate
    elsewhere: Estimate
    difference: Difference


@dataclass(frozen=True)
class Picture:
    """Everything the dashboard draws of one metric."""

    measure: Measure
    tally: Tally
    named: Tally
    base: Base
    figure: Estimate
    before: Estimate
    change: Difference
    months: tuple[tuple[date, Tally], ...]
    regions: Mapping[str, Tally]
    roles: Mapping[str, Tally]
    nameless: Tally
    by_role_and_region: Mapping[tuple[str, str], Tally]
    nameless_by_region: Mapping[str, Tally]
    contrast: Contrast | None


def picture(user: User, measure: Measure, filters: Filters) -> Picture:
    """Count once, then make every figure of the page from these counts."""
    cells = cube(user, measure, filters)
    whole, base = total(cell.tally for cell in cells), base_of(user, measure, filters)
    named = [cell for cell in cells if not cell.anonymous]
    nameless = [cell for cell in cells if cell.anonymous]
    figure = measure.figure(whole, base.spread)
    before = _before(user, measure, filters, base.spread)
    regions = add_up(cells, lambda cell: cell.region)
    return Picture(
        measure=measure,
        tally=whole,
        named=total(cell.tally for cell in named),
        base=base,
        figure=figure,
        before=before,
        change=difference(before, figure),
        months=_months(cells),
        regions=regions,
        roles=add_up(named, lambda cell: cell.role),
        nameless=total(cell.tally for cell in nameless),
        by_role_and_region=add_up(named, lambda cell: (cell.role, cell.region)),
        nameless_by_region=add_up(nameless, lambda cell: cell.region),
        contrast=_contrast(measure, regions, whole, base.spread),
    )


def period_before(filters: Filters) -> Filters | None:
    """Return the same narrowing for the stretch of the same length just before."""
    if not (filters.since and filters.until) or filters.until < filters.since:
        return None
    length = filters.until - filters.since + timedelta(days=1)
    return filters.changed(since=filters.since - length, until=filters.since - timedelta(days=1))


def _before(user: User, measure: Measure, filters: Filters, spread: float) -> Estimate:
    earlier = period_before(filters)
    if earlier is None:
        return measure.figure(Tally())
    return measure.figure(tally(user, measure, earlier), spread)


def _months(cells: list[Cell]) -> tuple[tuple[date, Tally], ...]:
    found = add_up(cells, lambda cell: cell.month)
    if not found:
        return ()
    first, last = min(found), max(found)
    months = [date(at // 12, at % 12 + 1, 1) for at in range(_number(first), _number(last) + 1)]
    return tuple((month, found.get(month, Tally())) for month in months)


def _number(month: date) -> int:
    return month.year * 12 + month.month - 1


def _contrast(measure: Measure, regions: Mapping[str, Tally], whole: Tally, spread: float) -> Contrast | None:
    """Return the region furthest below the others, among those proven to differ after Holm's correction."""
    found = [
        Contrast(region, figure, elsewhere, difference(elsewhere, figure))
        for region, tally in regions.items()
        if region and tally.n >= COMPARED_FROM and whole.n - tally.n >= COMPARED_FROM
        for figure, elsewhere in [(measure.figure(tally, spread), measure.figure(whole - tally, spread))]
    ]
    tested = [(one, _p_value(one.difference)) for one in found if one.difference.value is not None]
    if not tested:
        return None
    adjusted = holm([p for _one, p in tested])
    worse = [
        one for (one, _p), p in zip(tested, adjusted, strict=True) if p < 0.05 and _is_worse(measure, one)
    ]
    return min(worse, key=lambda one: _badness(measure, one), default=None)


def _p_value(difference_: Difference) -> float:
    """Return the p-value that agrees with the interval where its nearer limit lies."""
    value, low, high = difference_.value, difference_.low, difference_.high
    if value is None or low is None or high is None or value == 0:
        return 1.0
    reach = value - low if value > 0 else high - value
    return normal_p_value(1.959964 * value / reach) if reach > 0 else 0.0


def _is_worse(measure: Measure, one: Contrast) -> bool:
    value = one.difference.value or 0.0
    return value < 0 if _rising_is_good(measure) else value > 0


def _badness(measure: Measure, one: Contrast) -> float:
    value = one.difference.value or 0.0
    return value if _rising_is_good(measure) else -value


def _rising_is_good(measure: Measure) -> bool:
    return measure.kind in {"nps", "csat"} or measure.higher_is_better
