"""Designs and weights: clusters, strata, Kish, post-stratification, raking and trimming."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rapport import stats

WEIGHTS = st.lists(st.floats(0.01, 100), min_size=1, max_size=40)
SCORES = st.lists(st.integers(0, 10), min_size=2, max_size=40)


@given(scores=SCORES)
def test_without_a_design_the_standard_error_is_the_textbook_one(scores):
    assume(len(set(scores)) > 1)
    figure = stats.design_mean(scores, stats.Design())
    assert figure.standard_error == pytest.approx(np.std(scores, ddof=1) / math.sqrt(len(scores)))
    assert (figure.low, figure.high) == pytest.approx((stats.mean(scores).low, stats.mean(scores).high))


@given(scores=SCORES, times=st.integers(2, 4))
def test_saying_the_same_several_times_adds_nothing_when_clustered_by_person(scores, times):
    people = list(range(len(scores))) * times
    once = stats.nps(scores, clusters=range(len(scores)))
    often = stats.nps(scores * times, clusters=people)
    assert often.value == pytest.approx(once.value)
    assert often.standard_error == pytest.approx(once.standard_error)
    assert often.n_effective <= len(scores) + 1e-9


@given(scores=SCORES, data=st.data())
def test_clustered_intervals_stay_on_the_scale_and_contain_the_score(scores, data):
    clusters = data.draw(st.lists(st.integers(0, 5), min_size=len(scores), max_size=len(scores)))
    figure = stats.nps(scores, clusters=clusters)
    if figure.value is None:
        assert len(set(clusters)) == 1
        assert figure.reason is not None
        return
    assert -100 <= figure.low <= figure.value <= figure.high <= 100
    assert figure.value == pytest.approx(stats.nps(scores).value)
    assert 0 < figure.n_effective <= len(scores)


def test_asking_everybody_leaves_no_sampling_error():
    figure = stats.design_nps([9, 3, 8, 10], stats.Design(population=[4, 4, 4, 4]))
    assert figure.standard_error == 0
    mean = stats.design_mean([9, 3, 8, 10], stats.Design(population=[4, 4, 4, 4]))
    assert mean.reason is not None


def test_a_stratum_with_a_single_answer_is_a_reason_and_not_a_range():
    figure = stats.design_nps([9, 3, 8], stats.Design(strata=["a", "a", "b"]))
    assert figure.reason is not None
    assert figure.n == 3


def test_missing_answers_leave_with_their_row_of_the_design():
    whole = stats.design_mean([4, 6, 9, 7], stats.Design(strata=list("aabb"), weights=[1, 2, 3, 4]))
    holed = stats.design_mean([4, None, 6, 9, 7], stats.Design(strata=list("aaabb"), weights=[1, 9, 2, 3, 4]))
    assert (holed.value, holed.standard_error) == pytest.approx((whole.value, whole.standard_error))
    assert holed.missing == 1


@pytest.mark.parametrize(
    ("design", "message"),
    [
        (stats.Design(clusters=["a"]), "1 group labels for 2 answers"),
        (stats.Design(clusters=["a", None]), "at position 1 is missing"),
        (stats.Design(population=[1, 1]), "has 2 in the sample"),
        (stats.Design(population=[5, 6]), "two population sizes"),
        (stats.Design(population=[5]), "1 population sizes for 2 answers"),
    ],
)
def test_a_design_that_does_not_fit_the_answers_is_refused(design, message):
    with pytest.raises(stats.ScoreError, match=message):
        stats.design_nps([9, 3], design)


def test_clusters_go_with_the_default_interval_only():
    with pytest.raises(ValueError, match="independent answers"):
        stats.nps([9, 3], clusters=["a", "b"], method="score")


@given(weights=WEIGHTS, factor=st.floats(1e-9, 1e9))
def test_effective_n_lies_between_one_and_n_and_ignores_the_scale_of_weights(weights, factor):
    effective = stats.effective_n(weights)
    assert 1 - 1e-9 <= effective <= len(weights) + 1e-9
    assert stats.effective_n([factor * weight for weight in weights]) == pytest.approx(effective)
    assert stats.kish_design_effect(weights) == pytest.approx(len(weights) / effective)


@pytest.mark.parametrize("weights", [[], [0, 0]])
def test_without_any_weight_there_is_no_design_effect(weights):
    assert stats.effective_n(weights) == 0
    assert stats.kish_design_effect(weights) is None


def test_a_group_of_the_population_that_nobody_answered_for_is_not_passed_over():
    with pytest.raises(stats.ScoreError, match="Nobody in 'south'"):
        stats.poststratification_weights(["north"], {"north": 10, "south": 5})


def test_an_answer_outside_the_population_is_named():
    with pytest.raises(stats.ScoreError, match="position 1 is in 'west'"):
        stats.poststratification_weights(["north", "west"], {"north": 10})


@given(
    answers=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), min_size=8, max_size=60),
    shares=st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.4), st.floats(0.2, 0.4)),
)
def test_raked_weights_meet_every_margin(answers, shares):
    assume(set(answers) == {(one, other) for one in "ab" for other in "xyz"})
    first, second = zip(*answers, strict=True)
    targets = [
        {"a": shares[0], "b": 1 - shares[0]},
        {"x": shares[1], "y": shares[2], "z": 1 - shares[1] - shares[2]},
    ]
    weights = stats.rake_weights([first, second], targets)
    for labels, target in zip([first, second], targets, strict=True):
        for category, share in target.items():
            inside = np.array(labels) == category
            assert weights[inside].sum() == pytest.approx(share, abs=1e-8)


def test_contradictory_margins_are_reported_and_not_half_met():
    with pytest.raises(stats.RakingError, match="still"):
        stats.fit_margins([[1, 0], [0, 1]], [[3, 1], [2, 2]], rounds=50)
    with pytest.raises(stats.RakingError, match="one total"):
        stats.fit_margins([[1, 1], [1, 1]], [[3, 1], [2, 1]])
    with pytest.raises(stats.RakingError, match="is empty"):
        stats.fit_margins([[0, 0], [1, 1]], [[3, 1], [2, 2]])


@given(weights=WEIGHTS, ratio=st.floats(1.1, 10))
def test_trimmed_weights_keep_their_sum_and_none_sticks_out(weights, ratio):
    trimmed = stats.trim_weights(weights, largest_ratio=ratio)
    assert trimmed.sum() == pytest.approx(sum(weights))
    assert trimmed.max() <= ratio * trimmed.mean() * (1 + 1e-9)


def test_the_callers_weights_are_left_as_they_were():
    weights = np.array([1.0, 1.0, 1.0, 7.0])
    stats.trim_weights(weights, largest_ratio=2)
    stats.nps([9, 9, 9, 3], weights)
    assert weights.tolist() == [1, 1, 1, 7]
