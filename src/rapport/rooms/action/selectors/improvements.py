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
    seen_scores_of,
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
class ShownLook:
    """One look of the recurrence check; its numbers only for whoever sees every customer they count."""

    week: date
    verdict: str
    label: str
    words: str
    method: str
    n: int | None = None
    unhappy: int | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    evidence: float | None = None


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
    looks: tuple[ShownLook, ...]
    whole: bool
    raised_by: int


def ranked(user: User, *, now: datetime) -> list[ImprovementRow]:
    """Return what is worked on, by what is surely at stake; then what holds, then what was given up."""
    rows = Improvement.objects.visible_to(user).select_related("metric", "owner", "function")
    rows = rows.prefetch_related("cases", "looks")
    found = [_row(one, user, now) for one in rows]
    last = {Improvement.State.HELD.value: 1, Improvement.State.DROPPED.value: 2}
    return sorted(found, key=lambda row: (last.get(row.state, 0), -row.weight.at_stake, row.title))


def _row(one: Improvement, user: User, now: datetime) -> ImprovementRow:
    looks = list(one.looks.all())
    return ImprovementRow(
        code=one.code,
        title=one.title,
        places=places_said(one.places),
        state=one.state,
        state_label=one.get_state_display(),
        owner=str(one.owner),
        function=str(one.function) if one.function else "",
        weight=weight_of(one.metric, one.places, user, now=now),
        cases=len(one.cases.all()),
        verdict=looks[-1].get_verdict_display() if looks else "",
        came_back=one.came_back,
    )


def share_that_held(user: User) -> Estimate:
    """Return what share of the fixes that were judged held, with its range.

    A fix is a change that came into force. It held when it was found better and never came back; one whose
    latest week speaks against the expected change did not. What is not yet known counts on neither side.
    """
    looks = Look.objects.filter(improvement__in=Improvement.objects.visible_to(user).values("pk"))
    fixes: dict[tuple[int, date], list[str]] = {}
    for improvement, shipped_on, verdict in looks.values_list("improvement", "shipped_on", "verdict"):
        fixes.setdefault((improvement, shipped_on), []).append(verdict)
    judged = [held for verdicts in fixes.values() if (held := _held(verdicts)) is not None]
    return share_from_counts(sum(judged), len(judged))


def _held(verdicts: list[str]) -> bool | None:
    if Look.Verdict.BACK in verdicts:
        return False
    if Look.Verdict.BETTER in verdicts:
        return True
    return False if verdicts[-1] == Look.Verdict.NO_BETTER else None


def sees_all(user: User) -> bool:
    """Say whether a user sees every customer, and so may be told numbers counted over all of them."""
    return bool(user.scope.everything)


def shown_looks(one: Improvement, user: User) -> tuple[ShownLook, ...]:
    """Return the looks since the change, newest first, without numbers for whoever does not see everybody."""
    if one.shipped_on is None:
        return ()
    show = _whole_look if sees_all(user) else _bare_look
    return tuple(show(look) for look in reversed(one.looks.filter(shipped_on=one.shipped_on)))


def _whole_look(look: Look) -> ShownLook:
    numbers = ("n", "unhappy", "change", "low", "high", "evidence")
    told = {name: getattr(look, name) for name in ("week", "verdict", "words", "method", *numbers)}
    return ShownLook(label=look.get_verdict_display(), **told)


def _bare_look(look: Look) -> ShownLook:
    return ShownLook(look.week, look.verdict, look.get_verdict_display(), bare_words(look), look.method)


def bare_words(look: Look) -> str:
    """Say a verdict without any number of customers the reader may not see."""
    return _("%(verdict)s, judged over all customers; its numbers are for who sees all of them.") % {
        "verdict": look.get_verdict_display()
    }


def read_improvement(one: Improvement, user: User, *, now: datetime) -> ImprovementPage:
    """Read an improvement with its causes, actions, cases and looks, as far as the user may see."""
    causes = tuple(one.causes.all())
    actions = tuple(one.actions.select_related("owner"))
    cases = with_causes(Case.objects.visible_to(user).filter(improvements=one).order_by("-opened_at"))
    months, baseline = _months(one, user, now.date()), _baseline(one, user)
    return ImprovementPage(
        improvement=one,
        places=places_said(one.places),
        weight=weight_of(one.metric, one.places, user, now=now),
        whys=tuple(one.whys.all()),
        causes=causes,
        fish=_fish(one, causes) if causes else None,
        actions=actions,
        cost=float(sum(action.cost or 0 for action in actions)),
        cases=tuple(rows_of(cases[:SHOWN], now=now)),
        signals=tuple(latest_signals(one, user)),
        chart=_chart(one, months, baseline) if any(month.n for month in months) else None,
        baseline=baseline,
        since=_since(one, user, now.date()),
        looks=shown_looks(one, user),
        whole=sees_all(user),
        raised_by=seen_scores_of(user, one.metric, one.places)
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


@dataclass(frozen=True)
class Counted:
    """Answers, and how many of them are unhappy."""

    n: int
    unhappy: int


def baseline_of(one: Improvement, user: User) -> Counted | None:
    """Return the answers before the change: as they were kept, or counted again within the user's scope."""
    if one.baseline_n is None or one.baseline_unhappy is None:
        return None
    if sees_all(user) or one.baseline_from is None or one.shipped_on is None:
        return Counted(one.baseline_n, one.baseline_unhappy)
    return _counted(weeks_of(one, start=one.baseline_from, end=one.shipped_on, user=user))


def _baseline(one: Improvement, user: User) -> Estimate | None:
    found = baseline_of(one, user)
    return share_from_counts(found.unhappy, found.n) if found else None


def _since(one: Improvement, user: User, today: date) -> Estimate | None:
    if one.shipped_on is None:
        return None
    start, end = one.shipped_on + timedelta(days=7), today + timedelta(days=7)
    found = _counted(weeks_of(one, start=start, end=end, user=user))
    return share_from_counts(found.unhappy, found.n)


def _counted(weeks: list[Week]) -> Counted:
    return Counted(sum(week.n for week in weeks), sum(week.unhappy for week in weeks))


@dataclass(frozen=True)
class _Month:
    first: date
    n: int
    unhappy: int


def _months(one: Improvement, user: User, today: date) -> list[_Month]:
    start = (today.replace(day=1) - timedelta(days=31 * (MONTHS_SHOWN - 1))).replace(day=1)
    weeks = weeks_of(one, start=start, end=today + timedelta(days=7), user=user)
    months: dict[date, list[Week]] = {}
    for week in weeks:
        months.setdefault(week.monday.replace(day=1), []).append(week)
    return [
        _Month(first, sum(week.n for week in found), sum(week.unhappy for week in found))
        for first, found in months.items()
    ]


def _chart(one: Improvement, months: list[_Month], baseline: Estimate | None) -> Chart:
    points = [Point(f"{month.first:%b %y}", share_from_counts(month.unhappy, month.n)) for month in months]
    notes, target = [], None
    if one.shipped_on:
        label = f"{monday_of(one.shipped_on):%b %y}"
        notes = [Annotation(label, _("in force, %(day)s") % {"day": day(one.shipped_on)})]
    if baseline and baseline.value is not None:
        target = Target(baseline.value, _("before"))
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
