"""A case whose customer becomes known after it was opened."""

from datetime import UTC, datetime, timedelta

from tests.cast import World
from tests.rooms.action.cases import Cast, make_case, make_rule

from rapport.kernel.models import OutgoingMail
from rapport.rooms.action.models import Case
from rapport.rooms.action.services.evaluate import evaluate_rules
from rapport.rooms.action.services.steps import acknowledge
from rapport.rooms.signals.models import Signal

MONDAY = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)


def match(case: Case, world: World) -> list[Case]:
    signal = case.causes.all()[0].signal
    Signal.objects.filter(pk=signal.pk).update(account=world.meppel, contact=world.joost)
    return evaluate_rules([signal.pk], now=MONDAY + timedelta(hours=1))


def test_the_case_follows_its_signal_to_the_customer_and_its_owner(world: World, cast: Cast) -> None:
    case = make_case(cast, now=MONDAY, contact="", account="Velthuis")
    assert case.owner == cast("cx_manager")
    assert match(case, world) == []
    case.refresh_from_db()
    assert (case.account, case.contact, case.owner) == (world.meppel, world.joost, cast("account_manager"))
    assert [event.kind for event in case.events.all()] == ["opened", "matched", "reassigned"]
    assert OutgoingMail.objects.filter(to=cast("account_manager").email).count() == 1


def test_a_case_somebody_is_on_stays_with_them(world: World, cast: Cast) -> None:
    case = make_case(cast, now=MONDAY, contact="", account="Velthuis")
    acknowledge(case, by=cast("cx_manager"), now=MONDAY)
    match(case, world)
    case.refresh_from_db()
    assert (case.account, case.owner) == (world.meppel, cast("cx_manager"))


def test_a_stricter_rule_that_fits_only_now_makes_it_due_earlier(world: World, cast: Cast) -> None:
    make_rule(cast("cx_manager"))
    make_rule(cast("cx_manager"), name="Tier A", conditions={"tier": ["A"]}, due_hours=4)
    case = make_case(cast, now=MONDAY, contact="", account="Velthuis")
    assert case.due_at == MONDAY + timedelta(hours=8)
    match(case, world)
    case.refresh_from_db()
    assert case.due_at == MONDAY + timedelta(hours=4)
    assert case.causes.count() == 2
    assert Case.objects.count() == 1


def test_matching_twice_says_so_once(world: World, cast: Cast) -> None:
    case = make_case(cast, now=MONDAY, contact="", account="Velthuis")
    match(case, world)
    match(case, world)
    assert case.events.filter(kind="matched").count() == 1
