"""Recurrence: whether what was fixed has become better, is not yet known, or has come back, week by week."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rapport.stats.answers import Answers, FloatArray, ScoreError
from rapport.stats.noise import Baseline, Noise, Weeks, likelihood_ratio, weeks_of

BetterIs = Literal["lower", "higher"]

WEEKS_OF_HISTORY: Final = 26
"""With fewer weeks before the change there is no baseline worth the name."""

_GRID_POINTS: Final = 161
_FLAT: Final = 0.9  # share of the prior of a return that lies in the first year after "better"


class Verdict(StrEnum):
    """What the weeks since the change say."""

    BETTER = "better"
    NOT_YET_KNOWN = "not yet known"
    NO_BETTER = "no better"
    BACK_AGAIN = "back again"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrencePlan:
    """What can be found out about an improvement within a year, worked out on the day it ships.

    Attributes
    ----------
    baseline : float or None
        Mean of the history, seasons levelled out, in the unit of the values.
    promised : float or None
        The change expected, above zero towards the better side.
    power : float or None
        Probability of the verdict "better" within `horizon` weeks if the promised change is real.
    weeks_needed : int or None
        Weeks until that probability is `wanted_power`; None when the horizon is too short.
    answers_needed : int or None
        Answers in those weeks.
    smallest_visible : float or None
        The smallest change seen with `wanted_power` within the horizon.
    memory : float
        Correlation of what is special about a week with the week after, 0 to 1.
    horizon : int
        Weeks looked ahead.
    wanted_power : float
        As asked for.
    notes : tuple of str
        What the baseline allows for and what not.
    reason : str or None
        Why there is no plan.
    """

    baseline: float | None
    promised: float | None
    power: float | None
    weeks_needed: int | None
    answers_needed: int | None
    smallest_visible: float | None
    memory: float
    horizon: int
    wanted_power: float
    notes: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """What the weeks since a change say about it, safe to look at every week.

    Attributes
    ----------
    verdict : Verdict
        Better, not yet known, no better, or back again.
    evidence : float
        How many times likelier the weeks are if the promised change is real than if nothing changed (an
        e-value). "Better" from ``1 / alpha`` on.
    relapse_evidence : float
        How many times likelier a return to the old level is than a change that lasts; 1 before "better".
    change, low, high : float or None
        The change against the expected baseline (after minus before) with its interval, in the unit of the
        values. The interval is of today alone: it is for reading, the verdict is for deciding.
    baseline : float or None
        Mean of the history, seasons levelled out.
    decided_in_week : int or None
        Week after the change (counting from 1) in which the verdict was first reached.
    back_since_week : int or None
        Likeliest week of the return.
    weeks, n : int
        Weeks with answers since the change, and answers in them.
    expected : ndarray of float, shape (n_weeks,)
        What the baseline says for every week, history included, had nothing changed; for a chart.
    notes : tuple of str
        What the baseline allows for and what not.
    reason : str or None
        Why nothing can be said, when nothing can.
    """

    verdict: Verdict
    evidence: float
    relapse_evidence: float
    change: float | None
    low: float | None
    high: float | None
    baseline: float | None
    decided_in_week: int | None
    back_since_week: int | None
    weeks: int
    n: int
    expected: FloatArray
    notes: tuple[str, ...] = ()
    reason: str | None = None


def plan_recurrence(
    values: Answers,
    n: ArrayLike,
    *,
    promised: float | None = None,
    weekly_n: float | None = None,
    horizon: int = 52,
    wanted_power: float = 0.8,
    alpha: float = 0.05,
    trend: bool = False,
) -> RecurrencePlan:
    """Say on the day an improvement ships how soon its effect can be seen, and how small it may be.

    Parameters
    ----------
    values : array_like, shape (n_weeks,)
        Mean or share of each past week, oldest first, without gaps in time; NaN or None for a week without
        answers.
    n : array_like, shape (n_weeks,)
        Answers behind each.
    promised : float, optional
        Change expected, above zero towards the better side, in the unit of the values. Without it the plan
        promises the smallest change it can see.
    weekly_n : float, optional
        Answers to expect each week; the median of the last half year by default.
    horizon : int
        Weeks to look ahead, one look a week.
    wanted_power : float
        Probability with which the change is to be seen, 0 to 1.
    alpha, trend
        As in `check_recurrence`.

    Returns
    -------
    RecurrencePlan
        With less than half a year of history, or without any spread: a reason.

    Raises
    ------
    ScoreError
        Values and counts do not fit, a value is not finite or a count negative, or the promise is not above
        zero.

    Notes
    -----
    The weeks to come carry the information I_k about a change, with the noise, memory and doubt about the
    baseline that the history shows. The score process then is Brownian motion with the change as drift in the
    time I_k (Jennison and Turnbull 2000, Group Sequential Methods, chapter 11), and the probability of
    crossing the boundary of `check_recurrence` is summed week by week (Armitage, McPherson and Rowe 1969, J.
    R. Stat. Soc. A 132, 235-244).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> past = rng.binomial(40, 0.3, size=104) / 40
    >>> plan = plan_recurrence(past, np.full(104, 40), promised=0.1)
    >>> plan.weeks_needed < 26, plan.power > 0.99, plan.smallest_visible < 0.1
    (True, True, True)
    """
    history = weeks_of(values, n)
    _check_plan(promised, horizon, wanted_power, alpha)
    reason = _too_little(history.y.size, history.y)
    if reason is not None:
        return RecurrencePlan(
            baseline=None,
            promised=promised,
            power=None,
            weeks_needed=None,
            answers_needed=None,
            smallest_visible=None,
            memory=0.0,
            horizon=horizon,
            wanted_power=wanted_power,
            reason=reason,
        )
    usual = float(np.median(history.n[-26:])) if weekly_n is None else float(weekly_n)
    if not (math.isfinite(usual) and usual > 0):
        raise ScoreError(f"Planned are {usual:g} answers a week; give a number above zero.", value=usual)
    total = history.length
    design = Baseline(total, trend)
    ahead = np.arange(total, total + horizon)
    weeks = Weeks(
        y=np.concatenate([history.y, np.zeros(horizon)]),
        n=np.concatenate([history.n, np.full(horizon, usual)]),
        at=np.concatenate([history.at, ahead]),
        length=total + horizon,
    )
    step = (weeks.at >= total).astype(np.float64)
    noise = Noise.of(weeks, design, history.y.size)
    information = noise.information(step, history.y.size)
    smallest = _smallest_visible(information, wanted_power, alpha)
    aim = smallest if promised is None else promised
    power = None if aim is None else _power_by_week(information, aim, alpha)
    needed = None if power is None else _first(power >= wanted_power)
    baseline = float(noise.coefficients(history.y.size)[0])
    return RecurrencePlan(
        baseline=baseline,
        promised=aim,
        power=None if power is None else float(power[-1]),
        weeks_needed=needed,
        answers_needed=None if needed is None else math.ceil(needed * usual),
        smallest_visible=smallest,
        memory=noise.memory(history.y.size),
        horizon=horizon,
        wanted_power=wanted_power,
        notes=design.notes,
        reason=None if aim is not None else "No change could be seen within the horizon.",
    )


def check_recurrence(
    values: Answers,
    n: ArrayLike,
    *,
    shipped: int,
    promised: float,
    better: BetterIs = "lower",
    alpha: float = 0.05,
    relapse_alpha: float = 0.1,
    trend: bool = False,
) -> Recurrence:
    """Say whether a trouble has become better since a change, is not yet known, or is back again.

    May be asked every week, for as long as one likes: each verdict is the one that the first week to reach it
    gave, and looking often does not make a false one likelier.

    Parameters
    ----------
    values : array_like, shape (n_weeks,)
        Mean or share of each week, oldest first, history and the weeks since, without gaps in time; NaN or
        None for a week without answers.
    n : array_like, shape (n_weeks,)
        Answers behind each.
    shipped : int
        Position (counting from 0) of the first week after the change.
    promised : float
        Change expected, above zero towards the better side, in the unit of the values; fixed when the
        improvement shipped (`plan_recurrence`), never afterwards.
    better : {"lower", "higher"}
        Which side is better: lower for a share of bad answers, higher for a score.
    alpha : float
        Probability of a false "better", however often one looks.
    relapse_alpha : float
        Probability of a false "back again", however often one looks.
    trend : bool
        Whether the baseline goes on in a straight line. Without it a trend that began before the change
        counts as the change's doing; with it, far more answers are needed.

    Returns
    -------
    Recurrence
        With less than half a year of history, or without any spread: not yet known, and a reason.

    Raises
    ------
    ScoreError
        Values and counts do not fit, `shipped` is no week, or the promise is not above zero.

    Notes
    -----
    Interrupted time series ``y_t = level + seasons (one yearly wave from a year of history on, two from two)
    [+ trend] + change (t >= shipped) + noise``. The noise of a week is a lasting part with correlation
    phi^|s - t| and a part of its own with variance in proportion to 1 / n_t. Level, seasons and trend are
    integrated out with flat priors (restricted likelihood: Harville 1974, Biometrika 61, 383-385), size of
    the noise, its memory phi and its lasting part over a grid, so that the doubt about them counts.

    The evidence is the ratio of the likelihoods with and without a change, averaged over changes around the
    promised one (normal, standard deviation half of it, only changes for the better): a mixture sequential
    probability ratio test (Robbins 1970, Annals of Mathematical Statistics 41, 1397-1409). When nothing has
    changed it is a martingale starting at 1, so it ever reaches ``1 / alpha`` with probability at most alpha
    (Ville 1939; Ramdas et al. 2023, Statistical Science 38, 576-601).

    A return is weighed likewise: the change lasting until week j and gone since, against lasting, averaged
    over all j after the verdict: nine in ten within the first year, each week alike. A return is said from
    ``1 / relapse_alpha`` on: a false one costs a look, a missed one the customer.

    "No better" is said when the evidence falls to alpha: 20 to 1 against the promised change. It does not
    stop the test; later weeks may still prove it better.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> bad = np.concatenate([rng.binomial(40, 0.3, 104), rng.binomial(40, 0.15, 20)]) / 40
    >>> found = check_recurrence(bad, np.full(124, 40), shipped=104, promised=0.1)
    >>> found.verdict.value, found.low < -0.15 < found.high
    ('better', True)
    """
    weeks = weeks_of(values, n)
    _check_plan(promised, 1, relapse_alpha, alpha)
    if not 0 <= shipped <= weeks.length:
        raise ScoreError(f"The change shipped in week {shipped} of {weeks.length}; there is no such week.")
    before = int(np.sum(weeks.at < shipped))
    weeks_after = weeks.y.size - before
    nothing = Recurrence(
        verdict=Verdict.NOT_YET_KNOWN,
        evidence=1.0,
        relapse_evidence=1.0,
        change=None,
        low=None,
        high=None,
        baseline=None,
        decided_in_week=None,
        back_since_week=None,
        weeks=weeks_after,
        n=int(weeks.n[before:].sum()),
        expected=np.full(weeks.length, np.nan),
        reason=_too_little(before, weeks.y[:before]),
    )
    if nothing.reason is not None:
        return nothing
    design = Baseline(shipped, trend)
    noise = Noise.of(weeks, design, before)
    sign = -1.0 if better == "lower" else 1.0
    found = _judge(noise, weeks, shipped, before, promised, sign, (alpha, relapse_alpha))
    change = noise.change((weeks.at >= shipped).astype(np.float64), 1 - alpha) if weeks_after else None
    return replace(
        nothing,
        verdict=found.verdict,
        evidence=found.evidence,
        relapse_evidence=found.relapse,
        change=None if change is None else change[0],
        low=None if change is None else change[1],
        high=None if change is None else change[2],
        baseline=float(noise.coefficients(before)[0]),
        decided_in_week=None if found.decided is None else int(found.decided - shipped + 1),
        back_since_week=None if found.since is None else int(found.since - shipped + 1),
        expected=design.columns(np.arange(weeks.length)) @ noise.coefficients(before),
        notes=design.notes,
        reason=None if weeks_after else "No week since the change has answers.",
    )


@dataclass(frozen=True, slots=True)
class _Judgement:
    verdict: Verdict
    evidence: float
    relapse: float = 1.0
    decided: int | None = None
    since: int | None = None


def _judge(
    noise: Noise,
    weeks: Weeks,
    shipped: int,
    before: int,
    promised: float,
    sign: float,
    alphas: tuple[float, float],
) -> _Judgement:
    alpha, relapse_alpha = alphas
    if weeks.y.size == before:
        return _Judgement(Verdict.NOT_YET_KNOWN, 1.0)
    after = weeks.at[before:]
    lasting = (weeks.at >= shipped).astype(np.float64)
    evidence = noise.evidence(lasting, before, promised, sign)
    better = np.flatnonzero(evidence >= 1 / alpha)
    if not better.size:
        if evidence[-1] <= alpha:
            first = int(np.flatnonzero(evidence > alpha)[-1]) + 1 if np.any(evidence > alpha) else 0
            return _Judgement(Verdict.NO_BETTER, float(evidence[-1]), decided=int(after[first]))
        return _Judgement(Verdict.NOT_YET_KNOWN, float(evidence[-1]))
    seen = int(better[0])
    relapse, since = _relapse(noise, weeks, before, seen, lasting, evidence, promised, sign)
    back = np.flatnonzero(relapse >= 1 / relapse_alpha)
    if back.size:
        return _Judgement(
            Verdict.BACK_AGAIN,
            float(evidence[-1]),
            float(relapse[-1]),
            int(after[seen + 1 + int(back[0])]),
            int(after[seen + 1 + since[int(back[0])]]),
        )
    last = float(relapse[-1]) if relapse.size else 1.0
    return _Judgement(Verdict.BETTER, float(evidence[-1]), last, int(after[seen]))


def _relapse(
    noise: Noise,
    weeks: Weeks,
    before: int,
    seen: int,
    lasting: FloatArray,
    evidence: FloatArray,
    promised: float,
    sign: float,
) -> tuple[FloatArray, list[int]]:
    """Return the evidence of a return after each week since the verdict, and its likeliest week."""
    start = before + seen + 1
    later = weeks.y.size - start
    total, best, since = np.zeros(later), np.full(later, -1.0), [0] * later
    for m in range(later):
        over = lasting.copy()
        over[start + m :] = 0.0
        ratio = noise.evidence(over, start + m, promised, sign) / evidence[seen + 1 + m :]
        total[m:] += _return_weight(m + 1) * ratio
        for k in range(m, later):
            if ratio[k - m] > best[k]:
                best[k], since[k] = float(ratio[k - m]), m
    # returns that would begin later still have had no week to show: their ratio is one
    return total + np.array([_return_after(k + 1) for k in range(later)]), since


def _return_weight(m: int) -> float:
    """Return the prior probability that a return begins m weeks after the verdict."""
    return _FLAT / 52 if m <= 52 else (1 - _FLAT) * 52 / (m * (m - 1))


def _return_after(k: int) -> float:
    """Return the prior probability that a return begins later than k weeks after the verdict."""
    return 1 - _FLAT * k / 52 if k <= 52 else (1 - _FLAT) * 52 / k


def _boundary(information: FloatArray, promised: float, alpha: float) -> FloatArray:
    """Return the score at which the evidence is 1 / alpha, for each information."""
    low = np.full(information.size, -50.0)
    high = np.full(information.size, 50.0)
    root = np.sqrt(information)
    for _ in range(60):
        middle = (low + high) / 2
        enough = likelihood_ratio(middle * root, information, promised) >= 1 / alpha
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    return high * root


def _power_by_week(information: FloatArray, change: float, alpha: float) -> FloatArray:
    """Return the probability of having crossed the boundary by each week, if `change` is real."""
    information = np.maximum.accumulate(information)
    bounds = _boundary(information, change, alpha)
    power = np.empty(information.size)
    power[0] = special.ndtr(-(bounds[0] - change * information[0]) / math.sqrt(information[0]))
    grid, mass = _start(bounds[0], information[0], change)
    for k in range(1, information.size):
        step = information[k] - information[k - 1]
        if step <= 1e-12 * information[k]:
            power[k] = power[k - 1]
            continue
        root = math.sqrt(step)
        power[k] = power[k - 1] + float(
            np.sum(mass * special.ndtr(-(bounds[k] - grid - change * step) / root))
        )
        new = _grid(bounds[k], information[k], change)
        width = new[1] - new[0]
        density = np.exp(-0.5 * ((new[:, None] - grid[None, :] - change * step) / root) ** 2)
        smooth = density @ mass * (width / (root * math.sqrt(2 * math.pi)))
        # what is left is what has not crossed; the sum mends what a coarse grid loses
        left = max(0.0, 1 - power[k])
        mass = smooth * (left / smooth.sum()) if smooth.sum() > 0 else smooth
        grid = new
    return np.minimum(power, 1.0)


def _start(bound: float, information: float, change: float) -> tuple[FloatArray, FloatArray]:
    grid = _grid(bound, information, change)
    density = np.exp(-0.5 * (grid - change * information) ** 2 / information)
    left = special.ndtr((bound - change * information) / math.sqrt(information))
    return grid, density * (left / density.sum()) if density.sum() > 0 else density


def _grid(bound: float, information: float, change: float) -> FloatArray:
    low = min(bound, change * information) - 6 * math.sqrt(information)
    edges = np.linspace(low, bound, _GRID_POINTS)
    return (edges[1:] + edges[:-1]) / 2


def _smallest_visible(information: FloatArray, wanted: float, alpha: float) -> float | None:
    unit = 1 / math.sqrt(float(information[-1]))
    low, high = 0.5 * unit, 8.0 * unit
    if _power_by_week(information, high, alpha)[-1] < wanted:
        return None
    for _ in range(14):
        middle = (low + high) / 2
        if _power_by_week(information, middle, alpha)[-1] < wanted:
            low = middle
        else:
            high = middle
    return high


def _first(reached: np.ndarray) -> int | None:
    return int(np.argmax(reached)) + 1 if reached.any() else None


def _check_plan(promised: float | None, horizon: int, wanted_power: float, alpha: float) -> None:
    if promised is not None and not (math.isfinite(promised) and promised > 0):
        raise ScoreError(
            f"The promised change is {promised}; give it above zero, towards the better side.", value=promised
        )
    if horizon < 1:
        raise ScoreError(f"The horizon is {horizon} weeks; it is at least one.", value=horizon)
    for name, share in (("wanted power or relapse alpha", wanted_power), ("alpha", alpha)):
        if not 0 < share < 1:
            raise ScoreError(f"The {name} is {share}; give it between 0 and 1.", value=share)


def _too_little(before: int, history: FloatArray) -> str | None:
    if before < WEEKS_OF_HISTORY:
        return f"Only {before} weeks before the change have answers; a baseline takes {WEEKS_OF_HISTORY}."
    if np.ptp(history) <= 1e-12 * max(1.0, float(np.abs(history).max())):
        return "All weeks before the change are alike, so nothing shows how far chance may reach."
    return None
