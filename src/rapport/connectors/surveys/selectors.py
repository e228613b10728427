"""What leaves: a survey's draft or version, and its responses, in the scope of whoever asks."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from rapport.connectors.surveys.writing.csv import write_csv
from rapport.connectors.surveys.writing.responses import Given
from rapport.connectors.surveys.writing.spss import write_sav
from rapport.connectors.surveys.writing.surveyjs import write_surveyjs
from rapport.connectors.surveys.writing.triple_s import write_archive, write_definition
from rapport.rooms.listening.definition import Definition
from rapport.rooms.listening.models import Response, Survey

_AT_ONCE = 1_000
Rows = Callable[[], Iterable[Given]]


class ExportRefused(ValueError):
    """There is no such thing to take out; the message says what there is."""


@dataclass(frozen=True)
class FileKind:
    """A format a survey or its responses can leave in."""

    label: str
    suffix: str
    content_type: str


DEFINITION_KINDS = {
    "surveyjs": FileKind("SurveyJS", ".json", "application/json"),
    "triple-s": FileKind("Triple-S", ".sss", "application/xml"),
    "spss": FileKind("SPSS", ".sav", "application/x-spss-sav"),
}
RESPONSE_KINDS = {
    "csv": FileKind("CSV", ".csv", "text/csv; charset=utf-8"),
    "spss": FileKind("SPSS", ".sav", "application/x-spss-sav"),
    "triple-s": FileKind("Triple-S", ".zip", "application/zip"),
}


@dataclass(frozen=True)
class Export:
    """A file about to be sent, piece by piece."""

    name: str
    content_type: str
    pieces: Iterator[bytes]


def export_of(user: Any, code: str, version: int, kind: str, *, responses: bool) -> Export:
    """Return a file of a survey the user may see; raise ExportRefused when there is none such."""
    survey = _seen(user, code)
    kinds = RESPONSE_KINDS if responses else DEFINITION_KINDS
    if kind not in kinds:
        raise ExportRefused(f"'{kind}' is not a format here. Choose {', '.join(kinds)}.")
    definition = _definition(survey, version)
    now = timezone.now()
    rows: Rows = (lambda: responses_of(user, survey, version)) if responses else (lambda: ())
    what = "responses-" if responses else ""
    name = f"{survey.code}-{f'v{version}' if version else 'draft'}-{what}{now:%Y-%m-%d}{kinds[kind].suffix}"
    return Export(name, kinds[kind].content_type, _pieces(kind, definition, rows, responses, now))


def _seen(user: Any, code: str) -> Survey:
    everyone = not hasattr(user, "role")
    found = (Survey.objects.all() if everyone else Survey.objects.visible_to(user)).filter(code=code).first()
    if found is None:
        raise ExportRefused(f"There is no survey {code}.")
    return found


def _definition(survey: Survey, version: int) -> Definition:
    if not version:
        return survey.definition()
    found = survey.versions.filter(number=version).first()
    if found is None:
        raise ExportRefused(f"{survey.code} has no version {version}.")
    return found.definition()


def _pieces(kind: str, definition: Definition, rows: Rows, responses: bool, now: datetime) -> Iterator[bytes]:
    if kind == "csv":
        return write_csv(definition, rows())
    if kind == "spss":
        return write_sav(definition, rows, now=now)
    if kind == "triple-s":
        if responses:
            return write_archive(definition, rows(), now=now)
        return iter([write_definition(definition, now=now)])
    return iter([write_surveyjs(definition)])


def responses_of(user: Any, survey: Survey, version: int) -> Iterator[Given]:
    """Yield the responses sent to a version that the user may see; anonymous ones are never among them."""
    seen = Response.objects.all() if not hasattr(user, "role") else Response.objects.visible_to(user)
    found = (
        seen.filter(
            invitation__version__survey=survey,
            invitation__version__number=version,
            invitation__programme__anonymous=False,
            state=Response.State.SENT,
            test=False,
        )
        .select_related("invitation__account", "invitation__contact")
        .order_by("sent_at", "pk")
    )
    for response in found.iterator(_AT_ONCE):
        invitation = response.invitation
        yield Given(
            reference=str(response.pk),
            sent_at=response.sent_at,
            language=response.language,
            account=invitation.account.code if invitation.account else "",
            person=invitation.contact.code if invitation.contact else "",
            buying_role=invitation.buying_role,
            answers=response.answers,
        )
