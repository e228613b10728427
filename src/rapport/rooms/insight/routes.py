"""The insight room's part of the programming interface: a figure, its months and its base; any question."""

from datetime import date, datetime

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status

from rapport.analytics import QueryRefused, Weights, query
from rapport.kernel.api_access import require
from rapport.kernel.roles import Permission
from rapport.rooms.insight.boards.routes import router as boards_router
from rapport.rooms.insight.driver_routes import router as drivers_router
from rapport.rooms.insight.selectors.counting import add_up, base_of, cube, measures, total
from rapport.rooms.insight.tallies import Measure, Tally
from rapport.rooms.signals.api import read_filters
from rapport.stats.estimate import Estimate

router = Router(tags=["figures"])
router.add_router("", boards_router)
router.add_router("", drivers_router)


class EstimateOut(Schema):
    """A figure with its range and base, or the reason why there is none."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    n_effective: float
    method: str
    level: float
    reason: str | None
    unit: str


class MonthOut(Schema):
    """The figure of one month."""

    month: date
    figure: EstimateOut


class FigureOut(Schema):
    """A metric's figure for what the filters keep."""

    metric: str
    figure: EstimateOut
    accounts: int
    people: int
    months: list[MonthOut]


@router.get("/figures/{metric}", response=FigureOut)
def read_figure(request: HttpRequest, metric: str) -> FigureOut:
    """Read a metric's figure, with the filters of the dashboard: `from`, `to`, `region` and more."""
    user = require(request, Permission.SEE_FIGURES)
    measure = next((one for one in measures() if one.key == metric), None)
    if measure is None:
        raise Http404
    asked = read_filters(request.GET, timezone.now().date()).changed(metric=measure.key)
    cells, base = cube(user, measure, asked), base_of(user, measure, asked)
    months = add_up(cells, lambda cell: cell.month)
    return FigureOut(
        metric=measure.key,
        figure=_out(measure, total(cell.tally for cell in cells), base.spread),
        accounts=base.accounts,
        people=base.people,
        months=[
            MonthOut(month=month, figure=_out(measure, found, base.spread))
            for month, found in sorted(months.items())
        ],
    )


class CellOut(Schema):
    """One group of answers: what it is, by dimension, and its figure."""

    keys: dict[str, str]
    figure: EstimateOut


class QueryOut(Schema):
    """The answer to a question."""

    measure: str
    by: list[str]
    total: EstimateOut
    cells: list[CellOut]
    accounts: int
    people: int
    spread: float
    as_of: datetime


class RefusedOut(Schema):
    """What of a question cannot be answered, and what to do."""

    field: str
    message: str


@router.get("/query", response={200: QueryOut, 422: RefusedOut})
def ask(request: HttpRequest, measure: str) -> Status[QueryOut | RefusedOut]:
    """Ask for any measure, `by` up to four dimensions, narrowed by any others.

    `measure=nps&by=region&by=month&tier=A&since=2026-01-01`. Weights by one dimension: `weight_by=role` with
    `weight=user:1&weight=approver:3`, or `share=...` for shares of the population.
    """
    user = require(request, Permission.SEE_FIGURES)
    try:
        found = query(
            measure, user=user, by=request.GET.getlist("by"), where=_where(request), weights=_weights(request)
        )
    except QueryRefused as refused:
        return Status(422, RefusedOut(field=refused.field, message=str(refused)))
    told = QueryOut(
        measure=found.measure,
        by=list(found.by),
        total=_told(found.total),
        cells=[
            CellOut(
                keys={name: str(key) for name, key in zip(found.by, cell.keys, strict=True)},
                figure=_told(cell.figure),
            )
            for cell in found
        ],
        accounts=found.base.accounts,
        people=found.base.people,
        spread=found.base.spread,
        as_of=found.as_of,
    )
    return Status(200, told)


def _where(request: HttpRequest) -> dict[str, object]:
    apart = {"measure", "by", "weight_by", "weight", "share"}
    asked = {name: request.GET.getlist(name) for name in request.GET if name not in apart}
    return {name: keys[-1] if name in {"since", "until"} else keys for name, keys in asked.items()}


def _weights(request: HttpRequest) -> Weights | None:
    dimension, each, shares = (
        request.GET.get("weight_by", ""), request.GET.getlist("weight"), request.GET.getlist("share")
    )  # fmt: skip
    if not (dimension or each or shares):
        return None
    if bool(each) == bool(shares):
        raise QueryRefused("weights", "Give weight=key:number or share=key:number, one kind of them.")
    try:
        told = {key: float(number) for key, _colon, number in (one.rpartition(":") for one in each or shares)}
    except ValueError as error:
        raise QueryRefused("weights", "Write each weight like approver:3.") from error
    return Weights.each(dimension, told) if each else Weights.to_population(dimension, told)


def _out(measure: Measure, found: Tally, spread: float) -> EstimateOut:
    return _told(measure.figure(found, spread).hidden_below())


def _told(figure: Estimate) -> EstimateOut:
    return EstimateOut(
        value=figure.value,
        low=figure.low,
        high=figure.high,
        n=figure.n,
        n_effective=figure.n_effective,
        method=figure.method,
        level=figure.level,
        reason=figure.reason,
        unit=figure.unit,
    )
