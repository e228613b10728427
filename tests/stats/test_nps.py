"""The net promoter score: what holds for every set of answers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport import stats
from rapport.stats.intervals import net_score, net_variance, normal_quantile

SCORES = st.lists(st.integers(0, 10), min_size=1, max_size=60)
COUNTS = st.integers(0, 400)
METHODS = st.sampled_from(["adjusted_wald", "score", "wald"])
LEVELS = st.floats(0.5, 0.999)


def assert_same_figure(one: stats.Estimate, other: stats.Estimate) -> None:
    for name in ("value", "low", "high", "n_effective", "standard_error"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-7, abs=1e-7), name


@given(scores=SCORES, method=METHODS, level=LEVELS)
def test_the_score_and_its_interval_stay_on_the_scale_and_the_interval_contains_the_score(
    scores, method, level
):
    figure = stats.nps(scores, method=method, level=level)
    assert -100 <= figure.low <= figure.value <= figure.high <= 100
    assert figure.n == len(scores)


@given(scores=SCORES, rng=st.randoms(use_true_random=False))
def test_the_order_of_answers_is_irrelevant(scores, rng):
    shuffled = rng.sample(scores, len(scores))
    assert_same_figure(stats.nps(scores), stats.nps(shuffled))


@given(
    answers=st.lists(st.tuples(st.integers(0, 10), st.floats(0.01, 100)), min_size=1, max_size=40),
    factor=st.floats(1e-9, 1e9),
)
def test_rescaled_weights_change_nothing(answers, factor):
    scores, weights = zip(*answers, strict=True)
    rescaled = [factor * weight for weight in weights]
    assert_same_figure(stats.nps(scores, weights), stats.nps(scores, rescaled))


@given(scores=SCORES, weight=st.floats(1e-6, 1e6))
def test_equal_weights_are_no_weights(scores, weight):
    assert_same_figure(stats.nps(scores, [weight] * len(scores)), stats.nps(scores))


@given(scores=SCORES, method=METHODS)
def test_counts_and_scores_agree(scores, method):
    counts = stats.count_nps(scores)
    from_counts = stats.nps_from_counts(counts.detractors, counts.passives, counts.promoters, method=method)
    assert_same_figure(stats.nps(scores, method=method), from_counts)


@given(answers=st.lists(st.tuples(st.integers(0, 10), st.floats(0.01, 100)), min_size=1, max_size=40))
def test_sums_of_weights_and_weighted_scores_agree(answers):
    scores, weights = (np.array(column) for column in zip(*answers, strict=True))
    summed = stats.nps_from_weight_sums(
        float(weights[scores <= 6].sum()),
        float(weights[(scores >= 7) & (scores <= 8)].sum()),
        float(weights[scores >= 9].sum()),
        n=len(scores),
        sum_of_squared_weights=float(np.sum(weights**2)),
    )
    assert_same_figure(stats.nps(scores, weights), summed)


@given(scores=SCORES, missing=st.integers(0, 5))
def test_missing_answers_are_left_out_and_counted(scores, missing):
    figure = stats.nps([*scores, *[None] * missing, *[math.nan] * missing])
    assert_same_figure(figure, stats.nps(scores))
    assert (figure.n, figure.missing) == (len(scores), 2 * missing)


def test_an_answer_of_weight_zero_is_no_part_of_the_figure():
    figure = stats.nps([10, 10, 9, 0], [1, 1, 1, 0])
    assert (figure.value, figure.n) == (100.0, 3)


@given(d=COUNTS, s=COUNTS, p=COUNTS)
def test_mirrored_answers_give_the_mirrored_interval(d, s, p):
    for method in ("adjusted_wald", "score", "wald"):
        one = stats.nps_from_counts(d, s, p, method=method)
        other = stats.nps_from_counts(p, s, d, method=method)
        if one.value is not None:
            assert (-one.high, -one.value, -one.low) == pytest.approx(
                (other.low, other.value, other.high), abs=1e-6
            )


@given(d=st.integers(0, 30), s=st.integers(0, 30), p=st.integers(0, 30))
def test_the_score_interval_ends_where_the_likeliest_shares_are_just_rejected(d, s, p):
    n = d + s + p
    if n == 0:
        return
    z = normal_quantile(0.95)
    low, high = net_score(d / n, p / n, n, z)
    for end in (low, high):
        if abs(end) < 1 - 1e-9:
            distance = ((p - d) / n - end) ** 2
            assert distance == pytest.approx(z * z * likeliest_variance(d, s, p, end) / n, rel=1e-4, abs=1e-7)


def likeliest_variance(d: int, s: int, p: int, net: float) -> float:
    """Search the shares with the given net score for the likeliest, by brute force."""
    lowest, highest = max(0.0, -net), (1 - net) / 2
    best = lowest
    for _ in range(4):
        grid = np.linspace(lowest, highest, 20_001)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = [
                np.where(count > 0, count * np.log(np.maximum(share, 0)), 0.0)
                for count, share in [(d, grid), (p, grid + net), (s, 1 - 2 * grid - net)]
            ]
        at = int(np.argmax(sum(terms)))
        best = float(grid[at])
        lowest, highest = float(grid[max(0, at - 1)]), float(grid[min(20_000, at + 1)])
    return net_variance(best, best + net)


@pytest.mark.parametrize("shares", [(0.1, 0.2, 0.7), (0.3, 0.4, 0.3), (0.02, 0.08, 0.9)])
@pytest.mark.parametrize("n", [8, 30])
def test_the_default_interval_holds_the_truth_about_as_often_as_it_says(shares, n):
    rng = np.random.default_rng(20240917)
    truth = 100 * (shares[2] - shares[0])
    tries = rng.multinomial(n, shares, size=4000)
    figures = [stats.nps_from_counts(*(int(count) for count in drawn)) for drawn in tries]
    held = np.mean([figure.low <= truth <= figure.high for figure in figures])
    assert 0.92 <= held <= 0.995


@pytest.mark.parametrize(
    ("scores", "position", "value"), [([9, 11, -1], 1, 11.0), ([9, None, -1], 2, -1.0), ([8.5], 0, 8.5)]
)
def test_a_wrong_score_is_named_with_its_position(scores, position, value):
    with pytest.raises(stats.ScoreError, match=f"Score {value:g} at position {position}") as caught:
        stats.nps(scores)
    assert (caught.value.position, caught.value.value) == (position, value)


def test_a_word_among_the_scores_is_named_with_its_position():
    with pytest.raises(stats.ScoreError, match="Score 'ten' at position 1 is not a number"):
        stats.nps([9, "ten"])


@pytest.mark.parametrize("weights", [[1, -1], [1, math.nan], [1, math.inf]])
def test_a_wrong_weight_is_named_with_its_position(weights):
    with pytest.raises(stats.ScoreError, match=r"Weight .* at position 1"):
        stats.nps([9, 10], weights)


def test_weights_of_another_length_are_refused():
    with pytest.raises(stats.ScoreError, match="3 weights for 2 answers"):
        stats.nps([9, 10], [1, 1, 1])


@pytest.mark.parametrize(
    "figure",
    [
        stats.nps([]),
        stats.nps([None, math.nan]),
        stats.nps([9, 3], [0, 0]),
        stats.nps_from_counts(0, 0, 0),
        stats.nps([None], clusters=["a"]),
    ],
)
def test_nobody_answering_is_a_result_with_a_reason(figure):
    assert figure.value is None
    assert figure.reason == "Nobody has answered."
    assert figure.strength is stats.Strength.HIDDEN


def test_negative_counts_are_refused():
    with pytest.raises(stats.ScoreError, match="promoters is -1"):
        stats.nps_from_counts(1, 1, -1)


@given(d=COUNTS, s=COUNTS, p=COUNTS, e=COUNTS, t=COUNTS, q=COUNTS)
def test_a_difference_is_proven_exactly_when_its_p_value_is_below_the_level(d, s, p, e, t, q):
    a = stats.NpsCounts(detractors=d, passives=s, promoters=p)
    b = stats.NpsCounts(detractors=e, passives=t, promoters=q)
    change = stats.nps_difference_from_counts(a, b)
    if change.value is None:
        assert min(a.n, b.n) == 0
        return
    assert -200 <= change.low <= change.value <= change.high <= 200
    if abs(change.p_value - 0.05) > 1e-6:
        assert change.is_proven == (change.p_value < 0.05)


@given(a=SCORES, b=SCORES)
def test_turning_a_difference_round_turns_its_interval_round(a, b):
    one, other = stats.nps_difference(a, b), stats.nps_difference(b, a)
    assert (one.low, one.value, one.high) == pytest.approx((-other.high, -other.value, -other.low), abs=1e-6)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-9)


def test_two_groups_without_spread_have_no_wald_range_but_a_score_range():
    a = stats.NpsCounts(detractors=0, passives=0, promoters=9)
    assert stats.nps_difference_from_counts(a, a, method="wald").reason is not None
    change = stats.nps_difference_from_counts(a, a)
    assert change.low < 0 < change.high


def test_the_difference_to_an_empty_group_says_which_group_is_empty():
    change = stats.nps_difference([], [9])
    assert change.value is None
    assert change.reason == "In the first group nobody has answered."


def test_people_missing_in_a_wave_do_not_count_in_a_paired_change():
    change = stats.nps_change_paired([10, 9, None, 6], [9, 3, 9, 9])
    assert (change.n_a, change.value) == (3, 0.0)


@pytest.mark.parametrize(("before", "after"), [([9], [3]), ([9, 3], [9, 3])])
def test_a_paired_change_without_spread_is_a_result_with_a_reason(before, after):
    assert stats.nps_change_paired(before, after).reason is not None
