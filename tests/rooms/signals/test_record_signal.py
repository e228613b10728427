"""Recording one signal."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from tests.cast import World

from rapport.kernel.models import User
from rapport.rooms.signals.api import NewComment, NewScore, NewSignal, SignalRefused, record_signal
from rapport.rooms.signals.models import Comment, Score, Signal

NOW = datetime(2026, 9, 17, 10, 41, tzinfo=UTC)


def remark(**changes: object) -> NewSignal:
    given = NewSignal(
        kind="remark",
        source="capture",
        external_reference="r-1",
        occurred_at=NOW,
        scores=(NewScore("nps", 3),),
        comments=(NewComment("Nobody rang.", "en"),),
    )
    return replace(given, **changes)  # type: ignore[arg-type]


def test_a_signal_is_stamped_with_place_and_role_as_they_were_then(
    world: World, cast: Callable[[str], User]
) -> None:
    done = record_signal(remark(contact="joost@veldhuis.example"), author=cast("employee"), now=NOW)
    signal = Signal.objects.get(pk=done.signal_id)
    assert (signal.account, signal.region_id, signal.buying_role) == (
        world.meppel,
        "benelux",
        "decision_maker",
    )
    assert done.created
    assert done.matched


def test_recording_twice_changes_nothing(world: World) -> None:
    first = record_signal(remark(account="Veldhuis Dairy"), author=None, now=NOW)
    again = record_signal(
        remark(account="Veldhuis Dairy", scores=(NewScore("nps", 9),)), author=None, now=NOW
    )
    assert again.signal_id == first.signal_id
    assert not again.created
    assert Score.objects.get().value == 3


def test_an_unknown_customer_is_kept_with_the_name_it_was_given(world: World) -> None:
    done = record_signal(remark(account="Velthuis"), author=None, now=NOW)
    signal = Signal.objects.get(pk=done.signal_id)
    assert (signal.account, signal.account_hint, done.matched) == (None, "Velthuis", False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "gossip"}, "kind"),
        ({"occurred_at": NOW + timedelta(hours=1)}, "occurred_at"),
        ({"occurred_at": NOW.replace(tzinfo=None)}, "occurred_at"),
        ({"scores": (NewScore("nps", 11),)}, "scores"),
        ({"scores": (NewScore("joy", 1),)}, "scores"),
        ({"touchpoint": "moon"}, "touchpoint"),
        ({"scores": (), "comments": ()}, "scores"),
        ({"external_reference": ""}, "external_reference"),
    ],
)
def test_what_cannot_be_recorded_is_refused_by_field(
    world: World, change: dict[str, object], field: str
) -> None:
    with pytest.raises(SignalRefused) as refused:
        record_signal(remark(**change), author=None, now=NOW)
    assert refused.value.field == field
    assert not Signal.objects.exists()


def test_what_was_said_cannot_be_changed(world: World) -> None:
    record_signal(remark(account="Veldhuis Dairy"), author=None, now=NOW)
    for change in (
        lambda: Score.objects.update(value=9),
        lambda: Comment.objects.update(text="Fine."),
        lambda: Signal.objects.update(occurred_at=NOW - timedelta(days=1)),
        lambda: Signal.objects.update(account=world.tarnhelm),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_a_correction_supersedes_and_leaves_the_old_words_in_the_ledger(
    world: World, cast: Callable[[str], User]
) -> None:
    first = record_signal(remark(account="Veldhuis Dairy"), author=None, now=NOW)
    second = record_signal(
        remark(account="Veldhuis Dairy", external_reference="r-2", supersedes=first.signal_id),
        author=None,
        now=NOW,
    )
    visible = Signal.objects.visible_to(cast("cx_manager"))
    assert [signal.pk for signal in visible] == [second.signal_id]
    assert Signal.objects.count() == 2


def test_anonymous_feedback_keeps_nothing_that_leads_back(world: World, cast: Callable[[str], User]) -> None:
    done = record_signal(
        remark(
            contact="joost@veldhuis.example", account="Veldhuis Meppel", touchpoint="delivery", anonymous=True
        ),
        author=cast("employee"),
        now=NOW,
    )
    signal = Signal.objects.get(pk=done.signal_id)
    assert (signal.account, signal.contact, signal.author, signal.touchpoint) == (None, None, None, None)
    assert signal.occurred_at == signal.recorded_at == datetime(2026, 9, 1, tzinfo=UTC)
    assert "r-1" not in signal.external_reference


@pytest.mark.parametrize(("people", "shown"), [(4, 0), (5, 5)])
def test_anonymous_feedback_shows_only_when_five_people_of_a_finished_month_stand_together(
    world: World, cast: Callable[[str], User], people: int, shown: int
) -> None:
    for number in range(people):
        record_signal(remark(external_reference=f"a{number}", anonymous=True), author=None, now=NOW)
    assert Signal.objects.visible_to(cast("cx_manager")).count() == shown
