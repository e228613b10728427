"""Where values lie on a drawing: round ticks and straight scales."""

import math
from dataclasses import dataclass


def nice_step(span: float, steps: int) -> float:
    """Return a step of 1, 2 or 5 times a power of ten that cuts a span into about so many steps."""
    raw = max(span, 1e-9) / max(1, steps)
    power = 10.0 ** math.floor(math.log10(raw))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.999)


def nice_ticks(low: float, high: float, steps: int = 5) -> list[float]:
    """Return round values that enclose low and high."""
    if high - low < 1e-9:
        low, high = low - 1, high + 1
    step = nice_step(high - low, steps)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


@dataclass(frozen=True)
class Axis:
    """A straight scale from values to drawing units; values beyond its ends stay at the ends."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return where a value is drawn."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share))
