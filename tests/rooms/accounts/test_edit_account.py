"""Adding and changing customers in the browser and by the services below it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from tests.cast import World

from rapport.kernel.events import Event, listen_to
from rapport.kernel.models import User
from rapport.rooms.accounts.events import AccountOwnerChanged
from rapport.rooms.accounts.models import Account, AccountExternalId
from rapport.rooms.accounts.services.accounts import change_account, create_account
from rapport.rooms.accounts.services.changing import Conflict

Browser = Callable[[str], Client]
Cast = Callable[[str], User]
NOW = datetime(2026, 9, 17, 10, 0, tzinfo=UTC)
FORM: dict[str, Any] = {"name": "Veldhuis Gent", "kind": "site", "life_cycle": "customer"}


def test_a_part_takes_region_team_and_owner_from_the_whole(
    world: World, browser_of: Browser, cast: Cast
) -> None:
    answer = browser_of("account_manager").post(
        "/customers/new/", {**FORM, "parent": f"Veldhuis Dairy ({world.veldhuis.code})"}
    )
    made = Account.objects.get(name="Veldhuis Gent")
    assert answer.headers["Location"] == f"/customers/{made.code}/"
    assert (made.region_id, made.team_id, made.owner) == ("benelux", "benelux-team", cast("account_manager"))
    assert made.path == f"{world.veldhuis.pk}.{made.pk}"


def test_what_the_form_says_is_not_overruled_by_the_parent(world: World, cast: Cast) -> None:
    values = {"name": "Gent", "parent": world.veldhuis, "owner": cast("cx_manager")}
    made = create_account(values, by=cast("cx_manager"), now=NOW)
    assert made.owner == cast("cx_manager")
    assert made.team_id == "benelux-team"


def test_a_customer_nobody_could_see_again_is_refused(world: World, browser_of: Browser) -> None:
    answer = browser_of("account_manager").post("/customers/new/", {**FORM, "region": "nordics"})
    assert answer.status_code == 422
    assert "You could not see this customer afterwards" in answer.content.decode()
    assert not Account.objects.filter(name="Veldhuis Gent").exists()


def test_a_parent_beyond_reach_is_not_known(world: World, browser_of: Browser) -> None:
    form = {**FORM, "team": "benelux-team", "parent": world.tarnhelm.code}
    answer = browser_of("account_manager").post("/customers/new/", form)
    assert "No customer of that name or code is within your reach" in answer.content.decode()


def test_mistakes_are_shown_at_their_fields(world: World, browser_of: Browser) -> None:
    form = {**FORM, "name": "", "currency": "Euro", "external_ids": "0042", "team": "benelux-team"}
    answer = browser_of("account_manager").post("/customers/new/", form)
    errors = answer.context["form"].errors
    assert set(errors) == {"name", "currency", "external_ids"}


def test_ids_in_other_systems_are_kept_line_by_line(world: World, browser_of: Browser) -> None:
    AccountExternalId.objects.create(account=world.veldhuis, system="crm", value="1")
    form = {**FORM, "name": "Veldhuis Dairy", "kind": "group", "external_ids": "crm: 2\nerp: V-9"}
    browser_of("account_manager").post(f"/customers/{world.veldhuis.code}/edit/", form)
    ids = {(row.system, row.value) for row in world.veldhuis.external_ids.all()}
    assert ids == {("crm", "2"), ("erp", "V-9")}


def test_an_id_of_another_customer_is_a_conflict(world: World, browser_of: Browser, cast: Cast) -> None:
    AccountExternalId.objects.create(account=world.tarnhelm, system="crm", value="1")
    with pytest.raises(Conflict, match="crm: 1 already belongs to another customer"):
        create_account({"name": "New"}, external_ids=[("crm", "1")], by=None, now=NOW)
    assert not Account.objects.filter(name="New").exists()
    form = {**FORM, "name": "Veldhuis Dairy", "external_ids": "crm: 1"}
    answer = browser_of("account_manager").post(f"/customers/{world.veldhuis.code}/edit/", form)
    assert "already belongs to another customer" in answer.content.decode()


def test_a_customer_cannot_belong_to_a_part_of_itself(world: World, cast: Cast) -> None:
    with pytest.raises(ValidationError, match="cannot belong to a part of itself"):
        change_account(world.veldhuis, {"parent": world.meppel}, by=cast("cx_manager"), now=NOW)


def test_a_new_owner_can_be_given_to_everything_below(world: World, browser_of: Browser, cast: Cast) -> None:
    new = cast("service_lead")
    form = {
        "name": "Veldhuis Dairy",
        "kind": "group",
        "life_cycle": "customer",
        "tier": "A",
        "region": "benelux",
        "team": "benelux-team",
        "owner": new.pk,
        "below": ["owner"],
    }
    browser_of("account_manager").post(f"/customers/{world.veldhuis.code}/edit/", form)
    assert set(Account.objects.subtree_of(world.veldhuis).values_list("owner", flat=True)) == {new.pk}


def test_without_asking_what_lies_below_keeps_its_owner(world: World, cast: Cast) -> None:
    change_account(world.veldhuis, {"owner": cast("service_lead")}, by=cast("cx_manager"), now=NOW)
    world.meppel.refresh_from_db()
    assert world.meppel.owner == cast("account_manager")


def test_what_lies_beyond_reach_is_not_changed_from_above(world: World, cast: Cast) -> None:
    oslo = Account.objects.create(name="Oslo", parent=world.veldhuis, team_id="nordics-team")
    new, by = cast("service_lead"), cast("account_manager")
    change_account(world.veldhuis, {"owner": new}, below=["owner"], by=by, now=NOW)
    oslo.refresh_from_db()
    assert oslo.owner is None


def test_a_change_of_owner_is_announced(world: World, cast: Cast) -> None:
    heard: list[Event] = []
    listen_to(AccountOwnerChanged)(heard.append)
    change_account(
        world.veldhuis, {"owner": cast("cx_manager")}, below=["owner"], by=cast("cx_manager"), now=NOW
    )
    by = cast("cx_manager").pk
    assert heard == [AccountOwnerChanged((world.veldhuis.pk, world.meppel.pk), by, by)]


def test_moving_a_site_moves_everything_below_it(world: World, cast: Cast) -> None:
    hall = Account.objects.create(name="Hall", parent=world.meppel)
    change_account(world.meppel, {"parent": world.tarnhelm}, by=cast("cx_manager"), now=NOW)
    hall.refresh_from_db()
    assert hall.path == f"{world.tarnhelm.pk}.{world.meppel.pk}.{hall.pk}"


def test_an_unknown_field_is_refused_by_name(world: World) -> None:
    with pytest.raises(ValidationError) as error:
        change_account(world.veldhuis, {"path": "1"}, by=None, now=NOW)
    assert "path" in error.value.message_dict


def test_handing_over_beyond_ones_own_reach_leads_back_to_the_list(
    world: World, browser_of: Browser, cast: Cast
) -> None:
    form = {
        **FORM,
        "name": "Veldhuis Meppel",
        "region": "nordics",
        "team": "nordics-team",
        "owner": cast("cx_manager").pk,
    }
    answer = browser_of("account_manager").post(f"/customers/{world.meppel.code}/edit/", form)
    assert answer.headers["Location"] == "/customers/"


def test_who_may_only_look_cannot_change(world: World, browser_of: Browser) -> None:
    for path in ("new/", f"{world.veldhuis.code}/edit/"):
        assert browser_of("champion").get(f"/customers/{path}").status_code == 404
        assert browser_of("champion").post(f"/customers/{path}", FORM).status_code == 404
