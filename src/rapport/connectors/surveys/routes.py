"""Survey files for programs: check one, keep it, record its responses, and take ours out."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils import timezone
from ninja import File, Router, Schema, Status, UploadedFile
from ninja.errors import HttpError

from rapport.connectors.surveys.importing import take_responses
from rapport.connectors.surveys.models import ResponseImport, SurveyFile
from rapport.connectors.surveys.opening import MOST_BYTES, SurveyRefused
from rapport.connectors.surveys.reading import read_survey_bytes
from rapport.connectors.surveys.selectors import ExportRefused, export_of
from rapport.connectors.surveys.services import keep_as_draft, take_in
from rapport.kernel.api_access import require
from rapport.kernel.audit import note_sighting
from rapport.kernel.environment import environment
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.listening.models import Survey

router = Router(tags=["survey files"])
_IMPORTS_SHOWN = 20


class LineOut(Schema):
    """One question of the file and what became of it."""

    name: str
    text: str
    questions: list[str]
    reasons: list[str]


class ReportOut(Schema):
    """What an import keeps, changes and loses; the counts are those of the file."""

    format: str
    title: str
    questions: int
    choices: int
    groups: int
    languages: list[str]
    kept: list[LineOut]
    changed: list[LineOut]
    unsupported: list[LineOut]
    counts: dict[str, int]


class KeptOut(Schema):
    """A file that was kept as a draft."""

    id: UUID
    survey: str
    report: ReportOut


class ProblemOut(Schema):
    """What kept a row or a value out."""

    row: int
    column: str
    value: str
    reason: str


class LandedOut(Schema):
    """What became of a response file."""

    file_name: str
    format: str
    read: int
    recorded: int
    known: int
    unmatched: int
    without_words: int
    refused: int
    tests: int
    answers: int
    mapped_columns: int
    columns_without_question: list[str]
    misfits: int
    problems: list[ProblemOut]


class ResponseImportOut(Schema):
    """A response file on its way in, and what became of its responses so far."""

    id: UUID
    file_name: str
    state: str
    percent: int
    message: str
    landed: LandedOut | None


@router.post("/survey-files/check", response=ReportOut)
def check(request: HttpRequest, file: File[UploadedFile]) -> Any:
    """Say what an import of a survey file would keep, change and lose; nothing is kept."""
    require(request, Permission.IMPORT)
    try:
        return read_survey_bytes(_content(file), _name(file)).report.as_json()
    except SurveyRefused as refused:
        raise HttpError(422, str(refused)) from refused


@router.post("/survey-files", response={201: KeptOut})
def take(request: HttpRequest, file: File[UploadedFile]) -> Any:
    """Keep a survey file as a draft, with its report."""
    user = require(request, Permission.IMPORT)
    try:
        taken = take_in(_content(file), _name(file), by=user)
    except SurveyRefused as refused:
        raise HttpError(422, str(refused)) from refused
    survey = keep_as_draft(taken)
    return Status(201, {"id": taken.pk, "survey": survey.code, "report": taken.report})


@router.post("/survey-files/{uuidstr:pk}/responses", response={202: ResponseImportOut})
def responses(
    request: HttpRequest,
    pk: UUID,
    file: File[UploadedFile],
    when: date | None = None,
    anonymous: bool = False,
) -> Any:
    """Take a response file of a survey file; the worker records it, again changes nothing."""
    user = require(request, Permission.IMPORT)
    taken = get_visible(SurveyFile, user, pk=pk)
    most = environment().upload_megabytes
    if (file.size or 0) > most * 1024**2:
        raise HttpError(413, f"The file is larger than {most} MB. Split it into smaller ones.")
    moment = datetime.combine(when, time(12), UTC) if when else None
    try:
        run = take_responses(taken, file, by=user, now=timezone.now(), when=moment, anonymous=anonymous)
    except SurveyRefused as refused:
        raise HttpError(422, str(refused)) from refused
    return Status(202, _told(run))


@router.get("/survey-files/{uuidstr:pk}/responses", response=list[ResponseImportOut])
def response_imports(request: HttpRequest, pk: UUID) -> Any:
    """List the response files of a survey file, the newest first, with what became of each."""
    user = require(request, Permission.IMPORT)
    taken = get_visible(SurveyFile, user, pk=pk)
    return [_told(run) for run in taken.imports.all()[:_IMPORTS_SHOWN]]


def _told(run: ResponseImport) -> dict[str, Any]:
    return {
        "id": run.pk,
        "file_name": run.file_name,
        "state": run.state,
        "percent": run.percent,
        "message": run.message,
        "landed": run.landed or None,
    }


@router.get("/survey-files/export/{code}/{int:version}/{what}/{kind}", include_in_schema=True)
def export(request: HttpRequest, code: str, version: int, what: str, kind: str) -> StreamingHttpResponse:
    """Take a survey (`questions`) or its `responses` out as a file; version 0 is the draft."""
    user = require(request, Permission.EXPORT)
    survey = get_visible(Survey, user, code=code)
    if what not in ("questions", "responses"):
        raise Http404
    try:
        made = export_of(user, survey.code, version, kind, responses=what == "responses")
    except ExportRefused as refused:
        raise HttpError(404, str(refused)) from refused
    if what == "responses":
        label = f"{survey.code} v{version} {kind}"
        note_sighting(request, user, kind="export", code=survey.code, label=label, now=timezone.now())
    response = StreamingHttpResponse(made.pieces, content_type=made.content_type)
    response["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return response


def _content(file: UploadedFile) -> bytes:
    if (file.size or 0) > MOST_BYTES:
        raise HttpError(
            413, f"The file is larger than {MOST_BYTES // 1024**2} MB. Split it into smaller ones."
        )
    content: bytes = file.read()
    return content


def _name(file: UploadedFile) -> str:
    return Path(file.name or "file").name
