"""Reading what customers say."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from tests.cast import World
from tests.rooms.signals.said import NOW, remark

from rapport.rooms.signals.api import NewComment, NewScore, record_signal

URL = "/listen/"


@pytest.fixture
def spoken(world: World) -> World:
    """Record one remark at each of three customers, and one of nobody known."""
    for place, (account, words) in enumerate(
        [
            ("Veldhuis Meppel", "Seal kits come late"),
            ("Tarnhelm Chemicals", "Thank you"),
            ("Kestrel Pharma", "Invoice wrong"),
        ]
    ):
        record_signal(
            remark(
                account=account,
                external_reference=f"r{place}",
                occurred_at=NOW - timedelta(days=place),
                scores=(NewScore("nps", (3, 9, 7)[place]),),
                comments=(NewComment(words, "en"),),
                touchpoint="delivery" if not place else None,
            ),
            author=None,
            now=NOW,
        )
    record_signal(remark(account="Velthuis", external_reference="r9"), author=None, now=NOW)
    return world


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("cx_manager", {"Seal kits come late", "Thank you", "Invoice wrong", "Nobody rang."}),
        ("account_manager", {"Seal kits come late"}),
        ("champion", {"Seal kits come late"}),
        ("partner_user", {"Invoice wrong"}),
    ],
)
def test_everybody_reads_what_lies_in_reach_and_nothing_else(
    spoken: World, browser_of: Callable[[str], Client], who: str, sees: set[str]
) -> None:
    page = browser_of(who).get(URL).content.decode()
    everything = {"Seal kits come late", "Thank you", "Invoice wrong", "Nobody rang."}
    assert {words for words in everything if words in page} == sees


@pytest.mark.parametrize("who", ["employee", "stranger"])
def test_who_may_only_capture_reads_nothing(
    spoken: World, browser_of: Callable[[str], Client], who: str
) -> None:
    assert browser_of(who).get(URL).status_code in {302, 404}


@pytest.mark.parametrize(
    ("query", "sees"),
    [
        ("q=seal kit", {"Seal kits come late"}),
        ("q=SEAL", {"Seal kits come late"}),
        ("q='; drop table --", set()),
        ("q=:*%26|!()", set()),
        ("band=det&metric=nps", {"Seal kits come late", "Nobody rang."}),
        ("band=pro", {"Thank you"}),
        ("region=nordics", {"Thank you", "Invoice wrong"}),
        ("touchpoint=delivery", {"Seal kits come late"}),
        ("tier=A", {"Seal kits come late"}),
        ("role=none&region=nordics", {"Thank you", "Invoice wrong"}),
        ("from=2026-09-16&to=2026-09-16", {"Thank you"}),
        ("language=de", set()),
        ("kind=survey", set()),
        ("partner=kolding-dealer", {"Invoice wrong"}),
    ],
)
def test_a_filter_keeps_what_fits(
    spoken: World, browser_of: Callable[[str], Client], query: str, sees: set[str]
) -> None:
    page = browser_of("cx_manager").get(f"{URL}?{query}").content.decode()
    everything = {"Seal kits come late", "Thank you", "Invoice wrong", "Nobody rang."}
    assert {words for words in everything if words in page} == sees


def test_an_accounts_answers_include_those_of_its_sites(
    spoken: World, browser_of: Callable[[str], Client]
) -> None:
    page = browser_of("cx_manager").get(f"{URL}?account={spoken.veldhuis.code}").content.decode()
    assert "Seal kits come late" in page
    assert "Thank you" not in page


@pytest.mark.parametrize(
    "query",
    ["after=x", "after=2026~1", "from=9999-99-99", "from=0001-01-01", "to=9999-12-31", "q=%00", "region=%00"],
)
def test_a_mangled_address_is_still_a_page(
    spoken: World, browser_of: Callable[[str], Client], query: str
) -> None:
    assert browser_of("cx_manager").get(f"{URL}?{query}").status_code == 200


def test_a_mistyped_word_leads_to_the_word_customers_used(
    spoken: World, browser_of: Callable[[str], Client]
) -> None:
    page = browser_of("cx_manager").get(f"{URL}?q=invoise").content.decode()
    assert "?q=invoice" in page


def test_no_query_is_made_more_often_because_there_are_more_rows(
    spoken: World, browser_of: Callable[[str], Client], django_assert_max_num_queries: Callable[..., object]
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser = browser_of("cx_manager")
    with CaptureQueriesContext(
        connection,
    ) as few:
        browser.get(URL)
    for number in range(20):
        record_signal(
            remark(account="Tarnhelm Chemicals", external_reference=f"m{number}"), author=None, now=NOW
        )
    with CaptureQueriesContext(connection) as many:
        browser.get(URL)
    assert len(many) <= len(few)


def test_a_signals_page_shows_its_words_place_and_role(
    spoken: World, browser_of: Callable[[str], Client]
) -> None:
    done = record_signal(
        remark(contact="joost@veldhuis.example", external_reference="p", touchpoint="delivery"),
        author=None,
        now=NOW,
    )
    page = (
        browser_of("account_manager").get(reverse("signals:detail", args=[done.signal_id])).content.decode()
    )
    for part in (
        "Nobody rang.",
        "Joost Brandsma",
        "Veldhuis Meppel",
        "Decision-maker",
        "Parts delivery",
        "Benelux",
    ):
        assert part in page
    assert browser_of("partner_user").get(reverse("signals:detail", args=[done.signal_id])).status_code == 404


def test_a_corrected_signal_leads_to_its_correction_which_keeps_what_stood_before(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    first = record_signal(remark(account="Veldhuis Meppel"), author=None, now=NOW)
    browser = browser_of("account_manager")
    url = reverse("signals:correct", args=[first.signal_id])
    sent = {
        "account_name": world.meppel.code,
        "occurred_at": "2026-09-17T10:41:00",
        "score_nps": "8",
        "comment_0": "Nobody rang us.",
    }
    assert browser.post(url, sent).status_code == 302
    page = browser.get(reverse("signals:detail", args=[first.signal_id]), follow=True).content.decode()
    assert "Nobody rang us." in page
    assert "Nobody rang.</q>" in page
    assert browser.post(url, sent).status_code == 404


def test_whoever_may_not_edit_customers_may_correct_only_what_they_noted(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    done = record_signal(remark(account="Veldhuis Meppel"), author=None, now=NOW)
    assert browser_of("executive").get(reverse("signals:correct", args=[done.signal_id])).status_code == 404
