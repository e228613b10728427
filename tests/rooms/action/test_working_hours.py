"""Counting working hours."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.rooms.action.working_hours import WorkingWeek, add_working_time, working_time_between

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ZONES = ["UTC", "Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]
NIGHTS = WorkingWeek(days=frozenset(range(7)), opens=time(1), closes=time(5))

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
moments = st.integers(0, 10 * 366 * 24 * 60).map(lambda minutes: EPOCH + timedelta(minutes=minutes))
zones = st.sampled_from(ZONES).map(ZoneInfo)
durations = st.integers(0, 200 * 60).map(lambda minutes: timedelta(minutes=minutes))
days_off = st.frozensets(st.dates(date(2020, 1, 1), date(2030, 1, 1)), max_size=30)
weeks = st.sampled_from([WorkingWeek(), NIGHTS, WorkingWeek(frozenset({2}), time(0), time(23, 59))])


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=AMSTERDAM)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        (local(2026, 9, 17, 10, 42), 2, local(2026, 9, 17, 12, 42)),
        (local(2026, 9, 17, 16, 0), 2, local(2026, 9, 18, 10, 0)),
        (local(2026, 9, 18, 16, 0), 2, local(2026, 9, 21, 10, 0)),
        (local(2026, 9, 19, 12, 0), 8, local(2026, 9, 21, 17, 0)),
        (local(2026, 9, 17, 23, 0), 0, local(2026, 9, 18, 9, 0)),
    ],
)
def test_evenings_and_weekends_do_not_count(start: datetime, hours: int, due: datetime) -> None:
    assert add_working_time(start, timedelta(hours=hours), AMSTERDAM) == due


def test_a_holiday_does_not_count() -> None:
    king = frozenset({date(2026, 4, 27)})
    due = add_working_time(local(2026, 4, 24, 16, 0), timedelta(hours=2), AMSTERDAM, king)
    assert due == local(2026, 4, 28, 10, 0)


def test_the_owners_own_morning_counts_after_clocks_change() -> None:
    due = add_working_time(local(2026, 10, 23, 16, 0), timedelta(hours=8), AMSTERDAM)
    assert due == local(2026, 10, 26, 16, 0)
    assert due - local(2026, 10, 23, 16, 0).astimezone(UTC) == timedelta(days=3, hours=1)


def test_a_night_with_an_hour_missing_has_an_hour_less() -> None:
    spring, end = local(2026, 3, 29, 0, 0), local(2026, 3, 30, 0, 0)
    assert working_time_between(spring, end, AMSTERDAM, week=NIGHTS) == timedelta(hours=3)


@given(moments, durations, zones, days_off, weeks)
def test_as_much_working_time_lies_between_as_was_added(
    start: datetime, span: timedelta, zone: ZoneInfo, off: frozenset[date], week: WorkingWeek
) -> None:
    due = add_working_time(start, span, zone, off, week)
    assert due >= start
    assert working_time_between(start, due, zone, off, week) == span


@given(moments, durations, durations, zones, weeks)
def test_more_time_is_never_due_sooner_and_adding_in_two_steps_is_the_same(
    start: datetime, first: timedelta, second: timedelta, zone: ZoneInfo, week: WorkingWeek
) -> None:
    halfway = add_working_time(start, first, zone, week=week)
    whole = add_working_time(start, first + second, zone, week=week)
    assert whole >= halfway
    assert working_time_between(halfway, whole, zone, week=week) == second


@given(moments, durations, zones, days_off)
def test_it_is_due_on_a_working_day_within_hours(
    start: datetime, span: timedelta, zone: ZoneInfo, off: frozenset[date]
) -> None:
    due = add_working_time(start, span, zone, off).astimezone(zone)
    assert due.weekday() < 5
    assert due.date() not in off
    assert time(9) <= due.time() <= time(17)


@given(moments, moments, zones)
def test_time_between_turns_its_sign_with_the_order(start: datetime, end: datetime, zone: ZoneInfo) -> None:
    near = start + (end - start) / 500
    assert working_time_between(start, near, zone) == -working_time_between(near, start, zone)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        add_working_time(datetime(2026, 9, 17, 9), timedelta(hours=1), AMSTERDAM)  # noqa: DTZ001


def test_a_week_without_days_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        WorkingWeek(days=frozenset())
