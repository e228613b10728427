"""Single values: dates, numbers, money, words."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.connectors.files.tables import Kind
from rapport.connectors.files.values import ColumnParser, Limits, Reading, ValueProblem

KINDS: list[Kind] = [
    "text",
    "integer",
    "number",
    "money",
    "boolean",
    "date",
    "datetime",
    "email",
    "phone",
    "url",
]


def read(kind: Kind, value: object, limits: Limits | None = None, **conventions: Any) -> object:
    parsed, problems = ColumnParser(kind, Reading(**conventions), limits or Limits()).read([value])
    if problems:
        raise problems[0][1]
    return parsed[0]


def test_numbers_written_in_thousands_or_millions_are_multiplied() -> None:
    assert read("number", "1100.04", factor=Decimal(1_000_000)) == Decimal(1_100_040_000)
    assert read("integer", "2.5", factor=Decimal(1000)) == 2500
    assert read("money", "EUR 1.2", factor=Decimal(1000)) == (Decimal(1200), "EUR")
    with pytest.raises(ValueProblem):
        read("integer", "99", Limits(maximum=Decimal(32_767)), factor=Decimal(1000))


@pytest.mark.parametrize(
    ("written", "order", "day"),
    [
        ("2024-05-01", "", date(2024, 5, 1)),
        ("1996-07-04 00:00:00.000", "", date(1996, 7, 4)),
        ("20240501", "", date(2024, 5, 1)),
        ("1/5/2024", "dmy", date(2024, 5, 1)),
        ("5/1/2024", "mdy", date(2024, 5, 1)),
        ("01.05.24", "dmy", date(2024, 5, 1)),
        ("2024/5/1", "", date(2024, 5, 1)),
        ("1 May 2024", "", date(2024, 5, 1)),
        ("May 1st, 2024", "", date(2024, 5, 1)),
        ("Mittwoch, 1. Mai 2024", "", date(2024, 5, 1)),
        ("1er mai 2024", "", None),
        ("1 mai 2024", "", date(2024, 5, 1)),
        ("1 de mayo de 2024", "", date(2024, 5, 1)),
        (45413, "", date(2024, 5, 1)),
        (datetime(2024, 5, 1, 9, tzinfo=UTC), "", date(2024, 5, 1)),
    ],
)
def test_days_are_understood_as_people_write_them(written: object, order: str, day: date | None) -> None:
    if day is None:
        with pytest.raises(ValueProblem):
            read("date", written)
    else:
        assert read("date", written, date_order=order) == day


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00+00:00"),
        ("2024-05-01T10:00:00+02:00", "2024-05-01T08:00:00+00:00"),
        ("2015-02-24 11:35:52 -0800", "2015-02-24T19:35:52+00:00"),
        ("2023-07-28 3:00", "2023-07-28T01:00:00+00:00"),
        ("29/2/2016 01:16", "2016-02-29T00:16:00+00:00"),
        ("1/5/2024 2:30 pm", "2024-05-01T12:30:00+00:00"),
        ("1.5.2024", "2024-04-30T22:00:00+00:00"),
        ("2024-12-01T12:00", "2024-12-01T11:00:00+00:00"),
    ],
)
def test_moments_without_a_zone_are_local_and_kept_in_utc(written: str, moment: str) -> None:
    got = read("datetime", written, date_order="dmy", time_zone="Europe/Berlin")
    assert got == datetime.fromisoformat(moment)


def test_a_format_of_the_mapping_is_followed_to_the_letter() -> None:
    assert read("datetime", "2024W5 01", date_format="%YW%m %d") == datetime(2024, 5, 1, tzinfo=UTC)
    with pytest.raises(ValueProblem, match="format"):
        read("date", "2024-05-01", date_format="%d.%m.%Y")


@pytest.mark.parametrize(
    "written", ["31/02/2024", "12/31/2024", "soon", "3:00", "2024-13-01", "99999999999", "0000-01-01"]
)
def test_what_is_no_date_says_so_and_how_to_write_one(written: str) -> None:
    with pytest.raises(ValueProblem) as found:
        read("date", written, date_order="dmy")
    assert found.value.mend


@pytest.mark.parametrize(
    ("written", "decimal", "number"),
    [
        ("1234.5", ".", "1234.5"),
        ("1,234.5", ".", "1234.5"),
        ("1.234,5", ",", "1234.5"),
        ("1 234,5", ",", "1234.5"),
        ("1'234.5", ".", "1234.5"),
        ("−5", ".", "-5"),
        ("(5)", ".", "-5"),
        ("5-", ".", "-5"),
        ("12,34,567.5", ".", "1234567.5"),
        ("35 %", ".", "35"),
        ("1e3", ".", "1000"),
        (0.1 + 0.2, ".", "0.3"),
        (7, ".", "7"),
    ],
)
def test_numbers_are_read_with_either_decimal_sign(written: object, decimal: str, number: str) -> None:
    assert read("number", written, decimal=decimal) == Decimal(number)


@pytest.mark.parametrize(
    "written", ["1,23.4", "1.2.3", "abc", "1e999", "nan", "inf", "--5", "5 apples", True]
)
def test_what_is_no_number_says_so(written: object) -> None:
    with pytest.raises(ValueProblem):
        read("number", written)


def test_a_comma_is_not_taken_for_a_point_in_silence() -> None:
    with pytest.raises(ValueProblem, match="not a number"):
        read("number", "7,5", decimal=".")


@pytest.mark.parametrize(
    ("written", "decimal", "amount", "currency"),
    [
        ("€ 1.200,50", ",", "1200.50", "EUR"),
        ("1,200.50 USD", ".", "1200.50", "USD"),
        ("-$5", ".", "-5", "USD"),
        ("CHF 1'200.50", ".", "1200.50", "CHF"),
        ("12.5", ".", "12.5", "GBP"),
        ("(£3.00)", ".", "-3.00", "GBP"),
        (12.5, ".", "12.5", "GBP"),
    ],
)
def test_money_carries_its_currency(written: object, decimal: str, amount: str, currency: str) -> None:
    assert read("money", written, decimal=decimal, currency="GBP") == (Decimal(amount), currency)


@pytest.mark.parametrize(
    ("kind", "written", "meant"),
    [
        ("boolean", "ja", True),
        ("boolean", "FALSE", False),
        ("boolean", "Oui", True),
        ("language", "Deutsch", "de"),
        ("language", "en-GB", "en"),
        ("language", "français", "fr"),
        ("country", "USA", "US"),
        ("country", "Deutschland", "DE"),
        ("country", "uk", "GB"),
        ("currency", "€", "EUR"),
        ("email", "Bob Roy <Bob@Example.com>", "bob@example.com"),
        ("url", "example.com", "https://example.com"),
    ],
)
def test_words_are_understood_in_several_languages(kind: Kind, written: str, meant: object) -> None:
    assert read(kind, written) == meant


def test_a_near_miss_is_named() -> None:
    with pytest.raises(ValueProblem) as found:
        read("country", "Philipines")
    assert "philippines" in found.value.mend


def test_choices_are_found_by_key_or_label_in_any_case() -> None:
    limits = Limits(choices={"decision_maker": "Decision-maker", "user": "User"})
    assert read("choice", "Decision Maker", limits) == "decision_maker"
    assert read("choice", "USER", limits) == "user"
    with pytest.raises(ValueProblem):
        read("choice", "boss", limits)


def test_limits_name_what_the_field_takes() -> None:
    with pytest.raises(ValueProblem, match="0 to 10"):
        read("number", "11", Limits(minimum=Decimal(0), maximum=Decimal(10)))
    with pytest.raises(ValueProblem, match="5"):
        read("text", "too long", Limits(max_length=5))


@pytest.mark.parametrize("bad", ["a\x00b", "Gen\udc80ve"])
@pytest.mark.parametrize("kind", KINDS)
def test_nul_and_foreign_bytes_are_problems_of_the_value(kind: Kind, bad: str) -> None:
    with pytest.raises(ValueProblem):
        read(kind, bad)


def test_words_for_nothing_are_empty_in_every_kind() -> None:
    for kind in KINDS:
        assert read(kind, " NULL ", missing=("NULL",)) is None
        assert read(kind, "  ", missing=("NULL",)) is None


def test_an_apostrophe_that_made_a_formula_inert_is_taken_off_again() -> None:
    assert read("text", "'=1+1") == "=1+1"
    assert read("text", "'t Hooft") == "'t Hooft"


@given(
    st.sampled_from(KINDS),
    st.one_of(st.text(max_size=40), st.floats(), st.integers(), st.booleans(), st.none()),
)
def test_any_value_is_read_or_reported_never_a_crash(kind: Kind, value: object) -> None:
    parsed, problems = ColumnParser(kind, Reading()).read([value, "x"])
    assert len(parsed) == 2
    for _, problem in problems:
        assert problem.what
        assert problem.mend


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4))
def test_every_number_comes_back_from_both_ways_of_writing_it(value: Decimal) -> None:
    english = f"{value:,.4f}"
    german = english.translate({ord(","): ".", ord("."): ","})
    assert read("number", english, decimal=".") == value
    assert read("number", german, decimal=",") == value


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001
def test_every_moment_comes_back_from_the_usual_ways_of_writing_it(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    for pattern, order in [
        ("%Y-%m-%d %H:%M:%S", ""),
        ("%d/%m/%Y %H:%M:%S", "dmy"),
        ("%m/%d/%Y %I:%M:%S %p", "mdy"),
        ("%d %B %Y %H:%M:%S", ""),
    ]:
        assert read("datetime", moment.strftime(pattern), date_order=order) == moment.replace(tzinfo=UTC)


@given(st.lists(st.text(max_size=10), max_size=30))
def test_reading_a_batch_at_once_equals_reading_each_value(values: list[str]) -> None:
    together, problems = ColumnParser("text", Reading(missing=("?",))).read(values)
    wrong = {i for i, _ in problems}
    for i, value in enumerate(values):
        alone, problem = ColumnParser("text", Reading(missing=("?",))).read([value, None])
        assert together[i] == alone[0]
        assert (i in wrong) == bool(problem)
