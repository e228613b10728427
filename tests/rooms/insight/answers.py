"""A few hundred answers to count, drawn with a fixed seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from tests.cast import World

from rapport.rooms.signals.api import NewScore, NewSignal, record_signals_in_bulk

NOW = datetime(2026, 9, 17, 10, 41, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    """One answer as it was given."""

    at: datetime
    account: str
    contact: str
    region: str
    role: str
    nps: int
    csat: int
    ces: int
    anonymous: bool = False


def draw_answers(world: World, count: int = 240, seed: int = 7) -> list[Answer]:
    """Draw answers of three customers over two years, and some of nobody."""
    rng = np.random.default_rng(seed)
    people = [
        ("Veldhuis Meppel", world.joost.code, "benelux", "decision_maker"),
        ("Veldhuis Dairy", world.eva.code, "benelux", "approver"),
        ("Kestrel Pharma", world.kestrel_buyer.code, "nordics", ""),
        ("Tarnhelm Chemicals", "", "nordics", ""),
    ]
    found = []
    for number in range(count):
        account, contact, region, role = people[int(rng.integers(len(people)))]
        anonymous = number % 12 == 0
        at = NOW - timedelta(days=int(rng.integers(0, 720)), minutes=int(rng.integers(0, 1000)))
        if anonymous:
            at = datetime(2026, 8, 5, tzinfo=UTC)
        shift = 2 if region == "nordics" else 0
        scores = rng.integers([shift, 1, 1], [9 + shift, 6, 8])
        found.append(
            Answer(at, account, contact, region, role, *(int(score) for score in scores), anonymous=anonymous)
        )
    return found


def record_answers(answers: Sequence[Answer], source: str = "relationship") -> None:
    """Record them in one batch."""
    batch = [
        NewSignal(
            kind="survey",
            source=source,
            external_reference=str(number),
            occurred_at=answer.at,
            account=answer.account,
            contact=answer.contact,
            scores=(NewScore("nps", answer.nps), NewScore("csat", answer.csat), NewScore("ces", answer.ces)),
            anonymous=answer.anonymous,
        )
        for number, answer in enumerate(answers)
    ]
    done = record_signals_in_bulk(batch, author=None, now=NOW)
    assert len(done.signal_ids) == len(answers), done
