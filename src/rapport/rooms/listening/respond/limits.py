"""Holds back floods from one address: guessing links, and answering an open link again and again.

Counted in the memory of each serving process, for IPv6 by network of 64 bits: with four processes an address
may do up to four times as much. A restart forgets. That is enough against guessing 160 bits and against
scripts; it is not a proof that each person answers an open link once.
"""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable


class Limit:
    """So many times in so many seconds for each key, refilled evenly."""

    def __init__(
        self, most: int, seconds: float, *, keys: int = 50_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._rate, self._keys, self._clock = float(most), most / seconds, keys, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def allows(self, key: str) -> bool:
        """Say whether something may be done now, without counting it."""
        with self._lock:
            return self._now(key)[0] >= 1

    def take(self, key: str) -> bool:
        """Count one and say whether it was still allowed."""
        with self._lock:
            left, now = self._now(key)
            allowed = left >= 1
            self._left[key] = (left - 1 if allowed else left, now)
            self._left.move_to_end(key)
            while len(self._left) > self._keys:
                self._left.popitem(last=False)
            return allowed

    def _now(self, key: str) -> tuple[float, float]:
        now = self._clock()
        left, at = self._left.get(key, (self._most, now))
        return min(self._most, left + (now - at) * self._rate), now


def network_of(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or the 64-bit network of an IPv6 one."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(known, ipaddress.IPv6Address):
        mapped = known.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)


GUESSES = Limit(30, 600)
"""Unknown links an address may try: 30 at once, then three a minute."""
OPENINGS = Limit(60, 3600)
"""Responses an address may begin by one open link: 60 at once (an office, a fair), then one a minute."""
FILES = Limit(60, 3600)
"""Files an address may give as answers: 60 at once, then one a minute, so that no link fills the disk."""
