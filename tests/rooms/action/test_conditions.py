"""What rules can ask: read back as a sentence, and alike in memory and in the database."""

import pytest
from django.utils import timezone
from tests.cast import World
from tests.rooms.action.cases import Cast, answer

from rapport.rooms.action.conditions import (
    CONDITIONS,
    AccountIn,
    Condition,
    KindIn,
    Mentions,
    PartnerIn,
    ProductIn,
    RegionIn,
    ScoreIs,
    StageIn,
    TierIn,
    TouchpointIn,
    load_names,
    meets_all,
    read_all,
    read_back,
    store_all,
    where_all,
)
from rapport.rooms.action.services.evaluate import facts_of
from rapport.rooms.action.services.streams import accounts_above
from rapport.rooms.signals.api import NewScore, record_signal
from rapport.rooms.signals.models import Signal

ASKED: list[Condition] = [
    ScoreIs(),
    ScoreIs("ces"),
    ScoreIs("nps", "at_most", 6),
    ScoreIs("csat", "at_least", 4),
    ScoreIs("", "at_most", 2),
    TierIn(keys=("A", "B")),
    TouchpointIn(keys=("delivery",)),
    StageIn(keys=("use",)),
    ProductIn(keys=("seal-kit",)),
    RegionIn(keys=("nordics",)),
    PartnerIn(keys=("kolding-dealer",)),
    KindIn(keys=("complaint", "ticket")),
    AccountIn(codes=("the group",)),
    Mentions(phrases=("nobody  rang", "no such word")),
]


def record_a_variety() -> list[Signal]:
    given = [
        {"scores": (NewScore("nps", value),), "kind": kind, "contact": contact}
        for value, kind, contact in [
            (0, "complaint", "joost@veldhuis.example"),
            (6, "survey", "mikkel@kestrel.example"),
            (7, "ticket", "eva@veldhuis.example"),
            (10, "survey", ""),
        ]
    ]
    given += [{"scores": (NewScore("csat", value),), "touchpoint": "delivery"} for value in (1, 2, 3, 4, 5)]
    given += [{"scores": (NewScore("ces", value),), "product": "seal-kit"} for value in range(1, 8)]
    given += [
        {"scores": (), "stage": "use"},
        {"scores": (NewScore("nps", 1, 0, 100),), "region": "nordics", "comments": ()},
    ]
    ids = [
        record_signal(
            answer(external_reference=f"v-{number}", **changes), author=None, now=timezone.now()
        ).signal_id
        for number, changes in enumerate(given)
    ]
    rows = Signal.objects.filter(pk__in=ids).select_related("account")
    return list(rows.prefetch_related("scores__metric", "comments"))


@pytest.mark.parametrize("condition", ASKED, ids=lambda condition: type(condition).__name__)
def test_a_condition_means_the_same_in_memory_and_in_the_database(world: World, condition: Condition) -> None:
    signals = record_a_variety()
    if isinstance(condition, AccountIn):
        condition = AccountIn(codes=(world.veldhuis.code,))
    asked, above = [condition], accounts_above(signals)
    in_memory = {signal.pk for signal in signals if meets_all(asked, facts_of(signal, above[signal.pk]))}
    in_database = set(Signal.objects.filter(where_all(asked)).values_list("pk", flat=True))
    assert in_memory == in_database
    assert 0 < len(in_memory) < len(signals)


@pytest.mark.parametrize("condition", ASKED, ids=lambda condition: type(condition).__name__)
def test_a_condition_survives_being_stored(condition: Condition) -> None:
    assert read_all(store_all([condition])) == (condition,)


def test_every_condition_is_tried_here() -> None:
    assert {type(condition) for condition in ASKED} == set(CONDITIONS)


def test_a_rule_reads_as_a_sentence(world: World) -> None:
    asked = [ScoreIs("nps", "at_most", 6), TierIn(keys=("A", "B")), KindIn(keys=("survey",))]
    assert read_back(asked, load_names()) == (
        "When Likely to recommend is 6 or lower, and the customer is tier A or B, and it came as survey, "
        "open a case"
    )


def test_a_key_nobody_knows_any_more_stands_for_itself(world: World) -> None:
    assert "gone" in read_back([RegionIn(keys=("gone",))], load_names())


def test_nothing_asked_meets_everything(world: World, cast: Cast) -> None:
    signals = record_a_variety()
    assert all(meets_all([], facts_of(signal)) for signal in signals)
