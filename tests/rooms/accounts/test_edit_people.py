"""Adding and changing people and the parts they play."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from tests.cast import World

from rapport.rooms.accounts.models import BuyingRole, Contact, Opportunity
from rapport.rooms.accounts.services.contacts import change_contact, create_contact
from rapport.rooms.accounts.services.roles import change_role, end_role, give_role

Browser = Callable[[str], Client]
NOW = datetime(2026, 9, 17, 10, 0, tzinfo=UTC)


def test_a_person_is_added_to_a_customer(world: World, browser_of: Browser) -> None:
    form: dict[str, Any] = {
        "account": f"Veldhuis Meppel ({world.meppel.code})",
        "name": "Pieter van Dam",
        "email": "pieter@veldhuis.example",
        "consent": "unknown",
        "external_ids": "crm: P-1",
    }
    answer = browser_of("account_manager").post("/customers/people/new/", form)
    made = Contact.objects.get(name="Pieter van Dam")
    assert answer.headers["Location"] == f"/customers/people/{made.code}/"
    assert made.account == world.meppel
    assert str(made.external_ids.get()) == "crm: P-1"


def test_a_person_cannot_be_added_beyond_reach(world: World, browser_of: Browser) -> None:
    form = {"account": world.tarnhelm.code, "name": "Eve", "consent": "unknown"}
    assert browser_of("account_manager").post("/customers/people/new/", form).status_code == 422
    assert not Contact.objects.filter(name="Eve").exists()


def test_consent_is_dated_when_it_changes(world: World) -> None:
    given = change_contact(world.eva, {"consent": "given"}, by=None, now=NOW)
    assert given.consent_at == NOW
    later = datetime(2026, 10, 1, tzinfo=UTC)
    assert change_contact(given, {"title": "CFO"}, by=None, now=later).consent_at == NOW
    assert change_contact(given, {"consent": "withdrawn"}, by=None, now=later).consent_at == later


def test_a_wrong_address_is_named(world: World) -> None:
    with pytest.raises(ValidationError) as error:
        create_contact({"account": world.meppel, "name": "X", "email": "nonsense"}, by=None, now=NOW)
    assert list(error.value.message_dict) == ["email"]


def test_a_role_is_added_and_counts_as_confirmed(world: World, browser_of: Browser) -> None:
    form = {"role": "user", "weight": "20", "veto": "on", "source": "visit", "valid_from": "2026-01-01"}
    browser_of("account_manager").post(f"/customers/people/{world.joost.code}/roles/new/", form)
    role = BuyingRole.objects.get(contact=world.joost, role="user")
    assert (role.weight, role.veto, role.decision) == (20, True, None)
    assert role.confirmed_at is not None


def test_a_role_can_be_for_one_decision(world: World, browser_of: Browser) -> None:
    line = Opportunity.objects.create(account=world.veldhuis, name="Line 9")
    other = Opportunity.objects.create(account=world.tarnhelm, name="Not theirs")
    url = f"/customers/people/{world.joost.code}/roles/new/"
    browser = browser_of("account_manager")
    assert browser.post(url, {"role": "user", "decision": other.pk}).status_code == 422
    browser.post(url, {"role": "user", "decision": line.pk})
    assert BuyingRole.objects.get(contact=world.joost, role="user").decision == line


def test_holding_one_role_twice_at_a_time_is_refused_in_words(world: World) -> None:
    with pytest.raises(ValidationError) as error:
        give_role(world.eva, {"role": "approver"}, now=NOW)
    assert "already holds this role" in error.value.message_dict["role"][0]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"role": "user", "weight": 101}, "weight"),
        ({"role": "user", "valid_from": date(2026, 2, 1), "valid_to": date(2026, 2, 1)}, "valid_to"),
        ({"role": "king"}, "role"),
    ],
)
def test_a_wrong_role_names_its_field(values: dict[str, Any], field: str, world: World) -> None:
    with pytest.raises(ValidationError) as error:
        give_role(world.joost, values, now=NOW)
    assert list(error.value.message_dict) == [field]


def test_a_role_is_confirmed_and_ended_by_a_button(world: World, browser_of: Browser) -> None:
    role = world.eva.buying_roles.get()
    browser = browser_of("account_manager")
    url = f"/customers/people/{world.eva.code}/roles/{role.pk}"
    browser.post(f"{url}/confirm/")
    role.refresh_from_db()
    assert role.confirmed_at is not None
    browser.post(f"{url}/end/")
    role.refresh_from_db()
    assert role.valid_to == timezone.localdate()


def test_looking_at_an_address_that_changes_something_changes_nothing(
    world: World, browser_of: Browser
) -> None:
    role = world.eva.buying_roles.get()
    for action in ("confirm", "end"):
        url = f"/customers/people/{world.eva.code}/roles/{role.pk}/{action}/"
        assert browser_of("account_manager").get(url).status_code == 405
    role.refresh_from_db()
    assert (role.confirmed_at, role.valid_to) == (None, None)


def test_a_role_beyond_reach_cannot_be_touched(world: World, browser_of: Browser) -> None:
    role = give_role(world.kestrel_buyer, {"role": "buyer"}, now=NOW)
    url = f"/customers/people/{world.kestrel_buyer.code}/roles/{role.pk}"
    for action in ("/", "/confirm/", "/end/"):
        assert browser_of("account_manager").post(url + action).status_code == 404


def test_a_role_that_never_began_leaves_no_trace_when_ended(world: World) -> None:
    role = give_role(world.joost, {"role": "user", "valid_from": date(2026, 9, 17)}, now=NOW)
    end_role(role, date(2026, 9, 17))
    assert not BuyingRole.objects.filter(contact=world.joost, role="user").exists()


def test_changing_a_role_confirms_it(world: World) -> None:
    changed = change_role(world.eva.buying_roles.get(), {"weight": 30}, now=NOW)
    assert (changed.weight, changed.confirmed_at) == (30, NOW)
