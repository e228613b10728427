"""Which scores are unhappy, which passive, which happy: one rule for lists, pages and figures.

On 0 to 10 recommendations these are detractors (0-6), passives (7-8) and promoters (9-10). Satisfaction is
happy in the two best boxes. All else is unhappy below the middle of its scale and happy from two thirds on.
"""

from collections.abc import Iterable
from typing import Final

from django.db.models import F, Q

from rapport.rooms.catalog.models import Metric
from rapport.ui.components import Mood

BANDS: Final[tuple[Mood, ...]] = ("det", "pas", "pro")
DETRACTOR_TO: Final = 6
PROMOTER_FROM: Final = 9
HAPPY_FROM: Final = 2 / 3 - 1e-9
UNHAPPY_BELOW: Final = 0.5 - 1e-9


def band_of(kind: str, value: float, low: float, high: float, higher_is_better: bool = True) -> Mood:
    """Return the band of one score on its scale."""
    if kind == Metric.Kind.NPS:
        return "det" if value <= DETRACTOR_TO else "pas" if value < PROMOTER_FROM else "pro"
    share = (value - low) / (high - low)
    share = share if higher_is_better else 1 - share
    if share < UNHAPPY_BELOW:
        return "det"
    happy = value > high - 2 if _counts_top_boxes(kind, higher_is_better) else share >= HAPPY_FROM
    return "pro" if happy else "pas"


def band_condition(metrics: Iterable[Metric], bands: Iterable[str]) -> Q:
    """Return the condition on scores of these metrics that lie in one of the bands."""
    wanted = set(bands)
    condition = Q(pk__in=[])
    for metric in metrics:
        for band in BANDS:
            if band in wanted:
                condition |= Q(metric=metric.pk) & _in_band(metric, band)
    return condition


def _in_band(metric: Metric, band: Mood) -> Q:
    if metric.kind == Metric.Kind.NPS:
        detractor, promoter = Q(value__lte=DETRACTOR_TO), Q(value__gte=PROMOTER_FROM)
    else:
        detractor, promoter = _unhappy(metric), _happy(metric)
    if band == "det":
        return detractor
    return promoter & ~detractor if band == "pro" else ~detractor & ~promoter


def _unhappy(metric: Metric) -> Q:
    span = F("scale_high") - F("scale_low")
    if metric.higher_is_better:
        return Q(value__lt=F("scale_low") + span * UNHAPPY_BELOW)
    return Q(value__gt=F("scale_high") - span * UNHAPPY_BELOW)


def _happy(metric: Metric) -> Q:
    span = F("scale_high") - F("scale_low")
    if _counts_top_boxes(metric.kind, metric.higher_is_better):
        return Q(value__gt=F("scale_high") - 2)
    if metric.higher_is_better:
        return Q(value__gte=F("scale_low") + span * HAPPY_FROM)
    return Q(value__lte=F("scale_high") - span * HAPPY_FROM)


def _counts_top_boxes(kind: str, higher_is_better: bool) -> bool:
    return kind == Metric.Kind.CSAT and higher_is_better
