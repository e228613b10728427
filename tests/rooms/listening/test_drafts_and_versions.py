"""Drafts change under their number; versions are published once and stay."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from rapport.rooms.listening.definition import Definition
from rapport.rooms.listening.definition.checking import check
from rapport.rooms.listening.designing import edits
from rapport.rooms.listening.designing.comparability import compare_with_bank, compare_with_version
from rapport.rooms.listening.designing.comparing import compare, moved
from rapport.rooms.listening.designing.edits import QUESTION, EditRefused
from rapport.rooms.listening.designing.selectors import bank_of, findings_of
from rapport.rooms.listening.designing.services import (
    DraftMoved,
    NotReady,
    add_from_bank,
    add_standard_questions,
    archive,
    close_survey,
    create_from_template,
    create_survey,
    duplicate,
    edit_draft,
    publish,
    save_to_bank,
)
from rapport.rooms.listening.designing.standard import STANDARD
from rapport.rooms.listening.designing.starters import STARTERS
from rapport.rooms.listening.models import BankQuestion, Programme, SurveyVersion

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def number(key: str, **more: Any) -> Any:
    return QUESTION.validate_python(
        {"type": "number", "key": key, "text": {"en": f"How many {key}?"}, **more}
    )


def rated(key: str, high: int = 5, **more: Any) -> Any:
    told = {"type": "rating", "key": key, "text": {"en": "How good?"}, "low": 1, "high": high, **more}
    return QUESTION.validate_python(told)


def survey_with(*questions: Any) -> Definition:
    return Definition.model_validate(
        {"title": {"en": "T"}, "pages": [{"key": "page1", "questions": questions}, {"key": "page2"}]}
    )


def keys(definition: Definition) -> list[list[str]]:
    return [[question.key for question in page.questions] for page in definition.pages]


def test_an_edit_made_on_an_older_draft_is_refused_and_leaves_nothing() -> None:
    survey = create_survey("Service")
    edit_draft(survey, 1, edits.add_page("p2"))
    with pytest.raises(DraftMoved, match="you worked on 1, it is 2 now"):
        edit_draft(survey, 1, edits.add_page("p3"))
    survey.refresh_from_db()
    assert [page["key"] for page in survey.draft["pages"]] == ["page1", "p2"]
    assert survey.draft_number == 2


def test_an_edit_that_changes_nothing_makes_no_new_number() -> None:
    survey = create_survey("Service")
    assert edit_draft(survey, 1, edits.step_page("page1", -1)).draft_number == 1


def test_an_archived_survey_is_not_edited() -> None:
    survey = create_survey("Service")
    archive(survey, archived=True)
    with pytest.raises(EditRefused, match="archived"):
        edit_draft(survey, 1, edits.add_page())


def test_a_published_version_never_changes_and_is_never_deleted() -> None:
    survey = create_from_template("event")
    version = publish(survey, survey.draft_number, now=NOW)
    refused = "a published version (does not change|is not deleted)"
    for statement in (
        "UPDATE listening_surveyversion SET document = '{}'",
        "UPDATE listening_surveyversion SET number = 9",
        "UPDATE listening_surveyversion SET published_at = now() - interval '1 day'",
        "DELETE FROM listening_surveyversion",
    ):
        with (
            pytest.raises(IntegrityError, match=refused),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert SurveyVersion.objects.get(pk=version.pk).document == survey.draft


def test_closing_takes_no_more_answers_and_keeps_the_words() -> None:
    survey = create_from_template("event")
    version = publish(survey, survey.draft_number, now=NOW)
    assert close_survey(survey, now=NOW + timedelta(days=1)) == 1
    version.refresh_from_db()
    assert version.state == "closed"
    assert version.document == survey.draft
    assert close_survey(survey, now=NOW + timedelta(days=2)) == 0


def test_a_draft_with_an_error_is_not_published_and_the_reason_is_told() -> None:
    survey = create_survey("Service")
    with pytest.raises(NotReady, match="asks nothing"):
        publish(survey, survey.draft_number, now=NOW)
    assert not survey.versions.exists()


def test_what_did_not_change_is_not_published_twice() -> None:
    survey = create_from_template("tracking")
    publish(survey, survey.draft_number, now=NOW)
    with pytest.raises(NotReady, match="Nothing changed since version 1"):
        publish(survey, survey.draft_number, now=NOW)
    changed = edit_draft(survey, survey.draft_number, edits.add_question("page1", number("visits")))
    assert publish(changed, changed.draft_number, now=NOW).number == 2


def test_there_is_a_template_for_every_kind_of_programme() -> None:
    assert set(STARTERS) == set(Programme.Kind.values)


@pytest.mark.parametrize("key", STARTERS)
def test_a_template_can_be_published_as_it_is_in_english_and_german(key: str) -> None:
    survey = create_from_template(key)
    definition = survey.definition()
    assert check(definition) == []
    assert definition.languages == ("en", "de")
    assert all(question.bank in STANDARD for question in definition.questions())
    assert findings_of(survey, definition).breaks == ()
    assert publish(survey, survey.draft_number, now=NOW).number == 1


def test_a_copy_has_a_draft_of_its_own() -> None:
    survey = create_from_template("pulse", "Portal")
    copy = duplicate(survey)
    assert copy.name == "Portal, copy"
    edit_draft(copy, 1, edits.remove_question("contact_me"))
    survey.refresh_from_db()
    assert "contact_me" in [question.key for question in survey.definition().questions()]


# -- Edits --------------------------------------------------------------------


def test_questions_move_over_the_edge_of_their_page() -> None:
    document = survey_with(number("a"), number("b"))
    down = edits.step_question("b", 1)(document)
    assert keys(down) == [["a"], ["b"]]
    assert keys(edits.step_question("b", -1)(down)) == [["a", "b"], []]
    assert keys(edits.step_question("a", -1)(document)) == [["a", "b"], []]
    assert keys(edits.move_question("a", "page2", 0)(document)) == [["b"], ["a"]]


def test_a_question_others_look_at_is_not_removed() -> None:
    shown = {"type": "part", "subject": {"kind": "answer", "key": "a"}, "operator": "at_least", "value": 3}
    document = survey_with(number("a"), number("b", show_if=shown))
    with pytest.raises(EditRefused, match="b looks at a"):
        edits.remove_question("a")(document)
    assert keys(edits.remove_question("b")(document)) == [["a"], []]


def test_whatever_looks_at_a_question_follows_its_new_key() -> None:
    shown = {"type": "part", "subject": {"kind": "answer", "key": "a"}, "operator": "answered"}
    document = survey_with(number("a"), number("b", show_if=shown, text={"en": "You said {a|nothing}, {{a}"}))
    document = edits.change_logic(
        calculated=({"key": "sum", "how": "sum", "of": ["a", "b"]},)  # type: ignore[arg-type]
    )(document)
    renamed = edits.change_question("a", number("visits"))(document)
    second = edits.question_of(renamed, "b")
    assert second.show_if is not None
    assert second.model_dump()["show_if"]["subject"]["key"] == "visits"
    assert second.text == {"en": "You said {visits|nothing}, {{a}"}
    assert renamed.calculated[0].of == ("visits", "b")


def test_a_page_a_branch_leads_to_is_not_removed() -> None:
    when = {"type": "part", "subject": {"kind": "answer", "key": "a"}, "operator": "answered"}
    document = edits.change_page("page1", branches=({"when": when, "to": "page2"},))(survey_with(number("a")))
    with pytest.raises(EditRefused, match="leads to page2"):
        edits.remove_page("page2")(document)


def test_a_language_that_goes_takes_its_words_along() -> None:
    definition = edits.remove_language("de")(STARTERS["event"].definition())
    assert definition.languages == ("en",)
    assert '"de"' not in definition.model_dump_json()
    with pytest.raises(EditRefused, match="written in en first"):
        edits.remove_language("en")(definition)


@pytest.mark.parametrize("language", ["", "EN", "english please", "d"])
def test_what_is_no_language_is_refused(language: str) -> None:
    with pytest.raises(EditRefused, match="is no language"):
        edits.add_language(language)


# -- Comparability ------------------------------------------------------------


def test_the_bank_keeps_the_scale_it_was_first_given() -> None:
    save_to_bank("room", "Room", rated("room"))
    with pytest.raises(EditRefused, match="scale runs from 1 to 7, not 1 to 5"):
        save_to_bank("room", "Room", rated("room", high=7))
    row, new = save_to_bank("room", "Meeting room", rated("room", text={"en": "How good was it?"}))
    assert not new
    assert row.question["text"] == {"en": "How good was it?"}


def test_a_survey_says_where_it_asks_otherwise_than_the_bank() -> None:
    save_to_bank("room", "Room", rated("room"))
    survey = create_survey("Rooms")
    survey = edit_draft(survey, 1, add_from_bank("page1", BankQuestion.objects.get(pk="room")))
    definition = survey.definition()
    bank = bank_of(definition)
    assert compare_with_bank(definition, bank) == []
    wider = edits.change_question("room", rated("room", high=10, bank="room"))(definition)
    [found] = compare_with_bank(wider, bank)
    assert found.breaks
    assert "1 to 10, not 1 to 5" in found.message
    words = edits.change_question("room", rated("room", bank="room", text={"en": "And?"}))(definition)
    assert [found.breaks for found in compare_with_bank(words, bank)] == [False]
    with pytest.raises(EditRefused, match="asks Room already"):
        add_from_bank("page1", BankQuestion.objects.get(pk="room"))(definition)


def test_a_draft_says_where_the_line_of_the_last_version_breaks() -> None:
    before = STARTERS["event"].definition()
    after = edits.remove_question("feeling")(before)
    solved = edits.question_of(after, "solved").model_dump(mode="json")
    solved["choices"] = solved["choices"][:2]
    after = edits.change_question("solved", QUESTION.validate_python(solved))(after)
    effort = edits.question_of(after, "effort").model_dump(mode="json") | {"bank": ""}
    after = edits.change_question("effort", QUESTION.validate_python(effort))(after)
    told = {found.question: found.message for found in compare_with_version(after, before, 3)}
    assert set(told) == {"feeling", "solved", "effort"}
    assert "dropped" in told["feeling"]
    assert "lack “no”" in told["solved"]
    assert "lost the stable key effort" in told["effort"]


def test_standard_questions_are_added_once() -> None:
    assert add_standard_questions() == len(STANDARD)
    assert add_standard_questions() == 0
    assert BankQuestion.objects.get(pk="recommend").metric_id == "nps"


# -- Comparing versions -------------------------------------------------------


def test_two_versions_are_compared_question_by_question() -> None:
    before = STARTERS["event"].definition()
    after = edits.remove_question("open_matter")(before)
    effort = edits.question_of(after, "effort").model_dump(mode="json")
    effort["text"]["de"] = "Wie aufwendig war es?"
    effort["high"] = 5
    after = edits.change_question("effort", QUESTION.validate_python(effort))(after)
    after = edits.add_question("page1", number("visits"))(after)
    after = edits.move_question("solved", "page1", 0)(after)
    found = {(one.kind, one.what, one.key): one for one in compare(before, after)}
    assert set(found) == {
        ("question", "removed", "open_matter"),
        ("question", "changed", "effort"),
        ("question", "added", "visits"),
        ("question", "moved", "solved"),
    }
    changed = found["question", "changed", "effort"]
    assert [(one.label, one.before, one.after) for one in changed.changes][1:] == [("Highest", "7", "5")]
    assert changed.changes[0].label == "Words (Deutsch)"
    assert changed.changes[0].after == "Wie aufwendig war es?"
    assert changed.breaks == ("Its scale runs from 1 to 5, not 1 to 7.",)


def test_a_survey_does_not_differ_from_itself() -> None:
    for starter in STARTERS.values():
        assert compare(starter.definition(), starter.definition()) == []


def test_only_what_left_its_place_counts_as_moved() -> None:
    assert moved(["a", "b", "c", "d"], ["b", "c", "d", "a"]) == ["a"]
    assert moved(["a", "b", "c"], ["a", "b", "c"]) == []
