"""Surveys, their versions and the question bank for programs."""

from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from rapport.kernel.api_access import require
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.listening.definition import Definition, Question
from rapport.rooms.listening.designing.comparing import compare
from rapport.rooms.listening.designing.edits import QUESTION, EditRefused
from rapport.rooms.listening.designing.selectors import (
    bank_questions,
    document_of,
    findings_of,
    state_of,
    survey_rows,
)
from rapport.rooms.listening.designing.services import (
    DraftMoved,
    NotReady,
    archive,
    close_survey,
    create_from_template,
    create_survey,
    duplicate,
    edit_draft,
    publish,
    rename_survey,
    retire_bank_question,
    save_to_bank,
)
from rapport.rooms.listening.designing.starters import STARTERS
from rapport.rooms.listening.models import BankQuestion, Survey, SurveyVersion

router = Router(tags=["surveys"])
SEE, MANAGE = (Permission.SEE_FIGURES, Permission.MANAGE_SURVEYS), Permission.MANAGE_SURVEYS


class VersionOut(Schema):
    """A version as it was published."""

    number: int
    state: str
    published_at: datetime
    closed_at: datetime | None


class SurveyOut(Schema):
    """A survey without its questions."""

    code: str
    name: str
    state: str
    archived: bool
    draft_number: int
    versions: list[VersionOut]


class SurveyDetail(SurveyOut):
    """A survey with the text being worked on."""

    draft: Definition


class VersionDetail(VersionOut):
    """A version with its questions."""

    survey: str
    document: Definition


class SurveyIn(Schema):
    """What to begin with: a document, the key of a template, or nothing but a name and a language."""

    name: str = ""
    language: str = "en"
    template: str = ""
    definition: Definition | None = None


class SurveyChange(Schema):
    """What to change about a survey beside its draft."""

    name: str | None = None
    archived: bool | None = None


class DraftIn(Schema):
    """The whole draft, and the number it was read under."""

    draft_number: int
    definition: Definition


class NumberIn(Schema):
    """The number of the draft that was read."""

    draft_number: int


class CloseIn(Schema):
    """Which version to close; all, when none is given."""

    version: int | None = None


class NameIn(Schema):
    """What to call the copy."""

    name: str = ""


class ProblemOut(Schema):
    """Something an author should mend."""

    severity: str
    code: str
    message: str
    page: str
    question: str
    language: str


class BreakOut(Schema):
    """A change after which answers cannot be compared."""

    question: str
    against: str
    message: str
    breaks: bool


class CheckOut(Schema):
    """Whether a draft can be published, and what to mend."""

    publishable: bool
    problems: list[ProblemOut]
    comparability: list[BreakOut]


class ChangeOut(Schema):
    """One field as it was and as it is."""

    field: str
    label: str
    before: str
    after: str
    language: str


class DifferenceOut(Schema):
    """A question, page or the survey that differs."""

    kind: str
    what: str
    key: str
    words: str
    changes: list[ChangeOut]
    breaks: list[str]


class TemplateOut(Schema):
    """A survey to start from."""

    key: str
    name: str
    told: str
    questions: int


class BankOut(Schema):
    """A question of the bank."""

    key: str
    name: str
    metric: str | None
    retired: bool
    question: Question


class BankIn(Schema):
    """What to write into the bank."""

    name: Annotated[str, Field(min_length=1)]
    question: Question
    retired: bool = False


def _survey(request: HttpRequest, code: str, *needs: Permission) -> Survey:
    user = require(request, *needs)
    return get_visible(Survey, user, code=code)


def _out(survey: Survey, **more: Any) -> dict[str, Any]:
    versions = list(survey.versions.order_by("-number"))
    return {
        "code": survey.code,
        "name": survey.name,
        "state": state_of(survey, versions),
        "archived": survey.archived,
        "draft_number": survey.draft_number,
        "versions": versions,
        **more,
    }


def _detail(survey: Survey) -> dict[str, Any]:
    survey.refresh_from_db()
    return _out(survey, draft=survey.draft)


@router.get("/surveys", response=list[SurveyOut], operation_id="list_surveys")
def list_surveys(request: HttpRequest, archived: bool = False) -> list[dict[str, Any]]:
    """List the surveys, those worked on last first."""
    user: User = require(request, *SEE)
    codes = [row.code for row in survey_rows(user, archived=archived)]
    found = {one.code: one for one in Survey.objects.filter(code__in=codes)}
    return [_out(found[code]) for code in codes]


@router.get("/survey-templates", response=list[TemplateOut], operation_id="list_survey_templates")
def list_templates(request: HttpRequest) -> list[dict[str, Any]]:
    """List the surveys one can start from."""
    require(request, *SEE)
    return [
        {"key": one.key, "name": str(one.name), "told": str(one.told), "questions": one.questions}
        for one in STARTERS.values()
    ]


@router.post("/surveys", response={201: SurveyDetail}, operation_id="create_survey")
def begin(request: HttpRequest, given: SurveyIn) -> Status[dict[str, Any]]:
    """Begin a survey from a document, a template or nothing."""
    require(request, MANAGE)
    try:
        if given.template:
            survey = create_from_template(given.template, given.name)
        else:
            survey = create_survey(given.name, given.definition, language=given.language)
    except EditRefused as refusal:
        raise HttpError(422, str(refusal)) from refusal
    return Status(201, _detail(survey))


@router.get("/surveys/{code}", response=SurveyDetail, operation_id="get_survey")
def get_survey(request: HttpRequest, code: str) -> dict[str, Any]:
    """Return a survey with its draft."""
    return _detail(_survey(request, code, *SEE))


@router.patch("/surveys/{code}", response=SurveyDetail, operation_id="change_survey")
def change_survey(request: HttpRequest, code: str, given: SurveyChange) -> dict[str, Any]:
    """Rename a survey, archive it or bring it back."""
    survey = _survey(request, code, MANAGE)
    try:
        if given.name is not None:
            rename_survey(survey, given.name)
    except EditRefused as refusal:
        raise HttpError(422, str(refusal)) from refusal
    if given.archived is not None:
        archive(survey, archived=given.archived)
    return _detail(survey)


@router.put("/surveys/{code}/draft", response=SurveyDetail, operation_id="put_survey_draft")
def put_draft(request: HttpRequest, code: str, given: DraftIn) -> dict[str, Any]:
    """Write the draft; 409 when somebody else did since it was read."""
    survey = _survey(request, code, MANAGE)
    try:
        edit_draft(survey, given.draft_number, lambda _before: given.definition)
    except DraftMoved as moved:
        raise HttpError(409, str(moved)) from moved
    except EditRefused as refusal:
        raise HttpError(422, str(refusal)) from refusal
    return _detail(survey)


@router.get("/surveys/{code}/check", response=CheckOut, operation_id="check_survey")
def check_survey(request: HttpRequest, code: str) -> dict[str, Any]:
    """Say whether the draft can be published, and what would no longer be comparable."""
    survey = _survey(request, code, *SEE)
    found = findings_of(survey, survey.definition())
    return {"publishable": not found.errors, "problems": found.problems, "comparability": found.breaks}


@router.post("/surveys/{code}/publish", response={201: VersionDetail}, operation_id="publish_survey")
def publish_survey(request: HttpRequest, code: str, given: NumberIn) -> Status[dict[str, Any]]:
    """Publish the draft as the next version; 409 when it moved or `check` finds an error."""
    survey = _survey(request, code, MANAGE)
    try:
        version = publish(survey, given.draft_number, now=timezone.now())
    except (DraftMoved, NotReady) as refusal:
        raise HttpError(409, str(refusal)) from refusal
    return Status(201, _version(survey, version))


def _version(survey: Survey, version: SurveyVersion) -> dict[str, Any]:
    return {
        "survey": survey.code,
        "number": version.number,
        "state": version.state,
        "published_at": version.published_at,
        "closed_at": version.closed_at,
        "document": version.document,
    }


@router.get("/surveys/{code}/versions/{number}", response=VersionDetail, operation_id="get_survey_version")
def get_version(request: HttpRequest, code: str, number: int) -> dict[str, Any]:
    """Return a version as it was published."""
    survey = _survey(request, code, *SEE)
    version = survey.versions.filter(number=number).first()
    if version is None:
        raise Http404
    return _version(survey, version)


@router.post("/surveys/{code}/close", response=SurveyDetail, operation_id="close_survey")
def close(request: HttpRequest, code: str, given: CloseIn) -> dict[str, Any]:
    """Take no more answers to one version, or to all."""
    survey = _survey(request, code, MANAGE)
    close_survey(survey, now=timezone.now(), number=given.version)
    return _detail(survey)


@router.post("/surveys/{code}/duplicate", response={201: SurveyDetail}, operation_id="duplicate_survey")
def copy(request: HttpRequest, code: str, given: NameIn) -> Status[dict[str, Any]]:
    """Begin another survey with the same draft."""
    return Status(201, _detail(duplicate(_survey(request, code, MANAGE), given.name)))


@router.get("/surveys/{code}/compare", response=list[DifferenceOut], operation_id="compare_survey")
def compare_survey(request: HttpRequest, code: str, old: str, new: str = "draft") -> list[Any]:
    """Return what differs between two versions by number, or a version and the `draft`."""
    survey = _survey(request, code, *SEE)
    before, after = document_of(survey, old), document_of(survey, new)
    if before is None or after is None:
        raise HttpError(422, f"{survey.code} has no version {old if before is None else new}.")
    return list(compare(before, after))


@router.get("/question-bank", response=list[BankOut], operation_id="list_question_bank")
def list_bank(request: HttpRequest, retired: bool = False) -> list[dict[str, Any]]:
    """List the questions of the bank."""
    require(request, *SEE)
    return [_bank(row) for row in bank_questions(retired=retired)]


def _bank(row: BankQuestion) -> dict[str, Any]:
    return {
        "key": row.key,
        "name": row.name,
        "metric": row.metric_id,
        "retired": row.retired,
        "question": QUESTION.validate_python(row.question),
    }


@router.put("/question-bank/{key}", response={200: BankOut, 201: BankOut}, operation_id="put_bank_question")
def put_bank(request: HttpRequest, key: str, given: BankIn) -> Status[dict[str, Any]]:
    """Add a question to the bank or change its words; scale and choices of one that is there stay."""
    require(request, MANAGE)
    try:
        row, new = save_to_bank(key, given.name, given.question)
    except EditRefused as refusal:
        raise HttpError(422, str(refusal)) from refusal
    if row.retired != given.retired:
        retire_bank_question(row, retired=given.retired)
    return Status(201 if new else 200, _bank(row))
