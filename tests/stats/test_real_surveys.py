"""Real surveys beside the checkout: the figures their descriptions give are met by the library."""

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from rapport import stats

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
pytestmark = pytest.mark.real


def rows_of(folder, name):
    path = DATA / folder / name
    if not path.exists():
        pytest.skip(f"the data set {folder} is not at {DATA}")
    raw = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))


def numbers(rows, column, missing=("",)):
    return np.array([np.nan if row[column] in missing else float(row[column]) for row in rows])


def correlation(a, b):
    both = ~(np.isnan(a) | np.isnan(b))
    return float(np.corrcoef(a[both], b[both])[0, 1])


@pytest.fixture(scope="module")
def airline():
    rows = rows_of("airline-satisfaction", "airline_satisfaction.csv.gz")
    columns = list(rows[0])
    first, last = columns.index("Inflight wifi service"), columns.index("Cleanliness")
    ratings = {name: numbers(rows, name, ("", "0")) for name in columns[first : last + 1]}
    satisfied = np.array([float(row["satisfaction"] == "satisfied") for row in rows])
    return rows, ratings, satisfied


def test_the_airlines_satisfied_share_and_the_correlations_with_it_are_as_described(airline):
    _, ratings, satisfied = airline
    figure = stats.share(satisfied)
    assert (figure.n, int(satisfied.sum()), round(figure.value, 3)) == (15_681, 6_813, 0.434)
    assert len(ratings) == 14
    described = {
        "Online boarding": 0.566,
        "Inflight entertainment": 0.398,
        "Inflight wifi service": 0.380,
        "Seat comfort": 0.345,
        "Gate location": -0.017,
    }
    for name, expected in described.items():
        assert correlation(ratings[name], satisfied) == pytest.approx(expected, abs=6e-4), name


def test_online_boarding_drives_the_airlines_satisfaction_most_and_the_gate_least(airline):
    _, ratings, satisfied = airline
    found = stats.key_drivers(ratings, satisfied, kind="ordered", missing="available", draws=60)
    ranked = sorted(found.drivers, key=lambda driver: -driver.importance.value)
    assert ranked[0].name == "Online boarding"
    assert ranked[0].share.low > ranked[1].share.high
    assert "Gate location" in {driver.name for driver in ranked[-3:]}
    complete = stats.key_drivers(ratings, satisfied, draws=60)
    assert complete.n + complete.left_out == 15_681
    assert complete.n == np.sum(~np.isnan(np.column_stack(list(ratings.values()))).any(axis=1))


def test_business_and_personal_travellers_of_the_airline_want_different_things(airline):
    rows, ratings, satisfied = airline
    chosen = {name: ratings[name] for name in ("Online boarding", "Inflight wifi service", "Seat comfort")}
    travel = [row["Type of Travel"] for row in rows]
    found = stats.compare_drivers(chosen, satisfied, travel, draws=100)
    assert found.p_value < 1e-6
    assert any(one.p_value < 0.001 for one in found.differences)


def test_the_mobile_customers_index_and_its_drivers_are_as_described():
    rows = rows_of("ecsi-mobile", "mobi.csv")
    satisfaction = np.mean([numbers(rows, f"CUSA{i}") for i in (1, 2, 3)], axis=0)
    figure = stats.mean(satisfaction, scale=(1, 10))
    assert (figure.n, round(figure.value, 3)) == (250, 7.477)
    quality = {f"PERQ{i}": numbers(rows, f"PERQ{i}") for i in range(1, 8)}
    for name, expected in {"PERQ7": 0.702, "PERQ1": 0.674, "PERQ3": 0.647}.items():
        assert correlation(quality[name], satisfaction) == pytest.approx(expected, abs=6e-4)
    found = stats.key_drivers(quality, satisfaction, draws=100)
    most = sorted(found.drivers, key=lambda driver: -driver.importance.value)[:2]
    assert {driver.name for driver in most} == {"PERQ7", "PERQ1"}
    for name, count, alpha in (("IMAG", 5, 0.714), ("PERQ", 7, 0.872), ("CUSL", 3, 0.442)):
        items = [numbers(rows, f"{name}{i}") for i in range(1, count + 1)]
        assert stats.cronbach_alpha(np.column_stack(items)) == pytest.approx(alpha, abs=6e-4)


def test_the_store_visits_waves_and_weights_are_as_described():
    rows = rows_of("survey-store-visits-weighted", "responses.csv.gz")
    wave, gender = numbers(rows, "Wave"), numbers(rows, "gender")
    assert [int(np.sum(wave == w)) for w in range(1, 6)] == [1621, 1669, 1689, 1637, 1639]
    assert [int(np.sum(gender == g)) for g in (1, 2)] == [3952, 4303]
    weights = numbers(rows, "weight_b")
    given = ~np.isnan(weights)
    assert int(np.sum(~given)) == 157
    sums = [float(weights[given & (gender == g)].sum()) for g in (1, 2)]
    assert sums == pytest.approx([3886.91, 4211.09], abs=0.006)
    figure = stats.share(gender[given] == 1, weights[given])
    assert figure.value == pytest.approx(3886.91 / (3886.91 + 4211.09), abs=1e-6)
    assert figure.n_effective == pytest.approx(stats.effective_n(weights[given]))
    assert stats.kish_design_effect(weights[given]) >= 1
    raked = stats.rake_weights(
        [gender.tolist(), wave.tolist()],
        [{1.0: 48.0, 2.0: 52.0}, {float(w): 20.0 for w in range(1, 6)}],
    )
    assert float(raked[gender == 1].sum()) == pytest.approx(48)
    assert float(raked[wave == 3].sum()) == pytest.approx(20)


def test_the_conferences_score_is_as_published():
    rows = rows_of("nps-conference", "conference_nps.csv")
    rating = next(
        column
        for column in rows[0]
        if all(row[column].strip().isdigit() and int(row[column]) <= 10 for row in rows)
    )
    scores = [int(row[rating]) for row in rows]
    counts = stats.count_nps(scores)
    assert (counts.n, counts.promoters, counts.detractors) == (39, 8, 22)
    figure = stats.nps(scores)
    assert round(figure.value, 1) == -35.9
    assert figure.low < -35.9 < figure.high
