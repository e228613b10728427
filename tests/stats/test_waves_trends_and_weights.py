"""Waves with people in both, trends, changes of level, the bootstrap, and weights for the silent."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as reference
from statsmodels.stats.proportion import proportion_confint

from rapport import stats

SCORES = st.lists(st.integers(0, 10), min_size=3, max_size=30)


@settings(max_examples=30, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)), min_size=3, max_size=30))
def test_the_same_people_in_both_waves_give_exactly_the_paired_test(pairs):
    before, after = zip(*pairs, strict=True)
    people = [*range(len(pairs))] * 2
    waves = [1] * len(pairs) + [2] * len(pairs)
    ours = stats.design_difference(
        100 * stats.net_signs([*before, *after]), waves, stats.Design(clusters=people), a=1, b=2
    )
    paired = stats.nps_change_paired(before, after)
    if paired.value is None:
        assert ours.value is None
    else:
        assert ours.value == pytest.approx(paired.value, abs=1e-9)
        assert ours.standard_error == pytest.approx(paired.standard_error)
        assert ours.p_value == pytest.approx(paired.p_value, abs=1e-9)


def test_partial_overlap_narrows_the_interval_by_as_much_as_simulation_says():
    rng = np.random.default_rng(1)
    drawn, claimed = [], []
    for _ in range(400):
        person = rng.normal(size=60)
        first, second = person[:40], person[20:]
        x = np.concatenate([first, second]) + 0.5 * rng.normal(size=80)
        people = [*range(40), *range(20, 60)]
        found = stats.design_difference(x, [1] * 40 + [2] * 40, stats.Design(clusters=people), a=1, b=2)
        drawn.append(found.value)
        claimed.append(found.standard_error)
    assert np.mean(claimed) == pytest.approx(np.std(drawn), rel=0.1)


@settings(max_examples=30, deadline=None)
@given(a=SCORES, b=SCORES)
def test_without_overlap_it_is_the_difference_of_two_groups(a, b):
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return
    ours = stats.design_difference([*a, *b], ["a"] * len(a) + ["b"] * len(b), stats.Design(), a="a", b="b")
    welch = reference.ttest_ind(b, a, equal_var=False)
    assert math.copysign(1, ours.value) == math.copysign(1, welch.statistic) or ours.value == 0
    squares = np.var(a) / len(a) + np.var(b) / len(b)
    n = len(a) + len(b)
    assert ours.standard_error == pytest.approx(math.sqrt(squares * n / (n - 1)))


def test_a_wave_without_answers_is_a_reason():
    found = stats.design_difference([1, 2], [1, 1], stats.Design(), a=1, b=2)
    assert "nobody has answered" in found.reason


@settings(max_examples=30, deadline=None)
@given(count=st.integers(0, 60), more=st.integers(0, 60), level=st.floats(0.5, 0.99))
def test_share_intervals_equal_statsmodels(count, more, level):
    n = count + more
    if n == 0:
        return
    for method, theirs in (("wilson", "wilson"), ("exact", "beta")):
        ours = stats.share_from_counts(count, n, method=method, level=level)
        low, high = proportion_confint(count, n, alpha=1 - level, method=theirs)
        assert (ours.low, ours.high) == pytest.approx((min(low, count / n), max(high, count / n)), abs=1e-7)


@settings(max_examples=30, deadline=None)
@given(marks=st.lists(st.booleans(), min_size=2, max_size=40))
def test_a_share_of_a_simple_random_sample_needs_no_design(marks):
    ours = stats.design_share(marks, stats.Design())
    assert ours.value == stats.share(marks).value
    assert 0 <= ours.low <= ours.value <= ours.high <= 1
    if 0 < sum(marks) < len(marks):
        n = len(marks)
        assert ours.n_effective == pytest.approx(n - 1)


def test_a_share_of_a_whole_population_has_hardly_any_doubt():
    marks = [1, 0, 1, 1, 0, 1]
    ours = stats.design_share(marks, stats.Design(population=[6] * 6))
    assert ours.standard_error == 0
    assert ours.n_effective == 6


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), shift=st.floats(-100, 100), factor=st.floats(0.1, 10))
def test_a_trend_moves_with_unit_and_origin(seed, shift, factor):
    rng = np.random.default_rng(seed)
    x = 0.3 * np.arange(15) + rng.normal(size=15)
    one, other = stats.trend(x), stats.trend(shift + factor * x)
    assert (other.value, other.low, other.high) == pytest.approx(
        (factor * one.value, factor * one.low, factor * one.high), rel=1e-4, abs=1e-6
    )


def test_a_trend_holds_the_truth_about_as_often_as_it_says_when_weeks_remember():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(120):
        noise = np.zeros(40)
        for t in range(1, 40):
            noise[t] = 0.5 * noise[t - 1] + rng.normal()
        figure = stats.trend(0.1 * np.arange(40) + noise)
        held += figure.low <= 0.1 <= figure.high
    # at 95% fewer than 105 of 120 happen once in some 500 runs
    assert held >= 105


def test_a_change_of_level_is_found_where_it_is_and_noise_is_not_taken_for_one():
    rng = np.random.default_rng(4)
    false = hits = 0
    for _ in range(30):
        noise = rng.normal(size=30)
        false += stats.change_point(noise, draws=199).p_value < 0.05
        found = stats.change_point(noise + 3.0 * (np.arange(30) >= 18), draws=199)
        hits += found.p_value < 0.05 and found.earliest <= 18 <= found.latest
    assert false <= 5
    assert hits >= 20


def test_series_too_short_or_too_still_are_reasons():
    assert "8 are needed" in stats.trend([1, 2, 3]).reason
    assert "alike" in stats.change_point([2] * 12).reason


def test_the_bootstrap_of_a_mean_agrees_with_scipy():
    rng = np.random.default_rng(5)
    x = rng.exponential(size=60)
    ours = stats.bootstrap(x, lambda part: float(part.mean()), draws=2000)
    theirs = reference.bootstrap((x,), np.mean, n_resamples=2000, rng=6).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=0.04)


def test_the_bootstrap_draws_accounts_as_wholes():
    rng = np.random.default_rng(7)
    account = np.repeat(np.arange(30), 6)
    x = rng.normal(size=30)[account] + 0.1 * rng.normal(size=180)
    wide = stats.bootstrap(x, lambda part: float(part.mean()), clusters=account, draws=600)
    expected = stats.design_mean(x, stats.Design(clusters=account)).standard_error
    assert wide.standard_error == pytest.approx(expected, rel=0.12)
    assert wide.n_effective == 30


def test_a_bootstrap_that_can_show_nothing_says_so():
    assert "too few" in stats.bootstrap([1, 2], lambda part: float(part.mean())).reason
    assert "No draw changes" in stats.bootstrap([3] * 9, lambda part: float(part.mean())).reason
    with pytest.raises(stats.ScoreError, match="two strata"):
        stats.bootstrap(range(6), np.mean, clusters=[1, 1, 2, 2, 3, 3], strata=[1, 2, 2, 2, 1, 1])


@settings(max_examples=30, deadline=None)
@given(
    asked=st.lists(
        st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(0.1, 9)), min_size=1, max_size=40
    )
)
def test_those_who_answer_stand_for_everybody_of_their_class(asked):
    classes, answered, base = (list(part) for part in zip(*asked, strict=True))
    silent = {c for c in classes if not any(a for k, a in zip(classes, answered, strict=True) if k == c)}
    if silent:
        with pytest.raises(stats.ScoreError, match="merge it"):
            stats.nonresponse_weights(classes, answered, base)
        return
    weights = stats.nonresponse_weights(classes, answered, base)
    for label in set(classes):
        mine = np.array([c == label for c in classes])
        assert weights[mine].sum() == pytest.approx(np.array(base)[mine].sum())
    assert np.all((weights > 0) == np.array(answered))


def test_response_classes_take_away_most_of_the_bias_of_silence():
    rng = np.random.default_rng(8)
    size = rng.normal(size=8000)
    answered = rng.random(8000) < 1 / (1 + np.exp(-size))
    score = 2 * size + rng.normal(size=8000)
    classes = stats.response_classes(np.column_stack([size, rng.normal(size=8000)]), answered)
    weights = stats.nonresponse_weights(classes, answered)
    raw, corrected = score[answered].mean(), np.average(score, weights=weights)
    assert abs(corrected - score.mean()) < 0.2 * abs(raw - score.mean())
    with pytest.raises(stats.ScoreError, match="Everybody or nobody"):
        stats.response_classes([[1.0], [2.0]], [True, True])


def test_the_groups_themselves_say_how_much_they_have_in_common():
    rng = np.random.default_rng(9)
    shares = rng.dirichlet([4, 6, 10], size=400)
    groups = [
        stats.NpsCounts(detractors=int(d), passives=int(p), promoters=int(q))
        for d, p, q in (rng.multinomial(15, row) for row in shares)
    ]
    prior = stats.nps_prior(groups)
    assert sum(prior) == pytest.approx(20, rel=0.25)
    assert np.array(prior) / sum(prior) == pytest.approx([0.2, 0.3, 0.5], abs=0.02)


def test_four_of_four_promoters_do_not_outrank_fifteen_of_twenty_six():
    few = stats.NpsCounts(detractors=0, passives=0, promoters=4)
    many = stats.NpsCounts(detractors=0, passives=11, promoters=15)
    mixed = [stats.NpsCounts(detractors=8, passives=7, promoters=5)] * 6
    prior = stats.nps_prior([few, many, *mixed], strength=10)
    assert stats.nps_with_prior(few, prior).value < stats.nps_with_prior(many, prior).value
