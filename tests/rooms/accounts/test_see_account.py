"""The page of one customer."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.cast import World

from rapport.kernel.models import Sighting, User
from rapport.rooms.accounts.dealings import KINDS
from rapport.rooms.accounts.models import (
    Account,
    BuyingRole,
    Contact,
    Contract,
    InstalledProduct,
    Milestone,
    Opportunity,
    Order,
    Project,
    ServiceRequest,
    Usage,
)

Browser = Callable[[str], Client]
NOW = datetime(2026, 9, 17, 10, 0, tzinfo=UTC)


@pytest.fixture
def dealings(world: World) -> None:
    """Give Meppel one of everything."""
    here: dict[str, Any] = {"account": world.meppel}
    Contract.objects.create(
        name="Service, Meppel",
        starts_on=date(2024, 1, 1),
        ends_on=date(2999, 6, 30),
        annual_value=320_000,
        currency="EUR",
        **here,
    )
    today = timezone.localdate()
    Order.objects.create(
        number="40-7731",
        ordered_on=today - timedelta(days=30),
        promised_on=today - timedelta(days=16),
        delivered_on=today - timedelta(days=10),
        amount=11_400,
        currency="EUR",
        **here,
    )
    Opportunity.objects.create(
        name="Line 9",
        opened_on=date(2025, 1, 1),
        closed_on=date(2025, 3, 1),
        outcome="lost",
        reason="price",
        competitor="Acme",
        **here,
    )
    InstalledProduct.objects.create(product_id="seal-kit", installed_on=date(2023, 5, 1), **here)
    ServiceRequest.objects.create(number="SR-1", subject="Leak", opened_at=NOW, contact=world.joost, **here)
    project = Project.objects.create(name="Start-up", starts_on=date(2025, 2, 1), **here)
    Milestone.objects.create(
        project=project, name="Accepted", due_on=date(2025, 4, 1), reached_on=date(2025, 4, 3)
    )
    Usage.objects.create(measure="Running hours", starts_on=date(2025, 6, 1), value=620, **here)


def test_a_customer_beyond_reach_does_not_exist(world: World, browser_of: Browser) -> None:
    browser = browser_of("account_manager")
    for path in ("", "timeline/", "people/", "orders/", "edit/"):
        assert browser.get(f"/customers/{world.tarnhelm.code}/{path}").status_code == 404


def test_looking_at_a_customer_is_noted(
    world: World, browser_of: Browser, cast: Callable[[str], User]
) -> None:
    browser_of("account_manager").get(f"/customers/{world.veldhuis.code}/")
    seen = Sighting.objects.get(kind="account")
    assert (seen.object_code, seen.user, seen.way) == (
        world.veldhuis.code,
        cast("account_manager"),
        "page",
    )


def test_every_tab_opens_with_and_without_anything_in_it(
    dealings: None, world: World, browser_of: Browser
) -> None:
    browser = browser_of("cx_manager")
    for account in (world.veldhuis, world.tarnhelm):
        for tab in ("timeline", "people", "sites", *KINDS):
            assert browser.get(f"/customers/{account.code}/{tab}/").status_code == 200, tab


def test_a_tab_nobody_knows_is_not_found(world: World, browser_of: Browser) -> None:
    assert browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/nonsense/").status_code == 404


def test_the_whole_customer_holds_what_happened_at_its_sites(
    dealings: None, world: World, browser_of: Browser
) -> None:
    browser = browser_of("account_manager")
    whole = browser.get(f"/customers/{world.veldhuis.code}/timeline/").content.decode()
    assert "Order 40-7731" in whole
    assert "6 days late" in whole
    alone = browser.get(f"/customers/{world.veldhuis.code}/timeline/?only=site").content.decode()
    assert "Order 40-7731" not in alone


def test_what_lies_below_but_beyond_reach_is_left_out(world: World, browser_of: Browser) -> None:
    oslo = Account.objects.create(
        name="Veldhuis Oslo", kind="site", parent=world.veldhuis, region_id="nordics", team_id="nordics-team"
    )
    Contact.objects.create(account=oslo, name="Olav Hansen")
    Order.objects.create(account=oslo, number="99-1", ordered_on=date(2026, 1, 1))
    browser = browser_of("account_manager")
    for path in ("", "timeline/", "people/", "orders/", "sites/"):
        page = browser.get(f"/customers/{world.veldhuis.code}/{path}").content.decode()
        assert "Oslo" not in page, path
        assert "Olav" not in page, path
        assert "99-1" not in page, path
    counts = {
        tab.label: tab.count for tab in browser.get(f"/customers/{world.veldhuis.code}/").context["tabs"]
    }
    assert (counts["People"], counts["Orders"]) == (2, 0)


def test_the_way_up_stops_where_reach_ends(world: World, browser_of: Browser) -> None:
    Account.objects.filter(pk=world.veldhuis.pk).update(region="nordics", team="nordics-team", owner=None)
    page = browser_of("account_manager").get(f"/customers/{world.meppel.code}/")
    assert page.context["above"] == []


def test_the_timeline_is_newest_first_and_mixes_everything(
    dealings: None, world: World, browser_of: Browser
) -> None:
    page = browser_of("cx_manager").get(f"/customers/{world.meppel.code}/timeline/")
    entries = page.context["stretch"].entries
    assert {entry.kind for entry in entries} >= set(KINDS)
    assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)


def test_the_timeline_can_be_narrowed_to_one_kind(dealings: None, world: World, browser_of: Browser) -> None:
    page = browser_of("cx_manager").get(f"/customers/{world.meppel.code}/timeline/?show=projects")
    assert {entry.kind for entry in page.context["stretch"].entries} == {"projects"}
    assert "reached 2 days late" in page.content.decode()


def test_going_earlier_shows_every_entry_once_even_of_one_day(world: World, browser_of: Browser) -> None:
    Order.objects.bulk_create(
        Order(account=world.meppel, number=f"n{number}", ordered_on=date(2026, 1, 1 + number // 40))
        for number in range(70)
    )
    browser = browser_of("cx_manager")
    url: str = f"/customers/{world.meppel.code}/timeline/?show=orders"
    seen: list[str] = []
    while url:
        page = browser.get(url)
        seen += [str(item.title) for item in page.context["stretch"].items]
        url = page.context["earlier_url"]
    assert len(seen) == 70
    assert len(set(seen)) == 70


def test_nonsense_in_the_place_of_a_cursor_shows_the_first_page(world: World, browser_of: Browser) -> None:
    page = browser_of("cx_manager").get(f"/customers/{world.meppel.code}/timeline/?before=nonsense")
    assert page.status_code == 200


def test_what_is_still_to_come_is_not_on_the_timeline(
    dealings: None, world: World, browser_of: Browser
) -> None:
    page = browser_of("cx_manager").get(f"/customers/{world.meppel.code}/timeline/?show=contracts")
    assert [str(item.text) for item in page.context["stretch"].items] == ["began"]


def test_the_village_shows_sites_roles_and_vetoes(world: World, browser_of: Browser) -> None:
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/")
    chart = page.context["village_chart"]
    assert [list(row)[:3] for row in chart.table.rows] == [
        ["Eva Hoekstra", "Approver", "Veldhuis Dairy"],
        ["Joost Brandsma", "Decision-maker", "Meppel"],
    ]


def test_a_silent_veto_holder_is_named(world: World, browser_of: Browser) -> None:
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/").content.decode()
    assert "No green while a veto is silent." in page
    assert "Eva Hoekstra (weight 14)" in page


def test_a_person_stands_once_by_the_weightiest_role(world: World, browser_of: Browser) -> None:
    BuyingRole.objects.create(contact=world.eva, role="user", weight=90)
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/")
    voices = page.context["village"].voices
    assert [(voice.person.name, voice.role.role, voice.veto) for voice in voices] == [
        ("Eva Hoekstra", "user", True),
        ("Joost Brandsma", "decision_maker", False),
    ]


def test_roles_that_ended_and_people_who_left_are_not_in_the_village(
    world: World, browser_of: Browser
) -> None:
    BuyingRole.objects.filter(contact=world.eva).update(valid_to=date(2020, 1, 1))
    Contact.objects.filter(pk=world.joost.pk).update(left_on=date(2020, 1, 1))
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/")
    assert page.context["village"].voices == []
    assert "Nobody with a say is known here" in page.content.decode()


def test_a_decision_has_a_village_of_its_own(world: World, browser_of: Browser) -> None:
    line = Opportunity.objects.create(account=world.meppel, name="Line 9", opened_on=date(2026, 1, 1))
    BuyingRole.objects.create(contact=world.joost, role="initiator", decision=line)
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/?decision={line.pk}")
    assert [voice.role.role for voice in page.context["village"].voices] == ["initiator"]
    assert "The village: Line 9" in page.content.decode()


def test_knowledge_of_a_role_halves_every_nine_months(world: World) -> None:
    from rapport.rooms.accounts.selectors.village import freshness

    role = BuyingRole(confirmed_at=NOW - timedelta(days=270))
    assert freshness(role, NOW) == pytest.approx(0.5)
    assert freshness(BuyingRole(confirmed_at=NOW), NOW) == 1
    assert freshness(BuyingRole(confirmed_at=None), NOW) == 0


def test_the_deck_says_what_is_the_matter(dealings: None, world: World, browser_of: Browser) -> None:
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/")
    assert "1 of 1 delivery in the last six months came late." in page.context["deck"]


def test_parts_show_the_figures_of_everything_below_them(
    dealings: None, world: World, browser_of: Browser
) -> None:
    Contact.objects.create(account=Account.objects.create(name="Hall 2", parent=world.meppel), name="Piet")
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/sites/")
    (row,) = page.context["table"].rows
    assert [str(cell) for cell in row.cells] == [
        "Veldhuis Meppel",
        "Site",
        "",
        "Account Manager",
        "1",
        "2",
        "€0.32m",
    ]


@pytest.mark.parametrize("tab", ["", "timeline/", "people/", "sites/", "orders/"])
def test_the_number_of_queries_does_not_grow_with_rows(
    tab: str,
    dealings: None,
    world: World,
    browser_of: Browser,
    django_assert_max_num_queries: Any,
) -> None:
    sites = Account.objects.bulk_create(
        Account(name=f"Site {number}", kind="site", parent=world.veldhuis, team_id="benelux-team")
        for number in range(30)
    )
    people = Contact.objects.bulk_create(
        Contact(account=site, name=f"Person {number} at {site.name}") for site in sites for number in range(3)
    )
    BuyingRole.objects.bulk_create(BuyingRole(contact=person, role="user") for person in people)
    Order.objects.bulk_create(
        Order(account=site, number=str(site.pk), ordered_on=date(2026, 1, 1)) for site in sites
    )
    browser = browser_of("account_manager")
    with django_assert_max_num_queries(60):
        assert browser.get(f"/customers/{world.veldhuis.code}/{tab}").status_code == 200
