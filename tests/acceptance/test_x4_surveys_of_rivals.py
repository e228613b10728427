"""X4: a rival's survey comes in with a loss report, its answers count once, and ours leaves again."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from typer.testing import CliRunner

from rapport.cli import app
from rapport.connectors.surveys.command import bring_in, write_out
from rapport.connectors.surveys.models import ResponseImport, SurveyFile
from rapport.connectors.surveys.reading import read_survey_bytes
from rapport.connectors.surveys.tasks import carry_out_responses
from rapport.kernel.models import ApiToken, Sighting, User
from rapport.rooms.listening.designing.services import create_survey, publish
from rapport.rooms.listening.models import Invitation, Programme, Response, Survey
from rapport.rooms.signals.models import Answer, Comment, Score, Signal
from tests.cast import World

pytestmark = pytest.mark.django_db

QSF: dict[str, Any] = {
    "SurveyEntry": {"SurveyName": "After the visit", "SurveyLanguage": "EN"},
    "SurveyElements": [
        {
            "Element": "BL",
            "Payload": [
                {
                    "Type": "Default",
                    "ID": "BL_1",
                    "Description": "Visit",
                    "BlockElements": [{"Type": "Question", "QuestionID": f"QID{n}"} for n in (1, 2, 3, 4)],
                }
            ],
        },
        *(
            {"Element": "SQ", "Payload": payload}
            for payload in (
                {
                    "QuestionID": "QID1",
                    "DataExportTag": "recommend",
                    "QuestionType": "MC",
                    "Selector": "NPS",
                    "QuestionText": "Would you recommend <b>us</b>?",
                    "Choices": [{"Display": str(n)} for n in range(11)],
                },
                {
                    "QuestionID": "QID2",
                    "DataExportTag": "why",
                    "QuestionType": "TE",
                    "Selector": "ML",
                    "QuestionText": "Why, ${m://FirstName}?",
                },
                {
                    "QuestionID": "QID3",
                    "DataExportTag": "parts",
                    "QuestionType": "MC",
                    "Selector": "MAVR",
                    "QuestionText": "Which parts?",
                    "Choices": {"1": {"Display": "Seals"}, "2": {"Display": "Pumps"}},
                },
                {
                    "QuestionID": "QID4",
                    "DataExportTag": "map",
                    "QuestionType": "HeatMap",
                    "QuestionText": "Where?",
                },
            )
        ),
    ],
}
CSV = "\r\n".join(
    [
        "ResponseId,EndDate,RecipientEmail,UserLanguage,Status,recommend,why,parts_1,parts_2",
        "Response ID,End Date,Recipient Email,User Language,Response Type,Would?,Why?,Which? Seals,Pumps",
        '{"ImportId":"_recordId"},{"ImportId":"endDate"},{"ImportId":"recipientEmail"},{"ImportId":"userLanguage"},'
        '{"ImportId":"status"},{"ImportId":"QID1"},{"ImportId":"QID2_TEXT"},{"ImportId":"QID3"},{"ImportId":"QID3"}'.replace(
            '{"', '"{""'
        )
        .replace('":"', '"":""')
        .replace('"}', '""}"'),
        "R_1,2026-03-02 10:00:00,joost@veldhuis.example,EN,IP Address,3,Late again,1,",
        "R_2,2026-03-03 10:00:00,mikkel@kestrel.example,EN,IP Address,9,=Fine,,1",
        "R_3,2026-03-03 11:00:00,,EN,Survey Preview,1,A test,,",
        "R_4,2026-03-03 12:00:00,,EN,IP Address,,,1,2",
    ]
).encode()


def sent(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/octet-stream")


def take(client: Client) -> str:
    """Upload the file on the page and return the address of its report."""
    answer = client.post("/survey-files/", {"file": sent("visit.qsf", json.dumps(QSF).encode())})
    assert answer.status_code == 302
    address: str = answer["Location"]
    return address


def work_off() -> None:
    """Do what the worker would."""
    for run in ResponseImport.objects.exclude(state__in=("done", "failed")):
        carry_out_responses.func(pk=str(run.pk))


def record(client: Client, report: str, name: str, content: bytes, **more: str) -> str:
    """Upload responses, let the worker record them, and return the page of the report."""
    answer = client.post(f"{report}responses/", {"file": sent(name, content), **more}, follow=True)
    assert "the worker records its responses" in answer.content.decode()
    work_off()
    return client.get(report).content.decode()


def test_a_survey_is_read_seen_kept_and_its_answers_recorded_once(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    client = browser_of("cx_manager")
    report = take(client)
    page = client.get(report).content.decode()
    assert "4 questions" in page
    assert "A point on a picture cannot be asked for." in page
    assert not Survey.objects.exists(), "nothing is kept before it was seen"

    client.post(f"{report}keep/")
    client.post(f"{report}keep/")
    survey = Survey.objects.get()
    questions = {one.key: one for one in survey.definition().questions()}
    assert list(questions) == ["recommend", "why", "parts"]
    assert questions["why"].text == {"en": "Why, {contact.first_name}?"}

    for expected in ("3 recorded, 0 there already", "0 recorded, 3 there already"):
        answer = record(client, report, "answers.csv", CSV)
        assert expected in answer
    first, _second, third = Signal.objects.order_by("occurred_at")
    assert (first.account, first.contact, first.buying_role) == (world.meppel, world.joost, "decision_maker")
    assert (first.source, first.external_reference) == (f"survey-file:{survey.code}", "R_1")
    assert [score.value for score in Score.objects.filter(metric="nps").order_by("occurred_at")] == [3, 9]
    assert {(one.text, one.question_key) for one in Comment.objects.all()} == {
        ("Late again", "why"),
        ("=Fine", "why"),
    }
    assert {(one.question, one.told) for one in Answer.objects.filter(signal=third)} == {
        ("parts", "Seals"),
        ("parts", "Pumps"),
    }
    told, again = (run.landed for run in ResponseImport.objects.order_by("created_at"))
    assert (told["read"], told["recorded"], told["tests"], told["without_words"]) == (4, 3, 1, 0)
    assert (again["recorded"], again["known"]) == (0, 3)
    assert told["columns_without_question"] == []
    page = client.get(reverse("signals:detail", args=[third.pk])).content.decode()
    assert "The whole answer" in page
    assert "Which parts?" in page


def test_a_bad_file_is_told_on_the_page_and_leaves_nothing(browser_of: Callable[[str], Client]) -> None:
    client = browser_of("analyst")
    answer = client.post("/survey-files/", {"file": sent("a.qsf", b"{}")})
    assert answer.status_code == 422
    assert "no survey of Qualtrics or SurveyJS" in answer.content.decode()
    assert not SurveyFile.objects.exists()


def test_responses_that_are_none_are_told_and_leave_nothing(browser_of: Callable[[str], Client]) -> None:
    client = browser_of("cx_manager")
    report = take(client)
    answer = client.post(f"{report}responses/", {"file": sent("a.bin", b"\0\0")})
    assert answer.status_code == 422
    assert "no response file we know" in answer.content.decode()
    assert not Signal.objects.exists()


def test_responses_without_a_date_wait_for_one(catalog: None, browser_of: Callable[[str], Client]) -> None:
    client = browser_of("cx_manager")
    report = take(client)
    undated = re.sub(rb"2026-03-0[0-9] [0-9:]+", b"", CSV)
    page = record(client, report, "a.csv", undated)
    assert "say on which day such responses were given" in page
    assert not Signal.objects.exists()
    record(client, report, "a.csv", undated, when="2026-03-05")
    assert {one.occurred_at for one in Signal.objects.all()} == {datetime(2026, 3, 5, 12, tzinfo=UTC)}


def test_answers_recorded_without_names_name_nobody(
    world: World, browser_of: Callable[[str], Client]
) -> None:
    client = browser_of("cx_manager")
    record(client, take(client), "a.csv", CSV, anonymous="on")
    assert {(one.anonymous, one.account, one.contact_hint) for one in Signal.objects.all()} == {
        (True, None, "")
    }


def test_the_interface_checks_keeps_and_records(
    world: World, cast: Callable[[str], User], client: Client
) -> None:
    token = ApiToken.issue(cast("cx_manager"), "a program")[1]
    head = {"Authorization": f"Bearer {token}"}
    content = json.dumps(QSF).encode()
    checked = client.post("/api/v1/survey-files/check", {"file": sent("v.qsf", content)}, headers=head)
    assert checked.status_code == 200
    report = checked.json()
    assert (report["format"], report["questions"], report["groups"], report["languages"]) == (
        "Qualtrics QSF",
        4,
        1,
        ["en"],
    )
    assert [line["name"] for line in report["unsupported"]] == ["map"]
    assert not SurveyFile.objects.exists()
    kept = client.post("/api/v1/survey-files", {"file": sent("v.qsf", content)}, headers=head)
    assert kept.status_code == 201
    address = f"/api/v1/survey-files/{kept.json()['id']}/responses"
    begun = client.post(address, {"file": sent("a.csv", CSV)}, headers=head)
    assert (begun.status_code, begun.json()["state"], begun.json()["landed"]) == (202, "waiting", None)
    work_off()
    (run,) = client.get(address, headers=head).json()
    assert (run["state"], run["percent"], run["id"]) == ("done", 100, begun.json()["id"])
    assert (run["landed"]["recorded"], run["landed"]["mapped_columns"]) == (3, 4)
    out = client.get(
        f"/api/v1/survey-files/export/{kept.json()['survey']}/0/questions/triple-s", headers=head
    )
    assert b"<sss" in b"".join(out.streaming_content)  # type: ignore[attr-defined]
    wrong = client.post("/api/v1/survey-files/check", {"file": sent("v.qsf", b"no")}, headers=head)
    assert wrong.status_code == 422
    assert "no survey file we know" in wrong.json()["detail"]


def test_check_prints_the_report_and_needs_no_database(tmp_path: Path) -> None:
    path = tmp_path / "visit.qsf"
    path.write_text(json.dumps(QSF))
    done = CliRunner().invoke(app, ["survey", "check", str(path)])
    assert done.exit_code == 0
    report = json.loads(done.stdout)
    assert {
        "format",
        "questions",
        "choices",
        "groups",
        "languages",
        "kept",
        "changed",
        "unsupported",
    } <= report.keys()
    assert report["unsupported"][0]["reasons"] == ["A point on a picture cannot be asked for."]
    path.write_text("Dear diary")
    failed = CliRunner().invoke(app, ["survey", "check", str(path)])
    assert failed.exit_code == 1
    assert "no survey file we know" in failed.stderr


def test_the_command_keeps_a_survey_with_its_answers_and_writes_it_again(
    world: World, cast: Callable[[str], User], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    survey_file, answers = tmp_path / "visit.qsf", tmp_path / "answers.csv"
    survey_file.write_text(json.dumps(QSF))
    answers.write_bytes(CSV)
    bring_in(survey_file, responses=answers, when="", anonymous=False, user=cast("cx_manager").email)
    told = json.loads(capsys.readouterr().out)
    assert told["responses"]["recorded"] == 3
    out = tmp_path / "survey.json"
    write_out(told["survey"], kind="surveyjs", version=0, responses=False, out=out, user="")
    again = read_survey_bytes(out.read_bytes(), "survey.json").definition
    assert again.questions() == Survey.objects.get().definition().questions()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.fixture
def answered(world: World, cast: Callable[[str], User]) -> Survey:
    """A published survey with an answer from each side of the scope, and an anonymous one."""
    survey = create_survey("Visit", read_survey_bytes(json.dumps(QSF).encode(), "v.qsf").definition)
    version = publish(survey, survey.draft_number, now=timezone.now())
    for number, (contact, anonymous) in enumerate(
        [(world.joost, False), (world.kestrel_buyer, False), (world.eva, True)]
    ):
        programme = Programme.objects.create(
            name=f"P{number}", kind="tracking", survey=survey, owner=cast("cx_manager"), anonymous=anonymous
        )
        invitation = Invitation.objects.create(
            secret_hash=bytes([number]) * 32,
            programme=programme,
            version=version,
            channel="email",
            account=contact.account,
            contact=contact,
            buying_role="user",
        )
        now = timezone.now()
        Response.objects.create(
            invitation=invitation,
            state="sent",
            sent_at=now,
            language="en",
            answers={"recommend": 9.0, "why": f"=cmd {contact.name}", "parts": ["c2"]},
        )
    return survey


def taken_out(client: Client, survey: Survey, what: str, kind: str, version: int = 1) -> bytes:
    answer = client.get(f"/survey-files/export/{survey.code}/{version}/{what}/{kind}/")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_responses_leave_within_scope_and_anonymous_ones_never(
    answered: Survey, browser_of: Callable[[str], Client], cast: Callable[[str], User]
) -> None:
    everything = taken_out(browser_of("analyst"), answered, "responses", "csv").decode("utf-8-sig")
    assert "'=cmd Joost Brandsma" in everything
    assert "'=cmd Mikkel Friis" in everything
    assert "Eva Hoekstra" not in everything
    ours = taken_out(browser_of("account_manager"), answered, "responses", "csv").decode("utf-8-sig")
    assert "Joost" in ours
    assert "Mikkel" not in ours
    assert {(one.user, one.object_code) for one in Sighting.objects.filter(kind="export")} == {
        (cast("analyst"), answered.code),
        (cast("account_manager"), answered.code),
    }


def test_every_format_holds_the_same_answers(answered: Survey, browser_of: Callable[[str], Client]) -> None:
    from rapport.connectors.surveys.responses.mapping import Mapper
    from rapport.connectors.surveys.responses.opening import open_responses

    client = browser_of("account_manager")
    sav = taken_out(client, answered, "responses", "spss")
    whole = zipfile.ZipFile(io.BytesIO(taken_out(client, answered, "responses", "triple-s")))
    for survey_file, data in ((sav, sav), (whole.read("survey.sss"), whole.read("survey.csv"))):
        imported = read_survey_bytes(survey_file, "survey")
        file = open_responses(data, "answers", survey_file)
        (row,) = [
            Mapper(imported.columns, imported.definition, file).answers(one).answers for one in file.rows
        ]
        assert row["recommend"] == 9
        assert str(row["why"]).lstrip("'") == "=cmd Joost Brandsma"
        assert row["parts"] == ["c2"]


def test_the_page_offers_every_version_and_a_stranger_to_it_finds_none(
    answered: Survey, browser_of: Callable[[str], Client]
) -> None:
    page = browser_of("analyst").get(f"/survey-files/export/{answered.code}/").content.decode()
    for kind in ("csv", "spss", "triple-s"):
        assert f"/survey-files/export/{answered.code}/1/responses/{kind}/" in page
    for who, address in [
        ("partner_administrator", ""),
        ("executive", ""),
        ("analyst", "7/questions/spss/"),
        ("analyst", "1/questions/pdf/"),
        ("analyst", "1/secrets/csv/"),
    ]:
        assert browser_of(who).get(f"/survey-files/export/{answered.code}/{address}").status_code == 404
