"""Writing surveys: a draft changes under its number, a version is published once and stays."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from pydantic import ValidationError

from rapport.rooms.catalog.models import Metric
from rapport.rooms.listening.definition import Definition, Page, Question
from rapport.rooms.listening.definition.checking import can_be_published, check
from rapport.rooms.listening.designing.comparability import broken_by
from rapport.rooms.listening.designing.edits import (
    QUESTION,
    Change,
    EditRefused,
    add_question,
    free_key,
    keys_of,
    told_by,
    without_gaps,
)
from rapport.rooms.listening.designing.standard import STANDARD
from rapport.rooms.listening.designing.starters import STARTERS
from rapport.rooms.listening.models import BankQuestion, Survey, SurveyVersion


class DraftMoved(Exception):
    """Somebody saved the draft since it was read; nothing was written."""

    def __init__(self, survey: Survey, expected: int) -> None:
        self.number = survey.draft_number
        super().__init__(
            _("Somebody changed the draft: you worked on %(old)d, it is %(new)d now. Nothing was saved.")
            % {"old": expected, "new": survey.draft_number}
        )


class NotReady(Exception):
    """A survey cannot be published as it is; the message says why."""


def create_survey(name: str, definition: Definition | None = None, *, language: str = "en") -> Survey:
    """Begin a survey: empty, with one page, unless a document is given; raise EditRefused without a name."""
    if not name.strip():
        raise EditRefused(_("Give the survey a name."))
    if definition is None:
        try:
            definition = Definition(
                title={language: name}, language=language, languages=(language,), pages=(Page(key="page1"),)
            )
        except ValidationError as error:
            raise EditRefused(told_by(error)) from error
    return Survey.objects.create(name=name.strip(), draft=definition.model_dump(mode="json"))


@transaction.atomic
def create_from_template(key: str, name: str = "") -> Survey:
    """Begin a survey with the questions of a template; those of the bank that are missing are added to it.

    Raises EditRefused when there is no such template.
    """
    starter = STARTERS.get(key)
    if starter is None:
        raise EditRefused(
            _("There is no template %(key)s; there are %(all)s.") % {"key": key, "all": ", ".join(STARTERS)}
        )
    definition = starter.definition()
    add_standard_questions([question.bank for question in definition.questions()])
    return create_survey(name or str(starter.name), definition)


@transaction.atomic
def edit_draft(survey: Survey, expected: int, change: Change) -> Survey:
    """Change the draft by one edit, if nobody else did since it was read.

    Raises
    ------
    DraftMoved
        If the draft's number is not the one expected.
    EditRefused
        If the document does not allow the change.
    """
    row = Survey.objects.select_for_update().get(pk=survey.pk)
    if row.draft_number != expected:
        raise DraftMoved(row, expected)
    if row.archived:
        raise EditRefused(_("This survey is archived. Bring it back first."))
    changed = change(row.definition()).model_dump(mode="json")
    if changed != row.draft:
        row.draft, row.draft_number = changed, row.draft_number + 1
        row.save(update_fields=["draft", "draft_number", "updated_at"])
    return row


def rename_survey(survey: Survey, name: str) -> None:
    """Give a survey another name among us; respondents read its title."""
    if not name.strip():
        raise EditRefused(_("Give the survey a name."))
    survey.name = name.strip()
    survey.save(update_fields=["name", "updated_at"])


@transaction.atomic
def publish(survey: Survey, expected: int, *, now: datetime) -> SurveyVersion:
    """Make the draft a version that can be answered and never changes.

    Raises
    ------
    DraftMoved
        If somebody changed the draft since it was read.
    NotReady
        If `check` finds an error, or nothing changed since the last version.
    """
    row = Survey.objects.select_for_update().get(pk=survey.pk)
    if row.draft_number != expected:
        raise DraftMoved(row, expected)
    problems = check(row.definition())
    if not can_be_published(problems):
        errors = [one for one in problems if one.severity == "error"]
        raise NotReady(
            _("It cannot be published yet: %(first)s (%(count)d to mend)")
            % {"first": errors[0].message, "count": len(errors)}
        )
    last = row.versions.first()
    if last is not None and last.document == row.draft and last.state == SurveyVersion.State.PUBLISHED:
        raise NotReady(_("Nothing changed since version %(number)d.") % {"number": last.number})
    number = (row.versions.aggregate(top=Max("number"))["top"] or 0) + 1
    return SurveyVersion.objects.create(survey=row, number=number, document=row.draft, published_at=now)


@transaction.atomic
def close_survey(survey: Survey, *, now: datetime, number: int | None = None) -> int:
    """Take no more answers to a version, or to all of them; return how many were closed."""
    open_ones = survey.versions.filter(state=SurveyVersion.State.PUBLISHED)
    if number is not None:
        open_ones = open_ones.filter(number=number)
    return open_ones.update(state=SurveyVersion.State.CLOSED, closed_at=now)


def duplicate(survey: Survey, name: str = "") -> Survey:
    """Begin another survey with the same draft; questions of the bank stay comparable."""
    return create_survey(name or _("%(name)s, copy") % {"name": survey.name}, survey.definition())


def archive(survey: Survey, *, archived: bool) -> None:
    """Put a survey out of sight, or bring it back; its answers and versions stay."""
    survey.archived = archived
    survey.save(update_fields=["archived", "updated_at"])


# -- The question bank --------------------------------------------------------


def add_standard_questions(keys: list[str] | None = None) -> int:
    """Add the standard questions the bank does not have, all or those named; return how many."""
    have = set(BankQuestion.objects.values_list("key", flat=True))
    wanted = [one for key, one in STANDARD.items() if key not in have and (keys is None or key in keys)]
    metrics = set(Metric.objects.values_list("key", flat=True))
    BankQuestion.objects.bulk_create(
        [
            BankQuestion(
                key=one.key,
                name=one.name,
                question=without_gaps(one.question).model_dump(mode="json"),
                metric_id=metric if (metric := getattr(one.question, "metric", "")) in metrics else None,
            )
            for one in wanted
        ]
    )
    return len(wanted)


@transaction.atomic
def save_to_bank(key: str, name: str, question: Question) -> tuple[BankQuestion, bool]:
    """Write a question into the bank and say whether it is new; its scale and choices never change there.

    Raises EditRefused when surveys hold a question of this key that asks something else.
    """
    if not key or not key.replace("_", "").replace("-", "").isalnum() or not key.isascii():
        raise EditRefused(_("A key of the bank is made of letters, digits, - and _."))
    if not name.strip():
        raise EditRefused(_("Give the question a name."))
    kept = without_gaps(question).model_dump(mode="json") | {"bank": key}
    before = BankQuestion.objects.select_for_update().filter(pk=key).first()
    if before is not None:
        broken = broken_by(QUESTION.validate_python(before.question), QUESTION.validate_python(kept))
        if broken:
            raise EditRefused(
                _("The bank's %(key)s would no longer be comparable: %(why)s Save it under another key.")
                % {"key": key, "why": " ".join(broken)}
            )
    metric = Metric.objects.filter(pk=kept.get("metric") or "").first()
    row, new = BankQuestion.objects.update_or_create(
        key=key, defaults={"name": name.strip(), "question": kept, "metric": metric}
    )
    return row, new


def retire_bank_question(row: BankQuestion, *, retired: bool) -> None:
    """Offer a question of the bank no longer, or again."""
    row.retired = retired
    row.save(update_fields=["retired"])


def add_from_bank(page: str, row: BankQuestion, at: int | None = None) -> Change:
    """Return the change that puts a question of the bank on a page."""

    def change(definition: Definition) -> Definition:
        if any(one.bank == row.key for one in definition.questions()):
            raise EditRefused(_("The survey asks %(name)s already.") % {"name": row.name})
        told: dict[str, Any] = {**row.question, "bank": row.key}
        told["key"] = free_key(row.key, keys_of(definition))
        return add_question(page, QUESTION.validate_python(told), at=at)(definition)

    return change
