"""Who gets a case: by place, in turn, and not while away."""

from datetime import UTC, date, datetime, timedelta

from tests.cast import World
from tests.rooms.action.cases import Cast, make_case, make_rule

from rapport.rooms.action.conditions import read_all
from rapport.rooms.action.models import Absence, Responsibility, RuleTurn
from rapport.rooms.action.selectors.preview import preview_rule

MONDAY = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 9, 14), date(2026, 9, 18)


def test_the_narrowest_place_decides(world: World, cast: Cast) -> None:
    make_rule(cast("cx_manager"), assign_to="place")
    Responsibility.objects.create(region_id="benelux", colleague=cast("administrator"))
    Responsibility.objects.create(
        region_id="benelux", touchpoint_id="delivery", colleague=cast("service_lead")
    )
    assert make_case(cast, now=MONDAY, touchpoint="delivery").owner == cast("service_lead")
    assert make_case(cast, now=MONDAY, external_reference="2").owner == cast("administrator")
    elsewhere = make_case(cast, now=MONDAY, external_reference="3", contact="mikkel@kestrel.example")
    assert elsewhere.owner == cast("cx_manager")


def test_colleagues_take_turns_and_one_who_cannot_see_it_is_passed_over(world: World, cast: Cast) -> None:
    turns = [cast("service_lead").pk, cast("partner_user").pk, cast("administrator").pk]
    rule = make_rule(cast("cx_manager"), assign_to="turn", colleagues=turns)
    got = [make_case(cast, now=MONDAY, external_reference=f"{n}").owner for n in range(4)]
    lead, admin = cast("service_lead"), cast("administrator")
    assert got == [lead, admin, lead, admin]
    before = list(RuleTurn.objects.values_list("user", "given"))
    preview_rule(rule, read_all(rule.conditions), cast("cx_manager"), now=MONDAY + timedelta(hours=1))
    assert list(RuleTurn.objects.values_list("user", "given")) == before


def test_who_is_away_gets_nothing_and_the_stand_in_does(world: World, cast: Cast) -> None:
    owner, stands_in = cast("account_manager"), cast("service_lead")
    make_rule(cast("cx_manager"))
    Absence.objects.create(user=owner, starts_on=FIRST, ends_on=LAST, stand_in=stands_in)
    assert make_case(cast, now=MONDAY).owner == stands_in
    after = make_case(cast, now=MONDAY + timedelta(days=5), external_reference="2")
    assert after.owner == owner


def test_two_who_stand_in_for_each_other_leave_it_to_the_fallback(world: World, cast: Cast) -> None:
    owner, other = cast("account_manager"), cast("service_lead")
    make_rule(cast("cx_manager"))
    Absence.objects.create(user=owner, starts_on=FIRST, ends_on=LAST, stand_in=other)
    Absence.objects.create(user=other, starts_on=FIRST, ends_on=LAST, stand_in=owner)
    assert make_case(cast, now=MONDAY).owner == cast("cx_manager")


def test_a_day_away_is_a_day_by_the_colleagues_own_calendar(world: World, cast: Cast) -> None:
    owner = cast("account_manager")
    owner.time_zone = "Pacific/Auckland"
    owner.save()
    make_rule(cast("cx_manager"))
    Absence.objects.create(user=owner, starts_on=FIRST, ends_on=FIRST, stand_in=cast("service_lead"))
    sunday_evening = datetime(2026, 9, 13, 20, 0, tzinfo=UTC)  # already Monday there
    assert make_case(cast, now=sunday_evening).owner == cast("service_lead")
