"""Improvements as pages show them: ranked by what surely hurts, and one of them whole."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.action.models import Case, CorrectiveAction, Improvement, Look, RootCause, Why
from rapport.rooms.action.selectors.problems import (
    Week,
    Weight,
    monday_of,
    places_said,
    scores_of,
    unhappy,
    weeks_of,
    weight_of,
)
from rapport.rooms.action.selectors.reading import CaseRow, rows_of, with_causes
from rapport.rooms.signals.models import Signal
from rapport.stats import Estimate, share_from_counts
from rapport.ui.charts import Annotation, Bone, Caption, Cause, Chart, Point, Target, fishbone, line_with_band
from rapport.ui.formats import day

MONTHS_SHOWN = 18
SHOWN = 8


@dataclass(frozen=True)
class ImprovementRow:
    """One improvement in the list."""

    code: str
    title: str
    places: str
    state: str
    state_label: str
    owner: str
    function: str
    weight: Weight
    cases: int
    verdict: str
    came_back: int


@dataclass(frozen=True)
class ImprovementPage:
    """What the page of one improvement shows."""

    improvement: Improvement
    places: str
    weight: Weight
    whys: tuple[Why, ...]
    causes: tuple[RootCause, ...]
    fish: Chart | None
    actions: tuple[CorrectiveAction, ...]
    cost: float
    cases: tuple[CaseRow, ...]
    signals: tuple[Signal, ...]
    chart: Chart | None
    baseline: Estimate | None
    since: Estimate | None
    looks: tuple[Look, ...]
    raised_by: int


def ranked(user: User, *, now: datetime) -> list[ImprovementRow]:
    """Return what is worked on, by what is surely at stake; then what holds, then what was given up."""
    rows = Improvement.objects.visible_to(user).select_related("metric", "owner", "function")
    rows = rows.prefetch_related("cases", "looks")
    found = [_row(one, now) for one in rows]
    last = {Improvement.State.HELD.value: 1, Improvement.State.DROPPED.value: 2}
    return sorted(found, key=lambda row: (last.get(row.state, 0), -row.weight.at_stake, row.title))


def _row(one: Improvement, now: datetime) -> ImprovementRow:
    looks = list(one.looks.all())
    return ImprovementRow(
        code=one.code,
        title=one.title,
        places=places_said(one.places),
        state=one.state,
        state_label=one.get_state_display(),
        owner=str(one.owner),
        function=str(one.function) if one.function else "",
        weight=weight_of(one.metric, one.places, now=now),
        cases=len(one.cases.all()),
        verdict=looks[-1].get_verdict_display() if looks else "",
        came_back=one.came_back,
    )


def share_that_held(user: User) -> Estimate:
    """Return what share of the fixes that were judged held, with its range."""
    shipped = Improvement.objects.visible_to(user).exclude(shipped_on=None)
    held = shipped.filter(state=Improvement.State.HELD, came_back=0).count()
    back = shipped.filter(came_back__gt=0).count()
    return share_from_counts(held, held + back)


def read_improvement(one: Improvement, user: User, *, now: datetime) -> ImprovementPage:
    """Read an improvement with its causes, actions, cases and looks, as far as the user may see."""
    causes = tuple(one.causes.all())
    actions = tuple(one.actions.select_related("owner"))
    cases = with_causes(Case.objects.visible_to(user).filter(improvements=one).order_by("-opened_at"))
    months = _months(one, now.date())
    return ImprovementPage(
        improvement=one,
        places=places_said(one.places),
        weight=weight_of(one.metric, one.places, now=now),
        whys=tuple(one.whys.all()),
        causes=causes,
        fish=_fish(one, causes) if causes else None,
        actions=actions,
        cost=float(sum(action.cost or 0 for action in actions)),
        cases=tuple(rows_of(cases[:SHOWN], now=now)),
        signals=tuple(latest_signals(one, user)),
        chart=_chart(one, months) if any(month.n for month in months) else None,
        baseline=_baseline(one),
        since=_since(one, now.date()),
        looks=tuple(reversed(one.looks.filter(shipped_on=one.shipped_on))) if one.shipped_on else (),
        raised_by=scores_of(one.metric, one.places)
        .filter(unhappy(one.metric), contact__isnull=False)
        .order_by()
        .values("contact")
        .distinct()
        .count(),
    )


def latest_signals(one: Improvement, user: User) -> list[Signal]:
    """Return the latest unhappy feedback of a problem with words that the user may see."""
    scores = scores_of(one.metric, one.places).filter(unhappy(one.metric))
    rows = Signal.objects.visible_to(user).filter(pk__in=scores.values("signal"), comments__isnull=False)
    return list(rows.distinct().select_related("account", "contact").prefetch_related("comments")[:SHOWN])


def _fish(one: Improvement, causes: tuple[RootCause, ...]) -> Chart:
    families: dict[str, list[Cause]] = {}
    for cause in causes:
        families.setdefault(cause.family, []).append(Cause(cause.text, cause.standing))  # type: ignore[arg-type]
    return fishbone(Caption(), one.title, [Bone(name, found) for name, found in families.items()])


def _baseline(one: Improvement) -> Estimate | None:
    if one.baseline_n is None or one.baseline_unhappy is None:
        return None
    return share_from_counts(one.baseline_unhappy, one.baseline_n)


def _since(one: Improvement, today: date) -> Estimate | None:
    if one.shipped_on is None:
        return None
    after = weeks_of(one, start=one.shipped_on + timedelta(days=7), end=today + timedelta(days=7))
    return share_from_counts(sum(week.unhappy for week in after), sum(week.n for week in after))


@dataclass(frozen=True)
class _Month:
    first: date
    n: int
    unhappy: int


def _months(one: Improvement, today: date) -> list[_Month]:
    start = (today.replace(day=1) - timedelta(days=31 * (MONTHS_SHOWN - 1))).replace(day=1)
    weeks = weeks_of(one, start=start, end=today + timedelta(days=7))
    months: dict[date, list[Week]] = {}
    for week in weeks:
        months.setdefault(week.monday.replace(day=1), []).append(week)
    return [
        _Month(first, sum(week.n for week in found), sum(week.unhappy for week in found))
        for first, found in months.items()
    ]


def _chart(one: Improvement, months: list[_Month]) -> Chart:
    points = [Point(f"{month.first:%b %y}", share_from_counts(month.unhappy, month.n)) for month in months]
    notes, target = [], None
    if one.shipped_on:
        label = f"{monday_of(one.shipped_on):%b %y}"
        notes = [Annotation(label, _("in force, %(day)s") % {"day": day(one.shipped_on)})]
    if one.baseline_n and one.baseline_unhappy is not None:
        target = Target(one.baseline_unhappy / one.baseline_n, _("before"))
    caption = Caption(
        title=_finding(one),
        subtitle=_("%(metric)s: share of unhappy answers by month, %(places)s; 95%% range")
        % {"metric": one.metric, "places": places_said(one.places) or _("everywhere")},
        note=_("Months of whole weeks; Wilson's range."),
    )
    return line_with_band(caption, points, "share", notes, target)


def _finding(one: Improvement) -> str:
    last = one.looks.last()
    return last.words.split(". ")[0] + "." if last else _("How often it is felt")
