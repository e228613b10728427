"""Making one of two, and undoing it."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.test import Client
from tests.cast import World

from rapport.kernel.models import User
from rapport.rooms.accounts.api import find_account, find_contact
from rapport.rooms.accounts.models import Account, AccountExternalId, BuyingRole, Contact, Merge, Order
from rapport.rooms.accounts.services.accounts import change_account
from rapport.rooms.accounts.services.merging import (
    CannotMerge,
    merge_accounts,
    merge_contacts,
    undo_merge,
)

Browser = Callable[[str], Client]
NOW = datetime(2026, 9, 17, 10, 0, tzinfo=UTC)
SCOPE = (
    "parent_id",
    "region_id",
    "team_id",
    "owner_id",
    "partner_id",
    "division_id",
    "merged_into_id",
    "path",
)


def state(account: Account) -> dict[str, object]:
    return Account.objects.filter(pk=account.pk).values(*SCOPE, "name", "tier", "city", "revenue").get()


def test_the_merged_account_stands_below_the_kept_one_and_is_seen_by_whoever_sees_that(
    world: World, cast: Callable[[str], User]
) -> None:
    merge_accounts(world.veldhuis, world.tarnhelm, [], by=None, now=NOW)
    world.tarnhelm.refresh_from_db()
    assert world.tarnhelm.merged_into == world.veldhuis
    assert world.tarnhelm.path == f"{world.veldhuis.pk}.{world.tarnhelm.pk}"
    assert world.tarnhelm.team_id == "benelux-team"
    assert Account.objects.visible_to(cast("account_manager")).filter(pk=world.tarnhelm.pk).exists()


def test_nothing_recorded_moves_and_all_of_it_is_shown(world: World, browser_of: Browser) -> None:
    Order.objects.create(account=world.tarnhelm, number="99-1", ordered_on=date(2026, 1, 1))
    merge_accounts(world.veldhuis, world.tarnhelm, [], by=None, now=NOW)
    for only in ("", "?only=site"):
        page = browser_of("account_manager").get(f"/customers/{world.veldhuis.code}/orders/{only}")
        assert "99-1" in page.content.decode()


def test_the_address_of_the_merged_leads_to_the_kept(world: World, browser_of: Browser) -> None:
    merge_accounts(world.veldhuis, world.tarnhelm, [], by=None, now=NOW)
    answer = browser_of("cx_manager").get(f"/customers/{world.tarnhelm.code}/")
    assert answer.headers["Location"] == f"/customers/{world.veldhuis.code}/"


def test_names_and_ids_of_the_merged_find_the_kept(world: World) -> None:
    AccountExternalId.objects.create(account=world.tarnhelm, system="crm", value="7")
    merge_accounts(world.veldhuis, world.tarnhelm, [], by=None, now=NOW)
    assert find_account("crm:7") == world.veldhuis
    assert find_account(world.tarnhelm.code) == world.veldhuis


def test_chosen_values_are_taken_and_undone(world: World) -> None:
    Account.objects.filter(pk=world.tarnhelm.pk).update(city="Essen", revenue="12.50")
    before = [state(world.veldhuis), state(world.tarnhelm)]
    merge = merge_accounts(world.veldhuis, world.tarnhelm, ["city", "tier", "revenue"], by=None, now=NOW)
    kept = Account.objects.get(pk=world.veldhuis.pk)
    assert (kept.city, kept.tier, str(kept.revenue), kept.name) == ("Essen", "B", "12.50", "Veldhuis Dairy")
    undo_merge(merge, by=None, now=NOW)
    assert [state(world.veldhuis), state(world.tarnhelm)] == before


def test_what_was_changed_since_is_not_undone(world: World) -> None:
    Account.objects.filter(pk=world.tarnhelm.pk).update(city="Essen")
    merge = merge_accounts(world.veldhuis, world.tarnhelm, ["city"], by=None, now=NOW)
    Account.objects.filter(pk=world.veldhuis.pk).update(city="Zwolle")
    undo_merge(merge, by=None, now=NOW)
    assert Account.objects.get(pk=world.veldhuis.pk).city == "Zwolle"


def test_a_whole_can_be_merged_into_its_part_and_back(world: World) -> None:
    before = [state(world.veldhuis), state(world.meppel)]
    merge = merge_accounts(world.meppel, world.veldhuis, [], by=None, now=NOW)
    kept = Account.objects.get(pk=world.meppel.pk)
    assert kept.parent is None
    assert set(Account.objects.subtree_of(kept)) == {world.meppel, world.veldhuis}
    undo_merge(merge, by=None, now=NOW)
    assert [state(world.veldhuis), state(world.meppel)] == before


def test_the_parts_of_the_merged_are_shown_below_the_kept(world: World, browser_of: Browser) -> None:
    hall = Account.objects.create(name="Hall", parent=world.tarnhelm, team_id="benelux-team")
    merge_accounts(world.veldhuis, world.tarnhelm, [], by=None, now=NOW)
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/sites/")
    assert [row.cells[0] for row in page.context["table"].rows] == ["Hall", "Veldhuis Meppel"]
    assert hall not in page.context["merges"]


def test_a_later_change_of_team_takes_the_merged_along(world: World, cast: Callable[[str], User]) -> None:
    merge = merge_accounts(world.veldhuis, world.tarnhelm, [], by=None, now=NOW)
    change_account(world.veldhuis, {"team": None, "region": None, "owner": None}, by=None, now=NOW)
    assert not Account.objects.visible_to(cast("account_manager")).filter(pk=world.tarnhelm.pk).exists()
    undo_merge(merge, by=None, now=NOW)
    assert Account.objects.get(pk=world.tarnhelm.pk).team_id == "nordics-team"


def test_two_merges_in_a_row_lead_to_the_last_and_are_undone_from_the_end(world: World) -> None:
    first = merge_accounts(world.tarnhelm, world.kestrel, [], by=None, now=NOW)
    second = merge_accounts(world.veldhuis, world.tarnhelm, [], by=None, now=NOW)
    assert find_account(world.kestrel.code) == world.veldhuis
    assert Account.objects.get(pk=world.kestrel.pk).team_id == "benelux-team"
    undo_merge(second, by=None, now=NOW)
    assert find_account(world.kestrel.code) == world.tarnhelm
    assert Account.objects.get(pk=world.kestrel.pk).team_id == "nordics-team"
    undo_merge(first, by=None, now=NOW)
    assert Account.objects.get(pk=world.kestrel.pk).partner_id == "kolding-dealer"


def test_what_cannot_be_merged_says_why(world: World) -> None:
    with pytest.raises(CannotMerge, match="the same already"):
        merge_accounts(world.veldhuis, world.veldhuis, [], by=None, now=NOW)
    merge = merge_accounts(world.veldhuis, world.tarnhelm, [], by=None, now=NOW)
    with pytest.raises(CannotMerge, match="merged into another already"):
        merge_accounts(world.kestrel, world.tarnhelm, [], by=None, now=NOW)
    undo_merge(merge, by=None, now=NOW)
    with pytest.raises(CannotMerge, match="undone already"):
        undo_merge(merge, by=None, now=NOW)


def test_people_are_merged_and_parted(world: World) -> None:
    twin = Contact.objects.create(account=world.veldhuis, name="Joost B.", email="jb@x.example", phone="123")
    merge = merge_contacts(world.joost, twin, ["phone"], by=None, now=NOW)
    assert Contact.objects.get(pk=world.joost.pk).phone == "123"
    assert find_contact(f"P{twin.pk}") == world.joost
    undo_merge(merge, by=None, now=NOW)
    assert Contact.objects.get(pk=world.joost.pk).phone == ""
    assert Contact.objects.get(pk=twin.pk).merged_into is None


def test_taking_over_consent_takes_its_date_and_source(world: World) -> None:
    twin = Contact.objects.create(
        account=world.veldhuis, name="Joost B.", consent="given", consent_at=NOW, consent_source="fair"
    )
    merge = merge_contacts(world.joost, twin, ["consent"], by=None, now=NOW)
    kept = Contact.objects.get(pk=world.joost.pk)
    assert (kept.consent, kept.consent_at, kept.consent_source) == ("given", NOW, "fair")
    undo_merge(merge, by=None, now=NOW)
    kept = Contact.objects.get(pk=world.joost.pk)
    assert (kept.consent, kept.consent_at, kept.consent_source) == ("unknown", None, "")


def test_the_roles_of_a_merged_person_are_the_kept_ones_in_the_village(
    world: World, browser_of: Browser
) -> None:
    twin = Contact.objects.create(account=world.veldhuis, name="Joost B.")
    BuyingRole.objects.create(contact=twin, role="user", weight=50)
    merge_contacts(world.joost, twin, [], by=None, now=NOW)
    page = browser_of("cx_manager").get(f"/customers/{world.veldhuis.code}/")
    voices = [(voice.person.name, voice.role.role) for voice in page.context["village"].voices]
    assert voices == [("Joost Brandsma", "user"), ("Eva Hoekstra", "approver")]


# -- In the browser ------------------------------------------------------------------


def test_two_rows_are_compared_merged_and_parted_in_the_browser(world: World, browser_of: Browser) -> None:
    browser = browser_of("cx_manager")
    url = f"/customers/duplicates/customers/{world.veldhuis.code}/{world.tarnhelm.code}/"
    page = browser.get(url)
    differing = {choice.name: (choice.kept, choice.merged) for choice in page.context["differing"]}
    assert differing["name"] == ("Veldhuis Dairy", "Tarnhelm Chemicals")
    answer = browser.post(url, {"value-tier": "merged", "value-name": "kept", "value-path": "merged"})
    assert answer.headers["Location"] == f"/customers/{world.veldhuis.code}/"
    assert Account.objects.get(pk=world.veldhuis.pk).tier == "B"
    merge = Merge.objects.get()
    assert "Undo this merge" in browser.get(f"/customers/{world.veldhuis.code}/sites/").content.decode()
    browser.post(f"/customers/duplicates/{merge.pk}/undo/")
    assert Account.objects.get(pk=world.veldhuis.pk).tier == "A"


def test_nobody_merges_or_parts_what_lies_beyond_reach(world: World, browser_of: Browser) -> None:
    browser = browser_of("account_manager")
    url = f"/customers/duplicates/customers/{world.veldhuis.code}/{world.tarnhelm.code}/"
    assert browser.get(url).status_code == 404
    assert browser.post(url).status_code == 404
    merge = merge_accounts(world.tarnhelm, world.kestrel, [], by=None, now=NOW)
    assert browser.post(f"/customers/duplicates/{merge.pk}/undo/").status_code == 404
    assert Merge.objects.get().undone_at is None
