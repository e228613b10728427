"""What raw answers must look like before anything is computed: ranges, missing answers, weights, labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Answers = ArrayLike | Sequence[float | None]
Labels = ArrayLike | Sequence[object]


class ScoreError(ValueError):
    """A score, weight, count or label cannot be used; says which, where and why.

    Attributes
    ----------
    position : int or None
        Index of the first offender, counting from 0; None when the whole array is at fault.
    value : object
        The offending value.
    """

    def __init__(self, message: str, *, position: int | None = None, value: object = None) -> None:
        super().__init__(message)
        self.position = position
        self.value = value


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """The answers that count: no missing ones, none of weight zero.

    `kept` marks them in the original order; `weights` is None when all weigh the same, else scaled to a
    maximum of 1.
    """

    values: FloatArray
    weights: FloatArray | None
    kept: NDArray[np.bool_]
    missing: int

    @property
    def n(self) -> int:
        """How many answers count."""
        return int(self.values.size)

    def mean_of(self, marks: NDArray[Any]) -> float:
        """Return the (weighted) mean of `marks`, one per counted answer."""
        if self.weights is None:
            return float(np.mean(marks))
        return float(np.sum(self.weights * marks) / np.sum(self.weights))

    @property
    def n_effective(self) -> float:
        """Kish's effective number of answers."""
        if self.weights is None:
            return float(self.n)
        return float(np.sum(self.weights) ** 2 / np.sum(self.weights**2))


def answered(
    scores: Answers,
    weights: ArrayLike | None = None,
    *,
    low: float = -np.inf,
    high: float = np.inf,
    whole: bool = False,
) -> Answered:
    """Check scores and weights and keep the answers that count.

    Parameters
    ----------
    scores : array_like, shape (n,)
        NaN or None is a missing answer: it is left out together with its weight, and counted as missing.
    weights : array_like, shape (n,), optional
        Finite and not negative; only their proportions matter. An answer of weight zero is not part of the
        figure.
    low, high : float
        Ends of the scale, both allowed.
    whole : bool
        Whether only whole numbers are scores.

    Raises
    ------
    ScoreError
        Names the first offending position (counting from 0) and value.

    Examples
    --------
    >>> answers = answered([9, None, 7, 10], [1, 1, 0, 4], low=0, high=10)
    >>> answers.n, answers.missing, answers.values.tolist()
    (2, 1, [9.0, 10.0])
    """
    values = as_floats(scores, "Score")
    missing = np.isnan(values)
    _check_range(values, missing, low, high, whole)
    kept = ~missing
    if weights is None:
        return Answered(values[kept], None, kept, int(missing.sum()))
    checked = checked_weights(weights, values.size)
    kept &= checked > 0
    used = checked[kept]
    # scaled to a maximum of 1 so that neither tiny nor huge weights lose digits when squared
    scaled = used / used.max() if used.size else used
    return Answered(values[kept], scaled, kept, int(missing.sum()))


def as_floats(values: Answers, name: str) -> FloatArray:
    """Return a one-dimensional float array; None becomes NaN."""
    try:
        array: FloatArray = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise _not_a_number(values, name) from error
    if array.ndim != 1:
        raise ScoreError(f"{name}s must be one-dimensional, not of shape {array.shape}.")
    return array


def checked_weights(weights: ArrayLike, n: int) -> FloatArray:
    """Return weights as floats, one per answer, finite and not negative."""
    checked = as_floats(weights, "Weight")
    if checked.size != n:
        raise ScoreError(f"There are {checked.size} weights for {n} answers; give one weight per answer.")
    _raise_at(
        ~np.isfinite(checked) | (checked < 0), checked, "Weight {value} at position {position} is not usable."
    )
    return checked


def codes(labels: Labels, n: int, name: str) -> IntArray:
    """Return one group number per answer, 0 for the first label met and so on.

    Raises
    ------
    ScoreError
        When there are not `n` labels, or one is missing.
    """
    items = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)  # type: ignore[arg-type]
    if len(items) != n:
        raise ScoreError(f"There are {len(items)} {name} labels for {n} answers; give one per answer.")
    numbers: dict[object, int] = {}
    result = np.empty(n, dtype=np.intp)
    for position, label in enumerate(items):
        if label is None or label != label:
            raise ScoreError(
                f"The {name} label at position {position} is missing.", position=position, value=label
            )
        result[position] = numbers.setdefault(label, len(numbers))
    return result


def check_count(count: int | float, name: str) -> None:
    """Raise a ScoreError unless `count` is a finite number of at least zero."""
    if not (np.isfinite(count) and count >= 0):
        raise ScoreError(f"The number of {name} is {count}; it must be zero or more.", value=count)


def check_level(level: float) -> None:
    """Raise a ValueError unless `level` is a confidence level."""
    if not 0 < level < 1:
        raise ValueError(f"The level is {level}; give it as a share between 0 and 1, such as 0.95.")


def check_scale(scale: tuple[float, float]) -> None:
    """Raise a ValueError unless `scale` is (lowest, highest)."""
    low, high = scale
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ValueError(f"The scale is {scale}; give its lowest and highest answer, such as (1, 5).")


def _check_range(
    values: FloatArray, missing: NDArray[np.bool_], low: float, high: float, whole: bool
) -> None:
    outside = ~missing & ((values < low) | (values > high) | np.isinf(values))
    limits = f"outside {low:g} to {high:g}" if np.isfinite(low) and np.isfinite(high) else "not finite"
    _raise_at(outside, values, "Score {value} at position {position} is " + limits + ".")
    if whole:
        broken = ~missing & (values != np.floor(values))
        _raise_at(broken, values, "Score {value} at position {position} is not a whole number.")


def _raise_at(offending: NDArray[np.bool_], values: FloatArray, message: str) -> None:
    if not offending.any():
        return
    position = int(np.argmax(offending))
    value = float(values[position])
    raise ScoreError(message.format(value=f"{value:g}", position=position), position=position, value=value)


def _not_a_number(values: object, name: str) -> ScoreError:
    for position, value in enumerate(values if isinstance(values, Sequence) else []):
        try:
            float("nan" if value is None else value)
        except (TypeError, ValueError):
            message = f"{name} {value!r} at position {position} is not a number."
            return ScoreError(message, position=position, value=value)
    return ScoreError(f"{name}s must be a one-dimensional sequence of numbers.")
