"""Planning: how many answers a figure needs, and how wide its range will be with those one can expect."""

from __future__ import annotations

import math

from rapport.stats.answers import check_count, check_level
from rapport.stats.intervals import normal_quantile


class PlanningError(ValueError):
    """A plan cannot be worked out; says which input and why."""


def krejcie_morgan(population: int, *, p: float = 0.5, margin: float = 0.05, chi2: float = 3.841) -> int:
    """Return the sample size of the table of Krejcie and Morgan.

    Parameters
    ----------
    population : int
        People in the frame.
    p : float
        Expected share, 0 to 1; 0.5 is the worst case.
    margin : float
        Half the width of the interval wanted, as a share.
    chi2 : float
        Quantile of chi-squared with one degree of freedom; 3.841 for 95%.

    Returns
    -------
    int
        Answers needed, rounded to the nearest as the table does. For a plan of your own prefer
        `sample_size_for_share`, which rounds up.

    Raises
    ------
    PlanningError
        An input is out of its range.

    Notes
    -----
    ``chi2 N p (1 - p) / (margin^2 (N - 1) + chi2 p (1 - p))`` (Krejcie and Morgan 1970, Educational and
    Psychological Measurement 30, 607-610).

    Examples
    --------
    >>> krejcie_morgan(500)
    217
    """
    check_count(population, "people")
    _check_share(p, "expected share")
    _check_margin(margin, 1.0)
    if population == 0:
        return 0
    needed = chi2 * population * p * (1 - p) / (margin**2 * (population - 1) + chi2 * p * (1 - p))
    return math.floor(needed + 0.5)


def sample_size_for_share(
    margin: float,
    *,
    population: int | None = None,
    p: float = 0.5,
    design_effect: float = 1.0,
    level: float = 0.95,
) -> int:
    """Return how many answers a share needs for an interval of plus or minus `margin`.

    Parameters
    ----------
    margin : float
        Half the width wanted, as a share (0.05 is five points of a percentage).
    population : int, optional
        People in the frame; None for very many.
    p : float
        Expected share, 0 to 1; 0.5 is the worst case.
    design_effect : float
        By what factor weights and clusters inflate the variance, at least 1.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    int
        Answers needed, rounded up and at most `population`.

    Raises
    ------
    PlanningError
        An input is out of its range.

    Notes
    -----
    ``n0 = deff z^2 p (1 - p) / margin^2``, with finite population ``n0 / (1 + (n0 - 1) / N)`` (Cochran 1977,
    Sampling Techniques, section 4.4).

    Examples
    --------
    >>> sample_size_for_share(0.05), sample_size_for_share(0.05, population=500)
    (385, 218)
    """
    _check_share(p, "expected share")
    return _sample_size(p * (1 - p), margin, 1.0, population, design_effect, level)


def sample_size_for_nps(
    margin: float,
    *,
    population: int | None = None,
    detractors: float | None = None,
    promoters: float | None = None,
    design_effect: float = 1.0,
    level: float = 0.95,
) -> int:
    """Return how many answers a net promoter score needs for an interval of plus or minus `margin` points.

    Parameters
    ----------
    margin : float
        Half the width wanted, in points (0 to 100).
    population : int, optional
        People in the frame; None for very many.
    detractors, promoters : float, optional
        Expected shares, 0 to 1, both or neither. Without them the worst case is planned for: half and half.
    design_effect : float
        By what factor weights and clusters inflate the variance, at least 1.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    int
        Answers needed, rounded up and at most `population`.

    Raises
    ------
    PlanningError
        An input is out of its range.

    Notes
    -----
    As `sample_size_for_share` with the variance ``p + d - (p - d)^2`` of the -1/0/+1 score.

    Examples
    --------
    >>> sample_size_for_nps(10), sample_size_for_nps(10, detractors=0.2, promoters=0.5)
    (385, 235)
    """
    return _sample_size(
        _net_variance(detractors, promoters), margin / 100, 1.0, population, design_effect, level
    )


def expected_nps_margin(
    n: int,
    *,
    population: int | None = None,
    detractors: float | None = None,
    promoters: float | None = None,
    design_effect: float = 1.0,
    level: float = 0.95,
) -> float | None:
    """Return by how many points a net promoter score of `n` answers will be uncertain, plus or minus.

    Parameters
    ----------
    n : int
        Answers one can expect.
    population, detractors, promoters, design_effect, level
        As in `sample_size_for_nps`.

    Returns
    -------
    float or None
        Points; None for no answers; 0 when everybody answers.

    Raises
    ------
    PlanningError
        An input is out of its range, or more answers than people.

    Notes
    -----
    ``100 z sqrt(deff V / n (N - n) / (N - 1))`` with V as in `sample_size_for_nps` (Cochran 1977, section
    3.3).

    Examples
    --------
    >>> round(expected_nps_margin(100), 1), round(expected_nps_margin(100, population=200), 1)
    (19.6, 13.9)
    """
    check_count(n, "answers")
    _check_plan(population, design_effect, level)
    if n == 0:
        return None
    if population is not None and n > population:
        raise PlanningError(f"{n} answers are more than the {population} people there are.")
    left = 1.0
    if population is not None:
        left = (population - n) / (population - 1) if population > 1 else 0.0
    variance = _net_variance(detractors, promoters)
    return 100 * normal_quantile(level) * math.sqrt(design_effect * variance / n * left)


def _sample_size(
    variance: float, margin: float, widest: float, population: int | None, design_effect: float, level: float
) -> int:
    _check_margin(margin, widest)
    _check_plan(population, design_effect, level)
    needed = design_effect * normal_quantile(level) ** 2 * variance / margin**2
    if population is None:
        return max(1, math.ceil(needed - 1e-9))
    if population == 0:
        return 0
    # at least one: with an expected share of 0 or 1 the formula asks for nobody
    corrected = max(1, math.ceil(needed / (1 + (needed - 1) / population) - 1e-9))
    return min(population, corrected)


def _net_variance(detractors: float | None, promoters: float | None) -> float:
    if detractors is None and promoters is None:
        return 1.0
    if detractors is None or promoters is None:
        raise PlanningError("Give the expected shares of detractors and of promoters, or neither.")
    _check_share(detractors, "share of detractors")
    _check_share(promoters, "share of promoters")
    if detractors + promoters > 1 + 1e-9:
        raise PlanningError(f"{detractors:g} detractors and {promoters:g} promoters are more than everybody.")
    return promoters + detractors - (promoters - detractors) ** 2


def _check_plan(population: int | None, design_effect: float, level: float) -> None:
    check_level(level)
    if population is not None:
        check_count(population, "people")
    if not (math.isfinite(design_effect) and design_effect >= 1):
        raise PlanningError(f"The design effect is {design_effect}; it is at least 1.")


def _check_share(share: float, name: str) -> None:
    if not 0 <= share <= 1:
        raise PlanningError(f"The {name} is {share}; give it as a share between 0 and 1.")


def _check_margin(margin: float, widest: float) -> None:
    if not 0 < margin < widest:
        raise PlanningError(f"A margin of {margin:g} is not possible; it lies above 0 and below {widest:g}.")
