"""Shares and means: what holds for every set of answers, and agreement with SciPy."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats as peer

from rapport import stats

RATINGS = st.lists(st.integers(1, 7), min_size=2, max_size=50)


@given(n=st.integers(1, 500), share=st.floats(0, 1), level=st.floats(0.5, 0.999))
def test_the_interval_of_a_share_is_wilsons_as_scipy_has_it(n, share, level):
    count = round(share * n)
    figure = stats.share_from_counts(count, n, level=level)
    theirs = peer.binomtest(count, n).proportion_ci(level, method="wilson")
    assert (figure.low, figure.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert 0 <= figure.low <= figure.value <= figure.high <= 1


@given(scores=st.lists(st.integers(1, 5), min_size=1, max_size=50))
def test_top_two_box_from_scores_and_from_counts_agree(scores):
    figure = stats.top_two_box(scores)
    counted = stats.share_from_counts(sum(score >= 4 for score in scores), len(scores))
    assert (figure.low, figure.value, figure.high) == pytest.approx(
        (counted.low, counted.value, counted.high)
    )


@given(scores=st.lists(st.integers(1, 5), min_size=1, max_size=50), boxes=st.integers(1, 4))
def test_top_and_bottom_boxes_share_out_everybody(scores, boxes):
    top = stats.top_box(scores, scale=(1, 5), boxes=boxes).value
    bottom = stats.bottom_box(scores, scale=(1, 5), boxes=5 - boxes).value
    assert top + bottom == pytest.approx(1)


@given(
    answers=st.lists(st.tuples(st.booleans(), st.floats(0.01, 100)), min_size=1, max_size=40),
    factor=st.floats(1e-9, 1e9),
)
def test_rescaled_weights_change_nothing_in_a_share(answers, factor):
    marks, weights = zip(*answers, strict=True)
    one, other = stats.share(marks, weights), stats.share(marks, [factor * weight for weight in weights])
    assert (one.low, one.value, one.high) == pytest.approx((other.low, other.value, other.high), rel=1e-9)


def test_a_score_off_the_scale_is_named():
    with pytest.raises(stats.ScoreError, match="Score 6 at position 2 is outside 1 to 5"):
        stats.top_two_box([5, 4, 6])


@pytest.mark.parametrize("boxes", [0, 5])
def test_boxes_that_do_not_fit_the_scale_are_refused(boxes):
    with pytest.raises(ValueError, match="do not fit"):
        stats.top_box([1], scale=(1, 5), boxes=boxes)


def test_more_than_everybody_is_refused():
    with pytest.raises(stats.ScoreError, match="61 of 60"):
        stats.share_from_counts(61, 60)


@pytest.mark.parametrize(
    "figure", [stats.share([]), stats.share_from_counts(0, 0), stats.top_two_box([None]), stats.effort([])]
)
def test_nobody_answering_is_a_result_with_a_reason(figure):
    assert figure.value is None
    assert figure.reason == "Nobody has answered."


@given(a=st.integers(0, 30), m=st.integers(0, 30), b=st.integers(0, 30), n=st.integers(0, 30))
def test_a_difference_of_shares_is_proven_exactly_when_its_p_value_is_below_the_level(a, m, b, n):
    change = stats.share_difference_from_counts(min(a, m), m, min(b, n), n)
    if change.value is None:
        assert min(m, n) == 0
    elif abs(change.p_value - 0.05) > 1e-6:
        assert change.is_proven == (change.p_value < 0.05)


@given(scores=RATINGS)
def test_the_interval_of_a_mean_is_students_as_scipy_has_it(scores):
    figure = stats.mean(scores)
    if len(set(scores)) == 1:
        assert figure.reason is not None
        return
    theirs = peer.ttest_1samp(scores, 0).confidence_interval(0.95)
    assert (figure.low, figure.high) == pytest.approx((theirs.low, theirs.high))


@given(scores=RATINGS)
def test_a_mean_from_sums_equals_the_mean_of_the_answers(scores):
    figure = stats.mean(scores, scale=(1, 7))
    squares = sum(score * score for score in scores)
    for n, total, of_squares in [
        (len(scores), sum(scores), squares),
        (len(scores), float(sum(scores)), float(squares)),
    ]:
        summed = stats.mean_from_sums(n, total, of_squares, scale=(1, 7))
        assert (figure.low, figure.value, figure.high) == pytest.approx(
            (summed.low, summed.value, summed.high)
        )
        assert 1 <= summed.low <= summed.value <= summed.high <= 7


@given(
    answers=st.lists(st.tuples(st.integers(1, 7), st.floats(0.01, 100)), min_size=2, max_size=40),
    factor=st.floats(1e-9, 1e9),
)
def test_rescaled_weights_change_nothing_in_a_mean(answers, factor):
    scores, weights = zip(*answers, strict=True)
    one = stats.effort(scores, weights)
    other = stats.effort(scores, [factor * weight for weight in weights])
    assert (one.low, one.value, one.high) == pytest.approx((other.low, other.value, other.high), rel=1e-6)


@given(scores=RATINGS, weight=st.floats(1e-6, 1e6))
def test_equal_weights_change_nothing_in_a_mean(scores, weight):
    one, other = stats.effort(scores), stats.effort(scores, [weight] * len(scores))
    assert (one.low, one.value, one.high) == pytest.approx((other.low, other.value, other.high), rel=1e-6)


def test_answers_all_alike_still_have_a_range_on_a_scale():
    figure = stats.effort([7] * 5)
    assert figure.value == figure.high == 7
    assert figure.low == pytest.approx(7 - 6 * (1 - 0.025 ** (1 / 5)))


def test_fractions_all_alike_in_sums_are_not_mistaken_for_spread():
    n, score = 7, 0.1
    sums = stats.mean_from_sums(n, sum([score] * n), sum([score * score] * n), scale=(0, 1))
    assert (
        sums.method == stats.mean([score] * n, scale=(0, 1)).method == "mean, all answers alike: exact bound"
    )


@pytest.mark.parametrize(
    ("figure", "reason"),
    [
        (stats.effort([5]), "One answer has no spread"),
        (stats.mean([5, 5]), "All answers are alike"),
        (stats.effort([5, 3], [1, 0]), "One answer has no spread"),
        (stats.effort([5, 3], [1, 1e-12]), "One answer outweighs"),
    ],
)
def test_a_mean_without_a_range_is_a_result_with_a_reason(figure, reason):
    assert figure.value is None
    assert figure.reason.startswith(reason)


@pytest.mark.parametrize("sums", [(2, 3, 1.0), (2, math.nan, 5.0), (2, 20, 200)])
def test_sums_no_answers_can_have_are_refused(sums):
    with pytest.raises(stats.ScoreError):
        stats.mean_from_sums(*sums, scale=(1, 7))


@given(a=RATINGS, b=RATINGS)
def test_the_difference_of_means_is_welchs_as_scipy_has_it(a, b):
    change = stats.mean_difference(a, b)
    if change.value is None:
        assert len(set(a)) == len(set(b)) == 1
        return
    assume(len(set(a)) > 1)  # SciPy warns about a group without spread
    assume(len(set(b)) > 1)
    theirs = peer.ttest_ind(b, a, equal_var=False)
    interval = theirs.confidence_interval(0.95)
    ours = (change.low, change.high, change.statistic, change.p_value)
    assert ours == pytest.approx((interval.low, interval.high, theirs.statistic, theirs.pvalue))


def test_arrays_lists_and_masks_of_any_number_type_are_taken_alike():
    scores = [7, 6, 5, 3]
    for given_as in (
        scores,
        np.array(scores, dtype=np.int8),
        np.array(scores, dtype=np.float32),
        tuple(scores),
    ):
        assert stats.effort(given_as).value == 5.25
