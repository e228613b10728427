"""Numbers, ranges, money, days and times as people read them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.ui.formats import clock, day, full_day, interval, money, number, weekday


@pytest.mark.parametrize(
    ("value", "decimals", "sign", "text"),
    [
        (28, 0, True, "+28"),
        (-19, 0, True, "−19"),
        (0, 0, True, "0"),
        (-0.2, 0, True, "0"),
        (1234567, 0, False, "1,234,567"),
        (-1234.5, 1, False, "−1,234.5"),
        (Decimal("7.25"), 1, False, "7.2"),
    ],
)
def test_a_number_has_a_true_minus_grouped_thousands_and_no_signed_zero(
    value: float, decimals: int, sign: bool, text: str
) -> None:
    assert number(value, decimals, sign) == text


@pytest.mark.parametrize(
    ("low", "high", "sign", "text"),
    [
        (47, 74, False, "47–74"),
        (-8, 33, False, "−8 to 33"),
        (20, 36, True, "+20 to +36"),
        (0, 27, True, "0 to +27"),
    ],
)
def test_a_range_has_a_dash_between_positives_and_a_word_beside_signs(
    low: float, high: float, sign: bool, text: str
) -> None:
    assert interval(low, high, sign=sign) == text


@pytest.mark.parametrize(
    ("amount", "currency", "compact", "text"),
    [
        (720_000, "EUR", True, "€0.72m"),
        (11_400, "EUR", True, "€11,400"),
        (310_000, "EUR", False, "€310,000"),
        (-1_840_000, "GBP", True, "−£1.84m"),
        (2_500_000_000, "USD", True, "$2.50bn"),
        (900, "SEK", False, "SEK\N{NO-BREAK SPACE}900"),
    ],
)
def test_money_is_short_only_where_asked(amount: float, currency: str, compact: bool, text: str) -> None:
    assert money(amount, currency, compact) == text


def test_a_day_shows_its_year_only_when_it_is_another_one() -> None:
    assert day(date(2026, 9, 17), today=date(2026, 11, 1)) == "17 Sep"
    assert day(date(2025, 9, 17), today=date(2026, 11, 1)) == "17 Sep 2025"
    assert full_day(date(2027, 3, 31)) == "31 Mar 2027"
    assert weekday(date(2026, 9, 17), today=date(2026, 11, 1)) == "Thu 17 Sep"


def test_times_are_on_the_24_hour_clock() -> None:
    assert clock(datetime(2026, 9, 17, 14, 0, tzinfo=UTC)) == "14:00"


@given(st.floats(-1e12, 1e12, allow_nan=False), st.integers(0, 3))
def test_no_hyphen_ever_stands_for_a_minus(value: float, decimals: int) -> None:
    assert "-" not in number(value, decimals)
