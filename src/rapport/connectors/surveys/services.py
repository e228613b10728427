"""Writes of survey files: read one, and keep it as a draft."""

from django.db import transaction
from pydantic import TypeAdapter

from rapport.connectors.surveys.drafting import Imported
from rapport.connectors.surveys.models import SurveyFile
from rapport.connectors.surveys.reading import read_survey_bytes
from rapport.connectors.surveys.slots import Columns
from rapport.kernel.models import User
from rapport.rooms.listening.definition import Definition
from rapport.rooms.listening.designing.services import create_survey
from rapport.rooms.listening.models import Survey

_COLUMNS: TypeAdapter[Columns] = TypeAdapter(Columns)


def take_in(data: bytes, name: str, *, by: User | None) -> SurveyFile:
    """Read a survey file and keep what it says beside the report; no survey is made yet.

    Raises SurveyRefused with a message for the person who chose the file.
    """
    imported = read_survey_bytes(data, name)
    return _kept(imported, data, name, by)


def _kept(imported: Imported, data: bytes, name: str, by: User | None) -> SurveyFile:
    return SurveyFile.objects.create(
        file_name=name[:255],
        document=imported.definition.model_dump(mode="json"),
        columns=_COLUMNS.dump_python(imported.columns, mode="json", exclude_defaults=True),
        report=imported.report.as_json(),
        original=data if imported.report.format == "Triple-S" else b"",
        started_by=by,
    )


@transaction.atomic
def keep_as_draft(file: SurveyFile) -> Survey:
    """Make the file a survey draft, once; a second time gives the same survey."""
    locked = SurveyFile.objects.select_for_update().get(pk=file.pk)
    if locked.survey is None:
        definition = Definition.model_validate(locked.document)
        title = definition.title.get(definition.language) or locked.file_name
        locked.survey = create_survey(title.replace("{{", "{")[:200], definition)
        locked.save(update_fields=["survey"])
    file.survey = locked.survey
    return locked.survey


def source_of(survey: Survey) -> str:
    """Return how the ledger names responses given elsewhere to a survey now ours."""
    return f"survey-file:S{survey.pk}"
