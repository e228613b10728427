"""Many comparisons, shift tables, pooling, suppression, planning, matching and the village."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as peer

from rapport import stats

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=20)
PEOPLE = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 12), min_size=1)


@given(p_values=P_VALUES)
def test_benjamini_hochberg_is_as_scipy_has_it(p_values):
    assert stats.benjamini_hochberg(p_values) == pytest.approx(peer.false_discovery_control(p_values))


@given(p_values=P_VALUES)
def test_holm_is_never_milder_than_no_correction_nor_stricter_than_bonferroni(p_values):
    adjusted = stats.holm(p_values)
    assert np.all(adjusted >= np.array(p_values))
    assert np.all(adjusted <= np.minimum(1, len(p_values) * np.array(p_values)) + 1e-15)
    assert np.all(adjusted >= stats.benjamini_hochberg(p_values) - 1e-12)


def test_a_p_value_that_is_none_is_named():
    with pytest.raises(stats.ScoreError, match="at position 1"):
        stats.holm([0.1, math.nan])


@given(a=st.integers(0, 50), b=st.integers(0, 50), stay=st.integers(1, 50))
def test_a_shift_table_of_two_classes_is_mcnemars_test(a, b, stay):
    test = stats.marginal_homogeneity([[stay, a], [b, stay]])
    if a + b == 0:
        assert test.reason == "Nobody has moved from one class to another."
        return
    assert test.stuart_maxwell == pytest.approx((a - b) ** 2 / (a + b))
    assert test.df == 1


def test_classes_nobody_is_in_do_not_count():
    with_empty = stats.marginal_homogeneity([[5, 0, 4], [0, 0, 0], [1, 0, 6]])
    assert with_empty == stats.marginal_homogeneity([[5, 4], [1, 6]])


def test_an_undetermined_shift_table_is_a_result_with_a_reason():
    test = stats.marginal_homogeneity([[5, 3, 0], [2, 5, 0], [0, 0, 9]])
    assert test.stuart_maxwell is None
    assert test.reason is not None


def test_a_table_that_is_not_square_is_refused():
    with pytest.raises(stats.ScoreError, match="square"):
        stats.marginal_homogeneity([[1, 2, 3], [4, 5, 6]])


@given(
    groups=st.lists(st.tuples(st.floats(-100, 100), st.floats(1, 50)), min_size=1, max_size=12),
)
def test_pooling_draws_every_group_towards_what_all_have_in_common(groups):
    values, errors = (np.array(column) for column in zip(*groups, strict=True))
    pooled = stats.pool_random_effects(values, errors)
    lower, upper = np.minimum(values, pooled.value), np.maximum(values, pooled.value)
    assert np.all((lower - 1e-9 <= pooled.shrunk) & (pooled.shrunk <= upper + 1e-9))
    assert np.all(pooled.shrunk_standard_error <= errors + 1e-9)


def test_shrunk_errors_are_those_of_the_normal_model_with_a_known_spread_between_groups():
    pooled = stats.pool_random_effects([0.0, 3.0, 9.0], [1.0, 2.0, 1.5])
    spread, errors = pooled.between_variance, np.array([1.0, 2.0, 1.5])
    precision = 1 / errors**2 + 1 / spread
    common = 1 / np.sum(1 / (errors**2 + spread))
    expected = 1 / precision + (1 / (precision * spread)) ** 2 * common  # Gelman et al., BDA3, 5.4
    assert pooled.shrunk_standard_error == pytest.approx(np.sqrt(expected))


def test_four_of_four_promoters_do_not_outrank_fifteen_of_twenty_six():
    few = stats.NpsCounts(detractors=0, passives=0, promoters=4)
    many = stats.NpsCounts(detractors=2, passives=9, promoters=15)
    rest = [stats.NpsCounts(detractors=8, passives=10, promoters=9)] * 20
    prior = stats.nps_prior([few, many, *rest], strength=20)
    assert stats.nps_with_prior(few, prior).value < stats.nps_with_prior(many, prior).value


@given(
    d=st.integers(0, 200),
    s=st.integers(0, 200),
    p=st.integers(0, 200),
    prior=st.tuples(*[st.floats(0.05, 50)] * 3),
)
def test_a_posterior_score_stays_on_the_scale_within_its_interval(d, s, p, prior):
    figure = stats.nps_with_prior(stats.NpsCounts(detractors=d, passives=s, promoters=p), prior)
    assert -100 <= figure.low <= figure.value <= figure.high <= 100


def test_the_posterior_interval_is_close_to_draws_from_the_posterior():
    figure = stats.nps_with_prior(stats.NpsCounts(detractors=10, passives=9, promoters=6), (2, 3, 5))
    draws = np.random.default_rng(7).dirichlet([12, 12, 11], size=200_000)
    low, high = np.quantile(100 * (draws[:, 2] - draws[:, 0]), [0.025, 0.975])
    assert (figure.low, figure.high) == pytest.approx((low, high), abs=0.5)


@given(groups=PEOPLE)
def test_nobody_hidden_can_be_had_back_from_the_total(groups):
    result = stats.suppress(groups, total_shown=True)
    assert set(result.shown) | set(result.hidden) == set(groups)
    assert all(groups[group] >= 5 for group in result.shown)
    behind = [groups[group] for group in result.hidden if groups[group] > 0]
    assert result.hide_total or not behind or (len(behind) >= 2 and sum(behind) >= 5)


@given(groups=PEOPLE)
def test_only_as_much_is_hidden_as_is_needed(groups):
    result = stats.suppress(groups, total_shown=True)
    if all(people >= 5 or people == 0 for people in groups.values()):
        assert result.complementary == ()
        assert not result.hide_total
    assert stats.suppress(groups).complementary == ()


def test_a_total_of_too_few_people_is_hidden_too():
    assert stats.suppress({"a": 3, "b": 0}, total_shown=True).hide_total
    assert stats.suppress({"a": 3}, total_shown=True).hide_total


@given(margin=st.floats(2, 40), population=st.none() | st.integers(2, 5000))
def test_a_planned_sample_of_the_size_asked_for_is_as_sure_as_wanted(margin, population):
    n = stats.sample_size_for_nps(margin, population=population)
    assert stats.expected_nps_margin(n, population=population) <= margin + 1e-9
    if n > 1:
        assert stats.expected_nps_margin(n - 1, population=population) > margin - 1e-9


def test_impossible_plans_are_refused_with_the_reason():
    with pytest.raises(stats.PlanningError, match="more than everybody"):
        stats.sample_size_for_nps(5, detractors=0.6, promoters=0.6)
    with pytest.raises(stats.PlanningError, match="margin"):
        stats.sample_size_for_share(0)
    with pytest.raises(stats.PlanningError, match="design effect"):
        stats.sample_size_for_share(0.05, design_effect=0.5)
    with pytest.raises(stats.PlanningError, match="more than the 5 people"):
        stats.expected_nps_margin(6, population=5)
    assert stats.expected_nps_margin(0) is None


def test_the_order_within_a_pair_and_pairs_named_twice_do_not_matter():
    found = [("a", "b"), ("b", "a"), ("a", "c")]
    quality = stats.pairwise_precision_recall(found, [("b", "a")])
    assert (quality.true_positives, quality.false_positives, quality.false_negatives) == (1, 1, 0)
    assert quality.recall.value == 1
    assert quality.f1 == pytest.approx(2 / 3)


def test_finding_nothing_has_no_precision_but_a_recall_of_zero():
    quality = stats.pairwise_precision_recall([], [(1, 2)])
    assert quality.precision.value is None
    assert quality.precision.reason is not None
    assert quality.recall.value == 0
    assert stats.pairwise_precision_recall([], []).f1 is None


def test_a_record_paired_with_itself_is_refused():
    with pytest.raises(ValueError, match="paired with itself"):
        stats.pairwise_precision_recall([(1, 1)], [])


def test_a_group_of_three_is_three_pairs():
    assert len(stats.pairs_within({1: "x", 2: "x", 3: "x", 4: "y"})) == 3


def test_a_silent_village_has_no_score_and_says_so():
    silent = stats.village_score(["user", "buyer"], [None, math.nan], {"user": 1, "buyer": 2})
    assert (silent.value, silent.coverage, silent.silent) == (None, 0, 2)
    assert silent.reason is not None


def test_a_role_without_weight_is_named():
    with pytest.raises(stats.ScoreError, match="Role 'cook' at position 0"):
        stats.village_score(["cook"], [9], {"user": 1})
