"""The results figures are given in: estimate or difference, with range, base and method, or with a reason."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

HIDDEN_BELOW: Final = 5
"""Fewer answers than this are hidden, so that nobody's answer can be guessed."""

COMMENTS_HIDDEN_BELOW: Final = 8
"""Fewer comments than this are hidden: words give a person away sooner than scores do."""

DOT_FROM: Final = 30
"""From this many (effective) answers on, a figure is drawn as a dot with its range, and may be ranked."""


class Strength(StrEnum):
    """How strongly a figure may be drawn."""

    DOT_AND_RANGE = "dot and range"
    READ_THE_RANGE = "read the range"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its interval and its base, or the reason why there is none.

    Attributes
    ----------
    value, low, high : float or None
        The estimate and the ends of its interval, all three or none; never NaN. ``low <= value <= high``.
    n : int
        Answers the figure rests on: missing answers and answers of weight zero are not counted.
    n_effective : float
        Answers of a simple random sample that would be as informative (Kish for weights, variance ratio for
        clusters). Equals `n` without weights and clusters.
    method : str
        What was computed, in words that can be printed beside the figure.
    level : float
        Confidence level of the interval, two-sided.
    reason : str or None
        Why there is no value, as a sentence for the reader. None when there is one.
    standard_error : float or None
        In the unit of `value`. None where the method has none.
    unit : str
        ``"points"`` (-100 to 100), ``"share"`` (0 to 1) or ``"scale"`` (the unit of the answers).
    missing : int
        Missing answers that were left out.

    Examples
    --------
    >>> figure = Estimate(value=40.0, low=22.0, high=55.0, n=64, n_effective=64.0, method="adjusted Wald")
    >>> figure.strength.value, figure.excludes(0.0)
    ('dot and range', True)
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    n_effective: float
    method: str
    level: float = 0.95
    reason: str | None = None
    standard_error: float | None = None
    unit: str = ""
    missing: int = 0

    def __post_init__(self) -> None:
        _check_figure(self.value, self.low, self.high, self.reason)

    @classmethod
    def without_value(
        cls, reason: str, *, method: str, n: int = 0, level: float = 0.95, unit: str = "", missing: int = 0
    ) -> Self:
        """Return the estimate that says why there is no value.

        Examples
        --------
        >>> Estimate.without_value("Nobody answered.", method="mean").reason
        'Nobody answered.'
        """
        return cls(
            value=None,
            low=None,
            high=None,
            n=n,
            n_effective=float(n),
            method=method,
            level=level,
            reason=reason,
            unit=unit,
            missing=missing,
        )

    @property
    def has_value(self) -> bool:
        """Whether there is a value at all; how it may be drawn is `strength`."""
        return self.value is not None

    @property
    def strength(self) -> Strength:
        """How strongly to draw it: hidden below 5 answers, dot and range from 30 effective answers on.

        Hiding protects people, so it counts answers; the dot claims precision, so it counts effective ones.
        """
        if self.value is None or self.n < HIDDEN_BELOW:
            return Strength.HIDDEN
        # the tolerance keeps thirty equal weights at thirty after their round trip through floats
        if min(self.n, self.n_effective) >= DOT_FROM * (1 - 1e-9):
            return Strength.DOT_AND_RANGE
        return Strength.READ_THE_RANGE

    @property
    def is_hidden(self) -> bool:
        """Whether no value, bar length or sort position may be shown."""
        return self.strength is Strength.HIDDEN

    @property
    def may_rank(self) -> bool:
        """Whether it may have an arrow or a place in a ranking."""
        return self.strength is Strength.DOT_AND_RANGE

    def excludes(self, reference: float) -> bool:
        """Return whether the interval lies wholly on one side of `reference`; False without a value."""
        if self.low is None or self.high is None:
            return False
        return reference < self.low or reference > self.high

    def hidden_below(self, minimum: int = HIDDEN_BELOW) -> Estimate:
        """Return itself, or an estimate without any value when it rests on fewer than `minimum` answers.

        Use it before a figure leaves for an export or an API, where no drawing rule protects it.

        Examples
        --------
        >>> lonely = Estimate(value=1.0, low=0.2, high=1.0, n=1, n_effective=1.0, method="Wilson")
        >>> lonely.hidden_below().reason
        'Hidden: fewer than 5 answers.'
        """
        if self.n >= minimum or self.value is None:
            return self
        reason = f"Hidden: fewer than {minimum} answers."
        return replace(self, value=None, low=None, high=None, standard_error=None, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference between two groups or waves, with its interval and test, or the reason why there is none.

    Attributes
    ----------
    value, low, high : float or None
        Second minus first (``b - a``, after minus before), in the unit of the two figures; all three or none.
    n_a, n_b : int
        Answers on either side. For paired answers both are the number of pairs.
    method : str
        What was computed.
    level : float
        Confidence level of the interval, two-sided.
    reason : str or None
        Why there is no value.
    standard_error, statistic, p_value : float or None
        Standard error in the unit of `value`, test statistic (z or t) and its two-sided p-value.
    unit : str
        As in `Estimate`.

    Examples
    --------
    >>> change = Difference(value=4.0, low=-3.0, high=11.0, n_a=80, n_b=75, method="Wald")
    >>> change.is_proven
    False
    """

    value: float | None
    low: float | None
    high: float | None
    n_a: int
    n_b: int
    method: str
    level: float = 0.95
    reason: str | None = None
    standard_error: float | None = None
    statistic: float | None = None
    p_value: float | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        _check_figure(self.value, self.low, self.high, self.reason)

    @classmethod
    def without_value(
        cls, reason: str, *, method: str, n_a: int, n_b: int, level: float = 0.95, unit: str = ""
    ) -> Self:
        """Return the difference that says why there is no value.

        Examples
        --------
        >>> Difference.without_value("Nobody answered twice.", method="paired t", n_a=0, n_b=0).is_proven
        False
        """
        return cls(
            value=None,
            low=None,
            high=None,
            n_a=n_a,
            n_b=n_b,
            method=method,
            level=level,
            reason=reason,
            unit=unit,
        )

    @property
    def is_proven(self) -> bool:
        """Whether the interval excludes zero; otherwise the difference is grey and called noise."""
        if self.low is None or self.high is None:
            return False
        return self.low > 0 or self.high < 0


def _check_figure(value: float | None, low: float | None, high: float | None, reason: str | None) -> None:
    if value is None or low is None or high is None:
        if not (value is None and low is None and high is None and reason):
            raise ValueError("Without a value there is no interval either, and a reason is needed.")
        return
    if reason is not None:
        raise ValueError(f"There is a value ({value}) and also a reason why there is none: {reason}")
    if not all(math.isfinite(figure) for figure in (value, low, high)):
        raise ValueError(f"Value {value} and interval {low} to {high} must be finite; give a reason instead.")
    if not low <= value <= high:
        raise ValueError(f"The interval {low} to {high} does not contain the value {value}.")
