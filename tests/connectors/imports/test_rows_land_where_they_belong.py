"""Each target: created, found again, changed, and what is wrong told."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from tests.cast import World
from tests.connectors.imports.conftest import BringIn, counts, problems

from rapport.connectors.files import Column
from rapport.connectors.files.suggesting import suggest_mapping
from rapport.connectors.imports.targets import TARGETS
from rapport.kernel.models import User
from rapport.rooms.accounts.models import (
    Account,
    BuyingRole,
    Contact,
    Contract,
    InstalledProduct,
    Opportunity,
    Order,
    Project,
    ServiceRequest,
    Usage,
)
from rapport.rooms.catalog.models import Product

pytestmark = pytest.mark.django_db

ACCOUNTS = """
target = "accounts"
source = "crm"
currency = "EUR"
[fields]
external_id = "id"
name = "name"
parent = "parent"
revenue = "revenue"
region = { column = "region", if_wrong = "empty" }
"""
TREE = (
    "id,name,parent,revenue,region\n"
    "3,Site Ulm,2,,Benelux\n2,Acme GmbH,1,5.5,\n1,Acme Group,,1000,nordics\n4,Loner,Acme Group,,\n"
)


def test_accounts_find_parents_that_stand_further_down_the_file(catalog: None, bring_in: BringIn) -> None:
    run = bring_in(TREE, ACCOUNTS)
    assert counts(run) == {"read": 4, "created": 4}
    ulm = Account.objects.get(name="Site Ulm")
    assert ulm.parent
    assert ulm.parent.parent == Account.objects.get(name="Acme Group")
    assert str(ulm.path).count(".") == 2
    assert ulm.region_id == "benelux"
    assert Account.objects.get(name="Loner").parent == ulm.parent.parent
    assert Account.objects.get(name="Acme GmbH").revenue == Decimal("5.50")
    assert Account.objects.get(name="Acme GmbH").currency == "EUR"


def test_the_same_file_again_changes_nothing(catalog: None, bring_in: BringIn) -> None:
    bring_in(TREE, ACCOUNTS)
    before = list(Account.objects.order_by("pk").values())
    assert counts(bring_in(TREE, ACCOUNTS)) == {"read": 4, "unchanged": 4}
    assert list(Account.objects.order_by("pk").values()) == before


def test_a_changed_row_changes_its_account_and_empty_cells_leave_what_is_there(
    catalog: None, bring_in: BringIn
) -> None:
    bring_in(TREE, ACCOUNTS)
    text = "id,name,parent,revenue,region\n1,Acme Holding,,,\n2,Acme GmbH,1,5.5,\n"
    assert counts(bring_in(text, ACCOUNTS)) == {"read": 2, "changed": 1, "unchanged": 1}
    holding = Account.objects.get(name="Acme Holding")
    assert holding.revenue == 1000
    assert counts(bring_in(text, 'empty = "clear"\n' + ACCOUNTS)) == {"read": 2, "changed": 1, "unchanged": 1}
    holding.refresh_from_db()
    assert (holding.revenue, holding.region_id) == (None, None)


def test_an_account_moves_in_the_tree_but_never_below_itself(catalog: None, bring_in: BringIn) -> None:
    bring_in(TREE, ACCOUNTS)
    run = bring_in("id,name,parent,revenue,region\n4,Loner,3,,\n1,Acme Group,3,,\n", ACCOUNTS)
    assert Account.objects.get(name="Loner").parent == Account.objects.get(name="Site Ulm")
    assert Account.objects.get(name="Acme Group").parent is None
    assert problems(run) == [(3, "parent", "3")]


def test_accounts_that_belong_to_each_other_in_a_circle_land_without_and_it_is_told(
    catalog: None, bring_in: BringIn
) -> None:
    run = bring_in("id,name,parent,revenue,region\n1,A,2,,\n2,B,1,,\n3,C,1,,\n", ACCOUNTS)
    assert counts(run)["created"] == 3
    assert {row for row, _, _ in problems(run)} >= {2, 3}
    assert not run.problems.filter(rejected=True).exists()


def test_a_row_named_twice_counts_once_as_the_mapping_says(catalog: None, bring_in: BringIn) -> None:
    text = "id,name,parent,revenue,region\n1,First,,,\n1,Last,,,\n"
    assert counts(bring_in(text, ACCOUNTS)) == {"read": 2, "created": 1, "repeated": 1}
    assert Account.objects.get().name == "Last"
    bring_in(text, 'repeated = "first"\n' + ACCOUNTS)
    assert Account.objects.get().name == "First"


def test_without_ids_accounts_are_known_by_their_name_unless_two_have_it(
    world: World, bring_in: BringIn
) -> None:
    toml = 'target = "accounts"\n[fields]\nname = "name"\nsector = "sector"\n'
    Account.objects.create(name="Twin")
    Account.objects.create(name="Twin")
    run = bring_in("name,sector\nVeldhuis Dairy,food\nTwin,steel\nNew Ltd,glass\n", toml)
    assert counts(run) == {"read": 3, "created": 1, "changed": 1, "rejected": 1}
    world.veldhuis.refresh_from_db()
    assert world.veldhuis.sector == "food"
    assert problems(run) == [(3, "name", "Twin")]


def test_rows_of_a_merged_account_change_the_one_that_was_kept(world: World, bring_in: BringIn) -> None:
    bring_in("id,name,parent,revenue,region\n9,Dup,,,\n", ACCOUNTS)
    Account.objects.filter(name="Dup").update(merged_into=world.veldhuis)
    bring_in("id,name,parent,revenue,region\n9,Veldhuis Dairy,,77,\n", ACCOUNTS)
    world.veldhuis.refresh_from_db()
    assert world.veldhuis.revenue == 77


CONTACTS = """
target = "contacts"
source = "crm"
[fields]
external_id = "pid"
account = "firm"
name = { columns = ["first", "last"] }
email = { column = "mail", if_wrong = "empty" }
language = "lang"
"""


def test_people_land_at_their_accounts_and_are_known_again(world: World, bring_in: BringIn) -> None:
    text = (
        "pid,firm,first,last,mail,lang\n"
        f"1,{world.veldhuis.code},Al,Roy,al@x.example,Deutsch\n"
        "2,Tarnhelm Chemicals,Bo,Li,no address,en\n3,Nobody Ltd,Cy,Mo,,\n"
    )
    run = bring_in(text, CONTACTS)
    assert counts(run) == {"read": 3, "created": 2, "rejected": 1}
    assert problems(run) == [(3, "mail", "no address"), (4, "firm", "Nobody Ltd")]
    roy = Contact.objects.get(name="Al Roy")
    assert (roy.account, roy.language, roy.email) == (world.veldhuis, "de", "al@x.example")
    assert counts(bring_in(text, CONTACTS)) == {"read": 3, "unchanged": 2, "rejected": 1}


def test_without_ids_people_are_known_by_address_then_by_name_at_the_account(
    world: World, bring_in: BringIn
) -> None:
    toml = 'target = "contacts"\n[fields]\naccount = "firm"\nname = "name"\nemail = "mail"\ntitle = "title"\n'
    text = (
        "firm,name,mail,title\n"
        "Veldhuis Dairy,E. Hoekstra,EVA@veldhuis.example,CFO\nVeldhuis Meppel,Joost Brandsma,,Plant manager\n"
    )
    assert counts(bring_in(text, toml)) == {"read": 2, "changed": 2}
    world.eva.refresh_from_db()
    world.joost.refresh_from_db()
    assert (world.eva.name, world.joost.title) == ("E. Hoekstra", "Plant manager")


ROLES = """
target = "roles"
[fields]
contact = "who"
role = { column = "role", values = { 'Einkäufer' = 'buyer' } }
veto = "veto"
valid_from = "from"
valid_to = "to"
"""


def test_roles_are_found_again_and_overlaps_are_told(world: World, bring_in: BringIn) -> None:
    text = (
        "who,role,veto,from,to\n"
        "joost@veldhuis.example,Einkäufer,ja,2024-01-01,2025-01-01\n"
        "joost@veldhuis.example,buyer,no,2024-06-01,\n"
        "eva@veldhuis.example,user,no,2024-06-01,2024-01-01\n"
        "eva@veldhuis.example,boss,no,,\n"
        "eva@veldhuis.example,approver,no,2024-01-01,\n"
    )
    run = bring_in(text, ROLES)
    assert counts(run) == {"read": 5, "created": 1, "rejected": 4}
    assert {(row, column) for row, column, _ in problems(run)} == {
        (3, "role"),
        (4, "to"),
        (5, "role"),
        (6, "role"),
    }
    role = BuyingRole.objects.get(contact=world.joost, role="buyer")
    assert (role.veto, role.valid_to) == (True, date(2025, 1, 1))
    assert counts(bring_in(text, ROLES))["unchanged"] == 1


def test_a_file_of_roles_without_dates_speaks_of_the_roles_held_today(
    world: World, bring_in: BringIn
) -> None:
    toml = 'target = "roles"\n[fields]\ncontact = "who"\nrole = "role"\nweight = "weight"\n'
    run = bring_in("who,role,weight\neva@veldhuis.example,approver,80\n", toml)
    assert counts(run) == {"read": 1, "changed": 1}
    assert BuyingRole.objects.get(contact=world.eva).weight == 80


def test_deals_orders_and_the_rest_land_with_their_references(world: World, bring_in: BringIn) -> None:
    code = world.veldhuis.code
    given = "external_id = 'id'\nproduct = 'p'\n"
    cases: list[tuple[type, str, str, str]] = [
        (Contract, "contracts", "starts_on = 'd'\nannual_value = 'n'", "2024-01-01"),
        (Order, "orders", "ordered_on = 'd'\namount = 'n'", "2024-01-01"),
        (Opportunity, "opportunities", "closed_on = 'd'\namount = 'n'", "2024-01-01"),
        (InstalledProduct, "products_in_use", "installed_on = 'd'\nquantity = 'n'", "2024-01-01"),
        (ServiceRequest, "service_requests", "opened_at = 'd'", "2024-01-01 10:00"),
        (Usage, "usage", "starts_on = 'd'\nvalue = 'n'\nmeasure = { constant = 'logins' }", "2024-01-01"),
    ]
    for model, target, fields, day in cases:
        toml = f'target = "{target}"\nsource = "erp"\n[fields]\naccount = "a"\n{given}{fields}\n'
        text = (
            f"id,a,d,n,p\n1,{code},{day},5,SEAL kit\n"
            f"2,{code},2024-02-31,5,seal-kit\n3,{code},2024-02-01,5,unknown\n"
        )
        run = bring_in(text, toml)
        assert counts(run) == {"read": 3, "created": 1, "rejected": 2}, target
        found = model.objects.get()  # type: ignore[attr-defined]
        assert (found.account, found.product_id, found.source, found.external_id) == (
            world.veldhuis, "seal-kit", "erp", "1",
        )  # fmt: skip
        assert counts(bring_in(text, toml)) == {"read": 3, "unchanged": 1, "rejected": 2}, target


def test_rows_without_ids_are_known_by_all_they_say_and_equal_rows_stay_two(
    world: World, bring_in: BringIn
) -> None:
    toml = 'target = "orders"\n[fields]\naccount = "a"\nordered_on = "d"\namount = "n"\n'
    text = f"a,d,n\n{world.veldhuis.code},2024-01-01,5\n{world.veldhuis.code},2024-01-01,5\n"
    assert counts(bring_in(text, toml)) == {"read": 2, "created": 2}
    assert counts(bring_in(text, toml)) == {"read": 2, "unchanged": 2}


def test_usage_without_ids_is_known_by_what_was_counted_when(world: World, bring_in: BringIn) -> None:
    toml = 'target = "usage"\n[fields]\naccount = "a"\nmeasure = "m"\nstarts_on = "d"\nvalue = "n"\n'
    bring_in(f"a,m,d,n\n{world.veldhuis.code},logins,2024-01-01,5\n", toml)
    assert counts(bring_in(f"a,m,d,n\n{world.veldhuis.code},logins,2024-01-01,6\n", toml)) == {
        "read": 1,
        "changed": 1,
    }
    assert Usage.objects.get().value == 6


def test_milestones_are_gathered_from_all_rows_of_a_project(world: World, bring_in: BringIn) -> None:
    toml = (
        'target = "projects"\nsource = "psa"\n[fields]\nexternal_id = "id"\naccount = "a"\nname = "name"\n'
        '[[groups.milestones]]\nname = "step"\ndue_on = "due"\nreached_on = "done"\n'
    )
    code = world.veldhuis.code
    text = (
        f"id,a,name,step,due,done\n1,{code},Line 3,Kick-off,2024-01-01,2024-01-02\n"
        f"1,{code},Line 3,Go-live,2024-06-01,\n"
    )
    assert counts(bring_in(text, toml)) == {"read": 2, "created": 1, "repeated": 1}
    project = Project.objects.get()
    assert {(m.name, m.due_on, m.reached_on) for m in project.milestones.all()} == {
        ("Kick-off", date(2024, 1, 1), date(2024, 1, 2)),
        ("Go-live", date(2024, 6, 1), None),
    }
    assert counts(bring_in(text, toml)) == {"read": 2, "unchanged": 1, "repeated": 1}
    later = text.replace("2024-06-01,", "2024-06-01,2024-07-01")
    assert counts(bring_in(later, toml)) == {"read": 2, "changed": 1, "repeated": 1}
    assert project.milestones.get(name="Go-live").reached_on == date(2024, 7, 1)


def test_the_catalogue_is_added_to_only_where_the_mapping_and_the_right_allow(
    world: World, bring_in: BringIn, cast: Callable[[str], User]
) -> None:
    toml = (
        'target = "orders"\n[fields]\naccount = "a"\nordered_on = "d"\n'
        'product = { column = "p", create = true }\n'
    )
    text = f"a,d,p\n{world.veldhuis.code},2024-01-01,Große Pumpe 3\n"
    refused = bring_in(text, toml, cast("analyst"))
    assert (refused.state, Product.objects.count()) == ("failed", 1)
    assert "adds to the catalogue" in refused.message
    assert counts(bring_in(text, toml, cast("cx_manager"), dry_run=True)) == {"read": 1, "created": 1}
    assert Product.objects.count() == 1, "a trial adds nothing"
    bring_in(text, toml, cast("cx_manager"))
    assert Order.objects.get().product == Product.objects.get(name="Große Pumpe 3")


def test_a_user_of_limited_scope_changes_and_creates_nothing_beyond_it(
    world: World, bring_in: BringIn, cast: Callable[[str], User]
) -> None:
    user = cast("account_manager")
    toml = (
        'target = "accounts"\n[fields]\nname = "name"\nsector = "sector"\nregion = "region"\nteam = "team"\n'
    )
    text = (
        "name,sector,region,team\nVeldhuis Dairy,food,,\nTarnhelm Chemicals,acid,,\n"
        "New here,x,,benelux-team\nNew there,x,nordics,nordics-team\n"
    )
    run = bring_in(text, toml, user)
    assert counts(run) == {"read": 4, "created": 1, "changed": 1, "rejected": 2}
    assert {row for row, _, _ in problems(run)} == {3, 5}
    orders = 'target = "orders"\n[fields]\naccount = "a"\nordered_on = "d"\n'
    run = bring_in("a,d\nVeldhuis Dairy,2024-01-01\nTarnhelm Chemicals,2024-01-01\n", orders, user)
    assert counts(run) == {"read": 2, "created": 1, "rejected": 1}


@pytest.mark.parametrize("name", list(TARGETS))
def test_every_target_suggests_its_own_field_names_for_themselves(name: str) -> None:
    target = TARGETS[name]
    kinds = {"money": "number", "choice": "text", "phone": "text"}
    columns = [
        Column(f.name, kinds.get(f.kind, f.kind), ("a b", "c"), 1.0, 9)  # type: ignore[arg-type]
        for f in target.fields
    ]
    suggested = suggest_mapping(columns, target)
    assert {n: s.columns[0] for n, s in suggested.fields.items()} == {f.name: f.name for f in target.fields}
