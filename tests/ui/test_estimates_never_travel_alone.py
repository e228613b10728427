"""An estimate is shown with range and base, warned about when thin, hidden when too few."""

import math
from dataclasses import dataclass

import pytest
from django.template import engines
from hypothesis import given
from hypothesis import strategies as st

from rapport.stats.estimate import Difference, Estimate
from rapport.ui.estimates import Scale, read


def points(
    n: int, value: float = 13, low: float = -8, high: float = 33, effective: float | None = None
) -> Estimate:
    return Estimate(
        value=value,
        low=low,
        high=high,
        n=n,
        n_effective=effective or n,
        method="adjusted Wald",
        unit="points",
    )


def drawn(source: str, **context: object) -> str:
    return engines["django"].from_string("{% load rapport_ui %}" + source).render(context)


def test_a_firm_estimate_shows_value_range_and_base() -> None:
    html = drawn("{% estimate e picture=True %}", e=points(412, 28, 20, 36))
    assert "<b>+28</b>" in html
    assert "+20 to +36" in html
    assert "n 412" in html
    assert 'class="range  lo-60 at-64 hi-68"' in html
    assert "style=" not in html


def test_a_thin_estimate_asks_to_read_the_range() -> None:
    assert "n 19: read the range" in drawn("{% estimate e %}", e=points(19))
    assert read(points(50, effective=12.5)).base == "n 50, n eff 12.5: read the range"


@pytest.mark.parametrize("n", [0, 1, 4])
def test_an_estimate_from_under_five_answers_shows_nothing_of_itself(n: int) -> None:
    html = drawn("{% estimate e picture=True %}{% range_mark e %}{% figures f %}", e=points(n), f=())
    assert "13" not in html
    assert "33" not in html
    assert html.count("suppressed") == 2


def test_an_estimate_without_value_says_why() -> None:
    none = Estimate.without_value("Nobody answered.", method="NPS", unit="points")
    assert "Nobody answered." in drawn("{% estimate e %}", e=none)


def test_a_share_is_written_as_a_percentage() -> None:
    share = Estimate(value=0.61, low=0.47, high=0.74, n=61, n_effective=61, method="Wilson", unit="share")
    assert read(share).value == "61%"
    assert read(share).range == "47–74"
    assert (read(share).low_at, read(share).at, read(share).high_at) == (47, 61, 74)


def test_a_change_is_coloured_only_when_its_range_excludes_zero() -> None:
    real = Difference(value=-13, low=-20, high=-4, n_a=40, n_b=41, method="Wald")
    noise = Difference(value=-5, low=-12, high=3, n_a=40, n_b=41, method="Wald")
    assert 'class="mood det"' in drawn("{% change d %}", d=real)
    assert 'class="mood pro"' in drawn("{% change d rising_is_good=False %}", d=real)
    html = drawn("{% change d %}", d=noise)
    assert "noise" in html
    assert "m-det" not in html


@dataclass(frozen=True)
class Loose:
    """An estimate from elsewhere that broke its promise."""

    value: float | None = math.nan
    low: float | None = 0.0
    high: float | None = 1.0
    n: int | None = 50
    reason: str | None = None
    method: str = ""


def test_a_value_that_is_no_number_is_never_shown() -> None:
    assert read(Loose(), "ten").hidden == "no figure"


@given(st.floats(-100, 100), st.floats(0, 60), st.floats(0, 60), st.integers(5, 5000))
def test_marks_stay_on_their_scale_in_order(value: float, below: float, above: float, n: int) -> None:
    reading = read(points(n, value, value - below, value + above), Scale(-100, 100))
    assert 0 <= reading.low_at <= reading.at <= reading.high_at <= 100
