"""Lifetime, survival, segments, agreement and words: compared with independent tools and with definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from statsmodels.stats.inter_rater import cohens_kappa

from rapport import stats

LABELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40)


@settings(max_examples=30, deadline=None)
@given(pairs=LABELS)
def test_agreement_of_two_sortings_equals_scikit_learn(pairs):
    a, b = zip(*pairs, strict=True)
    assert stats.adjusted_rand(a, b) == pytest.approx(metrics.adjusted_rand_score(a, b), abs=1e-9)
    ours = stats.f1_scores(a, b)
    for average in ("macro", "micro", "weighted"):
        theirs = metrics.f1_score(a, b, average=average, zero_division=0)
        assert getattr(ours, average) == pytest.approx(theirs)


@settings(max_examples=30, deadline=None)
@given(table=st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=3, max_size=3))
def test_kappa_equals_statsmodels(table):
    counts = np.array(table, dtype=float)
    if counts.sum() == 0:
        with pytest.raises(stats.ScoreError, match="at least one item"):
            stats.cohen_kappa(counts)
        return
    ours = stats.cohen_kappa(counts)
    if ours is not None:
        assert ours == pytest.approx(cohens_kappa(counts, return_results=False), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(codes=st.lists(st.integers(0, 3), min_size=2, max_size=20))
def test_coders_who_agree_on_everything_have_alpha_one(codes):
    alpha = stats.krippendorff_alpha([codes, codes], level="interval")
    assert alpha is None if len(set(codes)) == 1 else alpha == pytest.approx(1)


@settings(max_examples=30, deadline=None)
@given(
    scored=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10)), min_size=2, max_size=40),
)
def test_auc_and_brier_equal_scikit_learn(scored):
    true, score = zip(*scored, strict=True)
    ours = stats.ranking_auc(true, score)
    if len(set(true)) == 1:
        assert ours is None
    else:
        assert ours == pytest.approx(metrics.roc_auc_score(true, score))
    chance = np.array(score) / 10
    assert stats.brier_score(true, chance) == pytest.approx(np.mean((chance - np.array(true)) ** 2))


@settings(max_examples=30, deadline=None)
@given(times=st.lists(st.integers(1, 20), min_size=1, max_size=40))
def test_survival_without_anybody_left_is_the_share_still_there(times):
    found = stats.kaplan_meier(times, [1] * len(times))
    for moment, share, low, high in zip(found.times, found.survival, found.low, found.high, strict=True):
        assert share == pytest.approx(np.mean(np.array(times) > moment))
        assert 0 <= low <= share <= high <= 1


@settings(max_examples=20, deadline=None)
@given(alpha=st.floats(0.3, 5), beta=st.floats(0.3, 5))
def test_retention_finds_the_model_that_made_the_cohort(alpha, beta):
    model = stats.ShiftedBetaGeometric(alpha=alpha, beta=beta, log_likelihood=0.0)
    survivors = np.concatenate([[1000.0], 1000 * model.survival(9)])
    found = stats.fit_retention(survivors)
    assert found.survival(9) == pytest.approx(model.survival(9), abs=2e-4)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), k=st.integers(2, 4))
def test_clusters_are_nearest_to_their_own_centre_and_the_silhouette_is_scikit_learns(seed, k):
    points = np.random.default_rng(seed).normal(size=(25, 2))
    found = stats.k_means(points, k, starts=3)
    apart = ((points[:, None] - found.centres[None]) ** 2).sum(axis=2)
    assert np.array_equal(apart.argmin(axis=1), found.labels)
    assert found.within == pytest.approx(apart.min(axis=1).sum())
    assert found.silhouette == pytest.approx(metrics.silhouette_score(points, found.labels))


def test_latent_classes_find_the_classes_that_made_the_answers():
    rng = np.random.default_rng(1)
    happy = rng.random(4000) < 0.7
    items = [np.where(happy, rng.random(4000) < 0.9, rng.random(4000) < 0.2).astype(int) for _ in range(4)]
    patterns, counts = np.unique(np.column_stack(items), axis=0, return_counts=True)
    found = stats.latent_classes(list(patterns.T), counts, 2, starts=10)
    assert found.shares[0] == pytest.approx(0.7, abs=0.04)
    assert found.answers[0][0, list(dict.fromkeys(patterns[:, 0])).index(1)] == pytest.approx(0.9, abs=0.04)
    assert found.membership.sum(axis=1) == pytest.approx(1)


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.integers(0, 50), min_size=1, max_size=40))
def test_quintiles_follow_the_order_and_its_reverse(values):
    scores = stats.quintile_scores(values)
    assert scores.min() >= 1
    assert scores.max() <= 5
    order = np.argsort(values, kind="stable")
    assert np.all(np.diff(scores[order]) >= 0)
    assert np.all(np.diff(stats.quintile_scores(values, best="lowest")[order]) <= 0)


@settings(max_examples=30, deadline=None)
@given(counts=st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 90), max_size=8))
def test_the_vital_few_reach_the_threshold_and_without_the_last_would_not(counts):
    rows = stats.pareto(counts)
    vital = [row for row in rows if row.is_vital]
    if not rows:
        assert sum(counts.values()) == 0
        return
    assert vital[-1].cumulative_percent >= 80 - 1e-9
    assert len(vital) == 1 or vital[-2].cumulative_percent < 80
    assert rows[-1].cumulative_percent == pytest.approx(100)


def test_the_two_groups_of_words_are_each_others_mirror():
    one = stats.log_odds_with_prior([9, 1, 6], [1, 8, 2], [30, 40, 25], prior_total=10)
    other = stats.log_odds_with_prior([1, 8, 2], [9, 1, 6], [30, 40, 25], prior_total=10)
    assert one.z == pytest.approx(-other.z)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: stats.assess_maturity([3] * 19), "twenty statements"),
        (lambda: stats.assess_maturity([3] * 19 + [6]), "Answer 6 at position 19"),
        (lambda: stats.fit_retention([100, 100, 100]), "Nobody was lost"),
        (lambda: stats.margin_multiple(1.2, 0.1), "give no multiple"),
        (lambda: stats.expected_purchases(1, 9, 5, 5, r=1, alpha=1, a=2, b=1), "not after now"),
        (lambda: stats.expected_spend(1, 5, p=1, q=1, gamma=1), "q above 1"),
        (lambda: stats.kaplan_meier([1, 2], [1]), "2 times and 1 events"),
        (lambda: stats.cohen_kappa([[1, 2]]), "not square"),
        (lambda: stats.f1_scores([1], []), "1 true and 0 predicted"),
        (lambda: stats.k_means([[1.0]], 2), "2 clusters"),
        (lambda: stats.pareto({"a": -1}), "'a' is -1"),
        (lambda: stats.cronbach_alpha([[1], [2]]), "two items"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(call, words):
    with pytest.raises(stats.ScoreError, match=words):
        call()
