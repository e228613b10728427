"""Ratings of five parts of the experience beside each relationship answer; each role is moved by another."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.random import Generator

from rapport.demo.company import METRICS
from rapport.demo.feedback import copy_rows
from rapport.demo.story import MOVED_BY
from rapport.rooms.signals.models import Score

PARTS = tuple(key for key, _name, kind, *_rest in METRICS if kind == "index")
USUALLY = {
    "delivery-reliability": 7.0,
    "documentation-quality": 6.4,
    "service-response": 7.3,
    "product-reliability": 8.2,
    "price-for-value": 6.9,
}
SKIPPED = 0.03
COLUMNS = ("signal_id", "metric_id", "value", "scale_low", "scale_high")


def rate(rng: Generator) -> None:
    """Write the ratings; named answers only, for an anonymous block is known by what it rated."""
    asked = Score.objects.filter(metric="nps", source="relationship", anonymous=False)
    answers = asked.order_by("occurred_at", "signal").values_list("signal", "value", "buying_role")
    copy_rows(Score, COLUMNS, _ratings(rng, list(answers)))


def _ratings(rng: Generator, answers: list[Any]) -> Iterator[tuple[Any, ...]]:
    liking = np.array([value for _signal, value, _role in answers]) - 7.5
    mood = 0.25 * liking + rng.normal(0, 0.8, len(answers))
    for key in PARTS:
        moved = np.array([MOVED_BY.get(role) == key for _signal, _value, role in answers])
        felt = USUALLY[key] + mood + np.where(moved, 0.9, 0.1) * liking + rng.normal(0, 1.3, len(answers))
        given = np.clip(np.round(felt), 0, 10)
        skipped = rng.random(len(answers)) < SKIPPED
        for (signal, _value, _role), value, is_skipped in zip(answers, given, skipped, strict=True):
            if not is_skipped:
                yield signal, key, float(value), 0, 10
