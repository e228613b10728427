"""Drivers worked out again from exported answers with NumPy alone: every order tried, every draw made."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def r_squared(covariance: Array, inside: Sequence[int]) -> float:
    """Return how much of the last variable's variance some of the others explain."""
    if not inside:
        return 0.0
    among, towards = covariance[np.ix_(inside, inside)], covariance[list(inside), -1]
    return float(towards @ np.linalg.solve(among, towards) / covariance[-1, -1])


def shares(covariance: Array) -> Array:
    """Return each driver's mean gain over all orders in which they can be added, as shares of the whole."""
    p = covariance.shape[0] - 1
    gains, orders = np.zeros(p), list(permutations(range(p)))
    for order in orders:
        for at, driver in enumerate(order):
            gains[driver] += r_squared(covariance, order[: at + 1]) - r_squared(covariance, order[:at])
    gains /= len(orders)
    return np.asarray(gains / gains.sum(), dtype=np.float64)


def weighted_covariance(table: Array, weights: Array) -> Array:
    """Return the covariance of the columns with each row counted so many times."""
    centred = table - np.average(table, axis=0, weights=weights)
    return np.asarray((centred * weights[:, None]).T @ centred / weights.sum(), dtype=np.float64)


def drivers_by_hand(
    rows: Sequence[dict[str, Any]], drivers: Sequence[str], outcome: str, draws: int = 500
) -> dict[str, tuple[float, float, float]]:
    """Return share, low and high of each driver; customers are drawn anew with the generator seeded 0."""
    names = [*drivers, outcome]
    whole = [row for row in rows if all(row[f"score {name}"] is not None for name in names)]
    table = np.array([[float(row[f"score {name}"]) for name in names] for row in whole])
    customers = np.unique([int(row["cluster"]) for row in whole], return_inverse=True)[1]
    count = int(customers.max()) + 1
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=draws)
    value = shares(weighted_covariance(table, np.ones(len(table))))
    each = np.array([shares(weighted_covariance(table, draw[customers].astype(float))) for draw in drawn])
    low, high = np.quantile(each, [0.025, 0.975], axis=0)
    return {
        name: (
            float(value[at]),
            min(float(low[at]), float(value[at])),
            max(float(high[at]), float(value[at])),
        )
        for at, name in enumerate(drivers)
    }


def gain_by_hand(
    rows: Sequence[dict[str, Any]], drivers: Sequence[str], outcome: str, driver: str, change: float
) -> float:
    """Return by least squares how the mean outcome changes with a driver's mean."""
    names = [*drivers, outcome]
    whole = [[row[f"score {name}"] for name in names] for row in rows]
    table = np.array([row for row in whole if None not in row], dtype=np.float64)
    matrix = np.column_stack([np.ones(len(table)), table[:, :-1]])
    slopes = np.linalg.lstsq(matrix, table[:, -1], rcond=None)[0]
    return float(slopes[1 + list(drivers).index(driver)] * change)
