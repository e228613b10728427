"""Response files are recorded by the worker: stopped it goes on, and a broken file leaves nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rapport.connectors.surveys.importing import carry_out, import_responses, take_responses
from rapport.connectors.surveys.models import ResponseImport, SurveyFile
from rapport.connectors.surveys.opening import SurveyRefused
from rapport.connectors.surveys.responses import landing
from rapport.connectors.surveys.responses.mapping import Mapper
from rapport.connectors.surveys.responses.opening import open_responses
from rapport.connectors.surveys.services import take_in
from rapport.rooms.signals.models import Answer, Signal

pytestmark = pytest.mark.django_db
SURVEY = json.dumps(
    {
        "pages": [
            {
                "name": "p",
                "elements": [
                    {"type": "rating", "name": "nps", "rateMin": 0, "rateMax": 10},
                    {
                        "type": "radiogroup",
                        "name": "why",
                        "choices": ["price", "speed"],
                        "showOtherItem": True,
                    },
                    {"type": "checkbox", "name": "parts", "choices": [{"value": 1, "text": "Seals"}, 2]},
                    {"type": "boolean", "name": "again"},
                    {
                        "type": "matrix",
                        "name": "grid",
                        "columns": ["good", "bad"],
                        "rows": ["pumps", "seals"],
                    },
                    {"type": "text", "name": "since", "inputType": "date"},
                    {"type": "file", "name": "photo"},
                ],
            }
        ]
    }
).encode()
RESULTS: list[dict[str, Any]] = [
    {
        "id": 7,
        "submittedAt": "2026-03-02T10:00:00Z",
        "locale": "de",
        "nps": 9,
        "why": "other",
        "why-Comment": "The people",
        "parts": [1, 2],
        "again": True,
        "grid": {"pumps": "good", "seals": "bad"},
        "since": "2019-05-01",
        "photo": [{"name": "a.png", "content": "data:image/png;base64,AAAA"}],
    },
    {"id": 8, "submittedAt": "2026-03-03T10:00:00Z", "data": {"nps": 3, "why": "price", "again": False}},
]


@pytest.fixture
def file(world: Any) -> SurveyFile:
    return take_in(SURVEY, "survey.json", by=None)


def many(count: int) -> bytes:
    """Return so many responses, one on each line, some of them under the same reference."""
    rows = [
        {"id": number - number % 2, "submittedAt": "2026-03-02T10:00:00Z", "nps": number % 11, "why": "speed"}
        for number in range(count)
    ]
    return "\n".join(json.dumps(row) for row in rows).encode()


def uploaded(file: SurveyFile, data: bytes, name: str = "answers.jsonl") -> ResponseImport:
    return take_responses(file, SimpleUploadedFile(name, data), by=None, now=timezone.now())


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(RESULTS).encode(),
        json.dumps({"Data": RESULTS}).encode(),
        "\n".join(json.dumps(one) for one in RESULTS).encode(),
    ],
    ids=["list", "service", "lines"],
)
def test_results_of_surveyjs_become_the_answers_they_are(data: bytes, file: SurveyFile) -> None:
    from rapport.connectors.surveys.reading import read_survey_bytes

    imported = read_survey_bytes(SURVEY, "survey.json")
    responses = open_responses(data, "results.json")
    mapper = Mapper(imported.columns, imported.definition, responses)
    first, second = list(responses.rows)
    assert (first.reference, first.language, str(first.answered_at)) == (
        "7",
        "de",
        "2026-03-02 10:00:00+00:00",
    )
    told = mapper.answers(first)
    assert told.misfits == ()
    keys = {
        one.key: [choice.key for choice in getattr(one, "choices", ())]
        for one in imported.definition.questions()
    }
    assert told.answers["nps"] == 9
    assert told.answers["why"] == keys["why"][-1]
    assert told.answers[f"why.{keys['why'][-1]}"] == "The people"
    assert told.answers["parts"] == keys["parts"]
    assert told.answers["again"] == "yes"
    assert list(told.answers["grid"]) == ["pumps", "seals"]  # type: ignore[arg-type]
    assert told.answers["since"] == "2019-05-01"
    assert "photo" not in told.answers
    assert mapper.answers(second).answers["again"] == "no"
    assert mapper.without == []


@pytest.mark.parametrize("stop_after", [1, 3])
def test_an_import_whose_worker_dies_goes_on_and_counts_nothing_twice(
    file: SurveyFile,
    monkeypatch: pytest.MonkeyPatch,
    stop_after: int,
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.setattr(landing, "AT_ONCE", 10)
    run = uploaded(file, many(45))
    signals = landing.BulkRecorder.record
    calls = []

    class Killed(BaseException):
        """As by a signal: nothing catches it."""

    def dying(self: Any, batch: Any) -> Any:
        calls.append(len(batch))
        if len(calls) > stop_after:
            raise Killed
        return signals(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(landing.BulkRecorder, "record", dying)
        with pytest.raises(Killed):
            carry_out(run, now=timezone.now())
    left = ResponseImport.objects.get(pk=run.pk)
    assert (left.state, left.total, left.landed["read"]) == ("landing", 45, 10 * stop_after)
    assert Signal.objects.count() == 10 * stop_after
    assert 0 < left.percent < 100
    stored = left.upload.name or ""
    assert default_storage.exists(stored)
    with django_capture_on_commit_callbacks(execute=True):
        carry_out(left, now=timezone.now())
    left.refresh_from_db()
    assert (left.state, left.percent) == ("done", 100)
    assert (left.landed["read"], left.landed["recorded"], left.landed["known"]) == (45, 45, 0)
    assert Signal.objects.count() == 45
    assert Answer.objects.filter(question="why", choice="speed").count() == 45
    assert not default_storage.exists(stored)


def test_a_file_that_breaks_off_leaves_nothing_recorded(
    file: SurveyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing, "AT_ONCE", 10)
    run = uploaded(file, many(30) + b'\n{"nps": 3, "why"')
    carry_out(run, now=timezone.now())
    assert (run.state, run.landed) == ("failed", {})
    assert "line 31" in run.message
    assert not Signal.objects.exists()


def test_two_workers_on_one_file_record_it_once(file: SurveyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "AT_ONCE", 10)
    run = uploaded(file, many(30))
    late = ResponseImport.objects.get(pk=run.pk)
    late.state, late.total = "landing", 30
    carry_out(run, now=timezone.now())
    late.upload = run.upload
    late.path = str(Path(__file__))
    carry_out(late, now=timezone.now())
    assert Signal.objects.count() == 30
    assert ResponseImport.objects.get().landed["recorded"] == 30


def test_a_response_file_of_limesurvey_is_streamed_whatever_its_size(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "big.lsr"
    row = b"<row><id><![CDATA[%d]]></id><submitdate>2026-03-02 10:00:00</submitdate><_9X1X2>%s</_9X1X2></row>"
    with path.open("wb") as out:
        out.write(
            b"<?xml version='1.0'?><document><LimeSurveyDocType>Responses</LimeSurveyDocType><responses>"
        )
        out.write(b"<fields><fieldname>id</fieldname><fieldname>9X1X2</fieldname></fields><rows>")
        for number in range(20_000):
            out.write(row % (number, b"x" * 400))
        out.write(b"</rows></responses></document>")
    tracemalloc.start()
    responses = open_responses(path, path.name)
    assert sum(1 for one in responses.rows if one.values["9X1X2"]) == 20_000
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert responses.names == ("9X1X2",)
    assert most < path.stat().st_size / 4


def test_a_survey_taken_for_its_responses_is_refused_and_not_kept(file: SurveyFile) -> None:
    run = uploaded(file, SURVEY, "survey.json")
    carry_out(run, now=timezone.now())
    assert run.message == "survey.json is a survey of SurveyJS, not the responses to one."
    with pytest.raises(SurveyRefused, match="no response file we know"):
        uploaded(file, b"\0\1\2", "a.bin")
    assert ResponseImport.objects.count() == 1


def test_a_file_that_vanished_says_so(file: SurveyFile, tmp_path: Path) -> None:
    with pytest.raises(SurveyRefused, match="no longer there"):
        import_responses(file, tmp_path / "gone.json", by=None, now=timezone.now())
