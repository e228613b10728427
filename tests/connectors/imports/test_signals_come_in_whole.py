"""Signals from files: every one kept, none twice, the same rules as recording one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.forms.models import model_to_dict
from tests.cast import World
from tests.connectors.imports.conftest import NOW, BringIn, counts, problems

from rapport.kernel.models import User
from rapport.rooms.accounts.models import AccountExternalId, BuyingRole, Contact
from rapport.rooms.signals.api import (
    BulkRecorder,
    NewComment,
    NewScore,
    NewSignal,
    record_signal,
    record_signals_in_bulk,
)
from rapport.rooms.signals.models import Comment, Score, Signal

pytestmark = pytest.mark.django_db

MAPPING = """
target = "signals"
source = "survey-tool"
time_zone = "Europe/Berlin"
[fields]
external_id = "id"
occurred_at = "when"
kind = { constant = "survey" }
account = "firm"
contact = "who"
touchpoint = "place"
[[groups.scores]]
metric = { constant = "nps" }
value = "nps"
[[groups.scores]]
metric = { constant = "csat" }
value = "csat"
[[groups.comments]]
text = "why"
language = { constant = "en" }
"""
HEAD = "id,when,firm,who,place,nps,csat,why\n"


def test_scores_words_people_and_places_are_recorded(world: World, bring_in: BringIn) -> None:
    BuyingRole.objects.filter(contact=world.joost).update(valid_from=None)
    text = HEAD + "1,2024-07-01 10:00,Veldhuis Meppel,joost@veldhuis.example,Parts delivery,3,2,Late again\n"
    assert counts(bring_in(text, MAPPING)) == {"read": 1, "created": 1}
    signal = Signal.objects.get()
    assert (signal.account, signal.contact, signal.touchpoint_id) == (world.meppel, world.joost, "delivery")
    assert signal.occurred_at == datetime(2024, 7, 1, 8, tzinfo=UTC)
    assert (signal.buying_role, signal.region_id, signal.source) == (
        "decision_maker",
        "benelux",
        "survey-tool",
    )
    assert {s.metric_id: s.value for s in signal.scores.all()} == {"nps": 3, "csat": 2}
    assert signal.comments.get().text == "Late again"


def test_nothing_is_dropped_that_cannot_be_matched(world: World, bring_in: BringIn) -> None:
    run = bring_in(HEAD + "1,2024-07-01,Nobody Ltd,who@nobody.example,,3,,\n", MAPPING)
    assert counts(run) == {"read": 1, "created": 1, "unmatched": 1}
    signal = Signal.objects.get()
    assert (signal.account_hint, signal.contact_hint) == ("Nobody Ltd", "who@nobody.example")


def test_the_same_file_again_and_a_row_given_twice_record_nothing_more(
    world: World, bring_in: BringIn
) -> None:
    text = HEAD + "1,2024-07-01,,,,3,,\n1,2024-07-01,,,,9,,\n2,2024-07-01,,,,4,,\n"
    assert counts(bring_in(text, MAPPING)) == {"read": 3, "created": 2, "unchanged": 1, "unmatched": 2}
    assert counts(bring_in(text, MAPPING)) == {"read": 3, "unchanged": 3}
    assert Signal.objects.count() == 2
    assert Score.objects.get(signal__external_reference="1").value == 3, "what was recorded does not change"


def test_what_cannot_be_recorded_is_reported_with_its_column_and_the_rest_is_kept(
    world: World, bring_in: BringIn
) -> None:
    text = HEAD + (
        "1,2024-07-01,,,,11,,\n2,2030-07-01,,,,5,,\n3,2024-07-01,,,,,,\n4,not a day,,,,5,,\n"
        "5,2024-07-01,,,Moon,5,,\n6,2024-07-01,,,,five,,\n7,2024-07-01,,,,5,,fine\n"
    )
    run = bring_in(text, MAPPING)
    assert counts(run) == {"read": 7, "created": 1, "rejected": 6, "unmatched": 1}
    assert sorted(problems(run)) == [
        (2, "nps + csat", "11"),
        (3, "when", "2030-06-30 22:00:00+00:00"),
        (4, "nps + csat", ""),
        (5, "when", "not a day"),
        (6, "place", "Moon"),
        (7, "nps", "five"),
    ]


def test_rows_without_references_are_known_by_what_they_say_and_equal_answers_are_all_kept(
    world: World, bring_in: BringIn
) -> None:
    toml = MAPPING.replace('external_id = "id"\n', "")
    text = HEAD + "1,2024-07-01,,,,3,,\n2,2024-07-01,,,,3,,\n3,2024-07-02,,,,3,,\n"
    assert counts(bring_in(text, toml))["created"] == 3
    assert counts(bring_in(text, toml)) == {"read": 3, "unchanged": 3}


def test_a_trial_and_all_or_nothing_record_nothing_when_a_row_is_wrong(
    world: World, bring_in: BringIn
) -> None:
    text = HEAD + "1,2024-07-01,,,,3,,\n2,2024-07-01,,,,11,,\n"
    trial = bring_in(text, MAPPING, dry_run=True)
    assert counts(trial) == {"read": 2, "created": 1, "rejected": 1, "unmatched": 1}
    strict = bring_in(text, 'on_error = "abort"\n' + MAPPING)
    assert strict.state == "refused"
    assert "nothing landed" in strict.message
    assert problems(strict) == [(3, "nps + csat", "11")]
    assert not Signal.objects.exists()
    good = HEAD + "1,2024-07-01,,,,3,,\n2,2024-07-01,,,,9,,\n"
    assert counts(bring_in(good, 'on_error = "abort"\n' + MAPPING))["created"] == 2


def test_ids_of_the_source_need_no_prefix(world: World, bring_in: BringIn) -> None:
    AccountExternalId.objects.create(account=world.tarnhelm, system="survey-tool", value="T-9")
    bring_in(HEAD + "1,2024-07-01,T-9,,,3,,\n", MAPPING)
    assert Signal.objects.get().account == world.tarnhelm


def test_an_account_beyond_the_importers_scope_is_left_to_the_matching_list(
    world: World, bring_in: BringIn, cast: Callable[[str], User]
) -> None:
    text = HEAD + "1,2024-07-01,Tarnhelm Chemicals,,,3,,\n2,2024-07-01,Veldhuis Dairy,,,3,,\n"
    bring_in(text, MAPPING, cast("account_manager"))
    assert Signal.objects.get(external_reference="1").account is None
    assert Signal.objects.get(external_reference="2").account == world.veldhuis


def samples(world: World) -> list[NewSignal]:
    """Return signals of every sort there is."""
    plain: dict[str, Any] = {"kind": "survey", "source": "x", "occurred_at": NOW - timedelta(days=400)}
    ours, nps = {"account": world.veldhuis.code}, {"scores": (NewScore("nps", 3),)}
    placed: dict[str, Any] = {
        "account": world.kestrel.code,
        "region": "benelux",
        "touchpoint": "delivery",
        "product": "seal-kit",
        "stage": "use",
        "division": "pumps",
        "buying_role": "user",
        "scores": (NewScore("csat", 50, 0, 100), NewScore("ces", 2)),
        "comments": (NewComment("x"), NewComment("y")),
    }
    given: list[dict[str, Any]] = [
        {**ours, **nps},
        {"contact": "joost@veldhuis.example", "comments": (NewComment("a b", "nl"),)},
        {**ours, "contact": "Eva Hoekstra", "emotions": ("pleased",)},
        {"account": "nobody", "contact": "none", **nps},
        {**ours, **nps, "anonymous": True},
        placed,
    ]
    return [NewSignal(**plain, external_reference=str(i), **more) for i, more in enumerate(given, start=1)]


def ledger() -> list[dict[str, Any]]:
    """Return all that is recorded but for ids of its own."""
    told = []
    for signal in Signal.objects.order_by("external_reference"):
        row = {k: v for k, v in model_to_dict(signal).items() if k != "id"}
        row["recorded_at"] = signal.recorded_at
        row["scores"] = sorted(
            tuple(
                (f.attname, getattr(score, f.attname))
                for f in Score._meta.fields
                if f.name not in ("id", "signal")
            )
            for score in Score.objects.filter(signal=signal)
        )
        row["words"] = list(
            Comment.objects.filter(signal=signal).values_list("text", "language", "question_key")
        )
        told.append(row)
    return told


def test_recording_many_writes_the_very_rows_that_recording_one_writes(world: World) -> None:
    Contact.objects.filter(pk=world.eva.pk).update(account=world.meppel)
    with transaction.atomic():
        for new in samples(world):
            record_signal(new, author=None, now=NOW)
        one_by_one = ledger()
        transaction.set_rollback(True)
    done = record_signals_in_bulk(samples(world), author=None, now=NOW)
    assert len(done.signal_ids) == 6
    assert done.unmatched == 1
    assert ledger() == one_by_one


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "gossip"}, "kind"),
        ({"source": ""}, "source"),
        ({"external_reference": ""}, "external_reference"),
        ({"occurred_at": NOW + timedelta(days=1)}, "occurred_at"),
        ({"scores": ()}, "scores"),
        ({"scores": (NewScore("nps", 11),)}, "scores"),
        ({"scores": (NewScore("nps", 1), NewScore("nps", 2))}, "scores"),
        ({"scores": (NewScore("moon", 1),)}, "scores"),
        ({"comments": (NewComment(" "),)}, "comments"),
        ({"region": "moon"}, "region"),
    ],
)
def test_recording_many_refuses_what_recording_one_refuses(
    world: World, change: dict[str, Any], field: str
) -> None:
    given: dict[str, Any] = {
        "kind": "survey",
        "source": "x",
        "external_reference": "1",
        "occurred_at": NOW,
        "scores": (NewScore("nps", 1),),
    }
    good = NewSignal(**given | {"external_reference": "good"})
    done = record_signals_in_bulk([good, NewSignal(**given | change)], author=None, now=NOW)
    assert [(r.position, r.field) for r in done.refusals] == [(1, field)]
    assert len(done.signal_ids) == 1
    with pytest.raises(ValueError, match=done.refusals[0].message[:20].replace("(", ".").replace(")", ".")):
        record_signal(NewSignal(**given | change), author=None, now=NOW)


def test_what_was_recorded_meanwhile_by_another_is_not_recorded_twice(world: World) -> None:
    recorder = BulkRecorder(author=None, now=NOW)
    recorder.record(samples(world)[:3])
    again = recorder.record(samples(world))
    assert (len(again.signal_ids), again.known) == (3, 3)


@pytest.mark.django_db(transaction=True)
def test_two_that_record_the_same_at_the_same_time_record_it_once() -> None:
    plain: dict[str, Any] = {"kind": "survey", "source": "x", "occurred_at": NOW, "emotions": ("pleased",)}
    batches = [
        [NewSignal(**plain, external_reference=str(i)) for i in order]
        for order in (range(400), range(399, -1, -1))
    ]
    start = Barrier(2)

    def record(batch: list[NewSignal]) -> tuple[int, int]:
        try:
            recorder = BulkRecorder(author=None, now=NOW)
            start.wait(10)
            done = recorder.record(batch)
            return len(done.signal_ids), done.known
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(record, batches))
    assert sum(new for new, _ in outcomes) == 400
    assert sum(new + known for new, known in outcomes) == 800
    assert Signal.objects.count() == 400
