"""What moves the score in a workshop's scope: the other scores that people gave in the same answer.

The room of figures has a page of drivers with more choice; this is the part that fits on one slide. It is the
only place of the pack that knows how drivers are worked out.
"""

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.models import Score
from rapport.stats import Estimate, key_drivers

MOST = 6
MOST_ANSWERS = 20_000
# A driver that few rated would leave few complete answers for all of them.
FEWEST = 30
DRAWS = 300


@dataclass(frozen=True)
class Moves:
    """The drivers, the strongest first, with their share of what all explain; or why there are none."""

    drivers: tuple[tuple[str, Estimate], ...] = ()
    n: int = 0
    reason: str = ""


def what_moves(metric: Metric, scores: "QuerySet[Score, Any]", outcome: "QuerySet[Score, Any]") -> Moves:
    """Work out the drivers of `metric`; `outcome` are its scores, `scores` all of the same scope."""
    signals = list(outcome.order_by("-occurred_at").values_list("signal", "value", "account")[:MOST_ANSWERS])
    rows = {signal: (value, account) for signal, value, account in signals}
    beside: dict[str, dict[Any, float]] = defaultdict(dict)
    others = scores.filter(signal__in=list(rows)).exclude(metric=metric)
    for signal, key, value in others.values_list("signal", "metric", "value").iterator():
        beside[key][signal] = value
    chosen = sorted((key for key in beside if len(beside[key]) >= FEWEST), key=lambda key: -len(beside[key]))[
        :MOST
    ]
    if not chosen:
        return Moves(reason=_("Nothing else was rated in enough of the same answers."))
    found = key_drivers(
        {key: [beside[key].get(signal, math.nan) for signal in rows] for key in chosen},
        [value for value, _account in rows.values()],
        clusters=[account or f"{signal}" for signal, (_value, account) in rows.items()],
        draws=DRAWS,
    )
    if found.reason:
        return Moves(n=found.n, reason=found.reason)
    names = dict(Metric.objects.filter(pk__in=chosen).values_list("pk", "name"))
    ranked = sorted(found.drivers, key=lambda one: -(one.share.value or 0))
    return Moves(tuple((names[str(one.name)], one.share) for one in ranked), found.n)
