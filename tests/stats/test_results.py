"""What every result promises: a range and a base, or a reason; and how strongly it may be drawn."""

import math

import pytest

from rapport import stats

HALF = {"value": 0.5, "low": 0.4, "high": 0.6, "method": "test"}


@pytest.mark.parametrize(
    ("n", "n_effective", "strength"),
    [
        (4, 4, stats.Strength.HIDDEN),
        (5, 5, stats.Strength.READ_THE_RANGE),
        (29, 29, stats.Strength.READ_THE_RANGE),
        (30, 30, stats.Strength.DOT_AND_RANGE),
        (400, 12.5, stats.Strength.READ_THE_RANGE),
        (30, 29.9999999999, stats.Strength.DOT_AND_RANGE),
        (40, 3, stats.Strength.READ_THE_RANGE),
    ],
)
def test_a_figure_is_drawn_as_strongly_as_its_base_allows(n, n_effective, strength):
    figure = stats.Estimate(**HALF, n=n, n_effective=n_effective)
    assert figure.strength is strength
    assert figure.is_hidden == (strength is stats.Strength.HIDDEN)
    assert figure.may_rank == (strength is stats.Strength.DOT_AND_RANGE)


def test_a_figure_without_value_is_hidden_however_many_answered():
    figure = stats.Estimate.without_value("No spread.", method="mean", n=100)
    assert figure.is_hidden
    assert not figure.has_value
    assert not figure.excludes(0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": math.nan, "low": 0, "high": 1},
        {"value": 0.5, "low": 0, "high": math.inf},
        {"value": 2, "low": 0, "high": 1},
        {"value": None, "low": 0, "high": 1},
        {"value": None, "low": None, "high": None},
        {"value": 0.5, "low": 0, "high": 1, "reason": "Too few."},
    ],
)
def test_a_result_is_a_finite_value_within_its_range_or_a_reason(wrong):
    with pytest.raises(ValueError, match=r"value|interval"):
        stats.Estimate(**wrong, n=10, n_effective=10, method="test")
    with pytest.raises(ValueError, match=r"value|interval"):
        stats.Difference(**wrong, n_a=10, n_b=10, method="test")


def test_a_small_figure_loses_everything_that_could_give_it_away():
    hidden = stats.nps([9, 9, 3]).hidden_below()
    assert (hidden.value, hidden.low, hidden.high, hidden.standard_error) == (None, None, None, None)
    assert hidden.reason == "Hidden: fewer than 5 answers."
    whole = stats.nps([9, 9, 3, 4, 5])
    assert whole.hidden_below() is whole


def test_an_impossible_level_is_refused():
    for level in (0, 1, 95):
        with pytest.raises(ValueError, match="share between 0 and 1"):
            stats.nps([9], level=level)
