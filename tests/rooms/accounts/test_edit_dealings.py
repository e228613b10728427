"""Adding, changing and removing contracts, orders, opportunities, products, requests, projects and usage."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from tests.cast import World

from rapport.rooms.accounts.dealings import KINDS
from rapport.rooms.accounts.models import Contract, Milestone, Order, Project
from rapport.rooms.accounts.services.changing import Conflict
from rapport.rooms.accounts.services.dealings import add_dealing, change_dealing

Browser = Callable[[str], Client]
FORMS: dict[str, dict[str, Any]] = {
    "contracts": {"starts_on": "2026-01-01", "status": "active", "annual_value": "1000", "currency": "eur"},
    "orders": {"ordered_on": "2026-01-01", "number": "4711"},
    "opportunities": {"name": "Line 9", "outcome": "open"},
    "products": {"product": "seal-kit", "quantity": "3"},
    "requests": {"opened_at": "2026-01-01T10:00", "subject": "Leak"},
    "projects": {"name": "Start-up"},
    "usage": {"measure": "Hours", "starts_on": "2026-01-01", "value": "12.5"},
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_is_added_changed_and_removed(kind: str, world: World, browser_of: Browser) -> None:
    browser = browser_of("account_manager")
    base = f"/customers/{world.meppel.code}/{kind}/"
    assert browser.post(f"{base}new/", FORMS[kind]).headers["Location"] == base
    row = KINDS[kind].model._default_manager.get(account=world.meppel)
    assert browser.get(f"{base}{row.pk}/").status_code == 200
    assert browser.post(f"{base}{row.pk}/", {**FORMS[kind], "source": "erp"}).headers["Location"] == base
    row.refresh_from_db()
    assert row.source == "erp"
    assert browser.post(f"{base}{row.pk}/remove/").headers["Location"] == base
    assert not KINDS[kind].model._default_manager.exists()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_nothing_beyond_reach_can_be_touched(kind: str, world: World, browser_of: Browser) -> None:
    browser = browser_of("account_manager")
    base = f"/customers/{world.tarnhelm.code}/{kind}/"
    assert browser.post(f"{base}new/", FORMS[kind]).status_code == 404
    assert browser.get(f"{base}1/").status_code == 404


def test_who_may_only_look_reads_a_dealing_but_changes_nothing(world: World, browser_of: Browser) -> None:
    contract = Contract.objects.create(account=world.meppel, name="Frame", starts_on=date(2026, 1, 1))
    url = f"/customers/{world.meppel.code}/contracts/{contract.pk}/"
    page = browser_of("champion").get(url)
    assert page.status_code == 200
    assert "Save the contract" not in page.content.decode()
    assert browser_of("champion").post(url, FORMS["contracts"]).status_code == 404
    assert browser_of("champion").post(f"{url}remove/").status_code == 404


def test_an_end_before_its_beginning_is_refused_at_its_field(world: World) -> None:
    values = {"starts_on": date(2026, 2, 1), "ends_on": date(2026, 1, 1)}
    with pytest.raises(ValidationError) as error:
        add_dealing(KINDS["contracts"], world.meppel, values)
    assert list(error.value.message_dict) == ["ends_on"]


def test_one_source_has_an_id_only_once(world: World) -> None:
    values = {"ordered_on": date(2026, 1, 1), "source": "erp", "external_id": "7"}
    first = add_dealing(KINDS["orders"], world.meppel, values)
    with pytest.raises(Conflict, match="erp already has something with the id 7"):
        add_dealing(KINDS["orders"], world.veldhuis, values)
    change_dealing(KINDS["orders"], first, {"number": "1"})
    assert Order.objects.count() == 1


def test_milestones_are_set_changed_and_removed(world: World, browser_of: Browser) -> None:
    project = Project.objects.create(account=world.meppel, name="Start-up")
    browser = browser_of("account_manager")
    base = f"/customers/{world.meppel.code}/projects/{project.pk}/milestones/"
    browser.post(f"{base}new/", {"name": "Accepted", "due_on": "2026-04-01"})
    milestone = Milestone.objects.get()
    browser.post(
        f"{base}{milestone.pk}/", {"name": "Accepted", "due_on": "2026-04-01", "reached_on": "2026-04-02"}
    )
    milestone.refresh_from_db()
    assert milestone.reached_on == date(2026, 4, 2)
    assert browser.post(f"{base}new/", {"name": "Accepted"}).status_code == 422
    browser.post(f"{base}{milestone.pk}/remove/")
    assert not Milestone.objects.exists()
