"""Our surveys written in the formats of others, and read again."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.acceptance.real.importing import data
from tests.connectors.surveys.surveys_drawn import answers_to, flat_surveys, surveys

from rapport.connectors.surveys.reading import read_survey_bytes
from rapport.connectors.surveys.responses.mapping import Mapper
from rapport.connectors.surveys.responses.opening import open_responses
from rapport.connectors.surveys.writing.csv import write_csv
from rapport.connectors.surveys.writing.responses import Given
from rapport.connectors.surveys.writing.spss import write_sav
from rapport.connectors.surveys.writing.surveyjs import as_surveyjs, write_surveyjs
from rapport.connectors.surveys.writing.triple_s import write_archive, write_definition
from rapport.rooms.listening.definition import Definition

NOW = datetime(2026, 9, 17, 10, 41, tzinfo=UTC)
few = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def given_of(answers: dict[str, Any], number: int = 1) -> Given:
    return Given(f"r{number}", NOW, "en", "A1", "P1", "user", answers)


@few
@given(surveys())
def test_a_survey_written_as_surveyjs_comes_back_as_it_was(survey: Definition) -> None:
    imported = read_survey_bytes(write_surveyjs(survey), "survey.json")
    assert (imported.report.changed, imported.report.unsupported) == ((), ())
    assert imported.definition == survey
    in_their_terms = read_survey_bytes(without_ours(survey), "survey.json")
    assert in_their_terms.report.unsupported == ()
    assert in_their_terms.definition == survey


def without_ours(survey: Definition) -> bytes:
    """Return a survey in SurveyJS' own terms, without the document of ours beside them."""
    document = as_surveyjs(survey)
    del document["rapport"]["definition"]
    return json.dumps(document).encode()


FULL = Definition.model_validate(
    {
        "title": {"en": "Everything", "de": "Alles"},
        "languages": ["en", "de"],
        "welcome": {"en": "Dear {contact.first_name|customer}, {{ so"},
        "pages": [
            {
                "key": "one",
                "questions": [
                    {
                        "type": "nps",
                        "key": "nps",
                        "text": {"en": "Would you?"},
                        "metric": "nps",
                        "bank": "nps_std",
                    },
                    {
                        "type": "constant_sum",
                        "key": "share",
                        "text": {"en": "Share"},
                        "total": 10,
                        "choices": [
                            {"key": "a", "text": {"en": "A"}, "picture": "x"},
                            {"key": "b", "text": {"en": "B"}},
                        ],
                    },
                    {
                        "type": "emotions",
                        "key": "felt",
                        "text": {"en": "Felt?"},
                        "offered": ["joy"],
                        "most": 1,
                    },
                    {"type": "number", "key": "days", "text": {"en": "Days"}, "unit": {"en": "d"}, "high": 9},
                ],
                "branches": [
                    {
                        "when": {
                            "type": "part",
                            "subject": {"kind": "answer", "key": "nps"},
                            "operator": "at_most",
                            "value": 6,
                        },
                        "to": "three",
                    },
                    {
                        "when": {
                            "type": "part",
                            "subject": {"kind": "split", "key": "half"},
                            "operator": "is",
                            "value": "x",
                        },
                        "to": "end",
                    },
                ],
            },
            {
                "key": "cross",
                "branches": [
                    {
                        "when": {
                            "type": "part",
                            "subject": {"kind": "fact", "key": "account.tier"},
                            "operator": "is",
                            "value": "A",
                        },
                        "to": "end",
                    }
                ],
            },
            {"key": "three", "questions": [{"type": "text", "key": "why", "text": {"en": "Why {nps}?"}}]},
        ],
        "calculated": [{"key": "score", "how": "sum", "of": ["nps", "days"], "otherwise": 1}],
        "splits": [{"key": "half", "arms": [{"key": "x"}, {"key": "y", "share": 2}]}],
        "quotas": [{"key": "full", "when": {"type": "all", "of": []}, "most": 5, "message": {"en": "Full"}}],
        "theme": {"name": "Halden", "color": "#12566B"},
        "thanks": {"text": {"en": "Thanks"}, "offer_contact": True, "show_done": True},
    }
)


def test_what_surveyjs_has_no_word_for_comes_back_too() -> None:
    imported = read_survey_bytes(write_surveyjs(FULL), "survey.json")
    assert imported.definition == FULL
    assert (imported.report.changed, imported.report.unsupported) == ((), ())
    assert {line.name for line in imported.report.kept} >= {"nps", "share", "felt", "days", "why"}


def test_shares_and_feelings_come_back_with_their_answers_from_a_tool_that_knows_neither() -> None:
    survey = Definition.model_validate(
        {
            "title": {"en": "Visit"},
            "languages": ["en", "de"],
            "pages": [
                {
                    "key": "page1",
                    "questions": [
                        {
                            "type": "constant_sum",
                            "key": "q1",
                            "text": {"en": "Share 10 points", "de": "Verteilen Sie 10 Punkte"},
                            "total": 10,
                            "choices": [
                                {"key": "price", "text": {"en": "Price", "de": "Preis"}},
                                {"key": "speed", "text": {"en": "Speed", "de": "Tempo"}},
                            ],
                        },
                        {"type": "emotions", "key": "q2", "text": {"en": "How?", "de": "Wie?"}, "most": 3},
                        {
                            "type": "emotions",
                            "key": "q3",
                            "text": {"en": "And?", "de": "Und?"},
                            "offered": ["trusting"],
                        },
                    ],
                }
            ],
        }
    )
    made = as_surveyjs(survey)
    del made["rapport"]["definition"]
    assert made["pages"][0]["elements"][1]["choices"], "all feelings are offered where none is named"
    imported = read_survey_bytes(json.dumps(made).encode(), "survey.json")
    assert imported.definition == survey
    assert imported.report.unsupported == ()
    answers = {"q1": {"price": 7.0, "speed": 3.0}, "q2": ["trusting"]}
    results = json.dumps([{"id": 1, **answers}]).encode()
    assert back_from(results, imported) == answers


def back_from(results: bytes, imported: Any) -> dict[str, Any]:
    file = open_responses(results, "results.json")
    answered = Mapper(imported.columns, imported.definition, file).answers(next(iter(file.rows)))
    assert answered.misfits == ()
    return dict(answered.answers)


def test_what_was_changed_elsewhere_wins_over_the_document_beside_it() -> None:
    document = as_surveyjs(FULL)
    document["pages"][0]["elements"][0]["title"] = "Would you now?"
    imported = read_survey_bytes(json.dumps(document).encode(), "survey.json")
    assert imported.definition.questions()[0].text == {"en": "Would you now?"}
    (branch,) = imported.definition.pages[0].branches
    assert (branch.to, branch.when) == ("three", FULL.pages[0].branches[0].when)
    assert any("half" in " ".join(line.reasons) for line in imported.report.unsupported)


def test_triggers_of_others_become_branches_where_they_can_be_decided() -> None:
    document = {
        "pages": [
            {"name": "a", "elements": [{"type": "rating", "name": "n", "rateMin": 0, "rateMax": 10}]},
            {"name": "b", "elements": [{"type": "text", "name": "t"}]},
            {"name": "c", "elements": [{"type": "text", "name": "u"}]},
        ],
        "triggers": [
            {"type": "skip", "expression": "{n} <= 6", "gotoName": "u"},
            {"type": "complete", "expression": "{t} = 'stop'"},
            {"type": "setvalue", "expression": "{n} = 1", "setToName": "t", "setValue": "x"},
        ],
    }
    imported = read_survey_bytes(json.dumps(document).encode(), "survey.json")
    first, second, _third = imported.definition.pages
    assert [branch.to for branch in first.branches] == ["c"]
    assert [branch.to for branch in second.branches] == ["end"]
    (lost,) = imported.report.unsupported
    assert "setvalue" in lost.reasons[0]


@few
@given(flat_surveys(("en", "de")))
def test_a_flat_survey_written_as_triple_s_comes_back_as_it_was(survey: Definition) -> None:
    imported = read_survey_bytes(write_definition(survey, now=NOW), "survey.sss")
    assert imported.definition == survey


@few
@given(flat_surveys())
def test_a_flat_survey_written_as_spss_comes_back_but_for_limits(survey: Definition) -> None:
    imported = read_survey_bytes(b"".join(write_sav(survey, lambda: (), now=NOW)), "survey.sav")
    assert asked(imported.definition) == asked(survey)


def asked(survey: Definition) -> list[dict[str, Any]]:
    """Return the questions as SPSS can hold them: it knows no limits."""
    ours = [
        one
        for one in survey.questions()
        if one.key not in ("response", "sent_at", "language", "account", "person", "buying_role")
    ]
    told = [one.model_dump(exclude={"low", "high", "most"}) for one in ours]
    for question in told:
        for choice in question.get("choices", ()) if question["type"] == "choices" else ():
            # A set of dichotomies numbers nothing.
            choice["value"] = None
    return told


@few
@given(st.data(), flat_surveys())
def test_answers_written_as_spss_come_back_to_their_questions(
    drawn: st.DataObject, survey: Definition
) -> None:
    answers = drawn.draw(st.lists(answers_to(survey), min_size=1, max_size=4))
    rows = [given_of(one, number) for number, one in enumerate(answers, 1)]
    file = b"".join(write_sav(survey, lambda: rows, now=NOW))
    assert back(file, "survey.sav", None) == answers


@few
@given(st.data(), flat_surveys())
def test_answers_written_as_triple_s_come_back_to_their_questions(
    drawn: st.DataObject, survey: Definition
) -> None:
    answers = drawn.draw(st.lists(answers_to(survey), min_size=1, max_size=4))
    rows = [given_of(one, number) for number, one in enumerate(answers, 1)]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(write_archive(survey, rows, now=NOW))))
    description, table = archive.read("survey.sss"), archive.read("survey.csv")
    assert back(table, "survey.csv", description) == answers


def back(file: bytes, name: str, description: bytes | None) -> list[dict[str, Any]]:
    """Read answers again, without the columns that tell of the response itself."""
    imported = read_survey_bytes(description or file, name)
    responses = open_responses(file, name, description)
    mapper = Mapper(imported.columns, imported.definition, responses)
    found = []
    for row in responses.rows:
        answered = mapper.answers(row)
        assert answered.misfits == ()
        found.append({key: value for key, value in answered.answers.items() if key.startswith("q")})
    return found


@pytest.mark.real
@few
@given(surveys())
def test_what_is_written_as_surveyjs_is_valid_by_its_own_schema(survey: Definition) -> None:
    schema = _schema()
    jsonschema.Draft7Validator(schema).validate(as_surveyjs(survey))


def _schema() -> Any:
    return json.loads((data("survey-defs-surveyjs") / "surveyjs_definition.schema.json").read_text())


def test_words_of_any_length_are_whole_in_spss_and_others_stand_beside_them() -> None:
    survey = Definition.model_validate(
        {
            "title": {"en": "Words"},
            "pages": [
                {
                    "key": "page1",
                    "questions": [
                        {"type": "long_text", "key": "q1", "text": {"en": "Why?"}},
                        {"type": "number", "key": "q2", "text": {"en": "How many?"}},
                    ],
                }
            ],
        }
    )
    lengths = (1, 8, 255, 256, 300, 504, 505, 1000, 4000)
    rows = [
        given_of({"q1": "ä" * (length // 2) + "x" * (length % 2), "q2": float(length)}) for length in lengths
    ]
    file = b"".join(write_sav(survey, lambda: rows, now=NOW))
    assert back(file, "words.sav", None) == [dict(row.answers) for row in rows]


def test_formulas_in_answers_are_inert_in_tables() -> None:
    survey = Definition.model_validate(
        {
            "title": {"en": "Words"},
            "pages": [{"key": "page1", "questions": [{"type": "text", "key": "q1", "text": {"en": "Why?"}}]}],
        }
    )
    rows = [given_of({"q1": '=HYPERLINK("http://a.example")'})]
    table = list(csv.DictReader(io.StringIO(b"".join(write_csv(survey, rows)).decode("utf-8-sig"))))
    assert table[0]["q1"].startswith("'=")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(write_archive(survey, rows, now=NOW))))
    assert ",\"'=HYPERLINK" in archive.read("survey.csv").decode()


def test_a_table_of_responses_has_a_column_for_each_answer() -> None:
    survey = Definition.model_validate(
        {
            "title": {"en": "Visit"},
            "pages": [
                {
                    "key": "page1",
                    "questions": [
                        {"type": "nps", "key": "q1", "text": {"en": "Recommend?"}},
                        {
                            "type": "choice",
                            "key": "q2",
                            "text": {"en": "Which?"},
                            "choices": [
                                {"key": "a", "text": {"en": "A"}},
                                {"key": "other", "text": {"en": "Other"}, "open": True},
                            ],
                        },
                        {
                            "type": "choices",
                            "key": "q3",
                            "text": {"en": "What?"},
                            "choices": [{"key": "a", "text": {"en": "A"}}, {"key": "b", "text": {"en": "B"}}],
                        },
                        {
                            "type": "matrix",
                            "key": "q4",
                            "text": {"en": "How?"},
                            "rows": [{"key": "r", "text": {"en": "R"}}],
                            "columns": [{"key": "good", "text": {"en": "Good"}}],
                        },
                        {
                            "type": "ranking",
                            "key": "q5",
                            "text": {"en": "Order?"},
                            "choices": [{"key": "a", "text": {"en": "A"}}, {"key": "b", "text": {"en": "B"}}],
                        },
                    ],
                }
            ],
        }
    )
    answers = {
        "q1": 9.0,
        "q2": "other",
        "q2.other": "Another",
        "q3": ["b"],
        "q4": {"r": "good"},
        "q5": ["b", "a"],
    }
    (row,) = csv.DictReader(io.StringIO(b"".join(write_csv(survey, [given_of(answers)])).decode("utf-8-sig")))
    told = {name: value for name, value in row.items() if name.startswith("q")}
    assert told == {
        "q1": "9.0",
        "q2": "other",
        "q2_other_words": "Another",
        "q3_a": "false",
        "q3_b": "true",
        "q4_r": "good",
        "q5_a": "2.0",
        "q5_b": "1.0",
    }
