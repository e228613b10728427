"""Reading surveys: lists, what is wrong with a draft, what its author should know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, Q

from rapport.rooms.listening.definition import Definition, Question
from rapport.rooms.listening.definition.checking import Problem, check
from rapport.rooms.listening.designing.comparability import Break, compare_with_bank, compare_with_version
from rapport.rooms.listening.designing.edits import QUESTION
from rapport.rooms.listening.models import BankQuestion, Survey, SurveyVersion


@dataclass(frozen=True)
class SurveyRow:
    """A survey in the list."""

    code: str
    name: str
    languages: tuple[str, ...]
    questions: int
    version: int | None
    state: str
    """`draft`, `published`, `changed` (the draft differs from what is published), `closed` or `archived`."""
    published_at: datetime | None
    updated_at: datetime
    answers: int
    programmes: int


def survey_rows(user: Any, *, archived: bool = False) -> list[SurveyRow]:
    """Return the surveys a user may see, those worked on last first."""
    counted = (
        Survey.objects.visible_to(user)
        .filter(archived=archived)
        .annotate(
            answers=Count(
                "versions__invitations__responses",
                filter=Q(
                    versions__invitations__responses__test=False,
                    versions__invitations__responses__state="sent",
                ),
                distinct=True,
            ),
            used=Count("programmes", distinct=True),
        )
        .prefetch_related(Prefetch("versions", SurveyVersion.objects.order_by("-number")))
        .order_by("-updated_at")
    )
    return [_row(survey) for survey in counted]


def _row(survey: Any) -> SurveyRow:
    versions = list(survey.versions.all())
    last = versions[0] if versions else None
    pages = survey.draft.get("pages", [])
    return SurveyRow(
        code=survey.code,
        name=survey.name,
        languages=tuple(survey.draft.get("languages", ())),
        questions=sum(len(page.get("questions", [])) for page in pages),
        version=last.number if last else None,
        state=state_of(survey, versions),
        published_at=last.published_at if last else None,
        updated_at=survey.updated_at,
        answers=survey.answers,
        programmes=survey.used,
    )


def state_of(survey: Survey, versions: list[SurveyVersion]) -> str:
    """Return how far a survey is."""
    if survey.archived:
        return "archived"
    if not versions:
        return "draft"
    if all(one.state == SurveyVersion.State.CLOSED for one in versions):
        return "closed"
    return "published" if versions[0].document == survey.draft else "changed"


def bank_questions(*, retired: bool = False) -> list[BankQuestion]:
    """Return the questions of the bank in order of their names."""
    rows = BankQuestion.objects.select_related("metric").order_by("name")
    return list(rows if retired else rows.filter(retired=False))


def bank_name(key: str) -> str:
    """Return what the bank calls a question; empty when it has none of that key."""
    return BankQuestion.objects.filter(pk=key).values_list("name", flat=True).first() or "" if key else ""


def bank_of(definition: Definition) -> Mapping[str, Question]:
    """Return the bank's own form of each question a survey took from it."""
    keys = {question.bank for question in definition.questions() if question.bank}
    rows = BankQuestion.objects.filter(pk__in=keys).values_list("key", "question") if keys else []
    return {key: QUESTION.validate_python(told) for key, told in rows}


@dataclass(frozen=True)
class Findings:
    """What stands against publishing a draft, and what would no longer be comparable."""

    problems: tuple[Problem, ...]
    breaks: tuple[Break, ...]

    @property
    def errors(self) -> int:
        """Return how many problems keep it from being published."""
        return sum(problem.severity == "error" for problem in self.problems)


def findings_of(survey: Survey, definition: Definition) -> Findings:
    """Check a draft, and hold it against the bank and the version before."""
    breaks = compare_with_bank(definition, bank_of(definition))
    last = survey.versions.first()
    if last is not None:
        breaks += compare_with_version(definition, last.definition(), last.number)
    return Findings(tuple(check(definition)), tuple(breaks))


def document_of(survey: Survey, which: str) -> Definition | None:
    """Return the draft (`draft`) or a version by its number; None when there is none."""
    if which == "draft":
        return survey.definition()
    version = survey.versions.filter(number=which).first() if which.isdecimal() and len(which) < 9 else None
    return version.definition() if version else None


def surveys_with(bank: str, user: Any) -> list[Survey]:
    """Return the surveys whose draft asks a question of the bank."""
    holds = {"pages": [{"questions": [{"bank": bank}]}]}
    return list(Survey.objects.visible_to(user).filter(draft__contains=holds))
