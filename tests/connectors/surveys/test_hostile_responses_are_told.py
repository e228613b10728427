"""Response files made to do harm, or damaged on the way: what fits comes in, the rest is told."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rapport.connectors.surveys.importing import carry_out, take_responses
from rapport.connectors.surveys.opening import SurveyRefused
from rapport.connectors.surveys.reading import read_survey_bytes
from rapport.connectors.surveys.responses.mapping import Answered, Mapper
from rapport.connectors.surveys.responses.opening import open_responses
from rapport.connectors.surveys.services import take_in
from rapport.rooms.signals.models import Answer, Comment, Signal

HALF = "\ud800"
SURVEY: dict[str, Any] = {
    "title": "Visit\0",
    "pages": [
        {
            "name": f"p{HALF}",
            "elements": [
                {"type": "rating", "name": "stars", "rateMin": 1, "rateMax": 5},
                {"type": "text", "name": f"why\0{HALF}", "title": f"Why\0{HALF}?"},
                {"type": "text", "name": "much", "inputType": "number"},
                {"type": "text", "name": "day", "inputType": "date"},
                {"type": "ranking", "name": "order", "choices": ["a", "b", "c"]},
                {"type": f"imagemap{HALF}", "name": "map\0"},
            ],
        }
    ],
}
DATA = json.dumps(SURVEY).encode()
TRIPLE_S = (
    '<?xml version="1.0" encoding="UTF-8"?><sss version="2.0"><survey><record ident="A" format="csv">'
    '<variable ident="1" type="multiple"><name>m</name><label>M</label><position start="1"/><values>'
    '<value code="²">two</value><value code="1">one</value></values></variable>'
    '<variable ident="2" type="character"><name>t</name><label>T</label><position start="2"/><size>9</size>'
    "</variable></record></survey></sss>"
).encode()


def answered(data: bytes, survey: bytes = DATA, name: str = "r.json") -> Answered:
    """Return what the first response says."""
    imported = read_survey_bytes(survey, "survey")
    file = open_responses(data, name, survey if survey is TRIPLE_S else None)
    return Mapper(imported.columns, imported.definition, file).answers(next(file.rows))


def test_what_people_ranked_keeps_their_order() -> None:
    assert answered(b'[{"order": ["c", "a"]}]').answers == {"order": ["c", "a"]}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ('{"stars": 6}', "outside 1 to 5"),
        ('{"stars": -1e300}', "outside 1 to 5"),
        ('{"stars": NaN}', "no number"),
        ('{"much": Infinity}', "no number"),
        ('{"day": "9999-99-99"}', "no day"),
        ('{"day": "2026-02-30"}', "no day"),
        ('{"order": ["d"]}', "no choice"),
    ],
)
def test_values_that_are_no_answer_are_told_and_left_out(given: str, why: str) -> None:
    found = answered(f"[{given}]".encode())
    assert [why in misfit.reason for misfit in found.misfits] == [True]
    assert not any(found.answers.values())


def test_numbers_beyond_all_numbers_are_told() -> None:
    assert "outside" in answered(b'[{"stars": 1' + b"0" * 400 + b"}]").misfits[0].reason


def test_headings_nested_without_end_are_no_ids() -> None:
    deep = '{""ImportId"":' + "[" * 100_000
    table = f'ResponseId,stars\nResponse ID,Stars\n"{{""ImportId"":""x""}}","{deep}"\nR_1,4\n'
    assert answered(table.encode(), name="r.csv").answers == {"stars": 4.0}


def test_codes_that_only_look_like_numbers_are_read_by_their_place() -> None:
    for bits, chosen in ((b"10", "c"), (b"01", "c1")):
        assert answered(bits + b",abc\n", TRIPLE_S, "r.csv").answers == {"m": [chosen], "t": "abc"}


def test_a_cell_beyond_all_measure_is_refused_naming_its_row() -> None:
    with pytest.raises(SurveyRefused, match="row 1: field larger"):
        answered(b"1," + b"x" * 200_000 + b"\n", TRIPLE_S, "r.csv")


@pytest.mark.django_db
def test_zero_bytes_and_halves_of_signs_are_kept_out_of_the_database(catalog: None) -> None:
    file = take_in(DATA, "survey.json", by=None)
    results = [
        {
            "id": f"r1\0{HALF}",
            "submittedAt": "2026-03-02T10:00:00Z",
            "email": f"nobody\0{HALF}@customer.example",
            f"why\0{HALF}": f"Late\0 again{HALF}",
            "stars": f"\0{HALF}",
            "order": ["b", "a"],
            f"other\0{HALF}": 1,
            "locale": "aaa-bbbbbbbb-cccccccc-dddddddd",
        },
        {"id": "r2", "submittedAt": "9999-12-31T23:59:59-14:00", "stars": 3},
    ]
    upload = SimpleUploadedFile("r.json", json.dumps(results).encode())
    run = take_responses(file, upload, by=None, now=timezone.now())
    carry_out(run, now=timezone.now())
    assert (run.state, run.landed["recorded"], run.landed["refused"]) == ("done", 1, 1)
    signal = Signal.objects.get()
    assert signal.external_reference == "r1?"
    assert [(one.text, one.language) for one in Comment.objects.all()] == [("Late again?", "")]
    assert [one.choice for one in Answer.objects.order_by("pk")] == ["b", "a"]
    reasons = [problem["reason"] for problem in run.landed["problems"]]
    assert any("no number" in reason for reason in reasons)
    assert any("future" in reason for reason in reasons)
