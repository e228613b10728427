"""Word before a case is due, and when it is late; each once."""

from datetime import UTC, datetime, timedelta

from tests.cast import World
from tests.rooms.action.cases import Cast, make_case

from rapport.kernel.models import OutgoingMail
from rapport.rooms.action.models import Case
from rapport.rooms.action.services.reminders import send_reminders
from rapport.rooms.action.services.steps import tell_customer

MONDAY = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)


def sent(kind: str) -> list[str]:
    mails = OutgoingMail.objects.filter(dedupe_key__startswith=kind).order_by("pk")
    return list(mails.values_list("to", flat=True))


def test_the_owner_is_reminded_once_before_it_is_due(world: World, cast: Cast) -> None:
    case = make_case(cast, now=MONDAY)
    assert case.due_at == MONDAY + timedelta(hours=8)
    send_reminders(now=MONDAY + timedelta(hours=5, minutes=59))
    assert sent("case-due:") == []
    for minute in range(3):
        send_reminders(now=MONDAY + timedelta(hours=6, minutes=minute))
    assert sent("case-due:") == [cast("account_manager").email]


def test_when_it_is_late_the_owner_and_the_fallback_hear_once(world: World, cast: Cast) -> None:
    make_case(cast, now=MONDAY)
    for hours in (9, 10, 200):
        send_reminders(now=MONDAY + timedelta(hours=hours))
    assert sent("case-overdue:") == [cast("account_manager").email, cast("cx_manager").email]


def test_nobody_is_reminded_of_what_the_customer_was_told(world: World, cast: Cast) -> None:
    case = make_case(cast, now=MONDAY)
    told = MONDAY + timedelta(hours=1)
    tell_customer(case, by=cast("account_manager"), how="email", words="Sorry.", told_at=told, now=told)
    send_reminders(now=MONDAY + timedelta(days=9))
    assert sent("case-due:") == sent("case-overdue:") == []


def test_a_clock_that_jumps_back_sends_nothing_twice(world: World, cast: Cast) -> None:
    make_case(cast, now=MONDAY)
    for hours in (9, 6, 5, 9, 7, 10):
        send_reminders(now=MONDAY + timedelta(hours=hours))
    assert len(sent("case-overdue:")) == 2
    assert len(sent("case-due:")) <= 1


def test_a_case_nobody_owns_reaches_the_fallback_when_late(world: World, cast: Cast) -> None:
    make_case(cast, now=MONDAY)
    Case.objects.update(owner=None)
    send_reminders(now=MONDAY + timedelta(days=3))
    assert sent("case-overdue:") == [cast("cx_manager").email]
