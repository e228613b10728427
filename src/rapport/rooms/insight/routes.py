"""The insight room's part of the programming interface: a figure, its months and its base."""

from datetime import date

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Schema

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


def _out(measure: Measure, found: Tally, spread: float) -> EstimateOut:
    figure: Estimate = measure.figure(found, spread).hidden_below()
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
