"""What a draw says of itself: how big the frame was, who was left out, what to expect of the answers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from rapport.kernel.models import User
from rapport.rooms.listening.programmes.plan import Dimension, Plan
from rapport.rooms.listening.sampling.drawing import Drawn
from rapport.rooms.listening.sampling.frame import Person
from rapport.stats import expected_nps_margin, kish_design_effect, sample_size_for_nps

MARGINS = (Dimension.ROLE, Dimension.REGION, Dimension.TIER)


class Part(BaseModel):
    """A frozen piece of the report."""

    model_config = ConfigDict(frozen=True)


class Stratum(Part):
    """One part of the frame: everybody in it, who may be asked now, who was drawn."""

    name: str
    frame: int
    free: int
    drawn: int


class Expected(Part):
    """What the answers will tell: how many, and how far the score to recommend may be off, in points."""

    response: float
    from_history: bool
    answers: int
    margin: float | None
    design_effect: float
    needed: int | None = None
    """People to draw for the margin the plan wants."""


class Report(Part):
    """The report of one draw, as it is kept with it."""

    frame: int = 0
    free: int = 0
    drawn: int = 0
    accounts: int = 0
    accounts_drawn: int = 0
    dimensions: tuple[str, ...] = ()
    strata: tuple[Stratum, ...] = ()
    left_out: dict[str, int] = {}
    unknown_roles: dict[str, int] = {}
    margins: dict[str, dict[str, int]] = {}
    """People of the frame by role, region and tier: what answers are weighted to."""
    expected: Expected | None = None
    channels: dict[str, int] = {}

    def seen_by(self, user: User) -> "Report":
        """Return what the user may know: sizes of the whole frame are for who sees every customer."""
        if user.scope.everything:
            return self
        return Report(drawn=self.drawn, dimensions=self.dimensions, expected=self.expected)


def strata_of(
    people: Sequence[Person], free: Sequence[Person], drawn: Sequence[Person], dimensions: Sequence[Dimension]
) -> tuple[Stratum, ...]:
    """Count the frame, those who may be asked and those drawn, by stratum."""
    frame, able, got = (_count(some, dimensions) for some in (people, free, drawn))
    return tuple(
        Stratum(name=name, frame=frame[name], free=able[name], drawn=got[name]) for name in sorted(frame)
    )


def _count(people: Iterable[Person], dimensions: Sequence[Dimension]) -> Counter[str]:
    return Counter(person.stratum(dimensions) for person in people)


def margins_of(people: Iterable[Person]) -> dict[str, dict[str, int]]:
    """Count the frame by each of the things answers are weighted by."""
    listed = list(people)
    return {
        dimension.value: dict(sorted(Counter(person.labels[dimension] for person in listed).items()))
        for dimension in MARGINS
    }


def expect(plan: Plan, drawn: Drawn, frame: int, *, history: float | None) -> Expected:
    """Say how sure the score to recommend will be, from the response seen so far or else the one assumed."""
    response = plan.sampling.expected_response if history is None else history
    answers = round(len(drawn.people) * response)
    effect = design_effect(drawn.chances)
    margin = (
        expected_nps_margin(min(answers, frame), population=frame, design_effect=effect)
        if answers > 0 and frame > 0
        else None
    )
    needed = None
    if plan.sampling.margin is not None and frame > 0:
        wanted = sample_size_for_nps(plan.sampling.margin, population=frame, design_effect=effect)
        needed = min(frame, int(np.ceil(wanted / response)) if response else frame)
    return Expected(
        response=response,
        from_history=history is not None,
        answers=answers,
        margin=margin,
        design_effect=effect,
        needed=needed,
    )


def design_effect(chances: Mapping[int, float]) -> float:
    """Return what unequal chances of being drawn cost, by Kish."""
    weights = [1 / chance for chance in chances.values() if chance > 0]
    return max(1.0, kish_design_effect(weights) or 1.0)
