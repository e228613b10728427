"""Nobody is laid bare: no page, filter, export or count shows fewer than five nameless people."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cast import World
from tests.rooms.signals.said import NOW, remark

from rapport.kernel.models import User
from rapport.rooms.insight.api import cube, measures, tally
from rapport.rooms.signals.api import NewComment, NewScore, record_signal
from rapport.rooms.signals.models import Score, Signal
from rapport.rooms.signals.selectors.filters import Filters
from rapport.rooms.signals.selectors.listing import count_signals, stretch
from rapport.rooms.signals.selectors.words import nearest_words

FEWEST = 5


def nameless(number: int, **changes: Any) -> None:
    given_: dict[str, Any] = {
        "external_reference": f"n{number}",
        "anonymous": True,
        "scores": (NewScore("nps", number % 11),),
        "comments": (NewComment(f"secret{number} word", ("en", "de")[number % 2]),),
        "emotions": (("happy",), ("stressed",))[number % 2],
        **changes,
    }
    record_signal(remark(**given_), author=None, now=changes.get("occurred_at", NOW))


@pytest.fixture
def blocks(world: World) -> World:
    """Speak without a name in blocks of four, five, six and nine, and with a name beside them."""
    number = 0
    for size, changes in (
        (4, {"region": "benelux", "kind": "survey", "source": "a"}),
        (5, {"region": "benelux", "kind": "survey", "source": "b"}),
        (6, {"region": "nordics", "kind": "review", "source": "a"}),
        (9, {"region": "nordics", "kind": "survey", "source": "b", "occurred_at": NOW - timedelta(days=60)}),
    ):
        for _person in range(size):
            number += 1
            nameless(number, **changes)
    for place, account in enumerate(
        ["Veldhuis Meppel", "Kestrel Pharma", "Tarnhelm Chemicals", "Nobody known"] * 3
    ):
        record_signal(
            remark(
                account=account,
                external_reference=f"v{place}",
                kind=("survey", "review")[place % 2],
                source=("a", "b")[place % 2],
                scores=(NewScore("nps", place % 11),),
                occurred_at=NOW - timedelta(days=10 * place),
            ),
            author=None,
            now=NOW,
        )
    return world


keys = {
    "since": st.sampled_from([None, date(2026, 7, 1), date(2026, 9, 1), date(2026, 9, 2)]),
    "until": st.sampled_from(
        [None, date(2026, 7, 19), date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 17)]
    ),
    "kinds": st.sampled_from([(), ("survey",), ("review",), ("survey", "review")]),
    "sources": st.sampled_from([(), ("a",), ("b",)]),
    "regions": st.sampled_from([(), ("benelux",), ("nordics",), ("none",)]),
    "metric": st.sampled_from(["", "nps", "csat"]),
    "bands": st.sampled_from([(), ("det",), ("pro", "pas")]),
    "languages": st.sampled_from([(), ("en",), ("de",)]),
    "roles": st.sampled_from([(), ("none",), ("approver",)]),
    "touchpoints": st.sampled_from([(), ("none",)]),
    "tiers": st.sampled_from([(), ("none",), ("A",)]),
    "words": st.sampled_from(["", "secret1", "word", "secret"]),
    "named": st.sampled_from(["", "yes", "no"]),
}
filters = st.fixed_dictionaries(keys).map(lambda chosen: Filters(**chosen))
# The database is rolled back after the whole test; every example only reads.
READS_ONLY = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def shown_nameless(user: User, asked: Filters) -> set[object]:
    return {
        *asked.signals(Signal.objects.visible_to(user)).filter(anonymous=True).values_list("pk", flat=True)
    }


@READS_ONLY
@given(one=filters, other=filters)
@pytest.mark.parametrize("who", ["cx_manager", "champion"])
def test_no_two_lists_differ_by_fewer_than_five_nameless_people(
    blocks: World, cast: Callable[[str], User], who: str, one: Filters, other: Filters
) -> None:
    user = cast(who)
    first, second = shown_nameless(user, one), shown_nameless(user, other)
    for difference in (first, second, first - second, second - first, first & second, first ^ second):
        assert not 0 < len(difference) < FEWEST


@READS_ONLY
@given(one=filters, other=filters)
def test_no_two_figures_differ_by_fewer_than_five_nameless_people(
    blocks: World, cast: Callable[[str], User], one: Filters, other: Filters
) -> None:
    user = cast("cx_manager")
    nps = next(measure for measure in measures() if measure.key == "nps")
    kept = [
        {
            *asked.changed(metric="nps")
            .scores(Score.objects.visible_to(user))
            .filter(anonymous=True)
            .values_list("pk", flat=True)
        }
        for asked in (one, other)
    ]
    for difference in (kept[0], kept[1], kept[0] ^ kept[1], kept[0] & kept[1]):
        assert not 0 < len(difference) < FEWEST
    cells = cube(user, nps, one)
    assert sum(cell.tally.n for cell in cells if cell.anonymous) == len(kept[0])
    assert all(not 0 < cell.tally.n < FEWEST for cell in cells if cell.anonymous)
    assert tally(user, nps, one).n == sum(cell.tally.n for cell in cells)


@READS_ONLY
@given(asked=filters)
def test_scores_are_shown_exactly_where_their_signals_are(
    blocks: World, cast: Callable[[str], User], asked: Filters
) -> None:
    for who in ("cx_manager", "account_manager", "champion", "partner_user"):
        user = cast(who)
        assert set(Score.objects.visible_to(user).values_list("signal", flat=True)) == set(
            Signal.objects.visible_to(user).filter(scores__isnull=False).values_list("pk", flat=True)
        )
        scored = asked.changed(metric="nps")
        assert scored.scores(Score.objects.visible_to(user)).count() == count_signals(user, scored)


def test_words_are_shown_only_where_eight_spoke_and_found_nowhere_by_search(
    blocks: World, cast: Callable[[str], User], browser_of: Callable[[str], Client]
) -> None:
    user = cast("cx_manager")
    rows = stretch(user, Filters(), size=200).rows
    told = [row for row in rows if row.anonymous and row.words]
    assert len(told) == 9
    assert all(row.words_hidden for row in rows if row.anonymous and not row.words)
    assert count_signals(user, Filters(words="secret")) == 0
    assert nearest_words(user, "secret1") == [] or "secret" not in nearest_words(user, "secret1")[0]
    browser = browser_of("cx_manager")
    for hidden in [row for row in rows if row.words_hidden]:
        page = browser.get(reverse("signals:detail", args=[hidden.id])).content.decode()
        assert "secret" not in page
        assert "secret" not in browser.get(f"/api/v1/signals/{hidden.id}").content.decode()


def test_a_block_of_four_is_nowhere(blocks: World, browser_of: Callable[[str], Client]) -> None:
    browser = browser_of("administrator")
    small = Signal.objects.filter(anonymous=True, region="benelux", source="a")
    assert small.count() == 4
    for signal in small:
        assert browser.get(reverse("signals:detail", args=[signal.pk])).status_code == 404
        assert browser.get(f"/api/v1/signals/{signal.pk}").status_code == 404
        assert browser.get(reverse("signals:correct", args=[signal.pk])).status_code == 404


def test_a_month_that_is_not_over_shows_nobody(world: World, cast: Callable[[str], User]) -> None:
    from django.utils import timezone

    now = timezone.now()
    for number in range(12):
        record_signal(
            remark(external_reference=f"m{number}", anonymous=True, occurred_at=now), author=None, now=now
        )
    assert not Signal.objects.visible_to(cast("cx_manager")).exists()
    assert not Score.objects.visible_to(cast("cx_manager")).exists()


def test_a_source_used_only_namelessly_is_not_offered_before_five_spoke(
    blocks: World, browser_of: Callable[[str], Client]
) -> None:
    nameless(100, source="exit-poll")
    page = browser_of("cx_manager").get("/listen/").content.decode()
    assert "exit-poll" not in page


def test_ids_times_and_order_tell_nothing_about_when_somebody_spoke(world: World) -> None:
    for number in range(6):
        nameless(number, occurred_at=datetime(2026, 8, 3 + number, 9, tzinfo=UTC))
    signals = list(Signal.objects.filter(anonymous=True))
    assert {signal.occurred_at for signal in signals} == {datetime(2026, 8, 1, tzinfo=UTC)}
    assert {signal.id.version for signal in signals} == {4}
    assert Score.objects.filter(anonymous=True).values("occurred_at").distinct().count() == 1
