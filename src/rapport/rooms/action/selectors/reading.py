"""Cases as pages show them: plain rows, with the words and scores that raised them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.rooms.action.models import Case, CaseCause
from rapport.rooms.action.working_hours import working_time_between
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.api import band_of
from rapport.rooms.signals.models import Score, Signal
from rapport.ui.components import Mood

UNTOLD = frozenset({Case.State.OPEN, Case.State.ACKNOWLEDGED, Case.State.FIXED})


@dataclass(frozen=True)
class ShownScore:
    """A score with its mood and the scale where that needs saying."""

    metric: str
    text: str
    mood: Mood


@dataclass(frozen=True)
class CaseRow:
    """One case in a list."""

    code: str
    url: str
    title: str
    language: str
    account: str
    account_code: str
    contact: str
    tier: str
    owner: str
    state: str
    state_label: str
    score: ShownScore | None
    opened_at: datetime
    due_at: datetime
    overdue: bool
    told: bool
    closed_at: datetime | None
    snoozed_until: datetime | None = None
    handed_on: int = 0


@dataclass(frozen=True)
class Clock:
    """How much of the working time until something should have happened is used up."""

    label: str
    due_at: datetime
    used: int
    left: str
    overdue: bool
    stopped_at: datetime | None
    zone: str


def with_causes(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Have the causes, their scores and whatever a row names read along, in a fixed number of queries."""
    signals = Signal.objects.prefetch_related(
        "comments", Prefetch("scores", Score.objects.select_related("metric"))
    )
    causes = CaseCause.objects.prefetch_related(Prefetch("signal", signals)).order_by("pk")
    return cases.select_related("account", "contact", "owner").prefetch_related(Prefetch("causes", causes))


def rows_of(cases: Iterable[Case], *, now: datetime) -> list[CaseRow]:
    """Return cases as rows of a list."""
    return [_row(case, now) for case in cases]


def _row(case: Case, now: datetime) -> CaseRow:
    signal = first_signal(case)
    untold = case.state in UNTOLD
    return CaseRow(
        code=case.code,
        url=reverse("action:case", args=[case.code]),
        title=case.title,
        language=_language(signal),
        account=case.account.name if case.account else "",
        account_code=case.account.code if case.account else "",
        contact=case.contact.name if case.contact else "",
        tier=case.account.tier if case.account else "",
        owner=str(case.owner) if case.owner else "",
        state=case.state,
        state_label=case.get_state_display(),
        score=worst_score(signal) if signal else None,
        opened_at=case.opened_at,
        due_at=case.due_at,
        overdue=untold and case.due_at < now,
        told=not untold,
        closed_at=case.closed_at,
        snoozed_until=case.snoozed_until,
        handed_on=case.handed_on,
    )


def first_signal(case: Case) -> Signal | None:
    """Return the signal that raised a case, from what was read along."""
    causes = list(case.causes.all())
    return causes[0].signal if causes else None


def signals_of(case: Case) -> list[Signal]:
    """Return every signal of a case once, the one that raised it first."""
    by_id: dict[UUID, Signal] = {cause.signal_id: cause.signal for cause in case.causes.all()}
    return list(by_id.values())


def _language(signal: Signal | None) -> str:
    comments = list(signal.comments.all()) if signal else []
    return comments[0].language if comments else ""


def shown_scores(signal: Signal) -> list[ShownScore]:
    """Return a signal's scores in words."""
    return [_shown(score) for score in signal.scores.all()]


def _shown(score: Score) -> ShownScore:
    metric = score.metric
    mood = band_of(metric.kind, score.value, score.scale_low, score.scale_high, metric.higher_is_better)
    text = f"{score.value:g}" if metric.kind == Metric.Kind.NPS else f"{score.value:g}/{score.scale_high:g}"
    return ShownScore(metric.name, text, mood)


def worst_score(signal: Signal) -> ShownScore | None:
    """Return the score a row shows: an unhappy one before others."""
    order: dict[str, int] = {"det": 0, "pas": 1, "pro": 2}
    return min(shown_scores(signal), key=lambda score: order.get(score.mood, 3), default=None)


def clocks_of(case: Case, holidays: frozenset[date], *, now: datetime) -> tuple[Clock, ...]:
    """Return how the clocks of a case stand: first contact, told, and confirmed by the customer."""
    clocks = []
    if case.contact_due_at:
        label = ngettext(
            "First contact within %(hours)d working hour",
            "First contact within %(hours)d working hours",
            case.contact_hours,
        )
        given = (case.contact_due_at, case.contact_hours, case.first_contact_at or case.customer_told_at)
        clocks.append(_clock(case, label, *given, holidays, now))
    label = ngettext(
        "Told within %(hours)d working hour", "Told within %(hours)d working hours", case.due_hours
    )
    clocks.append(_clock(case, label, case.due_at, case.due_hours, case.customer_told_at, holidays, now))
    if case.confirm_due_at:
        label = ngettext(
            "Confirmed within %(hours)d working hour",
            "Confirmed within %(hours)d working hours",
            case.confirm_hours,
        )
        given = (case.confirm_due_at, case.confirm_hours, case.confirmed_at)
        clocks.append(_clock(case, label, *given, holidays, now))
    return tuple(clocks)


def _clock(
    case: Case,
    label: str,
    due_at: datetime,
    hours: int,
    stopped_at: datetime | None,
    holidays: frozenset[date],
    now: datetime,
) -> Clock:
    end = stopped_at or now
    left = working_time_between(end, due_at, ZoneInfo(case.time_zone), holidays)
    used = 1 - left / timedelta(hours=hours)
    return Clock(
        label=label % {"hours": hours},
        due_at=due_at,
        used=round(100 * min(1.0, max(0.0, used))),
        left=said(abs(left)),
        overdue=end > due_at,
        stopped_at=stopped_at,
        zone=case.time_zone,
    )


def said(span: timedelta) -> str:
    """Say a stretch of working time: 3 h 10 min."""
    minutes = round(span.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    if hours and rest:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest}
    return _("%(hours)d h") % {"hours": hours} if hours else _("%(minutes)d min") % {"minutes": rest}
