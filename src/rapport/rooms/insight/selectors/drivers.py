"""What moves an outcome: its drivers with their ranges, for whom, and what raising one would bring."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rapport.kernel.models import User
from rapport.rooms.insight.selectors.answers import (
    AnswerTable,
    Candidate,
    FloatArray,
    answer_table,
    candidates,
    usual_drivers,
)
from rapport.rooms.insight.tallies import Measure
from rapport.rooms.signals.api import DETRACTOR_TO, PROMOTER_FROM, Filters
from rapport.stats.designs import Design, design_mean
from rapport.stats.drivers import (
    Driver,
    DriverDifference,
    Drivers,
    compare_drivers,
    key_drivers,
    what_if,
)
from rapport.stats.estimate import Estimate
from rapport.stats.leading import Leading, leading_driver

MOST_AT_ONCE = 14
"""With so many drivers at a time a page is worked out in about two seconds."""
MOST_GROUPS = 12
PROVEN = 0.05
Missing = Literal["complete", "available"]


class StudyRefused(Exception):
    """A driver analysis was asked for in a way that cannot be done; says which field and what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True)
class StudyAsked:
    """What is asked of the drivers, beside the filters: which drivers, by what groups, what if."""

    drivers: tuple[str, ...] = ()
    by: str = "role"
    missing: Missing = "complete"
    changes: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Rated:
    """One driver: how much it counts, and how it is rated."""

    measure: Measure
    driver: Driver
    performance: Estimate

    @property
    def share(self) -> Estimate:
        """Return its share of what all drivers explain."""
        return self.driver.share


@dataclass(frozen=True)
class GroupStudy:
    """The drivers of one group, or the reason why there are none."""

    key: str
    found: Drivers
    leading: Leading | None

    @property
    def reason(self) -> str:
        """Return why there are no drivers."""
        return self.found.reason or ""


@dataclass(frozen=True)
class Gain:
    """What changes of drivers would bring: on the outcome's scale, and in the unit of its figure."""

    changes: tuple[tuple[Measure, float], ...]
    mean: Estimate
    before: float
    figure: Estimate | None = None
    figure_before: float = 0.0


@dataclass(frozen=True)
class Study:
    """Everything the page of drivers says."""

    outcome: Measure
    offered: tuple[Candidate, ...]
    drivers: tuple[Measure, ...]
    answers: int
    found: Drivers
    rated: tuple[Rated, ...]
    leading: Leading | None
    asked: StudyAsked
    groups: tuple[GroupStudy, ...] = ()
    groups_left_out: int = 0
    p_value: float | None = None
    differences: tuple[DriverDifference, ...] = ()
    gain: Gain | None = None

    @property
    def rated_by_share(self) -> list[Rated]:
        """Return the drivers, the one that counts most first."""
        return sorted(self.rated, key=lambda one: -(one.share.value or 0.0))

    def name_of(self, key: object) -> str:
        """Return what a driver is called."""
        return next((one.measure.name for one in self.rated if one.measure.key == key), str(key))


def study(
    user: User, outcome: Measure, filters: Filters, asked: StudyAsked, known: Sequence[Measure]
) -> Study | None:
    """Work out what moves an outcome, as far as the user may see; None when nothing was rated beside it.

    Raises StudyRefused when changes are asked for that no driver can make.
    """
    offered = candidates(user, outcome, filters, known)
    drivers = chosen_drivers(offered, asked.drivers)
    if not drivers:
        return None
    table = answer_table(user, outcome, drivers, filters)
    found = _drivers(table, table.y, asked)
    result = Study(
        outcome=outcome,
        offered=tuple(offered),
        drivers=tuple(drivers),
        answers=table.n,
        found=found,
        rated=_rated(table, found, asked),
        leading=leading_driver(found),
        asked=asked,
        gain=_gain(table, found, asked),
    )
    return _by_groups(table, result) if asked.by and found.reason is None else result


def chosen_drivers(offered: Sequence[Candidate], keys: Sequence[str]) -> list[Measure]:
    """Return the drivers asked for among those offered, or the usual ones; never too many to work out."""
    chosen = [one.measure for one in offered if one.measure.key in keys]
    return (chosen or usual_drivers(offered))[:MOST_AT_ONCE]


def used_rows(x: FloatArray, missing: Missing) -> NDArray[np.bool_]:
    """Return which answers a study rests on."""
    holes = np.isnan(x)
    bare = np.asarray(holes.any(axis=1) if missing == "complete" else holes.all(axis=1), dtype=np.bool_)
    return ~bare


def _drivers(table: AnswerTable, y: FloatArray, asked: StudyAsked) -> Drivers:
    columns: dict[Hashable, ArrayLike] = {one.key: table.x[:, j] for j, one in enumerate(table.drivers)}
    return key_drivers(columns, y, clusters=table.clusters, missing=asked.missing)


def _rated(table: AnswerTable, found: Drivers, asked: StudyAsked) -> tuple[Rated, ...]:
    if found.reason is not None:
        return ()
    rows = used_rows(table.x, asked.missing)
    design = Design(clusters=table.clusters[rows])
    return tuple(
        Rated(one, driver, design_mean(table.x[rows, j], design, scale=(one.low, one.high)))
        for j, (one, driver) in enumerate(zip(table.drivers, found.drivers, strict=True))
    )


# -- By groups -------------------------------------------------------------------


def _by_groups(table: AnswerTable, whole: Study) -> Study:
    """Add the drivers of each group; answers without a name belong to none."""
    asked = whole.asked
    labels = np.array(table.groups[asked.by], dtype=object)
    named = ~table.anonymous
    sizes: dict[str, int] = {}
    for label in labels[named & used_rows(table.x, asked.missing)]:
        sizes[label] = sizes.get(label, 0) + 1
    kept = sorted(sizes, key=lambda label: (-sizes[label], label))[:MOST_GROUPS]
    rows = named & np.isin(labels, kept)
    if not rows.any():
        return whole
    compared = compare_drivers(
        {one.key: table.x[rows, j] for j, one in enumerate(table.drivers)},
        table.y[rows],
        list(labels[rows]),
        clusters=table.clusters[rows],
        missing=asked.missing,
    )
    groups = [
        GroupStudy(label, compared.segments[label], leading_driver(compared.segments[label]))
        for label in kept
    ]
    return replace(
        whole,
        groups=tuple(groups),
        groups_left_out=len(sizes) - len(kept),
        p_value=compared.p_value,
        differences=compared.differences,
    )


def proven_differences(found: Study, most: int = 3) -> list[DriverDifference]:
    """Return the clearest difference of each driver that holds after correction, the clearest first."""
    best: dict[object, DriverDifference] = {}
    for one in found.differences:
        if one.p_value is None or one.p_value >= PROVEN:
            continue
        kept = best.get(one.name)
        if kept is None or abs(one.share.statistic or 0.0) > abs(kept.share.statistic or 0.0):
            best[one.name] = one
    return sorted(best.values(), key=lambda one: -abs(one.share.statistic or 0.0))[:most]


# -- What if ----------------------------------------------------------------------


def _gain(table: AnswerTable, found: Drivers, asked: StudyAsked) -> Gain | None:
    changes = _changes(table, found, asked)
    if not changes:
        return None
    by_key: dict[Hashable, float] = {one.key: change for one, change in changes}
    gain = Gain(changes, what_if(found, by_key), found.outcome_mean)
    points = _in_figures(table.outcome, table.y)
    if points is None or found.reason is not None:
        return gain
    values, unit = points
    other = _drivers(table, values, asked)
    return replace(gain, figure=replace(what_if(other, by_key), unit=unit), figure_before=other.outcome_mean)


def _changes(table: AnswerTable, found: Drivers, asked: StudyAsked) -> tuple[tuple[Measure, float], ...]:
    """Return the changes asked for; each must leave the driver's mean on its scale."""
    measures = {one.key: one for one in table.drivers}
    means = {str(one.name): one.performance for one in found.drivers}
    result = []
    for key, change in asked.changes:
        if key not in measures:
            raise StudyRefused(
                f"change-{key}",
                f"'{key}' is not among the drivers: {', '.join(measures)}. Choose one.",
            )
        one, mean = measures[key], means.get(key)
        if mean is not None and change and not one.low <= mean + change <= one.high:
            raise StudyRefused(
                f"change-{key}",
                f"{one.name} is rated {mean:.1f} on a scale of {one.low:g} to {one.high:g}; it can change by"
                f" {one.low - mean:+.1f} to {one.high - mean:+.1f}, not by {change:+g}.",
            )
        if change:
            result.append((one, change))
    return tuple(result)


def _in_figures(outcome: Measure, y: FloatArray) -> tuple[FloatArray, str] | None:
    """Return each answer as what the outcome's figure is the mean of, and the unit of that figure."""
    if outcome.kind == "nps":
        signs = (y >= PROMOTER_FROM).astype(np.float64) - (y <= DETRACTOR_TO)
        return 100.0 * signs, "points"
    if outcome.kind == "csat":
        top = y > outcome.high - 2 if outcome.higher_is_better else y < outcome.low + 2
        return top.astype(np.float64), "share"
    return None
