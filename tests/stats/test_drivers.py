"""Drivers: exact parts, honest intervals, and what is said when the data do not allow more."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport import stats
from rapport.stats.dominance import explained_by_subsets, lmg_of_batch


def brute_force(covariance):
    """LMG with one solve per subset."""
    p = covariance.shape[0] - 1

    def explained(subset):
        chosen = list(subset)
        cross = covariance[chosen, -1]
        return cross @ np.linalg.pinv(covariance[np.ix_(chosen, chosen)]) @ cross / covariance[-1, -1]

    result = np.zeros((p, p))
    for driver in range(p):
        others = [j for j in range(p) if j != driver]
        for size in range(p):
            for subset in combinations(others, size):
                gain = explained((*subset, driver)) - (explained(subset) if subset else 0.0)
                result[driver, size] += gain / comb(p - 1, size)
    return result


def covariance_of(size_and_seed):
    p, seed = size_and_seed
    rng = np.random.default_rng(seed)
    return np.cov(rng.normal(size=(3 * p + 5, p + 1)).cumsum(axis=1).T)


COVARIANCES = st.tuples(st.integers(1, 6), st.integers(0, 10_000)).map(covariance_of)


@settings(max_examples=30, deadline=None)
@given(covariance=COVARIANCES)
def test_every_gain_equals_one_solve_per_subset(covariance):
    found = stats.importance(covariance)
    assert found.conditional == pytest.approx(brute_force(covariance), abs=1e-9)
    assert found.lmg.sum() == pytest.approx(found.r_squared)
    assert found.relative_weights.sum() == pytest.approx(found.r_squared)
    assert np.all(found.lmg >= 0)


@settings(max_examples=20, deadline=None)
@given(covariance=COVARIANCES, seed=st.integers(0, 999))
def test_order_and_units_of_drivers_change_nothing(covariance, seed):
    rng = np.random.default_rng(seed)
    p = covariance.shape[0] - 1
    order = np.append(rng.permutation(p), p)
    scale = rng.uniform(0.1, 10, p + 1)
    turned = (covariance * np.outer(scale, scale))[np.ix_(order, order)]
    assert stats.importance(turned).lmg == pytest.approx(stats.importance(covariance).lmg[order[:-1]])


def test_a_batch_equals_its_matrices_one_by_one():
    rng = np.random.default_rng(1)
    matrices = np.stack([np.corrcoef(rng.normal(size=(30, 5)).T) for _ in range(7)])
    lmg, total = lmg_of_batch(matrices)
    for one, parts, whole in zip(matrices, lmg, total, strict=True):
        assert parts == pytest.approx(stats.importance(one).lmg)
        assert whole == pytest.approx(stats.importance(one).r_squared)


def test_eighteen_drivers_give_every_one_of_262144_subsets_exactly():
    rng = np.random.default_rng(2)
    matrix = np.corrcoef(rng.normal(size=(80, 19)).T)
    explained = explained_by_subsets(matrix[None])[:, 0]
    for subset in rng.integers(1, 2**18, 20):
        chosen = [j for j in range(18) if subset >> j & 1]
        cross = matrix[chosen, -1]
        expected = cross @ np.linalg.solve(matrix[np.ix_(chosen, chosen)], cross)
        assert explained[subset] == pytest.approx(expected, abs=1e-9)


def test_two_drivers_that_say_the_same_share_alike_and_a_constant_one_gets_nothing():
    rng = np.random.default_rng(3)
    x = rng.normal(size=200)
    y = x + rng.normal(size=200)
    found = stats.key_drivers({"a": x, "b": 2 * x, "c": np.full(200, 5.0)}, y, draws=60)
    a, b, c = found.drivers
    assert a.importance.value == pytest.approx(b.importance.value)
    assert a.importance.value == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2 / 2)
    assert c.importance.value == 0
    assert np.isinf(a.variance_inflation)
    assert "nearly the same (most of all b)" in found.warnings[0]
    assert "everybody gave the same answer" in found.warnings[-1]


def survey(rng, n=400, accounts=80):
    account = rng.integers(0, accounts, n)
    delivery, price, help_ = rng.integers(1, 11, (3, n)).astype(float)
    score = 0.6 * delivery + 0.3 * price + rng.normal(size=n) + 0.8 * rng.normal(size=accounts)[account]
    return {"delivery": delivery, "price": price, "help": help_}, score, account


def test_clustered_and_plain_bootstrap_agree_with_drawing_the_rows_themselves():
    rng = np.random.default_rng(4)
    drivers, score, account = survey(rng)
    found = stats.key_drivers(drivers, score, clusters=account, draws=400)
    x = np.column_stack(list(drivers.values()))
    members = [np.flatnonzero(account == one) for one in np.unique(account)]
    redrawn = []
    for _ in range(400):
        rows = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        redrawn.append(stats.driver_importance(x[rows], score[rows])[0].shares)
    for driver, errors in zip(found.drivers, np.std(redrawn, axis=0), strict=True):
        assert driver.share.standard_error == pytest.approx(errors, rel=0.2)
    assert found.clusters == np.unique(account).size


def test_more_units_than_four_thousand_are_joined_and_the_doubt_stays_the_same():
    rng = np.random.default_rng(5)
    x = rng.normal(size=9000)
    y = 0.5 * x + rng.normal(size=9000)
    found = stats.key_drivers({"x": x}, y, draws=500)
    expected = np.sqrt((1 - np.corrcoef(x, y)[0, 1] ** 2) * y.var() / x.var() / 9000)
    assert found.drivers[0].coefficient.standard_error == pytest.approx(expected, rel=0.12)


def test_a_yes_no_outcome_recovers_the_r_squared_of_what_lies_behind_it():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(40_000, 2))
    latent = x @ [0.6, 0.3] + rng.normal(size=40_000)
    columns = {"a": x[:, 0], "b": x[:, 1]}
    yes = stats.key_drivers(columns, latent > 1.0, kind="ordered", draws=50)
    classes = stats.key_drivers(columns, np.digitize(latent, [-1, 0.2, 1.5]), kind="ordered", draws=50)
    plain = stats.key_drivers(columns, latent > 1.0, draws=50)
    true = 0.45 / 1.45
    assert yes.r_squared.value == pytest.approx(true, abs=0.02)
    assert classes.r_squared.value == pytest.approx(true, abs=0.02)
    assert plain.r_squared.value < 0.2
    assert yes.drivers[0].share.value == pytest.approx(plain.drivers[0].share.value)


def test_missing_answers_are_counted_and_all_pairs_use_more_of_them():
    rng = np.random.default_rng(7)
    drivers, score, account = survey(rng, n=2000)
    for column in drivers.values():
        column[rng.random(2000) < 0.2] = np.nan
    score[:10] = np.nan
    whole = stats.key_drivers(drivers, score, clusters=account, draws=60)
    pairs = stats.key_drivers(drivers, score, clusters=account, draws=60, missing="available")
    complete = ~np.isnan(np.column_stack([*drivers.values(), score])).any(axis=1)
    assert (whole.n, whole.left_out) == (complete.sum(), 2000 - complete.sum())
    assert pairs.n > whole.n
    assert pairs.drivers[0].n == np.sum(~np.isnan(drivers["delivery"]) & ~np.isnan(score))
    for one, other in zip(whole.drivers, pairs.drivers, strict=True):
        assert one.share.value == pytest.approx(other.share.value, abs=0.06)


def test_without_missing_answers_both_ways_are_the_same():
    drivers, score, account = survey(np.random.default_rng(8))
    one = stats.key_drivers(drivers, score, clusters=account, draws=60)
    other = stats.key_drivers(drivers, score, clusters=account, draws=60, missing="available")
    assert [d.share for d in one.drivers] != []
    assert [d.share.value for d in one.drivers] == [d.share.value for d in other.drivers]


def test_segments_that_differ_are_told_apart_and_alike_ones_are_not():
    rng = np.random.default_rng(9)
    drivers, score, account = survey(rng, n=1200)
    role = rng.choice(["user", "approver"], 1200)
    alike = stats.compare_drivers(drivers, score, role, clusters=account, draws=150)
    assert alike.p_value > 0.01
    turned = np.where(role == "user", score, 0.6 * drivers["help"] + rng.normal(size=1200))
    apart = stats.compare_drivers(drivers, turned, role, clusters=account, draws=150)
    assert apart.p_value < 1e-6
    by_name = {one.name: one for one in apart.differences}
    sign = 1 if by_name["help"].b == "approver" else -1
    assert sign * by_name["help"].share.value > 0.5
    assert by_name["help"].p_value < 1e-6


def test_a_segment_too_small_has_a_reason_and_no_difference():
    drivers, score, _ = survey(np.random.default_rng(10), n=60)
    found = stats.compare_drivers(drivers, score, ["a"] * 55 + ["b"] * 5, draws=60)
    assert "too few" in found.segments["b"].reason
    assert found.differences == ()
    assert found.p_value is None


def test_what_if_adds_up_coefficients_and_its_interval_is_that_of_least_squares():
    rng = np.random.default_rng(11)
    drivers, score, _ = survey(rng, n=1500, accounts=1500)
    found = stats.key_drivers(drivers, score, draws=500)
    gain = stats.what_if(found, {"delivery": 1.0, "price": -0.5})
    x = np.column_stack([np.ones(1500), *drivers.values()])
    beta, rest, *_ = np.linalg.lstsq(x, score, rcond=None)
    change = np.array([0, 1.0, -0.5, 0])
    error = np.sqrt(rest[0] / (1500 - 4) * change @ np.linalg.inv(x.T @ x) @ change)
    assert gain.value == pytest.approx(change @ beta)
    assert gain.standard_error == pytest.approx(error, rel=0.12)
    with pytest.raises(stats.ScoreError, match="'speed' changed by"):
        stats.what_if(found, {"speed": 1.0})


def test_a_sign_turned_around_by_the_other_drivers_is_warned_of():
    rng = np.random.default_rng(12)
    a = rng.normal(size=500)
    b = a + 0.4 * rng.normal(size=500)
    found = stats.key_drivers({"a": a, "b": b}, 2 * a - 0.8 * b + 0.2 * rng.normal(size=500), draws=100)
    assert any(text.startswith("b: goes one way") for text in found.warnings)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: stats.key_drivers({}, [1.0]), "0 drivers"),
        (lambda: stats.key_drivers({"a": [1.0]}, [1.0, 2.0]), "'a' has 1 answers for 2"),
        (lambda: stats.key_drivers({"a": [np.inf, 1]}, [1.0, 2.0]), "'a' at position 0"),
        (lambda: stats.key_drivers({"a": [1.0, 2.0]}, [1.0, 2.0], draws=5), "5 draws"),
        (lambda: stats.importance([[1.0, 0.0], [0.0, 0.0]]), "no variance"),
        (lambda: stats.importance(np.eye(30)), "29 drivers are more than 22"),
        (lambda: stats.importance([[1.0, 0.5], [0.4, 1.0]]), "symmetric"),
    ],
)
def test_what_cannot_be_computed_is_refused_with_the_reason(call, words):
    with pytest.raises(stats.ScoreError, match=words):
        call()


def test_too_few_rows_or_an_outcome_all_alike_is_a_reason():
    few = stats.key_drivers({"a": range(5)}, range(5))
    assert "too few for 1 drivers" in few.reason
    alike = stats.key_drivers({"a": range(50)}, [3] * 50)
    assert "the same in all rows" in alike.reason
    assert stats.what_if(alike, {}).reason == alike.reason
