"""Noting what a customer just said."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.cast import World

from rapport.rooms.signals.models import Attachment, Signal

URL = "/listen/capture/"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


def talk(**fields: object) -> dict[str, object]:
    return {
        "reference": "f1",
        "kind": "remark",
        "account_name": "Veldhuis Meppel",
        "words": "Nobody rang.",
        **fields,
    }


def test_a_remark_is_kept_with_its_tone_person_and_role(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    sent = talk(
        account=world.meppel.code, contact=world.joost.code, tone="2", score="3", feelings=["neglected"]
    )
    response = browser_of("account_manager").post(URL, sent)
    assert response.status_code == 302
    signal = Signal.objects.get()
    assert (signal.account, signal.contact, signal.buying_role) == (
        world.meppel,
        world.joost,
        "decision_maker",
    )
    assert signal.emotions == ["neglected"]
    assert {score.metric_id: score.value for score in signal.scores.all()} == {"tone": 2, "nps": 3}
    assert signal.author is not None


def test_the_form_works_without_javascript_by_name_alone(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    browser_of("account_manager").post(URL, talk(person="Joost Brandsma"))
    signal = Signal.objects.get()
    assert (signal.account, signal.contact) == (world.meppel, world.joost)


def test_sending_the_same_form_twice_keeps_it_once(world: World, browser_of: Callable[[str], Client]) -> None:
    browser = browser_of("account_manager")
    browser.post(URL, talk())
    assert browser.post(URL, talk()).status_code == 302
    assert Signal.objects.count() == 1


def test_an_unclear_name_is_asked_about_before_anything_is_kept(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    browser = browser_of("account_manager")
    response = browser.post(URL, talk(account_name="Veldhuis Mepel"))
    assert response.status_code == 422
    assert "Veldhuis Meppel" in response.content.decode()
    assert not Signal.objects.exists()
    browser.post(URL, talk(account_name="Veldhuis Mepel", as_typed="yes"))
    assert Signal.objects.get().account_hint == "Veldhuis Mepel"


def test_an_employee_learns_nothing_about_customers_and_the_name_goes_to_the_matching_list(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    browser = browser_of("employee")
    assert "Veldhuis" not in browser.get("/listen/capture/customers/?account_name=veldhuis").content.decode()
    assert "Joost" not in browser.get(f"/listen/capture/people/?account={world.meppel.code}").content.decode()
    assert "Veldhuis" not in browser.get(f"{URL}?account={world.meppel.code}").content.decode()
    unknown = browser.post(URL, talk(account_name="Veldhuis Mepel"), follow=True).content.decode()
    assert Signal.objects.get().account is None
    known = browser.post(URL, talk(reference="f2"), follow=True).content.decode()
    assert unknown.count("Kept.") == known.count("Kept.") == 1


def test_a_partner_cannot_put_words_on_another_partners_customer(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    browser_of("partner_user").post(URL, talk(account_name=world.veldhuis.code))
    signal = Signal.objects.get()
    assert (signal.account, signal.account_hint) == (None, world.veldhuis.code)


@pytest.mark.parametrize(
    "broken",
    [
        {"account_name": ""},
        {"words": ""},
        {"kind": "gossip"},
        {"touchpoint": "moon"},
        {"occurred_at": "2999-01-01T10:00"},
        {"occurred_at": "yesterday"},
        {"words": "\0"},
        {"score": "11"},
    ],
)
def test_what_is_missing_is_said_and_what_was_written_stays(
    world: World, browser_of: Callable[[str], Client], broken: dict[str, str]
) -> None:
    response = browser_of("account_manager").post(URL, talk(person="Joost Brandsma", **broken))
    assert response.status_code == 422
    assert "Joost Brandsma" in response.content.decode()
    assert not Signal.objects.exists()


def test_a_picture_comes_along_and_is_read_only_by_those_in_scope(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    picture = SimpleUploadedFile("label.png", PNG, "text/html")
    browser_of("account_manager").post(URL, talk(uploads=[picture]))
    item = Attachment.objects.get()
    assert item.content_type == "image/png"
    url = reverse("signals:attachment", args=[item.signal_id, item.pk])
    response = browser_of("account_manager").get(url)
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert b"".join(response.streaming_content) == PNG  # type: ignore[attr-defined]
    for other in ("partner_user", "employee"):
        assert browser_of(other).get(url).status_code == 404


def test_a_page_in_disguise_is_refused(world: World, browser_of: Callable[[str], Client]) -> None:
    page = SimpleUploadedFile("picture.png", b"<script>alert(1)</script>", "image/png")
    response = browser_of("account_manager").post(URL, talk(uploads=[page]))
    assert response.status_code == 422
    assert not Signal.objects.exists()


def test_an_anonymous_remark_keeps_neither_customer_nor_author_nor_file(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    picture = SimpleUploadedFile("label.png", PNG, "image/png")
    browser_of("account_manager").post(URL, talk(anonymous="yes", uploads=[picture]))
    signal = Signal.objects.get()
    assert (signal.anonymous, signal.account, signal.author) == (True, None, None)
    assert not Attachment.objects.exists()


def test_opening_the_form_changes_nothing(world: World, browser_of: Callable[[str], Client]) -> None:
    browser = browser_of("account_manager")
    for url in (
        URL,
        f"{URL}?account={world.meppel.code}",
        f"{URL}?contact={world.joost.code}",
        f"{URL}?account=%00",
    ):
        assert browser.get(url).status_code == 200
    assert not Signal.objects.exists()
