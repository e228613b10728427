"""The list of people and the page of one person."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.cast import World

from rapport.kernel.models import Sighting
from rapport.rooms.accounts.models import Account, BuyingRole, Contact, ContactExternalId, ServiceRequest

Browser = Callable[[str], Client]
NOW = datetime(2026, 9, 17, 10, 0, tzinfo=UTC)


def shown(client: Client, query: str = "") -> list[str]:
    """Return the names on the list."""
    return [str(row.cells[0]) for row in client.get(f"/customers/people/{query}").context["table"].rows]


@pytest.mark.parametrize(
    ("who", "names"),
    [
        ("cx_manager", ["Eva Hoekstra", "Joost Brandsma", "Mikkel Friis"]),
        ("account_manager", ["Eva Hoekstra", "Joost Brandsma"]),
        ("partner_user", ["Mikkel Friis"]),
    ],
)
def test_everybody_sees_only_the_people_within_reach(
    who: str, names: list[str], world: World, browser_of: Browser
) -> None:
    assert shown(browser_of(who)) == names


def test_people_are_found_by_mistyped_name_address_code_and_id(world: World, browser_of: Browser) -> None:
    ContactExternalId.objects.create(contact=world.eva, system="crm", value="77")
    browser = browser_of("cx_manager")
    for typed in ("hoextra", "EVA@veldhuis.example", world.eva.code, "77"):
        assert shown(browser, f"?q={typed}")[0] == "Eva Hoekstra", typed
    assert (
        browser_of("partner_user").get("/customers/people/?q=hoekstra").context["page"].paginator.count == 0
    )


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?role=approver", ["Eva Hoekstra"]),
        ("?consent=given", ["Joost Brandsma"]),
        ("?left=yes", ["Mikkel Friis"]),
        ("?left=no", ["Eva Hoekstra", "Joost Brandsma"]),
        ("?region=nordics", ["Mikkel Friis"]),
        ("?seniority=top", ["Eva Hoekstra"]),
    ],
)
def test_each_filter_narrows_the_list(
    query: str, names: list[str], world: World, browser_of: Browser
) -> None:
    Contact.objects.filter(pk=world.joost.pk).update(consent="given")
    Contact.objects.filter(pk=world.kestrel_buyer.pk).update(left_on=date(2026, 1, 1))
    Contact.objects.filter(pk=world.eva.pk).update(seniority="top")
    assert shown(browser_of("cx_manager"), query) == names


def test_a_person_beyond_reach_does_not_exist(world: World, browser_of: Browser) -> None:
    browser = browser_of("account_manager")
    for path in ("", "edit/", "roles/new/"):
        assert browser.get(f"/customers/people/{world.kestrel_buyer.code}/{path}").status_code == 404


def test_looking_at_a_person_is_noted(world: World, browser_of: Browser) -> None:
    browser_of("account_manager").get(f"/customers/people/{world.eva.code}/")
    assert Sighting.objects.get(kind="contact").object_code == world.eva.code


def test_the_page_shows_roles_facts_consent_and_what_happened(world: World, browser_of: Browser) -> None:
    Contact.objects.filter(pk=world.eva.pk).update(
        title="CFO", consent="given", consent_at=NOW, consent_source="fair in Utrecht"
    )
    ServiceRequest.objects.create(
        account=world.meppel,
        contact=world.eva,
        number="SR-9",
        subject="Leak",
        opened_at=NOW - timedelta(days=90),
    )
    page = browser_of("account_manager").get(f"/customers/people/{world.eva.code}/").content.decode()
    for words in (
        "CFO",
        "Approver",
        "can veto",
        "Given, 17 Sep 2026, fair in Utrecht",
        "Request SR-9",
        "Leak",
    ):
        assert words in page, words


def test_a_request_at_a_customer_beyond_reach_is_left_out(world: World, browser_of: Browser) -> None:
    ServiceRequest.objects.create(
        account=world.tarnhelm, contact=world.eva, number="SR-X", opened_at=NOW - timedelta(days=90)
    )
    page = browser_of("account_manager").get(f"/customers/people/{world.eva.code}/").content.decode()
    assert "SR-X" not in page


def test_a_role_nobody_confirmed_asks_to_be_confirmed(world: World, browser_of: Browser) -> None:
    page = browser_of("account_manager").get(f"/customers/people/{world.eva.code}/").content.decode()
    assert "never confirmed" in page
    assert "Still holds it" in page


def test_who_may_not_edit_sees_no_buttons_to_do_so(world: World, browser_of: Browser) -> None:
    page = browser_of("champion").get(f"/customers/people/{world.eva.code}/").content.decode()
    assert "Still holds it" not in page
    assert "Add a role" not in page


def test_the_number_of_queries_does_not_grow_with_rows(
    world: World, browser_of: Browser, django_assert_max_num_queries: Any
) -> None:
    site = Account.objects.create(name="Big site", team_id="benelux-team")
    people = Contact.objects.bulk_create(Contact(account=site, name=f"Person {n}") for n in range(60))
    BuyingRole.objects.bulk_create(BuyingRole(contact=person, role="user") for person in people)
    browser = browser_of("account_manager")
    with django_assert_max_num_queries(12):
        assert len(shown(browser)) == 50


def test_the_palette_finds_customers_and_people_within_reach(world: World, browser_of: Browser) -> None:
    found = browser_of("cx_manager").get("/customers/search/?q=veldhuis", headers={"X-Palette": "1"})
    assert "Veldhuis Dairy" in found.content.decode()
    assert "Joost Brandsma" in found.content.decode()
    hidden = browser_of("partner_user").get("/customers/search/?q=veldhuis").content.decode()
    assert "Veldhuis Dairy" not in hidden
    assert "Joost" not in hidden


def test_customers_are_offered_while_one_types(world: World, browser_of: Browser) -> None:
    offered = browser_of("account_manager").get("/customers/offered/?parent=veld").content.decode()
    assert f"Veldhuis Dairy ({world.veldhuis.code})" in offered
    assert (
        "Tarnhelm"
        not in browser_of("account_manager").get("/customers/offered/?parent=tarnhelm").content.decode()
    )
