"""Several signals of one trouble are one case, and a rule says beforehand how many it would open."""

from datetime import UTC, datetime, timedelta

from tests.cast import World
from tests.rooms.action.cases import Cast, answer, make_rule

from rapport.kernel.models import OutgoingMail
from rapport.rooms.action.conditions import read_all
from rapport.rooms.action.models import Case
from rapport.rooms.action.selectors.preview import preview_rule
from rapport.rooms.action.services.evaluate import evaluate_rules
from rapport.rooms.action.services.steps import tell_customer
from rapport.rooms.signals.api import record_signal

MONDAY = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)


def say(reference: str, at: datetime, **changes: object) -> object:
    done = record_signal(
        answer(external_reference=reference, occurred_at=at, **changes), author=None, now=at, live=False
    )
    return done.signal_id


def hear(reference: str, at: datetime, **changes: object) -> list[Case]:
    return evaluate_rules([say(reference, at, **changes)], now=at)  # type: ignore[list-item]


def test_more_of_the_same_trouble_joins_the_open_case_and_its_owner_hears_of_it(
    world: World, cast: Cast
) -> None:
    make_rule(cast("cx_manager"), joins_days=14)
    [case] = hear("one", MONDAY, touchpoint="delivery")
    again = MONDAY + timedelta(days=2)
    assert hear("two", again, contact="mikkel@kestrel.example", touchpoint="delivery")
    assert hear("three", again, touchpoint="delivery") == []
    case.refresh_from_db()
    assert case.causes.count() == 2
    assert Case.objects.count() == 2
    assert OutgoingMail.objects.filter(dedupe_key__startswith="case-more:").count() == 1


def test_another_touchpoint_or_a_long_time_after_is_another_case(world: World, cast: Cast) -> None:
    make_rule(cast("cx_manager"), joins_days=14)
    hear("one", MONDAY, touchpoint="delivery")
    assert len(hear("two", MONDAY + timedelta(days=1))) == 1
    assert len(hear("three", MONDAY + timedelta(days=15), touchpoint="delivery")) == 1


def test_what_comes_after_the_customer_was_told_is_a_new_case(world: World, cast: Cast) -> None:
    make_rule(cast("cx_manager"), joins_days=14)
    [case] = hear("one", MONDAY, touchpoint="delivery")
    told = MONDAY + timedelta(hours=1)
    tell_customer(case, by=cast("account_manager"), how="email", words="Sorry.", told_at=told, now=told)
    assert len(hear("two", MONDAY + timedelta(days=1), touchpoint="delivery")) == 1


def test_two_signals_in_one_batch_are_one_case(world: World, cast: Cast) -> None:
    make_rule(cast("cx_manager"), joins_days=14)
    ids = [say(name, MONDAY, touchpoint="delivery") for name in ("one", "two")]
    [case] = evaluate_rules(ids, now=MONDAY)  # type: ignore[arg-type]
    assert case.causes.count() == 2
    assert evaluate_rules(ids, now=MONDAY) == []  # type: ignore[arg-type]
    assert case.causes.count() == 2


def test_a_dry_run_over_the_last_year_opens_as_many_cases_as_life_would(world: World, cast: Cast) -> None:
    rule = make_rule(cast("cx_manager"), joins_days=14, active=False)
    for day in (0, 3, 20, 21, 300):
        say(f"s{day}", MONDAY - timedelta(days=day), touchpoint="delivery")
    say("other", MONDAY, contact="", account=world.tarnhelm.code)
    found = preview_rule(rule, read_all(rule.conditions), cast("account_manager"), now=MONDAY)
    assert (found.days, found.signals, found.cases, found.mine) == (365, 5, 3, 3)
    everything = preview_rule(rule, read_all(rule.conditions), cast("cx_manager"), now=MONDAY)
    assert (everything.cases, everything.mine, everything.owners) == (4, 1, 2)
    assert not Case.objects.exists()
