"""Recording and reading through the programming interface."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.cast import World

from rapport.kernel.models import ApiToken, User
from rapport.rooms.signals.models import Score, Signal

URL = "/api/v1/signals"


def said(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "survey",
        "source": "crm",
        "external_reference": "1",
        "occurred_at": "2026-09-17T10:41:00+02:00",
        "account": "Veldhuis Meppel",
        "contact": "joost@veldhuis.example",
        "scores": [{"metric": "nps", "value": 3}],
        "comments": [{"text": "Nobody rang.", "language": "en"}],
        **changes,
    }


@pytest.fixture
def api(world: World, cast: Callable[[str], User]) -> Callable[..., Any]:
    """Return a caller with the token of a member of the cast."""
    client = Client()

    def call(who: str, method: str, path: str = "", body: Any = None, **more: Any) -> Any:
        _token, secret = ApiToken.issue(cast(who), "test")
        given: dict[str, Any] = (
            {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        )
        given.update(more)
        return getattr(client, method)(f"{URL}{path}", headers={"authorization": f"Bearer {secret}"}, **given)

    return call


def test_a_new_signal_answers_201_and_the_same_again_200_with_the_same_id(api: Callable[..., Any]) -> None:
    first = api("cx_manager", "post", "", said())
    again = api("cx_manager", "post", "", said(scores=[{"metric": "nps", "value": 9}]))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert Score.objects.get().value == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "gossip"}, "kind"),
        ({"occurred_at": "2026-09-17T10:41:00"}, "occurred_at"),
        ({"scores": [{"metric": "joy", "value": 1}]}, "scores"),
        ({"touchpoint": "moon"}, "touchpoint"),
        ({"external_reference": ""}, "external_reference"),
        ({"comments": [{"text": "\0"}]}, "comments"),
    ],
)
def test_what_is_wrong_answers_422_naming_the_field(
    api: Callable[..., Any], change: dict[str, Any], field: str
) -> None:
    response = api("cx_manager", "post", "", said(**change))
    assert response.status_code == 422
    assert response.json()["field"] == field
    assert response.json()["message"]


def test_recording_takes_the_capture_permission_and_reading_more(api: Callable[..., Any]) -> None:
    assert api("employee", "post", "", said()).status_code == 201
    pk = Signal.objects.get().pk
    assert api("employee", "get").status_code == 404
    assert api("employee", "get", f"/{pk}").status_code == 404
    assert api("cx_manager", "get", f"/{pk}").json()["comments"] == [
        {"text": "Nobody rang.", "language": "en"}
    ]
    assert api("partner_user", "get", f"/{pk}").status_code == 404
    assert Client().post(URL, said(), "application/json").status_code == 401


def test_a_batch_says_row_by_row_what_became_of_it(api: Callable[..., Any]) -> None:
    api("cx_manager", "post", "", said())
    rows = [
        said(),
        said(external_reference="2"),
        said(external_reference="3", kind="gossip"),
        said(external_reference="2"),
    ]
    done = api("cx_manager", "post", "/batch", rows).json()
    assert [row["status"] for row in done["rows"]] == ["known", "created", "refused", "known"]
    assert done["rows"][2]["field"] == "kind"
    assert (done["created"], done["known"], done["refused"]) == (1, 2, 1)
    assert Signal.objects.count() == 2


def test_a_batch_holds_at_most_a_thousand(api: Callable[..., Any]) -> None:
    assert api("cx_manager", "post", "/batch", [said()] * 1001).status_code == 422


def test_reading_goes_on_where_the_last_stretch_ended_and_gives_each_signal_once(
    api: Callable[..., Any],
) -> None:
    api("cx_manager", "post", "/batch", [said(external_reference=str(n)) for n in range(7)])
    seen, after = [], ""
    for _stretch in range(4):
        page = api("cx_manager", "get", "", None, data={"limit": 2, "after": after}).json()
        seen += [signal["id"] for signal in page["signals"]]
        after = page["after"]
    assert len(seen) == len(set(seen)) == 7
    assert after == ""


def test_filters_are_those_of_the_list(api: Callable[..., Any]) -> None:
    api("cx_manager", "post", "", said())
    api("cx_manager", "post", "", said(external_reference="2", scores=[{"metric": "nps", "value": 9}]))
    found = api("cx_manager", "get", "", None, data={"band": "det", "metric": "nps"}).json()["signals"]
    assert [signal["scores"][0]["value"] for signal in found] == [3]
    assert api("cx_manager", "get", "", None, data={"q": "rang"}).json()["signals"]
    assert not api("cx_manager", "get", "", None, data={"q": "late"}).json()["signals"]


def test_a_correction_takes_the_signals_place(api: Callable[..., Any]) -> None:
    pk = api("cx_manager", "post", "", said()).json()["id"]
    done = api("cx_manager", "post", f"/{pk}/correction", {"scores": [{"metric": "nps", "value": 8}]})
    assert done.status_code == 201
    assert api("cx_manager", "get", f"/{pk}").status_code == 404
    now = api("cx_manager", "get", f"/{done.json()['id']}").json()
    assert (now["scores"][0]["value"], now["contact_name"]) == (8, "Joost Brandsma")


def test_others_may_not_correct(api: Callable[..., Any]) -> None:
    pk = api("cx_manager", "post", "", said()).json()["id"]
    for who in ("employee", "executive", "partner_user"):
        assert api(who, "post", f"/{pk}/correction", {"emotions": ["happy"]}).status_code == 404


def test_a_file_is_added_by_whoever_recorded_the_signal(api: Callable[..., Any]) -> None:
    pk = api("employee", "post", "", said()).json()["id"]
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
    first = api("employee", "post", f"/{pk}/attachments", data={"file": SimpleUploadedFile("a.png", png)})
    again = api("employee", "post", f"/{pk}/attachments", data={"file": SimpleUploadedFile("a.png", png)})
    assert (first.status_code, first.json()["url"]) == (201, again.json()["url"])
    bad = api("employee", "post", f"/{pk}/attachments", data={"file": SimpleUploadedFile("a.png", b"<html>")})
    assert bad.status_code == 422
    assert (
        api(
            "cx_manager", "post", f"/{pk}/attachments", data={"file": SimpleUploadedFile("a.png", png)}
        ).status_code
        == 404
    )


def test_a_reference_does_not_lead_to_an_anonymous_answer(api: Callable[..., Any]) -> None:
    first = api("cx_manager", "post", "", said(anonymous=True))
    again = api("cx_manager", "post", "", said(anonymous=True))
    batch = api(
        "cx_manager", "post", "/batch", [said(anonymous=True), said(anonymous=True, external_reference="2")]
    )
    assert first.json() == {"id": None, "created": True}
    assert again.json() == {"id": None, "created": False}
    assert [row["id"] for row in batch.json()["rows"]] == [None, None]
    assert [row["status"] for row in batch.json()["rows"]] == ["known", "created"]
    assert Signal.objects.count() == 2
