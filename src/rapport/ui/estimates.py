"""How an estimate is read: value, range and n together, "read the range" when thin, hidden when too few."""

import math
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _

from rapport.stats.estimate import DOT_FROM, HIDDEN_BELOW
from rapport.ui.formats import interval, number


class EstimateLike(Protocol):
    """What the interface needs of an estimate; `rapport.stats.Estimate` fits."""

    @property
    def value(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def n(self) -> int | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def method(self) -> str: ...


class DifferenceLike(Protocol):
    """What the interface needs of a change; `rapport.stats.Difference` fits."""

    @property
    def value(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def reason(self) -> str | None: ...


@dataclass(frozen=True)
class Scale:
    """Where a measure lives and how it is written; `factor` turns the stored value into the shown one."""

    low: float
    high: float
    decimals: int = 0
    sign: bool = False
    unit: str = ""
    factor: float = 1.0

    def shown(self, value: float) -> float:
        """Return the value as it is written."""
        return value * self.factor

    def text(self, value: float, unit: bool = True) -> str:
        """Write a stored value."""
        return number(self.shown(value), self.decimals, self.sign) + (self.unit if unit else "")

    def range_text(self, low: float, high: float) -> str:
        """Write a stored range."""
        return interval(self.shown(low), self.shown(high), self.decimals, self.sign)

    def percent(self, value: float) -> int:
        """Return where a stored value lies between low and high, 0 to 100."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(1.0, max(0.0, share)))


SCALES: dict[str, Scale] = {
    "nps": Scale(-100, 100, sign=True),
    "change": Scale(-200, 200, sign=True),
    "percent": Scale(0, 100, unit="%"),
    "share": Scale(0, 1, unit="%", factor=100),
    "share_change": Scale(-10, 10, unit="%", factor=100, sign=True),
    "ten": Scale(0, 10, decimals=1),
    "seven": Scale(1, 7, decimals=1),
    "five": Scale(1, 5, decimals=1),
    "hundred": Scale(0, 100),
    "points": Scale(-100, 100, sign=True),
    "scale": Scale(0, 10, decimals=1),
}


def scale_of(estimate: EstimateLike, scale: Scale | str = "") -> Scale:
    """Return the scale asked for, or the one the estimate's unit stands for."""
    if isinstance(scale, Scale):
        return scale
    return SCALES[scale or getattr(estimate, "unit", "") or "scale"]


def is_thin(estimate: EstimateLike) -> bool:
    """Return whether only the range should be read: fewer than 30 answers, or 30 effective ones."""
    if estimate.n is None:
        return False
    return min(estimate.n, getattr(estimate, "n_effective", estimate.n)) < DOT_FROM * (1 - 1e-9)


@dataclass(frozen=True)
class Reading:
    """An estimate put into words. When `hidden` is set nothing else may be shown."""

    value: str = ""
    range: str = ""
    base: str = ""
    thin: bool = False
    hidden: str = ""
    low_at: int = 0
    at: int = 0
    high_at: int = 0
    method: str = ""

    @property
    def sentence(self) -> str:
        """Say the estimate in one line, for titles and screen readers."""
        if self.hidden:
            return self.hidden
        said = _("%(value)s, range %(range)s") % {"value": self.value, "range": self.range}
        return f"{said}, {self.base}" if self.base else said


def hidden_reason(estimate: EstimateLike, hidden_below: int = HIDDEN_BELOW) -> str:
    """Return why an estimate may not be shown, or nothing."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return estimate.reason or _("no figure")
    if not all(math.isfinite(figure) for figure in (estimate.value, estimate.low, estimate.high)):
        return _("no figure")
    if estimate.n is not None and estimate.n < hidden_below:
        return _("hidden, fewer than %(count)d") % {"count": hidden_below}
    return ""


def base_text(estimate: EstimateLike) -> str:
    """Write the base: n, the effective n when weighted, and the warning when thin."""
    if estimate.n is None:
        return ""
    effective = getattr(estimate, "n_effective", None)
    base = _("n %(n)s") % {"n": number(estimate.n)}
    if effective is not None and abs(effective - estimate.n) >= 0.05:
        telling = number(effective, 1 if effective < 100 else 0)
        base = _("%(base)s, n eff %(effective)s") % {"base": base, "effective": telling}
    if is_thin(estimate):
        return _("%(base)s: read the range") % {"base": base}
    return base


def read(estimate: EstimateLike, scale: Scale | str = "", hidden_below: int = HIDDEN_BELOW) -> Reading:
    """Put an estimate into words on its scale."""
    scale = scale_of(estimate, scale)
    hidden = hidden_reason(estimate, hidden_below)
    if hidden or estimate.value is None or estimate.low is None or estimate.high is None:
        return Reading(hidden=hidden)
    return Reading(
        value=scale.text(estimate.value),
        range=scale.range_text(estimate.low, estimate.high),
        base=base_text(estimate),
        thin=is_thin(estimate),
        low_at=scale.percent(estimate.low),
        at=scale.percent(estimate.value),
        high_at=scale.percent(estimate.high),
        method=estimate.method,
    )
