"""Exports: every list, streamed, in a user's scope, safe to open, anonymous feedback untraceable."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from tests.cast import World

from rapport.connectors.exports.command import export
from rapport.connectors.exports.lists import LISTS, Everyone
from rapport.connectors.files import FILE_KINDS, open_table
from rapport.kernel.models import Sighting, User
from rapport.rooms.accounts.models import Account
from rapport.rooms.signals.api import NewComment, NewScore, NewSignal, record_signal

pytestmark = pytest.mark.django_db


def rows_of(response: Any) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def say(world: World, reference: str, **given: Any) -> None:
    new = NewSignal(
        **{
            "kind": "survey",
            "source": "test",
            "external_reference": reference,
            "occurred_at": timezone.now() - timedelta(days=70),
            "account": world.veldhuis.code,
            "scores": (NewScore("nps", 3),),
            "comments": (NewComment("=late again", "en"),),
            **given,
        }
    )
    record_signal(new, author=None, now=given.pop("now", timezone.now() - timedelta(days=62)))


@pytest.mark.parametrize("name", list(LISTS))
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_every_list_can_be_taken_out(
    name: str, kind: str, world: World, browser_of: Callable[[str], Client]
) -> None:
    response = browser_of("analyst").get(f"/exports/{name}/{kind}/")
    assert response.status_code == 200
    assert b"".join(response.streaming_content) or kind == "jsonl"  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", list(FILE_KINDS))
def test_a_list_is_read_back_from_every_format(
    kind: str, tmp_path: Path, world: World, browser_of: Callable[[str], Client]
) -> None:
    response = browser_of("analyst").get(f"/exports/accounts/{kind}/")
    path = tmp_path / f"a{FILE_KINDS[kind].suffix}"  # type: ignore[index]
    path.write_bytes(b"".join(response.streaming_content))  # type: ignore[attr-defined]
    (batch,) = open_table(path).batches()
    assert batch.values["name"] == [
        "Kestrel Pharma",
        "Tarnhelm Chemicals",
        "Veldhuis Dairy",
        "Veldhuis Meppel",
    ]


def test_an_export_holds_only_what_its_user_may_see(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    say(world, "ours")
    say(world, "theirs", account=world.tarnhelm.code)
    ours = browser_of("account_manager")
    assert {r["name"] for r in rows_of(ours.get("/exports/accounts/csv/"))} == {
        "Veldhuis Dairy",
        "Veldhuis Meppel",
    }
    assert {r["name"] for r in rows_of(ours.get("/exports/contacts/csv/"))} == {
        "Joost Brandsma",
        "Eva Hoekstra",
    }
    assert {r["external_id"] for r in rows_of(ours.get("/exports/signals/csv/"))} == {"ours"}
    partner = browser_of("partner_administrator")
    assert {r["name"] for r in rows_of(partner.get("/exports/accounts/csv/"))} == {"Kestrel Pharma"}
    assert rows_of(partner.get("/exports/signals/csv/")) == []


@pytest.mark.parametrize("who", ["executive", "champion", "employee", "partner_user"])
def test_who_may_not_export_finds_no_such_page(
    who: str, world: World, browser_of: Callable[[str], Client]
) -> None:
    for address in ("/exports/", "/exports/accounts/", "/exports/accounts/csv/"):
        assert browser_of(who).get(address).status_code == 404


def test_a_list_keeps_the_filters_of_its_page(world: World, browser_of: Callable[[str], Client]) -> None:
    client = browser_of("analyst")
    page = client.get("/exports/accounts/?region=nordics&tier=C")
    assert "/exports/accounts/csv/?region=nordics&amp;tier=C" in page.content.decode()
    rows = rows_of(client.get("/exports/accounts/csv/?region=nordics&tier=C"))
    assert [row["name"] for row in rows] == ["Kestrel Pharma"]


def test_signals_carry_scores_and_words_and_formulas_are_inert(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    say(world, "1", scores=(NewScore("nps", 3), NewScore("csat", 2)))
    (row,) = rows_of(browser_of("analyst").get("/exports/signals/csv/"))
    assert (row["score nps"], row["score csat"], row["score ces"]) == ("3.0", "2.0", "")
    assert row["comments"] == "'=late again"
    assert row["account name"] == "Veldhuis Dairy"


def test_anonymous_feedback_of_fewer_than_five_is_in_no_export(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    for i in range(4):
        say(world, f"a{i}", anonymous=True, region="benelux")
    client = browser_of("administrator")
    assert rows_of(client.get("/exports/signals/csv/")) == []
    say(world, "a4", anonymous=True, region="benelux")
    rows = rows_of(client.get("/exports/signals/csv/"))
    assert len(rows) == 5
    assert {row["account"] for row in rows} == {""}
    assert {row["comments"] for row in rows} == {""}, "words need eight people"
    for i in range(5, 8):
        say(world, f"a{i}", anonymous=True, region="benelux")
    assert {row["comments"] for row in rows_of(client.get("/exports/signals/csv/"))} == {"'=late again"}


def test_taking_a_list_out_is_noted(
    world: World, browser_of: Callable[[str], Client], cast: Callable[[str], User]
) -> None:
    b"".join(browser_of("analyst").get("/exports/contacts/csv/?q=eva").streaming_content)  # type: ignore[attr-defined]
    seen = Sighting.objects.get(kind="export")
    assert (seen.user, seen.object_code) == (cast("analyst"), "contacts")


def test_an_unknown_list_or_format_is_no_page(world: World, browser_of: Callable[[str], Client]) -> None:
    client = browser_of("analyst")
    for address in ("/exports/secrets/", "/exports/secrets/csv/", "/exports/accounts/pdf/"):
        assert client.get(address).status_code == 404


def test_many_rows_are_read_as_they_leave(catalog: None, django_assert_max_num_queries: Any) -> None:
    Account.objects.bulk_create(Account(name=f"Account {i:05}") for i in range(4_500))
    with django_assert_max_num_queries(3):
        rows = LISTS["accounts"].rows(Everyone(), QueryDict(""))
        assert sum(1 for _ in rows) == 4_500


def test_the_command_writes_a_file_in_a_users_scope(
    world: World, cast: Callable[[str], User], tmp_path: Path
) -> None:
    out = tmp_path / "accounts.xlsx"
    export("accounts", kind="", out=out, user=cast("account_manager").email)
    (batch,) = open_table(out).batches()
    assert batch.values["name"] == ["Veldhuis Dairy", "Veldhuis Meppel"]
    assert datetime.fromtimestamp(out.stat().st_mtime, UTC)
    assert [path.name for path in tmp_path.iterdir()] == ["accounts.xlsx"]
