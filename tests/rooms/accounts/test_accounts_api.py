"""Customers, people, roles and dealings for programs."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.cast import World

from rapport.kernel.models import ApiToken, Sighting, User
from rapport.rooms.accounts.models import Account, BuyingRole, Order

API = "/api/v1"


class Program:
    """A program that signs in with a token."""

    def __init__(self, user: User) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {ApiToken.issue(user, 'test')[1]}"}

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.client.generic(
            method,
            API + path,
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers=self.headers,
        )
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
def program_of(cast: Callable[[str], User]) -> Callable[[str], Program]:
    return lambda who: Program(cast(who))


Programs = Callable[[str], Program]


def names(answer: Any) -> list[str]:
    return [item["name"] for item in answer["items"]]


def test_lists_and_searches_hold_only_what_is_within_reach(world: World, program_of: Programs) -> None:
    program = program_of("account_manager")
    assert names(program.send("GET", "/accounts")[1]) == ["Veldhuis Dairy", "Veldhuis Meppel"]
    assert names(program.send("GET", "/accounts?q=veldhius")[1])[0].startswith("Veldhuis")
    assert names(program.send("GET", "/accounts?q=tarnhelm")[1]) == []
    assert names(program.send("GET", "/accounts?tier=A&kind=site")[1]) == ["Veldhuis Meppel"]
    assert names(program.send("GET", "/contacts")[1]) == ["Joost Brandsma", "Eva Hoekstra"]
    assert names(program.send("GET", "/contacts?role=approver")[1]) == ["Eva Hoekstra"]
    assert names(program.send("GET", f"/contacts?account={world.kestrel.code}")[1]) == []


def test_a_long_list_is_read_page_by_page(world: World, program_of: Programs) -> None:
    program, seen, after = program_of("cx_manager"), [], ""
    for _page in range(4):
        status, answer = program.send("GET", f"/accounts?limit=1&after={after}")
        assert status == 200
        seen += names(answer)
        after = answer["next"]
    assert after is None
    assert seen == ["Veldhuis Dairy", "Veldhuis Meppel", "Tarnhelm Chemicals", "Kestrel Pharma"]


@pytest.mark.parametrize("path", ["/accounts/{tarnhelm}", "/contacts/{buyer}", "/accounts/{tarnhelm}/orders"])
def test_what_is_beyond_reach_does_not_exist(path: str, world: World, program_of: Programs) -> None:
    where = path.format(tarnhelm=world.tarnhelm.code, buyer=world.kestrel_buyer.code)
    assert program_of("account_manager").send("GET", where)[0] == 404
    assert program_of("employee").send("GET", "/accounts")[0] == 404


def test_without_signing_in_nothing_is_answered(world: World) -> None:
    assert Client().get(f"{API}/accounts").status_code == 401


def test_reading_one_is_noted(world: World, program_of: Programs) -> None:
    program_of("account_manager").send("GET", f"/accounts/{world.veldhuis.code}")
    program_of("account_manager").send("GET", f"/contacts/{world.eva.code}")
    assert set(Sighting.objects.values_list("kind", "way")) == {("account", "api"), ("contact", "api")}


def test_a_customer_is_added_and_changed(world: World, program_of: Programs) -> None:
    program = program_of("account_manager")
    body = {
        "name": "Veldhuis Gent",
        "kind": "site",
        "parent": world.veldhuis.code,
        "external_ids": [{"system": "crm", "value": "9"}],
    }
    status, made = program.send("POST", "/accounts", body)
    assert status == 201
    assert (made["parent"], made["team"], made["owner"]) == (
        world.veldhuis.code,
        "benelux-team",
        "account_manager@halden.example",
    )
    status, changed = program.send("PATCH", f"/accounts/{made['code']}", {"city": "Gent"})
    assert (status, changed["city"], changed["external_ids"]) == (200, "Gent", body["external_ids"])


def test_a_new_owner_can_be_given_to_all_below(
    world: World, program_of: Programs, cast: Callable[[str], User]
) -> None:
    owner = cast("service_lead").email
    body = {"owner": owner, "also_below": ["owner"]}
    program_of("cx_manager").send("PATCH", f"/accounts/{world.veldhuis.code}", body)
    assert Account.objects.get(pk=world.meppel.pk).owner == cast("service_lead")
    status, answer = program_of("cx_manager").send(
        "PATCH", f"/accounts/{world.veldhuis.code}", {"also_below": ["name"]}
    )
    assert (status, answer["detail"][0]["loc"][-1]) == (422, "also_below")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "X", "colour": "red"}, "colour"),
        ({"name": "X", "region": "mars"}, "region"),
        ({"name": "X", "parent": "A999999"}, "parent"),
        ({"name": "X", "owner": "nobody@x.example"}, "owner"),
        ({"name": "X", "tier": "Z"}, "tier"),
        ({"name": ""}, "name"),
        ({"name": "X", "employees": "many"}, "employees"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(
    body: dict[str, Any], field: str, world: World, program_of: Programs
) -> None:
    status, answer = program_of("cx_manager").send("POST", "/accounts", body)
    assert status == 422
    assert answer["detail"][0]["loc"][-1] == field


def test_a_taken_id_is_a_conflict(world: World, program_of: Programs) -> None:
    program = program_of("cx_manager")
    body = {"system": "crm", "value": "1"}
    assert program.send("POST", f"/accounts/{world.veldhuis.code}/external-ids", body)[0] == 201
    assert program.send("POST", f"/accounts/{world.veldhuis.code}/external-ids", body)[0] == 201
    assert program.send("POST", f"/accounts/{world.tarnhelm.code}/external-ids", body)[0] == 409
    assert program.send("POST", "/accounts", {"name": "New", "external_ids": [body]})[0] == 409
    assert not Account.objects.filter(name="New").exists()
    where = f"/accounts/{world.veldhuis.code}/external-ids?system=crm&value=1"
    assert program.send("DELETE", where)[0] == 204
    assert program.send("POST", f"/accounts/{world.tarnhelm.code}/external-ids", body)[0] == 201


def test_a_person_and_roles_are_kept(world: World, program_of: Programs) -> None:
    program = program_of("account_manager")
    status, made = program.send(
        "POST", "/contacts", {"account": world.meppel.code, "name": "Pieter", "email": "p@x.example"}
    )
    assert status == 201
    where = f"/contacts/{made['code']}"
    assert program.send("PATCH", where, {"title": "Planner"})[1]["title"] == "Planner"
    assert program.send("PATCH", where, {"email": "nonsense"})[0] == 422
    status, role = program.send("POST", f"{where}/roles", {"role": "user", "weight": 5})
    assert (status, role["confirmed_at"] is not None) == (201, True)
    assert program.send("POST", f"{where}/roles", {"role": "user"})[1]["detail"][0]["loc"][-1] == "role"
    assert program.send("PATCH", f"/roles/{role['id']}", {"weight": 8})[1]["weight"] == 8
    assert program.send("POST", f"/roles/{role['id']}/confirm")[0] == 200
    BuyingRole.objects.filter(pk=role["id"]).update(valid_from=datetime.now(UTC).date() - timedelta(days=9))
    assert program.send("POST", f"/roles/{role['id']}/end")[0] == 204
    assert program.send("GET", f"{where}/roles")[1][0]["valid_to"] is not None
    other = BuyingRole.objects.create(contact=world.kestrel_buyer, role="buyer")
    assert program.send("PATCH", f"/roles/{other.pk}", {"weight": 1})[0] == 404


BODIES: dict[str, dict[str, Any]] = {
    "contracts": {"starts_on": "2026-01-01", "annual_value": "1000.00", "currency": "EUR"},
    "orders": {"ordered_on": "2026-01-01", "product": "seal-kit"},
    "opportunities": {"name": "Line 9"},
    "products": {"product": "seal-kit"},
    "requests": {"opened_at": "2026-01-01T10:00:00Z"},
    "projects": {"name": "Start-up", "stage": "use"},
    "usage": {"measure": "Hours", "starts_on": "2026-01-01", "value": 3.5},
}


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_each_kind_of_dealing_is_added_read_and_changed(
    kind: str, world: World, program_of: Programs
) -> None:
    program = program_of("account_manager")
    body = {**BODIES[kind], "source": "erp", "external_id": "1"}
    where = f"/accounts/{world.meppel.code}/{kind}"
    status, made = program.send("POST", where, body)
    assert status == 201, made
    assert {name: made[name] for name in body} == body
    assert program.send("POST", where, body)[0] == 409
    assert program.send("GET", f"/{kind}/{made['id']}")[1] == made
    assert program.send("PATCH", f"/{kind}/{made['id']}", {"source": "crm"})[1]["source"] == "crm"
    listed = program.send("GET", f"/accounts/{world.veldhuis.code}/{kind}")[1]
    assert [item["id"] for item in listed["items"]] == [made["id"]]
    assert program.send("GET", f"/accounts/{world.veldhuis.code}/{kind}?below=false")[1]["items"] == []
    assert program_of("partner_user").send("GET", f"/{kind}/{made['id']}")[0] == 404


def test_a_wrong_dealing_names_its_field(world: World, program_of: Programs) -> None:
    where = f"/accounts/{world.meppel.code}/orders"
    for body, field in (
        ({}, "ordered_on"),
        ({"ordered_on": "soon"}, "ordered_on"),
        ({"ordered_on": "2026-02-01", "delivered_on": "2026-01-01"}, "delivered_on"),
        ({"ordered_on": "2026-02-01", "product": "unknown"}, "product"),
    ):
        status, answer = program_of("account_manager").send("POST", where, body)
        assert (status, answer["detail"][0]["loc"][-1]) == (422, field)
    assert not Order.objects.exists()


def test_milestones_are_set_by_name(world: World, program_of: Programs) -> None:
    program = program_of("account_manager")
    project = program.send("POST", f"/accounts/{world.meppel.code}/projects", {"name": "Start-up"})[1]
    where = f"/projects/{project['id']}/milestones"
    program.send("PUT", where, {"name": "Accepted", "due_on": "2026-04-01"})
    program.send("PUT", where, {"name": "Accepted", "reached_on": "2026-04-02"})
    (milestone,) = program.send("GET", where)[1]
    assert (milestone["due_on"], milestone["reached_on"]) == ("2026-04-01", "2026-04-02")


def test_who_may_only_look_cannot_write(world: World, program_of: Programs) -> None:
    program = program_of("champion")
    assert program.send("POST", "/accounts", {"name": "X"})[0] == 404
    assert program.send("PATCH", f"/contacts/{world.eva.code}", {"title": "X"})[0] == 404
    assert program.send("POST", f"/accounts/{world.meppel.code}/orders", BODIES["orders"])[0] == 404


def test_the_number_of_queries_does_not_grow_with_rows(
    world: World, program_of: Programs, django_assert_max_num_queries: Any
) -> None:
    Account.objects.bulk_create(Account(name=f"C{n}", parent=world.veldhuis) for n in range(40))
    program = program_of("cx_manager")
    with django_assert_max_num_queries(6):
        assert len(program.send("GET", "/accounts")[1]["items"]) == 44


def test_a_text_that_cannot_be_kept_is_refused_in_words(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    sent = browser_of("cx_manager").post(
        "/api/v1/accounts", {"name": "Vel\0dhuis"}, content_type="application/json"
    )
    assert (sent.status_code, sent.json()["field"]) == (422, "name")
    assert "NUL" in sent.json()["message"]
