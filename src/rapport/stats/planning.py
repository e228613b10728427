"""Planning: how many answers a figure needs, and how wide its range will be with those one can expect."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from rapport.stats.answers import check_count, check_level
from rapport.stats.intervals import Limits, net_adjusted_wald, normal_quantile, wilson

Stratum = TypeVar("Stratum", bound=Hashable)
Allocation = Literal["proportional", "equal", "neyman"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a sample may be expected to tell, before anything is sent.

    Attributes
    ----------
    answers : int
        Answers to expect: invited times response rate, rounded down.
    n_effective : float
        Answers of a simple random sample from very many people that would be as informative.
    value, low, high : float or None
        The figure that was assumed and the ends of the interval to expect, in `unit`; None without answers.
    needed : int or None
        Answers that a margin of `wanted_margin` takes; None when no margin was wanted.
    invitations_needed : int or None
        People to invite to get so many; None when no margin was wanted, or nobody answers.
    reachable : bool or None
        Whether the people there are suffice for that; None when no margin was wanted.
    level : float
        Confidence level, two-sided.
    unit : str
        ``"points"`` or ``"share"``.
    reason : str or None
        Why there is no interval to expect.

    Examples
    --------
    >>> plan_nps(400, response_rate=0.25, population=400).answers
    100
    """

    answers: int
    n_effective: float
    value: float | None
    low: float | None
    high: float | None
    needed: int | None
    invitations_needed: int | None
    reachable: bool | None
    level: float
    unit: str
    reason: str | None = None

    @property
    def margin(self) -> float | None:
        """Half the width of the interval to expect, in `unit`."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def plan_nps(
    invited: int,
    *,
    response_rate: float = 1.0,
    population: int | None = None,
    detractors: float | None = None,
    promoters: float | None = None,
    design_effect: float = 1.0,
    wanted_margin: float | None = None,
    level: float = 0.95,
) -> Plan:
    """Return the interval to expect of a net promoter score when so many people are invited.

    Parameters
    ----------
    invited : int
        People to invite.
    response_rate : float
        Share of them that answers, 0 to 1.
    population : int, optional
        People in the frame, at least `invited`; None for very many.
    detractors, promoters : float, optional
        Expected shares, 0 to 1, both or neither; without them the worst case, half and half.
    design_effect : float
        By what factor weights and clusters inflate the variance, at least 1; see `cluster_design_effect` and
        `kish_design_effect`.
    wanted_margin : float, optional
        Half the width wanted, in points; then the plan says how many answers and invitations that takes.
    level : float
        Confidence level, two-sided.

    Returns
    -------
    Plan
        In points, -100 to 100. When nobody is expected to answer: no interval and a reason.

    Raises
    ------
    PlanningError
        An input is out of its range, or more are invited than there are.

    Notes
    -----
    The adjusted Wald interval of `nps` at the effective n ``n / (deff (N - n) / (N - 1))`` (Cochran 1977,
    Sampling Techniques, sections 3.3 and 4.4). The interval has no width when everybody answers.

    Examples
    --------
    >>> shares = {"detractors": 0.2, "promoters": 0.5}
    >>> plan = plan_nps(500, response_rate=0.3, population=800, wanted_margin=10, **shares)
    >>> plan.answers, round(plan.low, 1), round(plan.high, 1), plan.needed, plan.invitations_needed
    (150, 18.3, 40.7, 182, 607)
    """
    d, p = (0.5, 0.5) if detractors is None and promoters is None else (detractors, promoters)
    _net_variance(d, p)
    assert d is not None
    assert p is not None
    expected = _expect(invited, response_rate, population, design_effect, level)
    needed = (
        None
        if wanted_margin is None
        else sample_size_for_nps(
            wanted_margin,
            population=population,
            detractors=d,
            promoters=p,
            design_effect=design_effect,
            level=level,
        )
    )
    value = 100 * (p - d)
    limits: Limits = (value, value)
    if math.isfinite(expected.n_effective) and expected.n_effective > 0:
        low, high = net_adjusted_wald(d, p, expected.n_effective, normal_quantile(level))
        limits = 100 * low, 100 * high
    return _plan(expected, value, limits, needed, "points")


def plan_share(
    invited: int,
    *,
    response_rate: float = 1.0,
    population: int | None = None,
    p: float = 0.5,
    design_effect: float = 1.0,
    wanted_margin: float | None = None,
    level: float = 0.95,
) -> Plan:
    """Return the interval to expect of a share (top box, CSAT) when so many people are invited.

    Parameters
    ----------
    invited, response_rate, population, design_effect, level
        As in `plan_nps`.
    p : float
        Expected share, 0 to 1; 0.5 is the worst case.
    wanted_margin : float, optional
        Half the width wanted, as a share.

    Returns
    -------
    Plan
        As a share, 0 to 1. When nobody is expected to answer: no interval and a reason.

    Raises
    ------
    PlanningError
        An input is out of its range, or more are invited than there are.

    Notes
    -----
    Wilson's interval at the effective n of `plan_nps`.

    Examples
    --------
    >>> plan = plan_share(400, response_rate=0.25, population=400, p=0.7, wanted_margin=0.05)
    >>> plan.answers, round(plan.low, 3), round(plan.high, 3), plan.needed, plan.reachable
    (100, 0.617, 0.771, 179, False)
    """
    _check_share(p, "expected share")
    expected = _expect(invited, response_rate, population, design_effect, level)
    needed = (
        None
        if wanted_margin is None
        else sample_size_for_share(
            wanted_margin, population=population, p=p, design_effect=design_effect, level=level
        )
    )
    limits: Limits = (p, p)
    if math.isfinite(expected.n_effective) and expected.n_effective > 0:
        limits = wilson(p, expected.n_effective, normal_quantile(level))
    return _plan(expected, p, limits, needed, "share")


def cluster_design_effect(answers_per_cluster: float, intraclass_correlation: float) -> float:
    """Return by what factor asking several contacts of each account inflates the variance.

    Parameters
    ----------
    answers_per_cluster : float
        Mean answers of an account, at least 1.
    intraclass_correlation : float
        How alike contacts of one account answer, 0 to 1; 0.05 to 0.3 is usual.

    Returns
    -------
    float
        At least 1.

    Raises
    ------
    PlanningError
        An input is out of its range.

    Notes
    -----
    ``1 + (m - 1) rho`` (Kish 1965, Survey Sampling, section 5.4).

    Examples
    --------
    >>> cluster_design_effect(4, 0.2)
    1.6
    """
    if not (math.isfinite(answers_per_cluster) and answers_per_cluster >= 1):
        raise PlanningError(f"There are {answers_per_cluster} answers a cluster; it is at least 1.")
    _check_share(intraclass_correlation, "intraclass correlation")
    return 1 + (answers_per_cluster - 1) * intraclass_correlation


def allocate(
    n: int,
    population: Mapping[Stratum, int],
    *,
    method: Allocation = "proportional",
    spread: Mapping[Stratum, float] | None = None,
    at_least: int = 0,
) -> dict[Stratum, int]:
    """Share a sample of `n` out over strata, never more than a stratum has.

    Parameters
    ----------
    n : int
        People to ask altogether, at most all there are.
    population : mapping from stratum to int
        People in each stratum.
    method : {"proportional", "equal", "neyman"}
        In proportion to size; the same for all; or in proportion to size times `spread`, which makes the
        total most precise.
    spread : mapping from stratum to float, optional
        Standard deviation expected in each stratum, above zero; for ``"neyman"``.
    at_least : int
        Lowest number for each stratum (or all of a smaller one).

    Returns
    -------
    dict from stratum to int
        Adds up to `n`, in the order of `population`.

    Raises
    ------
    PlanningError
        `n` is more than there are people or less than `at_least` takes, or a spread is missing.

    Notes
    -----
    Neyman (1934), J. R. Stat. Soc. 97, 558-625; rounded one by one to where the share is farthest behind.

    Examples
    --------
    >>> allocate(10, {"north": 60, "south": 30, "west": 3}, at_least=2)
    {'north': 5, 'south': 3, 'west': 2}
    """
    check_count(n, "people to ask")
    for people in population.values():
        check_count(people, "people")
    wanted = {stratum: _wish(stratum, people, method, spread) for stratum, people in population.items()}
    given = {stratum: min(at_least, people) for stratum, people in population.items()}
    if n > sum(population.values()):
        raise PlanningError(f"{n} people cannot be drawn from {sum(population.values())}.")
    if n < sum(given.values()):
        raise PlanningError(f"At least {at_least} of each stratum take {sum(given.values())}, not {n}.")
    for _ in range(n - sum(given.values())):
        open_ones = [stratum for stratum, people in population.items() if given[stratum] < people]
        given[max(open_ones, key=lambda one: wanted[one] / (given[one] + 0.5))] += 1
    return given


@dataclass(frozen=True, slots=True)
class _Expected:
    answers: int
    n_effective: float
    response_rate: float
    invitable: float
    level: float


def _expect(
    invited: int, response_rate: float, population: int | None, design_effect: float, level: float
) -> _Expected:
    check_count(invited, "invitations")
    _check_share(response_rate, "response rate")
    _check_plan(population, design_effect, level)
    if population is not None and invited > population:
        raise PlanningError(f"{invited} invitations are more than the {population} people there are.")
    answers = math.floor(invited * response_rate + 1e-9)
    left = 1.0
    if population is not None:
        left = (population - answers) / (population - 1) if population > 1 else float(1 - answers)
    effective = math.inf if left == 0 else answers / (design_effect * left)
    return _Expected(answers, effective, response_rate, math.inf if population is None else population, level)


def _plan(expected: _Expected, value: float, limits: Limits, needed: int | None, unit: str) -> Plan:
    nobody = expected.answers == 0
    invitations = (
        math.ceil(needed / expected.response_rate - 1e-9) if needed and expected.response_rate else None
    )
    return Plan(
        answers=expected.answers,
        n_effective=expected.n_effective,
        value=None if nobody else value,
        low=None if nobody else limits[0],
        high=None if nobody else limits[1],
        needed=needed,
        invitations_needed=invitations,
        reachable=None if needed is None else invitations is not None and invitations <= expected.invitable,
        level=expected.level,
        unit=unit,
        reason="Nobody is expected to answer." if nobody else None,
    )


def _wish(stratum: Stratum, people: int, method: Allocation, spread: Mapping[Stratum, float] | None) -> float:
    if method == "equal":
        return 1.0
    if method == "proportional":
        return float(people)
    if spread is None or not spread.get(stratum, 0.0) > 0:
        raise PlanningError(f"Neyman's allocation needs the spread to expect in {stratum!r}, above zero.")
    return people * spread[stratum]


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
