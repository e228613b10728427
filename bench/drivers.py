"""Key drivers of a million responses: exact LMG, twenty drivers, clustered bootstrap, beside floor and peers.

The floor is the plain NumPy route to the same covariance matrix (`numpy.cov`) with all 2^p R^2 by the same
algebra left out; the peers are brute force (one least-squares fit for every subset) and, where it is
installed, the package dominance-analysis, both at a size they can do.
"""

import statistics
import time
from collections.abc import Callable
from itertools import combinations
from math import comb

import numpy as np

from bench.line import Line
from rapport.stats import driver_importance, importance, key_drivers

ROWS = 1_000_000
PEER_ROWS = 10_000


def responses(rows: int, p: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return correlated ratings 1 to 10 and a score that some of them move."""
    common = rng.normal(size=(rows, 1))
    x = np.clip(np.round(6.5 + 1.2 * common + 1.6 * rng.normal(size=(rows, p))), 1, 10)
    slopes = np.linspace(0.6, 0.0, p)
    return x, np.clip(np.round(x @ slopes / slopes.sum() + rng.normal(size=rows)), 0, 10)


def seconds(run: Callable[[], object], times: int = 5) -> float:
    """Return the median time of a call."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def plain_numpy(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return LMG in the plain way: numpy.cov, then one solve for each subset."""
    p = x.shape[1]
    covariance = np.cov(np.column_stack([x, y]), rowvar=False)
    explained = {(): 0.0}
    for size in range(1, p + 1):
        for subset in combinations(range(p), size):
            chosen = list(subset)
            cross = covariance[chosen, -1]
            explained[subset] = cross @ np.linalg.solve(covariance[np.ix_(chosen, chosen)], cross)
    return _average(explained, p) / covariance[-1, -1]


def brute_force(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return LMG with one least-squares fit on the rows for each subset."""
    p, explained = x.shape[1], {(): 0.0}
    centred = y - y.mean()
    for size in range(1, p + 1):
        for subset in combinations(range(p), size):
            part = x[:, list(subset)] - x[:, list(subset)].mean(axis=0)
            rest = centred - part @ np.linalg.lstsq(part, centred, rcond=None)[0]
            explained[subset] = 1 - rest @ rest / (centred @ centred)
    return _average(explained, p)


def _average(explained: dict[tuple[int, ...], float], p: int) -> np.ndarray:
    result = np.zeros(p)
    for subset, value in explained.items():
        for driver in set(range(p)) - set(subset):
            gain = explained[tuple(sorted((*subset, driver)))] - value
            result[driver] += gain / (p * comb(p - 1, len(subset)))
    return result


def dominance_package(x: np.ndarray, y: np.ndarray) -> float | None:
    """Return the seconds dominance-analysis takes, or None where it is not installed."""
    try:
        import pandas
        from dominance_analysis import Dominance
    except ImportError:
        return None
    frame = pandas.DataFrame(x, columns=[f"d{j}" for j in range(x.shape[1])]).assign(y=y)
    start = time.perf_counter()
    Dominance(data=frame, target="y", objective=1, top_k=x.shape[1]).incremental_rsquare()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print the lines."""
    rng = np.random.default_rng(20261125)
    x, y = responses(ROWS, 14, rng)
    found, _ = driver_importance(x, y)
    assert np.allclose(found.lmg, plain_numpy(x, y), atol=1e-9)
    floor = seconds(lambda: np.cov(np.column_stack([x, y]), rowvar=False), 3)
    plain = seconds(lambda: plain_numpy(x, y), 1)
    Line(
        "drivers.lmg_14_of_1000000",
        seconds(lambda: driver_importance(x, y)),
        "s",
        floor=floor,
        peer=plain,
        goal=0.6,
        note="floor: numpy.cov of the same rows alone; peer: plain NumPy, numpy.cov and one solve per subset",
    ).show()
    for p in (8, 10):
        small, score = responses(PEER_ROWS, p, rng)
        assert np.allclose(driver_importance(small, score)[0].lmg, brute_force(small, score), atol=1e-9)
        Line(
            f"drivers.lmg_{p}_of_{PEER_ROWS}",
            seconds(lambda s=small, o=score: driver_importance(s, o)),
            "s",
            peer=seconds(lambda s=small, o=score: brute_force(s, o), 1),
            note="peer: one least-squares fit on the rows per subset; the same figures to 1e-9",
        ).show()
    package = dominance_package(*responses(PEER_ROWS, 8, rng))
    if package is not None:
        small, score = responses(PEER_ROWS, 8, rng)
        ours = seconds(lambda: driver_importance(small, score))
        Line("drivers.lmg_8_beside_package", ours, "s", peer=package, note="peer: dominance-analysis").show()
    many, score = responses(200_000, 20, rng)
    Line(
        "drivers.lmg_20_of_200000", seconds(lambda: driver_importance(many, score), 3), "s", goal=10.0
    ).show()
    covariance = np.cov(np.column_stack([many, score]), rowvar=False)
    Line(
        "drivers.lmg_20_from_covariance",
        seconds(lambda: importance(covariance), 3),
        "s",
        note="all 1,048,576 subsets",
    ).show()
    accounts = rng.integers(0, 20_000, ROWS)
    names = {f"d{j}": x[:, j] for j in range(14)}
    Line(
        "drivers.bootstrap_500_of_14",
        seconds(lambda: key_drivers(names, y, clusters=accounts, draws=500), 1),
        "s",
        goal=20.0,
        note="1,000,000 responses of 20,000 accounts, shares, coefficients and R^2 with intervals",
    ).show()


if __name__ == "__main__":
    main()
