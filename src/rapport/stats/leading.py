"""Which driver leads: said only where the draws of a bootstrap put it before all others."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from scipy import special

from rapport.stats.drivers import Drivers


@dataclass(frozen=True, slots=True, kw_only=True)
class Leading:
    """The driver that counts most, and how sure that is.

    Attributes
    ----------
    name : Hashable
        Of the driver with the largest share.
    close : tuple of Hashable
        Drivers that chance could have put behind it, largest share first. Empty: it is proven to lead.
    p_chance : float
        That the drivers together explain nothing, and what was found is chance (F test).
    """

    name: Hashable
    close: tuple[Hashable, ...]
    p_chance: float

    @property
    def is_proven(self) -> bool:
        """Whether it counts more than every other driver, and all together explain something."""
        return not self.close and self.p_chance < 0.05


def leading_driver(found: Drivers) -> Leading | None:
    """Return the driver that counts most, with those that are too close to call.

    Parameters
    ----------
    found : Drivers
        From `key_drivers` or `compare_drivers`.

    Returns
    -------
    Leading or None
        None when there are no drivers to rank, or they explain nothing at all.

    Notes
    -----
    A driver is close to the leading one unless the percentile interval of the difference of their shares over
    the bootstrap draws lies wholly above zero, at the level of `found` with the error divided among the other
    drivers (Bonferroni). F test: ``(R^2 / p) / ((1 - R^2) / (m - p - 1))`` with m the number of clusters,
    which errs on the safe side where answers of one cluster differ.

    Examples
    --------
    >>> from rapport.stats.drivers import key_drivers
    >>> rng = np.random.default_rng(2)
    >>> delivery, price = rng.integers(1, 11, 300), rng.integers(1, 11, 300)
    >>> score = 0.8 * delivery + 0.1 * price + rng.normal(size=300)
    >>> lead = leading_driver(key_drivers({"delivery": delivery, "price": price}, score, draws=100))
    >>> lead.name, lead.is_proven
    ('delivery', True)
    """
    if found.reason is not None or not found.r_squared.value:
        return None
    shares = np.array([driver.share.value for driver in found.drivers], dtype=np.float64)
    order = np.argsort(-shares, kind="stable")
    first = int(order[0])
    error = (1 - found.level) / 2 / max(1, shares.size - 1)
    ahead = found.share_draws[:, [first]] - found.share_draws
    lowest = np.quantile(ahead, error, axis=0)
    close = tuple(found.drivers[j].name for j in order[1:] if lowest[j] <= 0)
    return Leading(name=found.drivers[first].name, close=close, p_chance=_p_chance(found, shares.size))


def _p_chance(found: Drivers, p: int) -> float:
    explained, free = found.r_squared.value or 0.0, found.clusters - p - 1
    if free < 1:
        return 1.0
    if explained >= 1:
        return 0.0
    return float(special.fdtrc(p, free, explained / p / ((1 - explained) / free)))
