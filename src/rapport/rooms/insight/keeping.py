"""Figures that took long are kept for a minute and say as of when they are; quick ones are always fresh."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Generic, TypeVar

from django.core.cache import cache

from rapport.kernel.models import User

SLOW = 0.08
KEPT = 60

T = TypeVar("T")


@dataclass(frozen=True)
class AsOf(Generic[T]):
    """Something worked out, and when; `kept` says that it was not worked out just now."""

    value: T
    at: datetime
    kept: bool = False


def kept_if_slow(user: User, name: str, asked: Any, work: Callable[[], T], now: datetime) -> AsOf[T]:
    """Work something out for what the user may see, or return what was worked out within the last minute.

    The key holds the user's whole scope, so that nobody is given figures of another's customers.
    """
    key = "insight:" + sha256(f"{name}|{user.scope!r}|{asked!r}".encode()).hexdigest()
    known: AsOf[T] | None = cache.get(key)
    if known is not None:
        return AsOf(known.value, known.at, kept=True)
    began = time.perf_counter()
    found = AsOf(work(), now)
    if time.perf_counter() - began > SLOW:
        cache.set(key, found, KEPT)
    return found
