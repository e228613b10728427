"""The three clocks of a case, putting it aside, watching it, and the figures that hide nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.cast import World
from tests.rooms.action.cases import Cast, make_case, make_rule

from rapport.kernel.models import OutgoingMail, Team
from rapport.rooms.action.models import Case, CaseEvent
from rapport.rooms.action.selectors.follow_up import follow_up
from rapport.rooms.action.services.handing_on import reassign
from rapport.rooms.action.services.reminders import send_reminders
from rapport.rooms.action.services.snoozing import snooze, wake_all
from rapport.rooms.action.services.steps import (
    StepRefused,
    close_case,
    confirm_fixed,
    deny_fixed,
    record_contact,
    tell_customer,
)
from rapport.rooms.action.services.watching import watch

MONDAY = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def sent(kind: str) -> list[str]:
    return list(OutgoingMail.objects.filter(dedupe_key__startswith=kind).values_list("to", flat=True))


def told(case: Case, cast: Cast, at: datetime) -> Case:
    return tell_customer(case, by=cast("account_manager"), how="email", words="Sorry.", told_at=at, now=at)


def test_first_contact_is_measured_in_working_time_over_a_weekend(world: World, cast: Cast) -> None:
    friday = datetime(2026, 9, 18, 16, 0, tzinfo=UTC)
    case = make_case(cast, now=friday)
    assert case.contact_due_at == datetime(2026, 9, 21, 12, 0, tzinfo=UTC)
    monday = datetime(2026, 9, 21, 10, 30, tzinfo=UTC)
    done = record_contact(
        case, by=cast("account_manager"), how="telephone", words="Rang.", at=monday, now=monday
    )
    assert (done.contact_minutes, done.state, done.acknowledged_at) == (150, "acknowledged", monday)
    with pytest.raises(StepRefused, match="before"):
        record_contact(case, by=cast("account_manager"), how="email", words="x", at=monday, now=monday)


def test_a_late_first_contact_is_called_for_once(world: World, cast: Cast) -> None:
    make_case(cast, now=MONDAY)
    send_reminders(now=MONDAY + 4 * HOUR)
    assert sent("case-contact:") == []
    for minutes in (241, 242, 100, 500):
        send_reminders(now=MONDAY + timedelta(minutes=minutes))
    assert sent("case-contact:") == [cast("account_manager").email]


def test_a_customer_who_says_yes_ends_the_last_clock_and_one_who_says_no_opens_the_case(
    world: World, cast: Cast
) -> None:
    case = told(make_case(cast, now=MONDAY), cast, MONDAY + HOUR)
    case = confirm_fixed(case, by=None, words="Thanks", now=MONDAY + 2 * HOUR)
    assert case.confirmed_at == MONDAY + 2 * HOUR
    case = close_case(case, by=cast("account_manager"), resolution="Fine.", now=MONDAY + 3 * HOUR)
    case = deny_fixed(case, by=None, words="Late again", now=MONDAY + 4 * HOUR)
    assert (case.state, case.reopened, case.confirmed_at) == ("acknowledged", 1, None)
    assert sent("case-reopened:") == [cast("account_manager").email]


def test_an_answer_that_does_not_come_is_asked_for_once(world: World, cast: Cast) -> None:
    told(make_case(cast, now=MONDAY), cast, MONDAY + HOUR)
    for days in (6, 8, 8, 9):
        send_reminders(now=MONDAY + timedelta(days=days))
    assert sent("case-unconfirmed:") == [cast("account_manager").email]


def test_what_is_put_aside_rouses_nobody_before_its_time_but_is_overdue_all_the_same(
    world: World, cast: Cast
) -> None:
    case = make_case(cast, now=MONDAY)
    back = MONDAY + timedelta(days=3)
    snooze(case, by=cast("account_manager"), until=back, reason="Joost is on holiday", now=MONDAY)
    send_reminders(now=MONDAY + 7 * HOUR)
    assert sent("case-due:") == []
    assert Case.objects.overdue(MONDAY + timedelta(days=2)).count() == 1
    assert [wake_all(now=back + timedelta(minutes=n)) for n in (-1, 0, 1)] == [0, 1, 0]
    assert sent("case-woken:") == [cast("account_manager").email]
    case.refresh_from_db()
    assert (case.snoozed_until, case.snooze_reason) == (None, "")


@pytest.mark.parametrize(
    ("days", "reason", "says"), [(3, " ", "why"), (-1, "x", "after now"), (40, "x", "within 31 days")]
)
def test_putting_aside_needs_a_reason_and_an_end(
    world: World, cast: Cast, days: int, reason: str, says: str
) -> None:
    case = make_case(cast, now=MONDAY)
    until = MONDAY + timedelta(days=days)
    with pytest.raises(StepRefused, match=says):
        snooze(case, by=cast("account_manager"), until=until, reason=reason, now=MONDAY)


def test_who_watches_hears_and_who_cannot_see_it_any_more_does_not(world: World, cast: Cast) -> None:
    case = make_case(cast, now=MONDAY)
    watch(case, by=cast("executive"), now=MONDAY)
    watch(case, by=cast("partner_user"), now=MONDAY)
    told(case, cast, MONDAY + HOUR)
    assert sent("case-watched:") == [cast("executive").email]


def test_a_case_handed_to_another_team_still_counts_for_the_team_whose_customer_it_was(
    world: World, cast: Cast
) -> None:
    case = make_case(cast, now=MONDAY)
    for to in ("service_lead", "cx_manager"):
        case = reassign(case, to=cast(to), by=cast("administrator"), reason="x", now=MONDAY + HOUR)
    late = MONDAY + timedelta(days=3)
    found = follow_up(cast("cx_manager"), days=90, now=late)
    [row] = found.teams
    assert (row.name, row.opened, row.overdue, row.handed_on) == (
        Team.objects.get(key="benelux-team").name,
        1,
        1,
        1,
    )
    assert [shown.code for shown in found.handed_about] == [case.code]


def test_the_figures_are_shares_with_ranges_of_what_was_due(world: World, cast: Cast) -> None:
    make_rule(cast("cx_manager"))
    cases = [make_case(cast, now=MONDAY, external_reference=f"n{n}") for n in range(8)]
    for number, case in enumerate(cases[:6]):
        told(case, cast, MONDAY + timedelta(hours=1 if number < 4 else 30))
    deny_fixed(cases[0], by=None, words="No", now=MONDAY + 2 * HOUR)
    total = follow_up(cast("cx_manager"), days=90, now=MONDAY + 4 * HOUR + timedelta(days=2)).total
    assert (total.in_time.n, round((total.in_time.value or 0) * total.in_time.n)) == (8, 3)
    assert (total.first_try.n, total.first_try.value) == (6, pytest.approx(5 / 6))
    assert total.in_time.low < total.in_time.value < total.in_time.high  # type: ignore[operator]
    assert (total.contact_hours.n, total.contact_hours.value) == (6, 1.0)


def test_a_clock_put_back_or_forward_an_hour_a_day_or_by_summer_time_sends_each_word_once(
    world: World, cast: Cast
) -> None:
    owner = cast("account_manager")
    owner.time_zone = "Europe/Amsterdam"
    owner.save()
    friday = datetime(2026, 10, 23, 14, 0, tzinfo=UTC)  # 16:00 in Amsterdam; clocks go back on Sunday
    case = make_case(cast, now=friday)
    assert case.due_at == datetime(2026, 10, 26, 15, 0, tzinfo=UTC)  # 16:00 again, by the other offset
    moments = [0, 66, 67, 66, 65, 67, 68, 67, 73, 72, 49, 73, 97, 73, 74]
    for hours in moments:
        send_reminders(now=friday + timedelta(hours=hours))
    kinds = (CaseEvent.Kind.REMINDED, CaseEvent.Kind.CONTACT_LATE, CaseEvent.Kind.OVERDUE)
    assert [CaseEvent.objects.filter(case=case, kind=kind).count() for kind in kinds] == [1, 1, 1]
    assert len(sent("case-due:")) == 1
    assert len(sent("case-overdue:")) == 2
