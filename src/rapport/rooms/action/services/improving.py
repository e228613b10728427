"""The steps of an improvement: found, understood, changed, in force, judged by later feedback."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.action.models import Case, CorrectiveAction, Improvement, Look, RootCause, Why
from rapport.rooms.action.selectors.improvements import sees_all
from rapport.rooms.action.selectors.problems import weeks_of
from rapport.rooms.action.services.recurrence import answers_needed
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.catalog.models import Function, Metric
from rapport.rooms.signals.models import Signal

State = Improvement.State
LONGEST_BASELINE = timedelta(weeks=104)
FEWEST = 30
OPEN_STATES = (State.FOUND, State.ANALYSED, State.ACTING, State.BACK)


def find_problem(
    *,
    title: str,
    problem: str,
    metric: Metric,
    places: Mapping[str, list[str]],
    owner: User,
    function: Function | None,
    by: User,
    now: datetime,
    cases: Iterable[Case] = (),
) -> Improvement:
    """Write down a problem of many customers, with the cases it was seen in."""
    if not title.strip() or not problem.strip():
        raise StepRefused(_("Say what is to become better, and what the problem is."))
    with transaction.atomic():
        made = Improvement.objects.create(
            title=title.strip(),
            problem=problem.strip(),
            metric=metric,
            places={name: list(keys) for name, keys in places.items() if keys},
            owner=owner,
            function=function,
            found_at=now,
            found_by=by,
        )
        made.cases.add(*cases)
    return made


def link_case(improvement: Improvement, case: Case) -> None:
    """Note that a case is one of this problem."""
    improvement.cases.add(case)


def say_why(improvement: Improvement, *, answer: str, evidence: str, signal: Signal | None = None) -> Why:
    """Add the next of the five whys; raise StepRefused after the fifth."""
    with transaction.atomic():
        one = _locked(improvement)
        _refuse_over(one)
        if not answer.strip():
            raise StepRefused(_("Say why it happened."))
        position = one.whys.count() + 1
        if position > 5:
            raise StepRefused(_("There are five already; take the last one away first."))
        why = Why.objects.create(
            improvement=one,
            position=position,
            answer=answer.strip(),
            evidence=evidence.strip(),
            signal=signal,
        )
        _understood(one)
    return why


def take_back_why(improvement: Improvement) -> None:
    """Take the last of the whys away."""
    with transaction.atomic():
        last = _locked(improvement).whys.last()
        if last is None:
            raise StepRefused(_("There is none to take away."))
        last.delete()


def name_cause(
    improvement: Improvement,
    *,
    family: str,
    text: str,
    standing: str,
    evidence: str,
    signal: Signal | None = None,
) -> RootCause:
    """Put a cause on the fishbone, or judge one that is there; a judgement needs its evidence."""
    if not family.strip() or not text.strip():
        raise StepRefused(_("Name the family and the cause."))
    if standing not in RootCause.Standing.values:
        raise StepRefused(_("Choose how far it is proven."))
    if standing != RootCause.Standing.POSSIBLE and not evidence.strip():
        raise StepRefused(_("Say how we know: what proves it, or rules it out."))
    with transaction.atomic():
        one = _locked(improvement)
        _refuse_over(one)
        cause, _made = RootCause.objects.update_or_create(
            improvement=one,
            family=family.strip(),
            text=text.strip(),
            defaults={"standing": standing, "evidence": evidence.strip(), "signal": signal},
        )
        _understood(one)
    return cause


def plan_action(
    improvement: Improvement, *, text: str, owner: User, due_on: date, cost: Decimal | None
) -> CorrectiveAction:
    """Plan a corrective action."""
    if not text.strip():
        raise StepRefused(_("Say what is changed."))
    if cost is not None and cost < 0:
        raise StepRefused(_("A cost cannot be below zero."))
    with transaction.atomic():
        one = _locked(improvement)
        _refuse_over(one)
        action = CorrectiveAction.objects.create(
            improvement=one, text=text.strip(), owner=owner, due_on=due_on, cost=cost
        )
        if one.state in (State.FOUND, State.ANALYSED, State.BACK):
            one.state = State.ACTING
            one.save(update_fields=["state"])
    return action


def finish_action(action: CorrectiveAction, *, on: date) -> None:
    """Say that an action is done."""
    if action.done_on:
        raise StepRefused(_("It was done before."))
    CorrectiveAction.objects.filter(pk=action.pk, done_on=None).update(done_on=on)


def put_in_force(
    improvement: Improvement,
    *,
    on: date,
    expected_share: float,
    now: datetime,
    since: date | None = None,
    by: User | None = None,
) -> Improvement:
    """Say from which day the change is in force, and what share of unhappy answers it is to leave.

    The time from `since`, when the trouble began, up to that day becomes the baseline (two years at most),
    and the answers needed to see such a change are worked out. Raises
    StepRefused without an action done, with too few answers before, or when less is expected than nothing;
    how many there are is said only to who sees every customer.
    """
    with transaction.atomic():
        one = _locked(improvement)
        if one.state not in OPEN_STATES:
            raise StepRefused(_("%(code)s is in force already, or was given up.") % {"code": one.code})
        if not one.actions.filter(done_on__isnull=False).exists():
            raise StepRefused(_("Nothing was changed yet: mark an action as done first."))
        if on > now.date():
            raise StepRefused(_("It cannot be in force before its day has come."))
        start = max(since or on - LONGEST_BASELINE, on - LONGEST_BASELINE)
        if start >= on:
            raise StepRefused(_("The trouble must have begun before the change was in force."))
        whole = by is None or sees_all(by)
        before = weeks_of(one, start=start, end=on)
        n, unhappy = sum(week.n for week in before), sum(week.unhappy for week in before)
        if n < FEWEST:
            text = _("The time before holds %(n)s answers from here; at least %(fewest)d are needed.")
            raise StepRefused(text % {"n": n if whole else _("too few"), "fewest": FEWEST})
        if not 0 <= expected_share < unhappy / n:
            said = f"{round(100 * unhappy / n)}%" if whole else _("share")
            raise StepRefused(_("Expect fewer unhappy answers than the %(share)s before.") % {"share": said})
        one.state, one.shipped_on, one.expected_share = State.SHIPPED, on, expected_share
        one.baseline_from, one.baseline_n, one.baseline_unhappy = start, n, unhappy
        one.needed_n = answers_needed(before, expected_share)
        one.save()
    return one


def give_up(improvement: Improvement, *, why: str) -> Improvement:
    """Give an improvement up, with the reason."""
    with transaction.atomic():
        one = _locked(improvement)
        if one.state == State.DROPPED:
            raise StepRefused(_("It was given up before."))
        if not why.strip():
            raise StepRefused(_("Say why it is given up."))
        one.state, one.dropped_why = State.DROPPED, why.strip()
        one.save(update_fields=["state", "dropped_why"])
    return one


def _locked(improvement: Improvement) -> Improvement:
    rows = Improvement.objects.select_for_update(of=("self",)).select_related("metric", "owner")
    return rows.get(pk=improvement.pk)


def _refuse_over(one: Improvement) -> None:
    if one.state == State.DROPPED:
        raise StepRefused(_("%(code)s was given up.") % {"code": one.code})


def _understood(one: Improvement) -> None:
    if one.state == State.FOUND:
        one.state = State.ANALYSED
        one.save(update_fields=["state"])


def rethink(improvement: Improvement) -> Improvement:
    """Open it again because the change does no better; its verdict stays among the fixes that did not hold.

    Raises StepRefused unless it is in force and the latest look says so.
    """
    with transaction.atomic():
        one = _locked(improvement)
        last = one.looks.filter(shipped_on=one.shipped_on).last() if one.shipped_on else None
        if one.state != State.SHIPPED or last is None or last.verdict != Look.Verdict.NO_BETTER:
            raise StepRefused(_("The check does not say “no better” of %(code)s.") % {"code": one.code})
        one.state = State.ANALYSED
        one.save(update_fields=["state"])
    return one
