"""The drivers for programs: the same figures as the page, with all their digits."""

import math
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status

from rapport.kernel.api_access import require
from rapport.kernel.roles import Permission
from rapport.rooms.insight.boards.words import Names
from rapport.rooms.insight.driver_words import headline, warnings
from rapport.rooms.insight.selectors.answers import GROUPINGS, answer_columns, answer_rows
from rapport.rooms.insight.selectors.counting import measures
from rapport.rooms.insight.selectors.drivers import Gain, Study, StudyRefused, study
from rapport.rooms.insight.selectors.explorer import ExplorerRefused, explore
from rapport.rooms.insight.selectors.reading_studies import answers_asked, asked_of
from rapport.stats.drivers import Drivers
from rapport.stats.estimate import Estimate
from rapport.stats.leading import Leading

router = Router(tags=["figures"])


class RangeOut(Schema):
    """A figure with its 95% range, or the reason why there is none."""

    value: float | None
    low: float | None
    high: float | None
    reason: str | None = None


class DriverOut(Schema):
    """One driver: its part of R², the same as a share, its coefficient, and how it is rated."""

    key: str
    name: str
    share: RangeOut
    importance: RangeOut
    coefficient: RangeOut
    rating: RangeOut | None = None
    relative_weight: float
    correlation: float
    variance_inflation: float | None
    n: int


class LeadingOut(Schema):
    """The driver that counts most; it is proven to lead when none is close."""

    key: str
    close: list[str]
    is_proven: bool


class GroupOut(Schema):
    """The drivers of one group, or the reason why there are none."""

    key: str
    name: str
    n: int
    customers: int
    reason: str | None
    leading: LeadingOut | None
    r_squared: RangeOut
    drivers: list[DriverOut]


class DifferenceOut(Schema):
    """How much more a driver counts in group b than in group a, in shares of the whole."""

    driver: str
    a: str
    b: str
    difference: RangeOut
    p_value: float | None


class GainOut(Schema):
    """What changes would bring: the mean of the outcome, and its figure where that is another thing."""

    changes: dict[str, float]
    before: float
    change: RangeOut
    figure_unit: str | None
    figure_before: float | None
    figure_change: RangeOut | None


class DriversOut(Schema):
    """What moves an outcome."""

    outcome: str
    says: str
    answers: int
    n: int
    left_out: int
    customers: int
    r_squared: RangeOut
    leading: LeadingOut | None
    drivers: list[DriverOut]
    by: str
    groups: list[GroupOut]
    groups_p_value: float | None
    differences: list[DifferenceOut]
    what_if: GainOut | None
    warnings: list[str]
    method: str
    reason: str | None


class NoDrivers(Schema):
    """Why an analysis cannot be made as asked, naming the parameter."""

    field: str
    message: str


@router.get("/drivers", response={200: DriversOut, 404: NoDrivers, 422: NoDrivers})
def read_drivers(request: HttpRequest) -> Any:
    """Work out what moves an outcome, with the filters of every page (`from`, `to`, `region` and more).

    `metric` names the outcome, `driver` (repeated) the ratings, `by` the groups (role, sector, tier, region
    or none), `missing` what to do with gaps (complete or available), and `change-KEY=0.5` asks what raising
    a rating would bring.
    """
    user = require(request, Permission.SEE_FIGURES)
    try:
        wanted = asked_of(user, request.GET, timezone.now())
        if wanted is None:
            return Status(404, NoDrivers(field="metric", message="No metric is set up."))
        found = study(user, wanted.outcome, wanted.filters, wanted.study, measures())
    except StudyRefused as refused:
        return Status(422, NoDrivers(field=refused.field, message=refused.message))
    return Status(200, _out(found) if found else _nothing(wanted.outcome.key))


class AnswersOut(Schema):
    """Answers in the order of the analysis; `columns` name what each row holds."""

    columns: list[str]
    rows: list[list[float | int | str | bool | None]]


@router.get("/drivers/answers", response={200: AnswersOut, 404: NoDrivers})
def read_driver_answers(request: HttpRequest) -> Any:
    """Read the answers the drivers are worked out from: all scores given in an answer with the outcome."""
    user = require(request, Permission.EXPORT)
    wanted = answers_asked(user, request.GET, timezone.now())
    if wanted is None:
        return Status(404, NoDrivers(field="metric", message="No metric is set up."))
    outcome, filters = wanted
    rows = [list(row) for row in answer_rows(user, outcome, filters)]
    return Status(200, AnswersOut(columns=answer_columns(), rows=rows))


class ExploredOut(Schema):
    """One figure of the explorer: its keys by the dimensions, and the letters of what it is proven above."""

    key: list[str | None]
    without_a_name: bool
    figure: RangeOut
    n: int
    n_effective: float
    letter: str
    higher_than: str


class ExplorerOut(Schema):
    """A metric by up to three dimensions."""

    metric: str
    by: list[str]
    unit: str
    all_together: RangeOut
    n: int
    pairs_compared: int
    left_out: int
    figures: list[ExploredOut]


@router.get("/explore", response={200: ExplorerOut, 404: NoDrivers, 422: NoDrivers})
def read_explorer(request: HttpRequest) -> Any:
    """Count a metric by up to three dimensions (`by`, repeated), with the filters of every page."""
    user = require(request, Permission.SEE_FIGURES)
    try:
        found = explore(user, request.GET, timezone.now())
    except ExplorerRefused as refused:
        return Status(422, NoDrivers(field=refused.field, message=refused.message))
    if found is None or found.result.whole is None:
        return Status(404, NoDrivers(field="metric", message="No metric is set up."))
    result, whole = found.result, found.result.whole.estimate
    figures = [
        ExploredOut(
            key=[None if key is None else str(key) for key in one.line.key],
            without_a_name=one.line.anonymous,
            figure=_range(one.line.estimate),
            n=one.line.estimate.n,
            n_effective=one.line.estimate.n_effective,
            letter=one.letter,
            higher_than=one.higher_than,
        )
        for panel in found.panels
        for one in panel.lines
    ]
    return Status(
        200,
        ExplorerOut(
            metric=result.measure.key,
            by=list(result.spec.by),
            unit=whole.unit,
            all_together=_range(whole),
            n=whole.n,
            pairs_compared=found.tested,
            left_out=result.left_out,
            figures=figures,
        ),
    )


def _out(found: Study) -> DriversOut:
    names, rating = Names.of(GROUPINGS), {one.measure.key: one.performance for one in found.rated}
    return DriversOut(
        outcome=found.outcome.key,
        says=headline(found),
        answers=found.answers,
        n=found.found.n,
        left_out=found.found.left_out,
        customers=found.found.clusters,
        r_squared=_range(found.found.r_squared),
        leading=_leading(found.leading),
        drivers=_drivers(found, found.found, rating),
        by=found.asked.by or "none",
        groups=[
            GroupOut(
                key=group.key,
                name=names.say(found.asked.by, group.key),
                n=group.found.n,
                customers=group.found.clusters,
                reason=group.found.reason,
                leading=_leading(group.leading),
                r_squared=_range(group.found.r_squared),
                drivers=_drivers(found, group.found, {}),
            )
            for group in found.groups
        ],
        groups_p_value=found.p_value,
        differences=[
            DifferenceOut(
                driver=str(one.name),
                a=str(one.a),
                b=str(one.b),
                difference=RangeOut(value=one.share.value, low=one.share.low, high=one.share.high),
                p_value=one.p_value,
            )
            for one in found.differences
        ],
        what_if=_gain(found.gain) if found.gain else None,
        warnings=warnings(found),
        method=found.found.method,
        reason=found.found.reason,
    )


def _nothing(outcome: str) -> DriversOut:
    """Return the answer where nothing was rated beside the outcome, which is no mistake of who asks."""
    reason = f"Nothing the filters keep was rated in the same answers as '{outcome}'."
    return DriversOut(
        outcome=outcome, says=reason, answers=0, n=0, left_out=0, customers=0,
        r_squared=RangeOut(value=None, low=None, high=None, reason=reason), leading=None, drivers=[],
        by="none", groups=[], groups_p_value=None, differences=[], what_if=None, warnings=[], method="",
        reason=reason,
    )  # fmt: skip


def _drivers(study: Study, found: Drivers, rating: dict[str, Estimate]) -> list[DriverOut]:
    return [
        DriverOut(
            key=str(one.name),
            name=study.name_of(one.name),
            share=_range(one.share),
            importance=_range(one.importance),
            coefficient=_range(one.coefficient),
            rating=_range(rating[str(one.name)]) if str(one.name) in rating else None,
            relative_weight=one.relative_weight,
            correlation=one.correlation,
            variance_inflation=one.variance_inflation if math.isfinite(one.variance_inflation) else None,
            n=one.n,
        )
        for one in found.drivers
    ]


def _gain(one: Gain) -> GainOut:
    return GainOut(
        changes={measure.key: change for measure, change in one.changes},
        before=one.before if math.isfinite(one.before) else 0.0,
        change=_range(one.mean),
        figure_unit=one.figure.unit if one.figure else None,
        figure_before=one.figure_before if one.figure else None,
        figure_change=_range(one.figure) if one.figure else None,
    )


def _leading(one: Leading | None) -> LeadingOut | None:
    if one is None:
        return None
    return LeadingOut(key=str(one.name), close=[str(name) for name in one.close], is_proven=one.is_proven)


def _range(one: Estimate) -> RangeOut:
    return RangeOut(value=one.value, low=one.low, high=one.high, reason=one.reason)
