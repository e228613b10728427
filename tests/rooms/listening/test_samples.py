"""Samples are drawn from the village, spare people who were asked, and say who was left out and why."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.rooms.listening.asking import NOW, people, programme

from rapport.rooms.accounts.models import Opportunity
from rapport.rooms.listening.channels.suppression import suppress
from rapport.rooms.listening.models import Draw, Invitation, Programme
from rapport.rooms.listening.programmes.plan import Dimension, Plan, Population, Rest, Sampling, read_plan
from rapport.rooms.listening.programmes.services import (
    draw_due_programmes,
    end_programme,
    pause_programme,
    set_house_rest,
    start_programme,
)
from rapport.rooms.listening.sampling.draws import CannotDraw, draw_sample, work_out
from rapport.rooms.signals.models import Signal

pytestmark = pytest.mark.django_db
NO_REST = Rest(contact_days=None, yearly_contact=None)


def reasons(draw: Draw) -> dict[str, int]:
    return dict(Counter(draw.left_out.values_list("reason", flat=True)))


def test_the_frame_is_the_village_and_not_who_was_heard(world: Any, cast: Callable[[str], Any]) -> None:
    made = programme(cast("cx_manager"))
    assert not Signal.objects.exists()
    draw = draw_sample(made, now=NOW, seed=1)
    asked = {row.contact.name for row in draw.invitations.select_related("contact") if row.contact}
    assert asked == {"Joost Brandsma", "Eva Hoekstra", "Mikkel Friis"}
    eva = draw.invitations.get(contact=world.eva)
    assert (eva.buying_role, eva.veto, eva.channel, eva.state) == ("approver", True, "email", "drawn")
    assert eva.facts["contact.first_name"] == "Eva"
    assert eva.facts["account.name"] == "Veldhuis Dairy"


def test_a_programme_reaches_no_further_than_its_owner_sees(world: Any, cast: Callable[[str], Any]) -> None:
    draw = draw_sample(programme(cast("account_manager")), now=NOW, seed=1)
    assert set(draw.invitations.values_list("account_id", flat=True)) == {world.veldhuis.pk, world.meppel.pk}


def test_a_partners_programme_asks_the_partners_customers_only(
    world: Any, cast: Callable[[str], Any]
) -> None:
    made = programme(cast("cx_manager"), kind="partner", partner_id="kolding-dealer")
    draw = draw_sample(made, now=NOW, seed=1)
    assert list(draw.invitations.values_list("account_id", flat=True)) == [world.kestrel.pk]


def test_the_same_seed_draws_the_same_people(world: Any, cast: Callable[[str], Any]) -> None:
    people(world.tarnhelm, {"user": 20, "buyer": 10})
    plan = Plan(sampling=Sampling(how="stratified", size=12, strata=(Dimension.ROLE,), must_vetoes=False))
    made = programme(cast("cx_manager"), plan=plan)
    drawn = [
        tuple(p.contact_id for p in work_out(made, plan, now=NOW, seed=seed).drawn.people)
        for seed in (4, 4, 5)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 12


def test_people_rest_whichever_programme_asked_them(world: Any, cast: Callable[[str], Any]) -> None:
    draw_sample(programme(cast("cx_manager"), name="First"), now=NOW, seed=1)
    second = draw_sample(programme(cast("cx_manager"), name="Second"), now=NOW + timedelta(days=10), seed=1)
    assert second.invitations.count() == 0
    assert reasons(second) == {"contact_rests": 3}
    assert second.left_out.first().until == (NOW + timedelta(days=90)).date()  # type: ignore[union-attr]
    third = draw_sample(programme(cast("cx_manager"), name="Third"), now=NOW + timedelta(days=91), seed=1)
    assert third.invitations.count() == 3


def test_a_customer_is_not_asked_more_than_its_share(world: Any, cast: Callable[[str], Any]) -> None:
    people(world.tarnhelm, {"user": 8})
    plan = Plan(rest=Rest(contact_days=None, account_days=30, account_most=3, yearly_contact=None))
    first = draw_sample(programme(cast("cx_manager"), plan=plan), now=NOW, seed=1)
    assert first.invitations.filter(account=world.tarnhelm).count() == 3
    assert reasons(first) == {"account_rests": 5}
    again = draw_sample(programme(cast("cx_manager"), plan=plan), now=NOW + timedelta(days=1), seed=1)
    assert again.invitations.filter(account=world.tarnhelm).count() == 0


def test_the_house_has_a_yearly_budget_beside_every_plan(world: Any, cast: Callable[[str], Any]) -> None:
    set_house_rest(Rest(contact_days=None, yearly_contact=2))
    made = programme(cast("cx_manager"), plan=Plan(rest=NO_REST))
    counts = [
        draw_sample(made, now=NOW + timedelta(days=30 * month), seed=month).invitations.count()
        for month in range(4)
    ]
    assert counts == [3, 3, 0, 0]
    later = draw_sample(made, now=NOW + timedelta(days=366), seed=9)
    assert later.invitations.count() == 3


def test_about_one_decision_nobody_is_asked_twice(world: Any, cast: Callable[[str], Any]) -> None:
    deal = Opportunity.objects.create(account=world.veldhuis, name="Line 3")
    made = programme(cast("cx_manager"), plan=Plan(rest=Rest(contact_days=None, decision_days=365)))
    first = draw_sample(made, now=NOW, seed=1)
    first.invitations.update(decision=deal)
    from rapport.rooms.listening.sampling.frame import Person
    from rapport.rooms.listening.sampling.rest import asked_before, rests

    eva = Person(world.eva.pk, world.veldhuis.pk, "approver", True, {}, decision_id=deal.pk)
    rule = read_plan(made.plan).rest
    later = NOW + timedelta(days=100)
    tired = rests(eva, asked_before([eva], now=later), rule, now=later)
    assert tired is not None
    assert tired.reason == "decision_rests"


def test_whoever_refused_bounced_or_has_no_address_is_left_out_with_the_reason(
    world: Any, cast: Callable[[str], Any]
) -> None:
    world.joost.consent = "withdrawn"
    world.joost.save()
    world.kestrel_buyer.email = ""
    world.kestrel_buyer.save()
    suppress("EVA@veldhuis.example", "bounced", now=NOW)
    draw = draw_sample(programme(cast("cx_manager")), now=NOW, seed=1)
    assert reasons(draw) == {"refused": 1, "unreachable": 1, "suppressed": 1}


def test_the_report_tells_strata_expectation_and_roles_nobody_is_known_for(
    world: Any, cast: Callable[[str], Any]
) -> None:
    people(world.tarnhelm, {"user": 60, "buyer": 30})
    plan = Plan(
        sampling=Sampling(
            how="stratified", size=40, strata=(Dimension.ROLE,), expected_response=0.5, margin=20
        )
    )
    report = work_out(programme(cast("cx_manager"), plan=plan), plan, now=NOW, seed=1).report
    assert {row.name: row.frame for row in report.strata} == {
        "approver": 1, "buyer": 30, "decision_maker": 1, "user": 60, "—": 1,
    }  # fmt: skip
    assert report.drawn == 40
    assert report.expected is not None
    assert report.expected.answers == 20
    assert report.expected.margin is not None
    assert 30 < report.expected.margin < 45
    assert report.expected.needed is not None
    assert report.expected.needed > 40
    assert report.unknown_roles["gatekeeper"] == 4
    assert report.unknown_roles["user"] == 3


def test_a_stopped_programme_draws_nobody(world: Any, cast: Callable[[str], Any]) -> None:
    made = programme(cast("cx_manager"), state="draft")
    with pytest.raises(CannotDraw, match="start it first"):
        draw_sample(made, now=NOW, seed=1)


def test_a_scheduled_draw_is_made_once_and_the_next_one_planned(
    world: Any, cast: Callable[[str], Any]
) -> None:
    plan = Plan(
        sampling=Sampling(how="simple", size=1, must_vetoes=False),
        schedule={"every": "week"},  # type: ignore[arg-type]
        rest=NO_REST,
    )
    made = start_programme(programme(cast("cx_manager"), kind="tracking", plan=plan, state="draft"), now=NOW)
    assert len(draw_due_programmes(now=NOW)) == 1
    assert draw_due_programmes(now=NOW) == []
    made.refresh_from_db()
    assert made.next_draw_at is not None
    assert timedelta(days=6) < made.next_draw_at - NOW < timedelta(days=8)
    assert len(draw_due_programmes(now=NOW + timedelta(days=8))) == 1
    pause_programme(made)
    assert draw_due_programmes(now=NOW + timedelta(days=30)) == []


def test_ending_withdraws_who_was_not_asked_yet(world: Any, cast: Callable[[str], Any]) -> None:
    made = programme(cast("cx_manager"))
    draw_sample(made, now=NOW, seed=1)
    end_programme(made, now=NOW)
    assert set(Invitation.objects.values_list("state", flat=True)) == {"withdrawn"}
    assert Programme.objects.get().state == "ended"


def test_a_full_quota_stops_the_asking(world: Any, cast: Callable[[str], Any]) -> None:
    made = programme(cast("cx_manager"), plan=Plan(quota=1, rest=NO_REST))
    draw = draw_sample(made, now=NOW, seed=1)
    one = draw.invitations.first()
    assert one is not None
    one.responses.create(state="sent", sent_at=NOW)
    with pytest.raises(CannotDraw, match="quota"):
        draw_sample(made, now=NOW, seed=2)


def test_only_people_of_the_named_roles_belong_to_the_population(
    world: Any, cast: Callable[[str], Any]
) -> None:
    plan = Plan(population=Population(roles=("approver",)))
    draw = draw_sample(programme(cast("cx_manager"), plan=plan), now=NOW, seed=1)
    assert [row.contact_id for row in draw.invitations.all()] == [world.eva.pk]
