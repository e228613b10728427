"""Interviews note who asked; paper is keyed twice, and only what agrees counts."""

from typing import Any

import pytest
from tests.rooms.listening.asking import NOW, programme

from rapport.rooms.listening.channels.paper import (
    KeyingRefused,
    fields_of,
    key_sheet,
    paper_invitation,
    read_keyed,
    sheet_pdf,
)
from rapport.rooms.listening.definition import Definition
from rapport.rooms.listening.links import secret_of
from rapport.rooms.listening.models import Ballot, Invitation, Response, Sheet
from rapport.rooms.listening.programmes.plan import Plan
from rapport.rooms.listening.sampling.draws import draw_sample

pytestmark = pytest.mark.django_db
CHOICES = [{"key": "a", "text": {"en": "Quality"}}, {"key": "b", "text": {"en": "Price"}}]
MANY = Definition.model_validate(
    {
        "title": {"en": "Everything"},
        "pages": [
            {
                "key": "one",
                "questions": [
                    {"key": "nps", "type": "nps", "text": {"en": "Recommend?"}},
                    {"key": "best", "type": "choice", "text": {"en": "Best?"}, "choices": CHOICES},
                    {"key": "all", "type": "choices", "text": {"en": "All?"}, "choices": CHOICES},
                    {"key": "rank", "type": "ranking", "text": {"en": "Rank"}, "choices": CHOICES},
                    {"key": "sum", "type": "constant_sum", "text": {"en": "Share"}, "choices": CHOICES},
                    {
                        "key": "grid",
                        "type": "matrix",
                        "text": {"en": "Grid"},
                        "rows": [{"key": "r", "text": {"en": "Delivery"}}],
                        "columns": CHOICES,
                    },
                    {"key": "years", "type": "number", "text": {"en": "Years"}, "low": 0, "high": 50},
                    {"key": "since", "type": "date", "text": {"en": "Since"}},
                    {
                        "key": "felt",
                        "type": "emotions",
                        "text": {"en": "Felt"},
                        "offered": ["happy", "stressed"],
                    },
                    {"key": "call", "type": "contact_request", "text": {"en": "Call?"}},
                    {"key": "why", "type": "long_text", "text": {"en": "Why?"}},
                ],
            }
        ],
    }
)
TYPED = {
    "nps": "9", "best": "2", "all": "2,1", "rank": "2, 1", "sum.a": "60", "sum.b": "40", "grid.r": "1",
    "years": "3,5", "since": "2026-02-01", "felt": "2", "call": "1", "why": "Fast.",
}  # fmt: skip


def test_every_kind_of_question_is_keyed_by_its_codes() -> None:
    answers, wrong = read_keyed(MANY, TYPED)
    assert wrong == {}
    assert answers == {
        "nps": 9.0, "best": "b", "all": ["a", "b"], "rank": ["b", "a"], "sum": {"a": 60.0, "b": 40.0},
        "grid": {"r": "a"}, "years": 3.5, "since": "2026-02-01", "felt": ["stressed"], "call": True,
        "why": "Fast.",
    }  # fmt: skip
    assert {field.name for field in fields_of(MANY)} == set(TYPED)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("nps", "11"),
        ("best", "3"),
        ("all", "1,1"),
        ("years", "51"),
        ("years", "nan"),
        ("since", "1.2.26"),
        ("call", "2"),
    ],
)
def test_what_is_no_code_is_marked(field: str, typed: str) -> None:
    _answers, wrong = read_keyed(MANY, TYPED | {field: typed})
    assert set(wrong) == {field}


def test_the_sheet_is_a_pdf_in_each_language_whatever_the_words_hold(world: Any, cast: Any) -> None:
    made = programme(cast("cx_manager"))
    version = made.survey.versions.get()
    version.document = MANY.model_dump(mode="json") | {"title": {"en": '#panic("x") $1 *bold* @nobody \\'}}
    assert sheet_pdf(version, "en").startswith(b"%PDF")


def test_two_keyings_that_agree_make_one_response(world: Any, cast: Any, browser_of: Any) -> None:
    made = programme(cast("cx_manager"))
    client, address = browser_of("cx_manager"), f"/listen/programmes/{made.code}/paper/"
    typed = {"number": "A-7", "nps": "9", "why": "Fast."}
    client.post(address, typed)
    assert not Response.objects.exists()
    client.post(address, typed)
    one = Response.objects.get()
    assert (one.state, one.answers, one.invitation.channel) == ("sent", {"nps": 9.0, "why": "Fast."}, "paper")
    page = client.post(address, typed)
    assert "keyed twice already" in page.content.decode()
    assert Response.objects.count() == 1


def test_a_button_pressed_twice_is_no_second_keying(world: Any, cast: Any, browser_of: Any) -> None:
    made = programme(cast("cx_manager"))
    client, address = browser_of("cx_manager"), f"/listen/programmes/{made.code}/paper/"
    typed = {"number": "A-7", "nps": "9", "form": client.get(address).context["form_id"]}
    for _time in range(3):
        client.post(address, typed)
    assert not Response.objects.exists()
    client.post(address, typed | {"form": client.get(address).context["form_id"]})
    assert Response.objects.get().answers == {"nps": 9.0}


def test_what_differs_is_shown_and_decided_by_looking_again(world: Any, cast: Any, browser_of: Any) -> None:
    made = programme(cast("cx_manager"))
    client, address = browser_of("cx_manager"), f"/listen/programmes/{made.code}/paper/"
    client.post(address, {"number": "B", "nps": "9"})
    page = client.post(address, {"number": "B", "nps": "6"}).content.decode()
    assert "The two keyings differ in:" in page
    assert not Response.objects.exists()
    client.post(address, {"number": "B", "nps": "6", "decided": "1"})
    assert Response.objects.get().answers == {"nps": 6.0}
    kept = Sheet.objects.get()
    assert (kept.first, kept.second) == ({"nps": "9"}, {"nps": "6"})


def test_an_anonymous_sheet_keeps_its_answers_on_a_ballot_only(world: Any, cast: Any) -> None:
    made = programme(cast("cx_manager"), anonymous=True)
    asking = paper_invitation(made, now=NOW)
    for _time in range(2):
        key_sheet(asking, "1", {"nps": "3"}, cast("cx_manager"), now=NOW)
    assert Response.objects.get().answers == {}
    assert Ballot.objects.get().answers == {"nps": 3.0}
    kept = Sheet.objects.get()
    assert (kept.first, kept.second) == ({}, {})
    with pytest.raises(KeyingRefused, match="number on the sheet"):
        key_sheet(asking, " ", {}, cast("cx_manager"), now=NOW)


def test_an_interviewer_reads_aloud_and_is_noted(world: Any, cast: Any, browser_of: Any) -> None:
    made = programme(cast("cx_manager"), plan=Plan(channels=("interview",)))
    draw_sample(made, now=NOW, seed=1)
    eva = Invitation.objects.get(contact=world.eva)
    client = browser_of("account_manager")
    listed = client.get(f"/listen/programmes/{made.code}/interviews/").content.decode()
    assert "Eva Hoekstra" in listed
    assert "Mikkel Friis" not in listed
    address = f"/listen/programmes/{made.code}/interviews/{eva.pk}/"
    assert "How likely are you to recommend us?" in client.get(address).content.decode()
    answer = client.post(address, {"what": "ask"})
    assert answer.url.endswith(f"/r/{secret_of(eva.pk)}")
    eva.refresh_from_db()
    assert (eva.asked_by, eva.state) == (cast("account_manager"), "sent")
    client.post(address, {"what": "refused"})
    eva.refresh_from_db()
    assert eva.state == "withdrawn"
