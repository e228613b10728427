"""What the customers said: 30,000 signals, each from somebody who was there, with the stories in them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import Model
from numpy.random import Generator

from rapport.demo.customers import Person
from rapport.demo.dealings import at_work
from rapport.demo.story import Calendar, shift
from rapport.demo.words import DETRACTOR, FEELINGS, PASSIVE, PROMOTER, SAYINGS
from rapport.rooms.accounts.models import Contact
from rapport.rooms.signals import anonymity
from rapport.rooms.signals.models import Comment, Score, Signal

SIGNALS = 30_000
ANONYMOUS_SHARE = 0.02


@dataclass(frozen=True)
class Way:
    """One way in which feedback reaches Halden Flow, and how much of it does."""

    kind: str
    source: str
    share: float
    metrics: tuple[str, ...]
    touchpoints: tuple[str, ...]
    comment: float


EVERYDAY = ("delivery", "service-visit", "product-use", "invoice", "documentation")
WAYS = (
    Way("survey", "tracking", 0.42, ("nps",), EVERYDAY, 0.7),
    Way("ticket", "service desk", 0.30, ("csat", "ces"), ("service-visit",), 0.4),
    Way("survey", "relationship", 0.17, ("nps", "csat"), ("product-use", "delivery", "invoice"), 0.6),
    Way("check_in", "projects", 0.04, ("nps", "ces"), ("start-up",), 0.8),
    Way("remark", "account team", 0.07, ("nps",), ("delivery", "product-use", "service-visit"), 1.0),
)
BLANK: dict[str, Any] = {
    "account_hint": "",
    "contact_hint": "",
    "buying_role": "",
    "emotions": [],
    "anonymous": False,
    "block": "",
    "superseded": False,
}
SIGNAL_COLUMNS = tuple(str(field.column) for field in Signal._meta.concrete_fields)
SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}


@dataclass(frozen=True)
class Said:
    """The rows of one piece of feedback, by column."""

    signal: dict[str, Any]
    scores: list[tuple[Any, ...]]
    comments: list[tuple[Any, ...]]


def speak(rng: Generator, people: list[Person], calendar: Calendar) -> None:
    """Write all feedback to the ledger, as it would have been recorded at the time."""
    everything = list(_all(rng, people, calendar))
    copy_rows(
        Signal,
        SIGNAL_COLUMNS,
        ([said.signal.get(column) for column in SIGNAL_COLUMNS] for said in everything),
    )
    scores = (score for said in everything for score in said.scores)
    copy_rows(Score, ("signal_id", "metric_id", "value", "scale_low", "scale_high"), scores)
    comments = (comment for said in everything for comment in said.comments)
    copy_rows(Comment, ("signal_id", "text", "language", "question_key"), comments)


def copy_rows(model: type[Model], columns: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows by the database's quickest way."""
    statement = f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _all(rng: Generator, people: list[Person], calendar: Calendar) -> Iterator[Said]:
    heard = [person for person in people if not person.silent]
    approver = next(person for person in people if person.contact.name == "Jürgen Falk")
    ways = rng.choice(len(WAYS), size=SIGNALS, p=[way.share for way in WAYS])
    who = rng.integers(len(heard), size=SIGNALS)
    days = np.sort(rng.integers(730, size=SIGNALS))
    for number in range(SIGNALS):
        day = calendar.begins + timedelta(days=int(days[number]))
        person, way = heard[who[number]], WAYS[ways[number]]
        if number == 200:  # the last that was heard of the approver
            person, way, day = approver, WAYS[2], calendar.approver_last_heard
        yield _said(rng, number, person, way, at_work(rng, day), calendar)


def _said(
    rng: Generator, number: int, person: Person, way: Way, moment: datetime, calendar: Calendar
) -> Said:
    contact = person.contact
    touchpoint = pick(rng, way.touchpoints)
    account = contact.account
    moved = shift(
        calendar,
        region=account.region_id,
        partner=account.partner_id,
        touchpoint=touchpoint,
        day=moment.date(),
    )
    felt = 8.1 + person.leaning + moved + float(rng.normal(0, 1.4))
    anonymous = rng.random() < ANONYMOUS_SHARE
    signal = (
        _anonymous(rng, number, contact, way, moment)
        if anonymous
        else _named(rng, number, person, way, moment)
    )
    if not anonymous:
        signal["touchpoint_id"] = touchpoint
        if rng.random() < 0.15:
            signal["emotions"] = [pick(rng, FEELINGS[_mood(felt)])]
    scores = [_score(signal["id"], metric, felt) for metric in way.metrics]
    spoke = rng.random() < way.comment
    return Said(signal, scores, [_comment(rng, signal["id"], contact, touchpoint, felt)] if spoke else [])


def pick(rng: Generator, choices: Sequence[str]) -> str:
    """Draw one of a few words."""
    return choices[int(rng.random() * len(choices))]


def _id(rng: Generator, moment: datetime | None) -> UUID:
    """Make an id from the seed: ordered by time, or without any time in it."""
    bits = int.from_bytes(rng.bytes(16), "big")
    version = 4
    if moment:
        bits = int(moment.timestamp() * 1000) << 80 | bits & (1 << 80) - 1
        version = 7
    return UUID(int=bits & ~(0xF << 76) & ~(0x3 << 62) | version << 76 | 0x2 << 62)


def _named(rng: Generator, number: int, person: Person, way: Way, moment: datetime) -> dict[str, Any]:
    contact, account = person.contact, person.contact.account
    return BLANK | {
        "id": _id(rng, moment),
        "occurred_at": moment,
        "recorded_at": moment + timedelta(minutes=1),
        "kind": way.kind,
        "source": way.source,
        "external_reference": f"{number:06d}",
        "account_id": account.pk,
        "contact_id": contact.pk,
        "buying_role": person.role,
        "region_id": account.region_id,
        "division_id": account.division_id,
        "partner_id": account.partner_id,
    }


def _anonymous(rng: Generator, number: int, contact: Contact, way: Way, moment: datetime) -> dict[str, Any]:
    month = anonymity.month_of(moment)
    region = contact.account.region_id
    block = anonymity.block_of(
        region=region, kind=way.kind, source=way.source, metrics=way.metrics, occurred=month, recorded=month
    )
    return BLANK | {
        "id": _id(rng, None),
        "occurred_at": month,
        "recorded_at": month,
        "kind": way.kind,
        "source": way.source,
        "external_reference": anonymity.hide_reference(way.source, f"{number:06d}"),
        "region_id": region,
        "anonymous": True,
        "block": block,
    }


def _mood(felt: float) -> str:
    return DETRACTOR if felt < 6.5 else PASSIVE if felt < 8.5 else PROMOTER


def _score(signal: UUID, metric: str, felt: float) -> tuple[Any, ...]:
    low, high = SCALES[metric]
    share = min(max(felt / 10, 0.0), 1.0)
    if metric == "ces":
        share = 1 - share
    return signal, metric, round(low + share * (high - low)), low, high


def _comment(rng: Generator, signal: UUID, contact: Contact, touchpoint: str, felt: float) -> tuple[Any, ...]:
    sayings = SAYINGS[touchpoint][_mood(felt)]
    language = contact.language if contact.language in sayings else "en"
    text = pick(rng, sayings[language]).format(days=int(rng.integers(2, 10)))
    return signal, text, language, ""
