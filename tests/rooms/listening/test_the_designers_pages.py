"""The designer's pages by plain form posts: what is typed is kept, refusals are told."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.cast import World

from rapport.kernel.models import User
from rapport.rooms.listening.definition import QUESTION_TYPES, Definition
from rapport.rooms.listening.definition.sentences import read_back
from rapport.rooms.listening.designing import edits
from rapport.rooms.listening.designing.building import TooDeep, to_condition, to_form
from rapport.rooms.listening.designing.services import (
    archive,
    create_from_template,
    create_survey,
    edit_draft,
    save_to_bank,
)
from rapport.rooms.listening.designing.starters import STARTERS
from rapport.rooms.listening.models import BankQuestion, Invitation, Survey

pytestmark = pytest.mark.django_db
BrowserOf = Callable[[str], Client]


@pytest.fixture
def survey(catalog: None) -> Survey:
    """A survey begun from a template."""
    return create_from_template("event", "Delivery")


@pytest.fixture
def client(browser_of: BrowserOf) -> Client:
    """A CX manager's browser."""
    return browser_of("cx_manager")


def text(response: Any) -> str:
    return str(response.content.decode())


def act(client: Client, survey: Survey, what: str, **fields: Any) -> Any:
    survey.refresh_from_db()
    told = {"draft_number": survey.draft_number, **fields}
    return client.post(f"/listen/surveys/{survey.code}/change/{what}/", told, follow=True)


def question(survey: Survey, key: str) -> dict[str, Any]:
    survey.refresh_from_db()
    return edits.question_of(survey.definition(), key).model_dump(mode="json")


def form_of(survey: Survey, key: str, **changed: Any) -> dict[str, Any]:
    """What a browser sends for a question as it stands."""
    told = question(survey, key)
    sent: dict[str, Any] = {"question": key, "text": told["text"]["en"], "key": key, "type": told["type"]}
    for name in ("choices", "rows", "columns"):
        sent[name] = [str(at) for at, _one in enumerate(told.get(name, []))]
        for at, choice in enumerate(told.get(name, [])):
            start = f"{name}-{at}"
            sent |= {f"{start}-stored": choice["key"], f"{start}-key": choice["key"]}
            sent[f"{start}-text"] = choice["text"]["en"]
    plain = ("low", "high", "style", "metric", "decimals")
    sent |= {name: told[name] for name in plain if told.get(name) is not None}
    return sent | changed


def test_every_type_of_question_can_be_added_opened_and_saved(client: Client, survey: Survey) -> None:
    for kind in QUESTION_TYPES:
        page = act(client, survey, "add-question", page="page1", type=kind)
        assert page.redirect_chain, kind
        key = page.redirect_chain[-1][0].rpartition("question=")[2]
        assert question(survey, key)["type"] == kind
        form = page.context["form"]
        held = {name: form[name].value() for name in form.fields}
        sent = {name: value for name, value in held.items() if value is not None and value is not False}
        sent |= {"question": key, "text": f"Words of {kind}"}
        for name in form.lists:
            sent |= {name: ["0", "1"], f"{name}-0-text": "First", f"{name}-1-text": "Second"}
        saved = act(client, survey, "question", **sent)
        assert saved.redirect_chain, (kind, saved.context["form"].errors)
        assert question(survey, key)["text"]["en"] == f"Words of {kind}"


def test_choices_are_added_moved_and_removed_and_keep_their_german(client: Client, survey: Survey) -> None:
    sent = form_of(survey, "solved")
    sent["choices"] = [*sent["choices"], "3"]
    sent |= {"choices-3-text": "I cannot say", "choices-3-exclusive": "1", "choices-3-value": "2,5"}
    act(client, survey, "question", **sent, shift="choices:2:up")
    act(client, survey, "question", **form_of(survey, "solved"), shift="choices:2:remove")
    stored = question(survey, "solved")["choices"]
    assert [choice["key"] for choice in stored] == ["yes", "no", "i_cannot_say"]
    assert stored[1]["text"] == {"en": "No", "de": "Nein"}


def test_a_choice_gets_a_picture_that_respondents_see_until_it_is_removed(
    client: Client, survey: Survey
) -> None:
    address, svg = f"/listen/surveys/{survey.code}/", b"<svg xmlns='http://www.w3.org/2000/svg'/>"

    def saved(**changed: Any) -> str:
        return text(act(client, survey, "question", **form_of(survey, "solved", **changed)))

    saved(**{"choices-1-picture": SimpleUploadedFile("pump.svg", svg)})
    stored = question(survey, "solved")["choices"]
    assert [bool(choice["picture"]) for choice in stored] == [False, True, False]
    assert stored[1]["text"]["de"]
    assert "has a picture" in text(client.get(f"{address}?question=solved"))
    assert stored[1]["picture"] in text(client.get(f"{address}preview/draft/"))

    # Moving it, and saving without choosing another, keeps it; a bad one is told and changes nothing.
    act(client, survey, "question", **form_of(survey, "solved"), shift="choices:1:up")
    assert question(survey, "solved")["choices"][0]["picture"] == stored[1]["picture"]
    for body, why in ((b"<script>", "no PNG, JPEG"), (b"\x89PNG\r\n" + b"x" * 70_000, "at most 60 kB")):
        assert why in saved(**{"choices-0-picture": SimpleUploadedFile("a.png", body)})
    assert question(survey, "solved")["choices"][0]["picture"] == stored[1]["picture"]

    saved(**{"choices-0-no_picture": "1"})
    assert not any(choice["picture"] for choice in question(survey, "solved")["choices"])


def test_what_cannot_be_read_is_told_and_kept_in_the_form(client: Client, survey: Survey) -> None:
    sent = form_of(survey, "solved", text="", **{"choices-0-value": "many"})
    page = text(act(client, survey, "question", **sent))
    assert "Choices, line 1: many is no number." in page
    assert "This field is required." in page
    assert 'value="many"' in page
    assert question(survey, "solved")["text"]["en"] == "Is the matter solved from your point of view?"


def test_a_colleagues_change_is_not_overwritten_and_nothing_typed_is_lost(
    client: Client, survey: Survey
) -> None:
    sent = form_of(survey, "effort", text="How hard was it?") | {"draft_number": survey.draft_number}
    edit_draft(survey, survey.draft_number, edits.remove_question("contact_me"))
    address = f"/listen/surveys/{survey.code}/change/question/"
    page = text(client.post(address, sent))
    assert "Somebody changed the draft" in page
    assert "How hard was it?</textarea>" in page
    assert question(survey, "effort")["text"]["en"] != "How hard was it?"
    act(client, survey, "question", **{k: v for k, v in sent.items() if k != "draft_number"})
    assert question(survey, "effort")["text"]["en"] == "How hard was it?"
    assert "contact_me" not in [one.key for one in survey.definition().questions()]


def test_another_language_is_written_without_touching_the_first(client: Client, survey: Survey) -> None:
    sent = form_of(survey, "effort", text="Wie schwer war es?", language="de")
    act(client, survey, "question", **sent)
    assert question(survey, "effort")["text"] == {
        "en": "How much effort did you personally have to put in to get this done?",
        "de": "Wie schwer war es?",
    }


def test_the_page_says_when_a_change_breaks_the_comparison(client: Client, survey: Survey) -> None:
    page = text(act(client, survey, "question", **form_of(survey, "effort", high="5")))
    assert "Not comparable with the bank." in page
    assert "Its scale runs from 1 to 5, not 1 to 7." in page


def test_a_question_in_use_is_not_removed_and_the_page_says_who_uses_it(
    client: Client, survey: Survey
) -> None:
    page = text(act(client, survey, "remove-question", question="solved", was_question="solved"))
    assert "open_matter looks at solved" in page
    assert question(survey, "solved")


def test_a_question_is_saved_to_the_bank_under_a_stable_key(client: Client, survey: Survey) -> None:
    act(client, survey, "add-question", page="page1", type="number")
    sent = form_of(survey, "number") if question(survey, "number")["text"] else {}
    sent |= {"question": "number", "text": "How many visits?", "key": "number", "decimals": "0"}
    act(client, survey, "question", **sent)
    act(client, survey, "keep", question="number", bank_key="visits", bank_name="Visits")
    assert question(survey, "number")["bank"] == "visits"
    assert BankQuestion.objects.get(pk="visits").question["text"] == {"en": "How many visits?"}
    page = text(act(client, survey, "keep", question="effort", bank_key="visits", bank_name="Effort"))
    assert "would no longer be comparable" in page
    assert question(survey, "effort")["bank"] == "effort"


def test_a_condition_is_built_from_parts_and_read_back(client: Client, survey: Survey) -> None:
    sent = {
        "where": "question:feeling",
        "join": "all",
        "g0-join": "any",
        "g0-p0-subject": "answer:solved",
        "g0-p0-operator": "is",
        "g0-p0-picked": ["no", "partly"],
        "g0-p1-subject": "answer:effort",
        "g0-p1-operator": "at_least",
        "g0-p1-value": "5",
        "g1-join": "none",
        "g1-p0-subject": "fact:account.tier",
        "g1-p0-operator": "is",
        "g1-p0-value": "C",
    }
    act(client, survey, "condition", **sent)
    survey.refresh_from_db()
    shown = edits.question_of(survey.definition(), "feeling").show_if
    assert shown is not None
    said = read_back(shown, survey.definition())
    assert "is one of “No” or “Partly”" in said
    assert "customer's tier" in said
    assert to_condition(to_form(shown, survey.definition(), "en"), survey.definition()) == shown
    looked = text(act(client, survey, "condition", look="1", **{**sent, "g0-p1-value": "6"}))
    assert "is at least 6" in looked
    survey.refresh_from_db()
    assert edits.question_of(survey.definition(), "feeling").show_if == shown


def test_a_part_without_a_value_is_refused(client: Client, survey: Survey) -> None:
    sent = {"where": "page:page2", "g0-join": "all", "g0-p0-subject": "answer:effort", "g0-p0-operator": "is"}
    assert "Say what effort is compared with." in text(act(client, survey, "condition", **sent))


def test_conditions_of_every_template_go_through_the_form_unchanged() -> None:
    for starter in STARTERS.values():
        definition = starter.definition()
        for page in definition.pages:
            conditions = [page.show_if, *(one.when for one in page.branches)]
            conditions += [one.show_if for one in page.questions]
            for condition in conditions:
                assert to_condition(to_form(condition, definition, "en"), definition) == condition


def test_a_condition_nested_deeper_than_the_form_is_left_alone(client: Client, survey: Survey) -> None:
    part = {"type": "part", "subject": {"kind": "answer", "key": "effort"}, "operator": "answered"}
    deep: Any = {"type": "all", "of": [{"type": "any", "of": [{"type": "all", "of": [part, part]}]}]}
    page = edits.change_page("page2", show_if=deep)
    survey = edit_draft(survey, survey.draft_number, page)
    with pytest.raises(TooDeep):
        to_form(survey.definition().pages[1].show_if, survey.definition(), "en")
    shown = client.get(f"/listen/surveys/{survey.code}/?condition=page:page2")
    assert "nested deeper than the form can show" in text(shown)


def test_values_splits_and_quotas_are_added_and_removed(client: Client, survey: Survey) -> None:
    act(client, survey, "add-value", key="score", how="mean", of=["satisfied_event", "effort"])
    act(client, survey, "add-split", key="half", arms="new 2, old")
    act(client, survey, "add-quota", key="enough", most="40", message="Thank you.")
    act(client, survey, "quota", key="enough", most="50", message="We heard enough, thank you.")
    assert "most:" in text(act(client, survey, "quota", key="enough", most="many"))
    survey.refresh_from_db()
    definition = survey.definition()
    assert definition.calculated[0].of == ("satisfied_event", "effort")
    assert [(arm.key, arm.share) for arm in definition.splits[0].arms] == [("new", 2), ("old", 1)]
    assert definition.quotas[0].most == 50
    assert definition.quotas[0].message == {"en": "We heard enough, thank you."}
    assert "Name at least two ways" in text(act(client, survey, "add-split", key="one", arms="only"))
    assert "is taken" in text(act(client, survey, "add-value", key="half", how="sum", of=["effort"]))
    for what, key in (("value", "score"), ("split", "half"), ("quota", "enough")):
        act(client, survey, f"remove-{what}", key=key)
    survey.refresh_from_db()
    assert survey.definition() == STARTERS["event"].definition()


def test_a_colour_too_pale_is_refused_and_the_nearest_is_offered(client: Client, survey: Survey) -> None:
    address = f"/listen/surveys/{survey.code}/theme/"
    told = {"draft_number": survey.draft_number, "name": "Halden", "color": "#7FC8A9"}
    page = text(client.post(address, told))
    assert "it needs 4.5:1" in page
    nearest = page.partition('name="take" value="')[2][:7]
    client.post(address, {**told, "take": nearest})
    survey.refresh_from_db()
    assert survey.definition().theme.color == nearest
    assert nearest != "#7FC8A9"


def test_only_pictures_are_taken_as_logo_and_they_are_small(client: Client, survey: Survey) -> None:
    address = f"/listen/surveys/{survey.code}/theme/"
    for name, body, why in (
        ("logo.png", b"<script>alert(1)</script>", "no PNG, JPEG"),
        ("logo.png", b"\x89PNG\r\n" + b"x" * 20_000, "at most 15 kB"),
    ):
        told = {"draft_number": survey.draft_number, "logo": SimpleUploadedFile(name, body, "image/png")}
        assert why in text(client.post(address, told))
    told["logo"] = SimpleUploadedFile("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    client.post(address, told)
    survey.refresh_from_db()
    assert survey.definition().theme.logo.startswith("data:image/svg+xml;base64,")


def test_right_to_left_is_written_right_to_left(client: Client, survey: Survey) -> None:
    address = f"/listen/surveys/{survey.code}/languages/"
    client.post(address, {"draft_number": 1, "act": "add", "language": "ar"})
    page = text(client.get(f"{address}?to=ar&only=missing"))
    assert 'lang="ar" dir="rtl"' in page
    client.post(address, {"draft_number": 2, "act": "save", "to": "ar", "t:title": "كيف كان؟"})
    survey.refresh_from_db()
    assert survey.definition().title["ar"] == "كيف كان؟"
    assert 'dir="rtl"' in text(client.get(f"/listen/surveys/{survey.code}/?language=ar"))


def test_a_test_is_asked_of_nobodys_programme(client: Client, survey: Survey, world: World) -> None:
    client.post(f"/listen/surveys/{survey.code}/publish/", {"draft_number": survey.draft_number})
    told = {"language": "de", "contact": world.joost.code}
    to = client.post(f"/listen/surveys/{survey.code}/preview/test/", told).headers["Location"]
    asked = Invitation.objects.get()
    assert "/r/" in to
    assert asked.programme is None
    assert asked.facts["contact.first_name"] == "Joost"


def test_a_contact_out_of_reach_is_no_one_to_preview_as(
    browser_of: BrowserOf, cast: Callable[[str], User], survey: Survey, world: World
) -> None:
    address = f"/listen/surveys/{survey.code}/preview/draft/?contact={world.joost.code}"
    assert browser_of("analyst").get(address).status_code == 200
    analyst = cast("analyst")
    analyst.reach = "granted"
    analyst.save()
    assert browser_of("analyst").get(address).status_code == 404


def test_readers_look_and_do_not_touch(browser_of: BrowserOf, survey: Survey) -> None:
    executive = browser_of("executive")
    page = text(executive.get(f"/listen/surveys/{survey.code}/?question=effort"))
    assert "Save the question" not in page
    assert act(executive, survey, "add-page").status_code == 404
    assert executive.post(f"/listen/surveys/{survey.code}/languages/", {"act": "add"}).status_code == 404


def test_an_archived_survey_can_be_read_and_brought_back(client: Client, survey: Survey) -> None:
    archive(survey, archived=True)
    assert "This survey is archived" in text(client.get(f"/listen/surveys/{survey.code}/"))
    assert survey.code in text(client.get("/listen/surveys/?archived=yes"))
    assert survey.code not in text(client.get("/listen/surveys/"))
    client.post(f"/listen/surveys/{survey.code}/archive/", {"archived": "no"})
    survey.refresh_from_db()
    assert not survey.archived


def test_programs_are_told_what_is_wrong_with_what_they_send(client: Client, catalog: None) -> None:
    survey = create_survey("Service")
    address = f"/api/v1/surveys/{survey.code}/draft"

    def put(number: int, definition: Any) -> Any:
        told = json.dumps({"draft_number": number, "definition": definition})
        return client.put(address, told, "application/json")

    unknown = put(1, {"title": {"en": "T"}, "colour": "red"})
    assert unknown.status_code == 422
    assert "colour" in text(unknown)
    assert put(7, {"title": {"en": "T"}}).status_code == 409
    assert put(1, {"title": {"en": "T"}}).json()["draft_number"] == 2
    refused = client.post(
        f"/api/v1/surveys/{survey.code}/publish", json.dumps({"draft_number": 2}), "application/json"
    )
    assert refused.status_code == 409
    assert "asks nothing" in refused.json()["detail"]
    missing = client.get(f"/api/v1/surveys/{survey.code}/compare?old=4")
    assert missing.status_code == 422


def test_programs_keep_the_bank(client: Client, catalog: None) -> None:
    told = {"name": "Visits", "question": {"type": "number", "key": "visits", "text": {"en": "How many?"}}}
    address = "/api/v1/question-bank/visits"
    assert client.put(address, json.dumps(told), "application/json").status_code == 201
    told["question"] |= {"type": "date"}  # type: ignore[operator]
    refused = client.put(address, json.dumps(told), "application/json")
    assert refused.status_code == 422
    assert "another type" in refused.json()["detail"]
    [row] = client.get("/api/v1/question-bank").json()
    assert row["question"]["type"] == "number"


def test_a_question_of_the_bank_shows_where_it_is_asked(client: Client, survey: Survey) -> None:
    page = text(client.get("/listen/surveys/bank/effort/"))
    assert survey.name in page
    assert "Wie viel Aufwand" in page
    save_to_bank("alone", "Alone", edits.question_of(Definition.model_validate(survey.draft), "effort"))
    assert "No survey" in text(client.get("/listen/surveys/bank/alone/"))
