"""A matched comparison finds what was done, does not find what was not, and says how alike the sides are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.stats import MatchedComparison, ScoreError, matched_difference


def world(rng: np.random.Generator, *, n: int = 240, effect: float) -> MatchedComparison:
    """Return a comparison where the play is started rather on the unhappy, who rise anyway."""
    stratum = rng.integers(0, 3, n)
    before = rng.normal(5, 2, n)
    done = rng.random(n) < 1 / (1 + np.exp(1.0 + 0.6 * (before - 5)))
    after = 5 + 0.5 * (before - 5) + 0.4 * stratum + effect * done + rng.normal(0, 1, n)
    return matched_difference(after - before, done, stratum.tolist(), {"score before": before})


def test_what_was_not_there_is_rarely_found_and_what_was_lies_within_the_interval() -> None:
    rng = np.random.default_rng(20260914)
    false, covered, runs = 0, 0, 120
    for _run in range(runs):
        nothing, something = world(rng, effect=0.0).difference, world(rng, effect=1.0).difference
        assert nothing.p_value is not None
        false += nothing.p_value < 0.05
        covered += (something.low or 0) <= 1.0 <= (something.high or 0)
    # 5 % and 95 % of 120 with three standard errors of room.
    assert false / runs <= 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5
    assert covered / runs >= 0.95 - 3 * (0.05 * 0.95 / runs) ** 0.5


def test_without_matching_the_same_data_would_credit_the_play_with_what_chance_gives_back() -> None:
    rng = np.random.default_rng(7)
    n = 4000
    before = rng.normal(5, 2, n)
    done = rng.random(n) < 1 / (1 + np.exp(0.6 * (before - 5)))
    change = -0.5 * (before - 5) + rng.normal(0, 1, n)
    raw = change[done].mean() - change[~done].mean()
    found = matched_difference(change, done, ["all"] * n, {"score before": before})
    assert raw > 0.8
    assert abs(found.difference.value or 0) < 0.15
    [row] = found.balance
    assert row.before is not None
    assert row.after is not None
    assert abs(row.after) < 0.1 < abs(row.before)


def test_neighbours_share_their_stratum_and_lie_near() -> None:
    done = [True] * 12 + [False] * 12
    outcomes = [1.0] * 12 + [0.0] * 12
    other = matched_difference(outcomes, done, ["A"] * 12 + ["B"] * 12, {"x": range(24)})
    assert (other.matched, other.neighbours) == (0, 0)
    far = matched_difference(outcomes, done, ["A"] * 24, {"x": [0.0] * 12 + [9.0] * 12})
    assert far.matched == 0
    assert far.difference.reason == "Only 0 found somebody comparable; at least 10 are needed."


def test_an_unknown_outcome_is_left_out_and_a_missing_trait_refused() -> None:
    rng = np.random.default_rng(1)
    done = [True, False] * 20
    outcomes = [None, *rng.normal(size=39).tolist()]
    assert matched_difference(outcomes, done, ["A"] * 40, {"x": rng.normal(size=40)}).treated == 19
    with pytest.raises(ScoreError, match="'x' needs one finite number"):
        matched_difference(outcomes, done, ["A"] * 40, {"x": [float("nan")] * 40})
    with pytest.raises(ScoreError, match="give one each"):
        matched_difference(outcomes, done, ["A"] * 39, {})


@given(shift=st.floats(-100, 100), factor=st.floats(0.1, 50))
def test_the_unit_of_outcome_and_trait_does_not_matter(shift: float, factor: float) -> None:
    rng = np.random.default_rng(3)
    done = np.arange(60) % 3 == 0
    trait, outcomes = rng.normal(size=60), rng.normal(size=60)
    one = matched_difference(outcomes, done, ["A"] * 60, {"x": trait}).difference
    two = matched_difference(outcomes * factor, done, ["A"] * 60, {"x": trait * factor + shift}).difference
    assert one.value is not None
    assert two.value == pytest.approx(one.value * factor, rel=1e-6, abs=1e-9)


def test_the_order_of_the_rows_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    done, trait, outcomes = np.arange(60) % 3 == 0, rng.normal(size=60), rng.normal(size=60)
    order = rng.permutation(60)
    one = matched_difference(outcomes, done, ["A"] * 60, {"x": trait}).difference
    two = matched_difference(outcomes[order], done[order], ["A"] * 60, {"x": trait[order]}).difference
    assert (two.value, two.low) == pytest.approx((one.value, one.low))
