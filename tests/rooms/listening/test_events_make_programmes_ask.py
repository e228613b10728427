"""Event-based programmes ask after their delay, once an event, and never about history."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.rooms.listening.asking import people, programme

from rapport.connectors.files import parse_mapping
from rapport.connectors.imports.engine import run_import
from rapport.rooms.accounts.models import BuyingRole, Opportunity, Order, Project, ServiceRequest
from rapport.rooms.listening.models import Invitation, Occasion
from rapport.rooms.listening.programmes.kinds import STARTS_FROM
from rapport.rooms.listening.programmes.occasions import ask_about_due_occasions
from rapport.rooms.listening.programmes.plan import EventRule, Happening, Plan

pytestmark = pytest.mark.django_db


def test_a_closed_request_asks_whoever_had_it_after_the_delay(world: Any, cast: Any, browser_of: Any) -> None:
    made = programme(
        cast("cx_manager"),
        kind="event",
        plan=Plan(event=EventRule(happening=Happening.REQUEST_CLOSED, delay_hours=4)),
    )
    now = timezone.now()
    row = ServiceRequest.objects.create(
        account=world.meppel, contact=world.joost, opened_at=now - timedelta(days=2), product_id="seal-kit"
    )
    api = browser_of("account_manager")
    told = {"closed_at": now.isoformat(), "status": "closed"}
    assert api.patch(f"/api/v1/requests/{row.pk}", told, content_type="application/json").status_code == 200
    assert Occasion.objects.get().state == "waiting"
    assert ask_about_due_occasions(now=now + timedelta(hours=3)) == 0
    assert ask_about_due_occasions(now=now + timedelta(hours=5)) == 1
    asked = Invitation.objects.get()
    assert (asked.contact, asked.occasion, asked.programme) == (world.joost, f"request_closed:{row.pk}", made)
    assert asked.place == {"product": "seal-kit"}
    # Opened again and closed again: the same event, asked about before.
    for closed in (None, now.isoformat()):
        api.patch(f"/api/v1/requests/{row.pk}", {"closed_at": closed}, content_type="application/json")
    assert ask_about_due_occasions(now=now + timedelta(days=60)) == 0
    assert Occasion.objects.count() == Invitation.objects.count() == 1


@pytest.mark.parametrize("age", [1, 30])
def test_old_news_is_no_reason_to_ask(
    world: Any, cast: Callable[[str], Any], browser_of: Any, age: int
) -> None:
    programme(
        cast("cx_manager"),
        kind="event",
        plan=Plan(event=EventRule(happening=Happening.ORDER_DELIVERED, within_days=14)),
    )
    day = (timezone.now() - timedelta(days=age)).date().isoformat()
    told = {"ordered_on": "2026-01-02", "delivered_on": day}
    answer = browser_of("account_manager").post(
        f"/api/v1/accounts/{world.meppel.code}/orders", told, content_type="application/json"
    )
    assert answer.status_code == 201, answer.content
    assert Occasion.objects.count() == (1 if age == 1 else 0)
    assert Order.objects.count() == 1


def test_a_decision_asks_its_village_and_nobody_else(
    world: Any, cast: Callable[[str], Any], browser_of: Any
) -> None:
    programme(cast("cx_manager"), kind="win_loss", plan=STARTS_FROM["win_loss"])
    deal = Opportunity.objects.create(account=world.veldhuis, name="Line 3")
    BuyingRole.objects.create(contact=world.eva, role="buyer", decision=deal)
    people(world.veldhuis, {"user": 4})
    now = timezone.now()
    browser_of("account_manager").patch(
        f"/api/v1/opportunities/{deal.pk}", {"outcome": "lost"}, content_type="application/json"
    )
    assert ask_about_due_occasions(now=now + timedelta(days=8)) == 1
    asked = Invitation.objects.get()
    assert (asked.contact, asked.buying_role, asked.decision, asked.channel) == (
        world.eva,
        "buyer",
        deal,
        "interview",
    )


def test_milestones_and_stages_are_heard_by_name(
    world: Any, cast: Callable[[str], Any], browser_of: Any
) -> None:
    programme(
        cast("cx_manager"),
        kind="check_in",
        plan=Plan(event=EventRule(happening=Happening.MILESTONE_REACHED, milestones=("Handover",))),
    )
    programme(
        cast("cx_manager"),
        kind="event",
        plan=Plan(event=EventRule(happening=Happening.STAGE_ENTERED, stages=("use",))),
    )
    project = Project.objects.create(account=world.meppel, name="Line 2")
    api = browser_of("account_manager")
    today = timezone.now().date().isoformat()
    for name in ("Kick-off", "Handover"):
        told = {"name": name, "reached_on": today}
        assert api.put(
            f"/api/v1/projects/{project.pk}/milestones", told, content_type="application/json"
        ).status_code in {200, 201}
    api.patch(f"/api/v1/projects/{project.pk}", {"stage": "use"}, content_type="application/json")
    assert sorted(row.key.split(":")[0] for row in Occasion.objects.all()) == [
        "milestone_reached",
        "stage_entered",
    ]


REQUESTS = """
target = "service_requests"
source = "desk"
live = {live}
[fields]
external_id = "id"
account = "account"
subject = "subject"
opened_at = "opened"
closed_at = "closed"
"""


@pytest.mark.parametrize(("live", "noted"), [("true", 1), ("false", 0)])
def test_an_import_makes_programmes_ask_only_when_it_brings_news(
    world: Any, cast: Callable[[str], Any], tmp_path: Any, live: str, noted: int
) -> None:
    programme(cast("cx_manager"), kind="event", plan=STARTS_FROM["event"])
    now = timezone.now()
    recent, old = (now - timedelta(days=1)).isoformat(), (now - timedelta(days=400)).isoformat()
    rows = [f"1,{world.meppel.code},Seal,{old},{recent}", f"2,{world.meppel.code},Pump,{old},{old}"]
    path = tmp_path / "requests.csv"
    path.write_text("id,account,subject,opened,closed\n" + "\n".join(rows) + "\n", encoding="utf-8")
    mapping = parse_mapping(REQUESTS.replace("{live}", live))
    for _time in range(2):
        run_import(path, mapping, None, now)
    assert ServiceRequest.objects.count() == 2
    assert Occasion.objects.count() == noted
