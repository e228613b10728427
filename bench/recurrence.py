"""Whether the recurrence check keeps its word on simulated histories: false verdicts, power, and its speed.

    python -m bench.recurrence [HISTORIES]

Every history has seasons, a memory from week to week, and weeks with few or many answers; what is special
about a week moves the share of bad answers itself, so the answers of a week are not independent. Each is
looked at every week for a year. The floor of false verdicts is what looking every week at an ordinary 5% test
gives; the floor of the time is one ordinary least-squares fit of the same model.
"""

import statistics
import sys
import time
from dataclasses import dataclass

import numpy as np

from bench.line import Line
from rapport.stats import Verdict, check_recurrence, plan_recurrence

LOOKS = 52
ALPHA = 0.05


@dataclass(frozen=True)
class World:
    """How a trouble behaves from week to week."""

    name: str
    history: int
    share: float
    answers: float
    memory: float
    disturbance: float
    season: float


WORLDS = (
    World("no memory, two years", 104, 0.25, 30, 0.0, 0.02, 0.06),
    World("some memory, two years", 104, 0.25, 30, 0.4, 0.04, 0.06),
    World("long memory, two years", 104, 0.20, 60, 0.7, 0.04, 0.05),
    World("some memory, one year", 52, 0.25, 30, 0.4, 0.04, 0.06),
    World("few answers, three years", 156, 0.20, 8, 0.3, 0.03, 0.05),
)


def simulate(world: World, rng: np.random.Generator, change: float, until: int = LOOKS):
    """Return weekly shares and answers; the change lasts `until` weeks."""
    weeks = world.history + LOOKS
    at = np.arange(weeks)
    disturbance = np.empty(weeks)
    disturbance[0] = rng.normal()
    for week in range(1, weeks):
        fresh = np.sqrt(1 - world.memory**2) * rng.normal()
        disturbance[week] = world.memory * disturbance[week - 1] + fresh
    season = world.season * np.sin(2 * np.pi * at / (365.25 / 7) + rng.uniform(0, 2 * np.pi))
    after = (at >= world.history) & (at < world.history + until)
    share = np.clip(world.share + season + world.disturbance * disturbance - change * after, 0.005, 0.995)
    answers = rng.poisson(world.answers, weeks)
    bad = rng.binomial(answers, share)
    return np.where(answers > 0, bad / np.maximum(answers, 1), np.nan), answers


def naive(values, n, world: World) -> bool:
    """Say whether any weekly look at an ordinary one-sided test of two shares calls it better."""
    bad = np.nan_to_num(values) * n
    for week in range(world.history + 1, world.history + LOOKS + 1):
        before, after = slice(0, world.history), slice(world.history, week)
        p, q = bad[before].sum() / n[before].sum(), bad[after].sum() / max(1, n[after].sum())
        pooled = bad[:week].sum() / n[:week].sum()
        error = np.sqrt(pooled * (1 - pooled) * (1 / n[before].sum() + 1 / max(1, n[after].sum())))
        if error > 0 and (p - q) / error > 1.645:
            return True
    return False


def verdict_of(values, n, world: World, promised: float):
    """Return what a year of weekly looks says; one call says what all looks up to it have said."""
    return check_recurrence(values, n, shipped=world.history, promised=promised, alpha=ALPHA)


def ever_better(found) -> bool:
    """Say whether any look of the year called it better."""
    return found.verdict in (Verdict.BETTER, Verdict.BACK_AGAIN)


def measure(world: World, histories: int, rng: np.random.Generator) -> dict[str, float]:
    """Return shares of verdicts with and without the change that the plan promised to see."""
    count = {"false": 0, "naive": 0, "power": 0, "lost": 0, "returned": 0}
    returnable, promises = 0, []
    for _ in range(histories):
        values, n = simulate(world, rng, 0.0)
        plan = plan_recurrence(values[: world.history], n[: world.history])
        promised = plan.smallest_visible
        promises.append(promised)
        count["false"] += ever_better(verdict_of(values, n, world, promised))
        count["naive"] += naive(values, n, world)
        values, n = simulate(world, rng, promised)
        found = verdict_of(values, n, world, promised)
        count["power"] += ever_better(found)
        count["lost"] += found.verdict is Verdict.BACK_AGAIN
        values, n = simulate(world, rng, min(2 * promised, 0.8 * world.share), until=LOOKS // 2)
        found = verdict_of(values, n, world, promised)
        if ever_better(found):
            returnable += 1
            count["returned"] += found.verdict is Verdict.BACK_AGAIN
    shares = {name: number / histories for name, number in count.items()}
    shares["returned"] = count["returned"] / max(1, returnable)
    return shares | {"promised": statistics.median(promises)}


def speed(rng: np.random.Generator) -> tuple[float, float]:
    """Return seconds of one check after a year, and of one least-squares fit of the same model."""
    world = WORLDS[1]
    values, n = simulate(world, rng, 0.05)
    at = np.arange(values.size)
    angle = 2 * np.pi * at / (365.25 / 7)
    waves = [f(k * angle) for k in (1, 2) for f in (np.cos, np.sin)]
    columns = np.stack([np.ones(at.size), *waves, at >= world.history], axis=1)
    checks, fits = [], []
    for _ in range(9):
        start = time.perf_counter()
        verdict_of(values, n, world, 0.05)
        checks.append(time.perf_counter() - start)
        start = time.perf_counter()
        np.linalg.lstsq(columns * np.sqrt(n)[:, None], np.nan_to_num(values) * np.sqrt(n), rcond=None)
        fits.append(time.perf_counter() - start)
    return statistics.median(checks), statistics.median(fits)


def main() -> None:
    """Measure every world and print its lines."""
    histories = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rng = np.random.default_rng(20261125)
    for world in WORLDS:
        found = measure(world, histories, rng)
        note = f"{world.name}; {histories} histories, {LOOKS} weekly looks"
        Line(
            "recurrence.false_better",
            found["false"],
            "share",
            goal=ALPHA,
            peer=found["naive"],
            note=f"{note}; peer: a 5% test of two shares looked at as often",
        ).show()
        change = (
            f"{note}; median change promised {100 * found['promised']:.1f} points of {100 * world.share:.0f}%"
        )
        Line("recurrence.power", found["power"], "share", goal=0.8, lower_is_better=False, note=change).show()
        Line(
            "recurrence.false_back_again",
            found["lost"],
            "share",
            goal=0.1,
            note=f"{note}; the promised change lasts",
        ).show()
        Line(
            "recurrence.return_found",
            found["returned"],
            "share",
            note=f"{note}; twice the promised change, gone after half a year",
        ).show()
    ours, floor = speed(rng)
    Line("recurrence.check_seconds", ours, "s", floor=floor, note="156 weeks; floor: one lstsq").show()


if __name__ == "__main__":
    main()
