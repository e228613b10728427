"""The recurrence check: each week the feedback since a change is weighed; what is back opens again."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from rapport.kernel.mail.queue import queue_mails
from rapport.rooms.action.models import Improvement, Look
from rapport.rooms.action.selectors.problems import Week, monday_of, weeks_of
from rapport.rooms.action.services import mails
from rapport.stats import Recurrence, Verdict, check_recurrence, plan_recurrence

State = Improvement.State
WEEK = timedelta(days=7)
METHOD = "interrupted time series with seasons and memory, sequential likelihood ratio"
SAID = {
    Verdict.BETTER: Look.Verdict.BETTER,
    Verdict.NOT_YET_KNOWN: Look.Verdict.UNKNOWN,
    Verdict.NO_BETTER: Look.Verdict.NO_BETTER,
    Verdict.BACK_AGAIN: Look.Verdict.BACK,
}


def answers_needed(before: Sequence[Week], expected_share: float) -> int | None:
    """Return how many answers will show the expected change, or None when a year of them cannot."""
    n = sum(week.n for week in before)
    promised = sum(week.unhappy for week in before) / n - expected_share
    plan = plan_recurrence(_shares(before), [week.n for week in before], promised=promised)
    return plan.answers_needed


def look_at_all(*, now: datetime) -> int:
    """Look at every improvement in force that was not looked at this week yet; return how many were."""
    this_week = monday_of(now.date())
    due = Improvement.objects.watched().exclude(looks__week=this_week)
    return sum(look_at(one, now=now) is not None for one in due.order_by("pk"))


def look_at(improvement: Improvement, *, now: datetime) -> Look | None:
    """Weigh the whole weeks since the change, once a week; None when there is none yet or it was done.

    "Better" makes it held; "back again" opens it again; "no better" leaves it in force, because the next
    weeks may still tell. Its owner hears of each, of "no better" when it is said for the first time running.
    """
    with transaction.atomic():
        rows = Improvement.objects.select_for_update(of=("self",)).select_related("metric", "owner")
        one = rows.get(pk=improvement.pk)
        if one.state not in (State.SHIPPED, State.HELD) or one.shipped_on is None:
            return None
        this_week = monday_of(now.date())
        if this_week - _first_whole_week(one) < WEEK:
            return None
        if one.looks.filter(shipped_on=one.shipped_on, week__gte=this_week).exists():
            return None
        look = _write_look(one, now)
        _draw_conclusion(one, look, now)
    return look


def _first_whole_week(one: Improvement) -> date:
    assert one.shipped_on is not None
    monday = monday_of(one.shipped_on)
    return monday if monday == one.shipped_on else monday + WEEK


def _write_look(one: Improvement, now: datetime) -> Look:
    assert one.shipped_on
    assert one.baseline_from
    assert one.baseline_n
    assert one.expected_share is not None
    this_week, first = monday_of(now.date()), _first_whole_week(one)
    weeks = weeks_of(one, start=one.baseline_from, end=this_week)
    # The week in which the change came belongs to neither side.
    weeks = [
        Week(week.monday, 0, 0) if first - WEEK == week.monday < one.shipped_on else week for week in weeks
    ]
    promised = (one.baseline_unhappy or 0) / one.baseline_n - one.expected_share
    shipped = sum(week.monday < first for week in weeks)
    found = check_recurrence(
        _shares(weeks), [week.n for week in weeks], shipped=shipped, promised=promised, better="lower"
    )
    after = weeks[shipped:]
    n, unhappy = sum(week.n for week in after), sum(week.unhappy for week in after)
    return Look.objects.create(
        improvement=one,
        shipped_on=one.shipped_on,
        week=this_week,
        looked_at=now,
        n=n,
        unhappy=unhappy,
        verdict=SAID[found.verdict],
        change=found.change,
        low=found.low,
        high=found.high,
        evidence=found.evidence,
        method=METHOD,
        words=_words(one, found, n, unhappy),
    )


def _shares(weeks: Sequence[Week]) -> list[float | None]:
    return [week.unhappy / week.n if week.n else None for week in weeks]


def _words(one: Improvement, found: Recurrence, n: int, unhappy: int) -> str:
    if found.reason:
        return _("Not yet known. %(reason)s") % {"reason": found.reason}
    before = round(100 * (one.baseline_unhappy or 0) / (one.baseline_n or 1))
    shares = {"before": before, "after": round(100 * unhappy / n) if n else 0, "n": n}
    counted = _("Unhappy answers went from %(before)d%% to %(after)d%% (%(n)d answers since).") % shares
    odds = {"odds": _odds(found.evidence)}
    if found.verdict == Verdict.BETTER:
        said = _(
            "Better. %(counted)s The weeks since are %(odds)s times likelier with the change than without."
        )
    elif found.verdict == Verdict.BACK_AGAIN:
        said = _("Back again. %(counted)s The latest weeks look like before the change.")
    elif found.verdict == Verdict.NO_BETTER:
        said = _("No better so far. %(counted)s The weeks since speak against the change that was expected.")
    else:
        said = _("Not yet known. %(counted)s That could still be chance.%(needed)s")
        odds["needed"] = _needed(one, n)
    return said % ({"counted": counted} | odds)


def _needed(one: Improvement, n: int) -> str:
    if not one.needed_n or n >= one.needed_n:
        return ""
    return " " + _("If it works as expected, about %(n)d more answers will show it.") % {
        "n": one.needed_n - n
    }


def _odds(evidence: float) -> str:
    return "1000+" if evidence >= 1000 else f"{evidence:.0f}"


def _draw_conclusion(one: Improvement, look: Look, now: datetime) -> None:
    if look.verdict == Look.Verdict.BACK:
        one.state, one.came_back = State.BACK, one.came_back + 1
    elif look.verdict == Look.Verdict.BETTER and one.state == State.SHIPPED:
        one.state = State.HELD
    elif not _newly_no_better(one, look):
        return
    one.save(update_fields=["state", "came_back"])
    queue_mails([mails.about_verdict(one, one.owner, look=look)], now=now)


def _newly_no_better(one: Improvement, look: Look) -> bool:
    if look.verdict != Look.Verdict.NO_BETTER:
        return False
    before = one.looks.filter(shipped_on=look.shipped_on, week__lt=look.week).last()
    return before is None or before.verdict != Look.Verdict.NO_BETTER
