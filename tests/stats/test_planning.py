"""A plan says before anything is sent what the sample will be able to tell."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport import stats

PEOPLE = st.integers(1, 3000)
RATES = st.floats(0, 1)


@settings(max_examples=30, deadline=None)
@given(population=PEOPLE, rate=RATES, data=st.data())
def test_a_plan_for_a_score_contains_what_it_assumes_and_counts_whole_answers(population, rate, data):
    invited = data.draw(st.integers(0, population))
    detractors = data.draw(st.floats(0, 1))
    promoters = data.draw(st.floats(0, 1 - detractors))
    plan = stats.plan_nps(
        invited, response_rate=rate, population=population, detractors=detractors, promoters=promoters
    )
    if plan.answers == 0:
        assert plan.reason == "Nobody is expected to answer."
        assert plan.margin is None
    else:
        assert -100 <= plan.low <= plan.value <= plan.high <= 100
        assert plan.answers <= invited


@settings(max_examples=30, deadline=None)
@given(population=st.integers(2, 3000), p=st.floats(0, 1))
def test_a_plan_in_which_everybody_answers_knows_the_figure(population, p):
    plan = stats.plan_share(population, population=population, p=p)
    assert math.isinf(plan.n_effective)
    assert (plan.low, plan.high) == (p, p)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(2, 500), p=st.floats(0, 1))
def test_without_a_finite_population_the_plan_is_the_interval_the_answers_would_have(n, p):
    plan = stats.plan_share(n, p=p)
    marked = round(p * n)
    figure = stats.share_from_counts(marked, n)
    same = stats.plan_share(n, p=marked / n)
    assert (same.low, same.high) == pytest.approx((figure.low, figure.high))
    assert plan.n_effective == n


def test_the_interval_to_expect_of_a_finite_population_is_the_spread_samples_of_it_really_have():
    rng = np.random.default_rng(4)
    village = np.repeat([-1, 0, 1], [40, 60, 100])
    drawn = [100 * rng.permutation(village)[:120].mean() for _ in range(3000)]
    plan = stats.plan_nps(120, population=200, detractors=0.2, promoters=0.5)
    middle = 1.959964 * np.std(drawn)
    assert plan.margin == pytest.approx(middle, rel=0.05)


@settings(max_examples=30, deadline=None)
@given(margin=st.floats(0.01, 0.4), population=PEOPLE, p=st.floats(0.1, 0.9))
def test_the_answers_a_margin_needs_do_reach_it(margin, population, p):
    needed = stats.sample_size_for_share(margin, population=population, p=p)
    left = (population - needed) / (population - 1) if population > 1 else 0
    assert 1.959964 * math.sqrt(p * (1 - p) / needed * left) <= margin + 1e-6


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: stats.plan_nps(10, population=5), "more than the 5 people"),
        (lambda: stats.plan_nps(10, response_rate=1.5), "response rate is 1.5"),
        (lambda: stats.plan_nps(10, detractors=0.4), "or neither"),
        (lambda: stats.plan_share(10, p=-0.1), "expected share is -0.1"),
        (lambda: stats.cluster_design_effect(0.5, 0.1), "at least 1"),
        (lambda: stats.allocate(10, {"north": 4}), "cannot be drawn from 4"),
        (lambda: stats.allocate(3, {"a": 9, "b": 9}, at_least=2), "take 4, not 3"),
        (lambda: stats.allocate(3, {"a": 9}, method="neyman"), "spread to expect in 'a'"),
    ],
)
def test_an_impossible_plan_says_what_is_wrong(call, words):
    with pytest.raises((stats.PlanningError, stats.ScoreError), match=words):
        call()


def test_a_margin_nobody_can_reach_is_called_out_of_reach():
    plan = stats.plan_nps(100, response_rate=0.0, population=100, wanted_margin=10)
    assert plan.invitations_needed is None
    assert plan.reachable is False


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 60), min_size=1, max_size=6),
    method=st.sampled_from(["proportional", "equal"]),
    data=st.data(),
)
def test_strata_get_all_of_the_sample_and_never_more_than_they_have(sizes, method, data):
    population = dict(enumerate(sizes))
    floor = data.draw(st.integers(0, 3))
    smallest = sum(min(floor, size) for size in sizes)
    n = data.draw(st.integers(smallest, sum(sizes)))
    given_ = stats.allocate(n, population, method=method, at_least=floor)
    assert sum(given_.values()) == n
    assert all(min(floor, population[one]) <= given_[one] <= population[one] for one in population)


def test_neymans_allocation_makes_the_total_most_precise():
    sizes, spread = {"a": 100, "b": 50}, {"a": 1.0, "b": 4.0}
    best = stats.allocate(30, sizes, method="neyman", spread=spread)
    variance = {a: (100 * spread["a"]) ** 2 / a + (50 * spread["b"]) ** 2 / (30 - a) for a in range(1, 30)}
    assert best["a"] == min(variance, key=variance.get)
