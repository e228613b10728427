"""Real survey files of other systems: every one comes in, its counts are those told, its responses map."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rapport.connectors.surveys.reading import read_survey
from rapport.connectors.surveys.responses.mapping import Mapper
from rapport.connectors.surveys.responses.opening import open_responses
from tests.acceptance.real.importing import DATA, data

pytestmark = pytest.mark.real


def told(folder: str, columns: int) -> list[list[str]]:
    """Return the rows of the table in a data set's README."""
    text = (DATA / folder / "README.md").read_text("utf-8") if (DATA / folder).is_dir() else ""
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return [row for row in rows if len(row) == columns and not set(row[0]) <= {"-"} and row[0] != "file"]


QSF = told("survey-defs-qsf", 9)
LSS = told("survey-defs-lss", 12)


def test_the_readmes_name_every_file() -> None:
    data("survey-defs-qsf"), data("survey-defs-lss")
    assert (len(QSF), len(LSS)) == (23, 21)


@pytest.mark.parametrize("row", QSF, ids=lambda row: row[0])
def test_a_qualtrics_survey_has_the_questions_blocks_and_logic_told(row: list[str]) -> None:
    report = read_survey(data("survey-defs-qsf") / row[0]).report
    assert (report.questions, report.groups, report.counts["display_logic"]) == tuple(map(int, row[5:8]))
    spoken = {code.strip().lower() for code in re.split(r"[+,]", row[4])}
    assert {code.lower() for code in report.languages} == spoken
    named = {line.name for line in (*report.kept, *report.changed, *report.unsupported)}
    document = json.loads((DATA / "survey-defs-qsf" / row[0]).read_text("utf-8"))
    tags = {one["Payload"]["DataExportTag"] for one in document["SurveyElements"] if one["Element"] == "SQ"}
    assert tags <= named, "every question is accounted for"


@pytest.mark.parametrize("row", LSS, ids=lambda row: row[0])
def test_a_limesurvey_file_has_the_counts_told(row: list[str]) -> None:
    report = read_survey(data("survey-defs-lss") / row[0]).report
    groups, questions, *others = map(int, row[6:])
    assert (report.groups, report.questions) == (groups, questions)
    assert [
        report.counts[name] for name in ("sub_questions", "answers", "conditions", "relevance_rules")
    ] == others
    assert set(report.languages) == {code.strip() for code in row[5].split(",")}


# Columns that belong to no question of the survey file beside them: the file was changed after the export.
STRANGE = {
    "Better_Sample_Survey.csv": {"Q13_1_-1", "Q13_2_-1", "Q13_3_-1"},
    "Better_Sample_Survey_split.csv": {"split", "Q13_1_-1", "Q13_2_-1", "Q13_3_-1"},
}
TABLES = sorted((DATA / "survey-defs-qsf" / "qualtricstools").glob("*/*.csv"))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_responses_of_qualtrics_map_to_their_questions(
    path: Path, tell_figure: Callable[[str, object], None]
) -> None:
    (survey,) = path.parent.glob("*.qsf")
    misfits, answers, rows, mapper = mapped(survey, path)
    assert set(mapper.without) == STRANGE.get(path.name, set())
    assert mapper.gone == []
    # One person wrote 'three' into a field for numbers; nothing else in 25 files does not fit.
    assert [one.value for one in misfits] == (["three"] if path.name.startswith("Dummy") else [])
    assert rows
    assert answers
    tell_figure("columns mapped", mapper.mapped)


def mapped(survey: Path, responses: Path) -> tuple[list[Any], int, int, Mapper]:
    """Map a response file; return what did not fit, how many answers and rows there are, and the mapper."""
    imported = read_survey(survey)
    file = open_responses(responses.read_bytes(), responses.name, survey.read_bytes())
    mapper = Mapper(imported.columns, imported.definition, file)
    answered = [mapper.answers(row) for row in file.rows]
    misfits = [misfit for one in answered for misfit in one.misfits]
    return misfits, sum(len(one.answers) for one in answered), len(answered), mapper


@pytest.mark.parametrize(
    ("name", "rows", "answers"),
    [
        ("survey_statistics_one", 10, 8),
        ("survey_simple_statistics", 10, 26),
        ("survey_archive_2_basic_responses", 2, 2),
    ],
)
def test_archived_responses_of_limesurvey_map_to_their_questions(name: str, rows: int, answers: int) -> None:
    path = data("survey-defs-lss") / "archives" / f"{name}.lsa"
    misfits, found, read, mapper = mapped(path, path)
    assert (read, found, misfits, mapper.without) == (rows, answers, [], [])


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("sample-1", {"single": 2, "multiple": 2, "character": 1, "quantity": 2, "logical": 1}),
        ("sample-3", {"single": 65, "quantity": 46, "character": 41, "logical": 38, "date": 5, "time": 5}),
        ("sample-5", {"quantity": 1, "single": 2}),
    ],
)
def test_a_triple_s_file_has_the_variables_told(name: str, types: dict[str, int]) -> None:
    report = read_survey(data("survey-defs-triple-s") / f"{name}.sss").report
    assert report.counts == types
    assert report.questions == sum(types.values())


def test_the_records_of_the_historic_house_say_what_the_standard_says() -> None:
    folder = data("survey-defs-triple-s")
    imported = read_survey(folder / "sample-1.sss")
    file = open_responses(
        (folder / "sample-1.asc").read_bytes(), "sample-1.asc", (folder / "sample-1.sss").read_bytes()
    )
    mapper = Mapper(imported.columns, imported.definition, file)
    first, second, third = (mapper.answers(row).answers for row in file.rows)
    assert first == {
        "Q1": "c2",
        "Q2": ["c1", "c3", "c9"],
        "Q3": "Amusement Park",
        "Q4": ["c1", "c9"],
        "Q5": 12.0,
        "Q6": "yes",
        "Q7": "c1",
        "Q99": 1.4,
    }
    assert second["Q2"] == ["c2"]
    assert (second["Q4"], second["Q5"]) == (["c2"], 999.0)
    assert third["Q6"] == "no"


@pytest.mark.parametrize(
    ("survey", "responses", "rows", "misfits"),
    [("sample-3.sss", "sample-3.dat", 98, 0), ("sample-5.sss", "sample-5.asc", 10, 3)],
)
def test_data_of_triple_s_map_to_their_variables(
    survey: str, responses: str, rows: int, misfits: int
) -> None:
    folder = data("survey-defs-triple-s")
    wrong, answers, read, mapper = mapped(folder / survey, folder / responses)
    assert (read, len(wrong), mapper.without) == (rows, misfits, [])
    assert answers


SPSS = {
    "hotel.sav": (5, 17),
    "physiology.sav": (4, 40),
    "personnel.sav": (6, 56),
    "pyreadstat_sample.sav": (7, 5),
    "pyreadstat_sample.zsav": (7, 5),
    "pyreadstat_sample.por": (7, 5),
    "pyreadstat_sample_missing.sav": (7, 7),
    "pyreadstat_simple_alltypes.sav": (12, 6),
    "pyreadstat_hebrews.sav": (1, 99),
    "haven_labelled-num-na.sav": (1, 2),
    "haven_umlauts.sav": (1, 4),
    "haven_datetime.sav": (3, 2),
}


@pytest.mark.parametrize("name", SPSS)
def test_an_spss_file_has_its_variables_and_rows(name: str) -> None:
    path = data("survey-defs-spss") / name
    report = read_survey(path).report
    _misfits, answers, read, mapper = mapped(path, path)
    assert (report.questions, read) == SPSS[name]
    assert mapper.without == []
    assert answers


def test_three_formats_of_one_spss_table_say_the_same() -> None:
    folder = data("survey-defs-spss")
    found = []
    for suffix in ("sav", "zsav", "por"):
        imported = read_survey(folder / f"pyreadstat_sample.{suffix}")
        file = open_responses((folder / f"pyreadstat_sample.{suffix}").read_bytes(), "sample")
        mapper = Mapper(imported.columns, imported.definition, file)
        found.append(
            [{key.lower(): one for key, one in mapper.answers(row).answers.items()} for row in file.rows]
        )
    assert found[0] == found[1]
    names = {
        "mychar": "mychar",
        "mydate": "mydate",
        "dtime": "dtime",
        "mylabl": "mylabl",
        "myord": "myord",
        "mytime": "mytime",
    }
    assert [{ours: row.get(theirs) for ours, theirs in names.items()} for row in found[2]] == [
        {ours: row.get(ours) for ours in names} for row in found[0]
    ]


def test_response_sets_of_spss_become_multiple_choices() -> None:
    path = data("survey-defs-spss") / "pyreadstat_simple_alltypes.sav"
    imported = read_survey(path)
    sets = {
        question.key: question for question in imported.definition.questions() if question.type == "choices"
    }
    assert {key: len(question.choices) for key, question in sets.items()} == {
        "mymrset": 3,
        "categorical_array": 4,
    }
    file = open_responses(path.read_bytes(), path.name)
    first = Mapper(imported.columns, imported.definition, file).answers(next(iter(file.rows))).answers
    assert first["mymrset"] == ["bool1", "bool2"]
    assert first["categorical_array"] == ["a", "b"]


def test_surveyjs_definitions_come_in_with_every_element_accounted_for() -> None:
    folder = data("survey-defs-surveyjs")
    quiz, complex_one = (
        read_survey(folder / f"{name}.json") for name in ("american_history_quiz", "complex")
    )
    assert (quiz.report.groups, quiz.report.questions, quiz.report.counts["type radiogroup"]) == (4, 8, 6)
    assert (complex_one.report.groups, complex_one.report.questions) == (1, 35)
    lines = (*complex_one.report.kept, *complex_one.report.changed, *complex_one.report.unsupported)
    assert {"signature", "cars", "Quality", "relatives", "smartphone-features", "image"} <= {
        line.name for line in lines
    }


def test_logic_of_rivals_is_taken_over_where_it_can_be_said() -> None:
    group_relevance = read_survey(data("survey-defs-lss") / "ls205_group_relevance.lss")
    shown = [page.show_if for page in group_relevance.definition.pages if page.show_if]
    asked = [one.show_if for one in group_relevance.definition.questions() if one.show_if]
    assert len(shown) >= 4
    assert len(asked) >= 20
    logic = read_survey(
        data("survey-defs-qsf") / "qualtricstools" / "Survey_Logic" / "Survey_Logic_EVERYWHERE.qsf"
    )
    branches = [(branch.to, page.key) for page in logic.definition.pages for branch in page.branches]
    assert len(branches) == 5, "each of its five skips leads somewhere later"
    reasons = [reason for line in logic.report.unsupported for reason in line.reasons]
    assert any("iPhone" in reason for reason in reasons), "what cannot be said keeps its own words"
