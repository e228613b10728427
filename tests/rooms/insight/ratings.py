"""A few hundred answers with ratings beside the recommendation, and a story planted in them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from tests.cast import World

from rapport.rooms.accounts.models import Account, BuyingRole, Contact
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.api import NewScore, NewSignal, record_signals_in_bulk

NOW = datetime(2026, 9, 17, 10, 41, tzinfo=UTC)
PARTS = {"delivery": "Delivery reliability", "documents": "Documentation", "price": "Value for the price"}
MOVED_BY = {"approver": "delivery", "user": "documents", "buyer": "price"}


@dataclass(frozen=True)
class Rating:
    """One answer as it was given."""

    account: str
    role: str
    nps: int
    delivery: int | None
    documents: int | None
    price: int | None
    anonymous: bool = False


def plant(world: World, count: int = 360, seed: int = 11, now: datetime = NOW) -> list[Rating]:
    """Record answers of thirty customers: approvers are moved by delivery, users by documents."""
    rng = np.random.default_rng(seed)
    for key, name in PARTS.items():
        told = {"name": name, "kind": "index", "scale_low": 0, "scale_high": 10}
        Metric.objects.update_or_create(key=key, defaults=told)
    people = _people(world)
    given, batch = [], []
    for number in range(count):
        contact, role = people[int(rng.integers(len(people)))]
        one = _rating(rng, contact.account.name, role, anonymous=number % 20 == 0)
        given.append(one)
        scores = [NewScore("nps", one.nps)]
        scores += [NewScore(key, getattr(one, key)) for key in PARTS if getattr(one, key) is not None]
        batch.append(
            NewSignal(
                kind="survey",
                source="relationship",
                external_reference=f"r{number}",
                occurred_at=now - timedelta(days=60 + number % 20),
                account=one.account,
                contact=contact.code,
                scores=tuple(scores),
                anonymous=one.anonymous,
            )
        )
    done = record_signals_in_bulk(batch, author=None, now=now - timedelta(days=50))
    assert len(done.signal_ids) == count, done
    return given


def _people(world: World) -> list[tuple[Contact, str]]:
    found = []
    for number in range(30):
        region = "benelux" if number % 2 else "nordics"
        team = "benelux-team" if number % 2 else "nordics-team"
        account = Account.objects.create(
            name=f"Customer {number:02}", region_id=region, team_id=team, tier="ABC"[number % 3]
        )
        for role in MOVED_BY:
            contact = Contact.objects.create(account=account, name=f"{role} {number:02}")
            BuyingRole.objects.create(contact=contact, role=role)
            found.append((contact, role))
    return found


def _rating(rng: np.random.Generator, account: str, role: str, *, anonymous: bool) -> Rating:
    parts = {key: int(rng.integers(2, 11)) for key in PARTS}
    felt = 1.5 + 0.75 * parts[MOVED_BY[role]] + 0.05 * sum(parts.values()) + rng.normal(0, 0.8)
    nps = int(np.clip(round(felt), 0, 10))
    # An anonymous block is known by what it rated, so that its answers have no gaps.
    gap = not anonymous and rng.random() < 0.05
    return Rating(account, role, nps, parts["delivery"], None if gap else parts["documents"], parts["price"],
                  anonymous)  # fmt: skip
