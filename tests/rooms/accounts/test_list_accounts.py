"""The list of customers: whom it shows to whom, and how it is narrowed, searched, sorted and paged."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from tests.cast import World

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, AccountExternalId, Contact, Contract

Browser = Callable[[str], Client]


def shown(client: Client, query: str = "") -> list[str]:
    """Return the names on the list."""
    page = client.get(f"/customers/{query}")
    return [str(row.cells[0]) for row in page.context["table"].rows]


@pytest.mark.parametrize(
    ("who", "names"),
    [
        ("cx_manager", ["Kestrel Pharma", "Tarnhelm Chemicals", "Veldhuis Dairy", "Veldhuis Meppel"]),
        ("account_manager", ["Veldhuis Dairy", "Veldhuis Meppel"]),
        ("champion", ["Veldhuis Dairy", "Veldhuis Meppel"]),
        ("partner_user", ["Kestrel Pharma"]),
    ],
)
def test_everybody_sees_only_the_customers_within_reach(
    who: str, names: list[str], world: World, browser_of: Browser
) -> None:
    assert shown(browser_of(who)) == names


def test_the_count_counts_only_what_is_within_reach(world: World, browser_of: Browser) -> None:
    page = browser_of("account_manager").get("/customers/").content.decode()
    assert "2 customers within your reach" in page


def test_an_employee_who_may_only_capture_has_no_list(world: World, browser_of: Browser) -> None:
    assert browser_of("employee").get("/customers/").status_code == 404


def test_a_stranger_is_asked_to_sign_in(world: World, browser_of: Browser) -> None:
    assert browser_of("stranger").get("/customers/").status_code == 302


@pytest.mark.parametrize("typed", ["veldhuis", "veldhius", "VELTHUIS", "dairy veldhuis", "feldhuis"])
def test_typing_mistakes_are_forgiven(typed: str, world: World, browser_of: Browser) -> None:
    assert "Veldhuis Dairy" in shown(browser_of("cx_manager"), f"?q={typed}")


def test_a_search_finds_by_code_id_city_domain_and_address(world: World, browser_of: Browser) -> None:
    Account.objects.filter(pk=world.tarnhelm.pk).update(city="Rotterdam", domain="tarnhelm.example")
    AccountExternalId.objects.create(account=world.tarnhelm, system="crm", value="0042-X")
    Contact.objects.create(account=world.tarnhelm, name="Ada", email="Ada@else.example")
    browser = browser_of("cx_manager")
    for typed in (world.tarnhelm.code, "0042-X", "roterdam", "tarnhelm.example", "ada@ELSE.example"):
        assert shown(browser, f"?q={typed}")[0] == "Tarnhelm Chemicals", typed


def test_the_best_match_comes_first_unless_another_order_is_asked_for(
    world: World, browser_of: Browser
) -> None:
    Account.objects.create(name="A Veldhuis Dairy cousin")
    browser = browser_of("cx_manager")
    assert shown(browser, "?q=veldhuis+dairy")[:2] == ["Veldhuis Dairy", "A Veldhuis Dairy cousin"]
    assert shown(browser, "?q=veldhuis+dairy&sort=name")[0] == "A Veldhuis Dairy cousin"


def test_a_search_finds_nothing_beyond_reach(world: World, browser_of: Browser) -> None:
    page = browser_of("account_manager").get(f"/customers/?q={world.tarnhelm.code}")
    assert page.context["page"].paginator.count == 0
    assert "No customer fits" in page.content.decode()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?tier=B", ["Tarnhelm Chemicals"]),
        ("?tier=B&tier=C", ["Kestrel Pharma", "Tarnhelm Chemicals"]),
        ("?region=benelux", ["Veldhuis Dairy", "Veldhuis Meppel"]),
        ("?kind=site", ["Veldhuis Meppel"]),
        ("?partner=kolding-dealer", ["Kestrel Pharma"]),
        ("?team=nordics-team&tier=B", ["Tarnhelm Chemicals"]),
        ("?owner=none", ["Kestrel Pharma", "Tarnhelm Chemicals"]),
        ("?life_cycle=lapsed", []),
        ("?sector=Dairy", ["Veldhuis Dairy"]),
        ("?country=Denmark", ["Kestrel Pharma"]),
        ("?division=pumps", ["Tarnhelm Chemicals"]),
    ],
)
def test_each_filter_narrows_the_list(
    query: str, names: list[str], world: World, browser_of: Browser
) -> None:
    Account.objects.filter(pk=world.veldhuis.pk).update(sector="Dairy")
    Account.objects.filter(pk=world.kestrel.pk).update(country="Denmark")
    Account.objects.filter(pk=world.tarnhelm.pk).update(division="pumps")
    assert shown(browser_of("cx_manager"), query) == names


def test_mine_are_those_i_own(world: World, browser_of: Browser) -> None:
    assert shown(browser_of("account_manager"), "?owner=mine") == ["Veldhuis Dairy", "Veldhuis Meppel"]
    assert shown(browser_of("cx_manager"), "?owner=mine") == []


def test_the_list_is_sorted_by_the_column_in_the_address(world: World, browser_of: Browser) -> None:
    names = shown(browser_of("cx_manager"), "?sort=-tier&q=")
    assert names[0] == "Kestrel Pharma"
    assert shown(browser_of("cx_manager"), "?sort=-name")[0] == "Veldhuis Meppel"


def test_columns_are_chosen_in_the_address(world: World, browser_of: Browser) -> None:
    page = browser_of("cx_manager").get("/customers/?columns=city,code,nonsense")
    assert [str(column.label) for column in page.context["table"].columns] == ["Customer", "City", "Code"]


def test_sums_cover_everything_below_within_reach(
    world: World, cast: Callable[[str], User], browser_of: Browser
) -> None:
    hidden = Account.objects.create(
        name="Veldhuis Oslo", kind="site", parent=world.veldhuis, region_id="nordics", team_id="nordics-team"
    )
    Contact.objects.create(account=hidden, name="Nobody of yours")
    for account, value in ((world.veldhuis, 100_000), (world.meppel, 200_000), (hidden, 5_000_000)):
        Contract.objects.create(
            account=account,
            starts_on=date(2020, 1, 1),
            ends_on=date(2999, 1, 1),
            annual_value=value,
            currency="EUR",
        )
    page = browser_of("account_manager").get("/customers/?columns=people,a_year,renews")
    assert list(page.context["table"].rows[0].cells) == ["Veldhuis Dairy", "2", "€0.30m", "1 Jan 2999"]


def test_merged_customers_are_not_listed(world: World, browser_of: Browser) -> None:
    Account.objects.filter(pk=world.tarnhelm.pk).update(merged_into=world.veldhuis, parent=world.veldhuis)
    assert "Tarnhelm Chemicals" not in shown(browser_of("cx_manager"))


def test_the_number_of_queries_does_not_grow_with_rows(
    world: World, browser_of: Browser, django_assert_max_num_queries: Any
) -> None:
    Account.objects.bulk_create(
        Account(name=f"Customer {number}", team_id="benelux-team", parent=world.veldhuis)
        for number in range(60)
    )
    browser = browser_of("account_manager")
    every = "code,parent,kind,region,owner,team,partner,division,people,a_year,renews"
    with django_assert_max_num_queries(18):
        assert len(shown(browser, f"?columns={every}&team=benelux-team")) == 50


def test_a_page_beyond_the_last_shows_the_last(world: World, browser_of: Browser) -> None:
    assert len(shown(browser_of("cx_manager"), "?page=99")) == 4


def test_an_empty_reach_says_what_will_be_here(catalog: None, browser_of: Browser) -> None:
    assert (
        "No customer is within your reach yet" in browser_of("cx_manager").get("/customers/").content.decode()
    )
