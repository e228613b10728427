"""Response files on their way in: counted, then recorded stretch by stretch, whatever dies in between."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from pydantic import TypeAdapter

from rapport.connectors.surveys.models import ResponseImport, SurveyFile
from rapport.connectors.surveys.opening import SurveyRefused
from rapport.connectors.surveys.responses.landing import Landed, Landing, land_responses
from rapport.connectors.surveys.responses.opening import Read, reader_of
from rapport.connectors.surveys.services import keep_as_draft, source_of
from rapport.connectors.surveys.slots import Columns
from rapport.kernel.models import User

_COLUMNS: TypeAdapter[Columns] = TypeAdapter(Columns)
State = ResponseImport.State


class _TakenOver(Exception):
    """Another process records this file; this one has nothing to do any more."""


def take_responses(
    file: SurveyFile,
    upload: Any,
    *,
    by: User | None,
    now: datetime,
    when: datetime | None = None,
    anonymous: bool = False,
) -> ResponseImport:
    """Keep an uploaded response file and put it on the worker's list.

    Raises SurveyRefused when it is nothing we know; then nothing is kept.
    """
    from rapport.connectors.surveys.tasks import carry_out_responses

    name = Path(upload.name or "file").name[:255]
    run = ResponseImport(
        survey_file=file, file_name=name, when=when, anonymous=anonymous, started_by=by, created_at=now
    )
    run.upload.save(name, upload, save=False)
    try:
        reader_of(run.location, name, bytes(file.original) or None)
    except SurveyRefused:
        run.upload.delete(save=False)
        raise
    with transaction.atomic():
        run.save(force_insert=True)
        carry_out_responses.defer(pk=str(run.pk))
    return run


def import_responses(
    file: SurveyFile,
    path: Path,
    *,
    by: User | None,
    now: datetime,
    when: datetime | None = None,
    anonymous: bool = False,
) -> ResponseImport:
    """Record a response file in this process; raise SurveyRefused when it cannot be."""
    run = ResponseImport.objects.create(
        survey_file=file,
        path=str(path.resolve()),
        file_name=path.name[:255],
        when=when,
        anonymous=anonymous,
        started_by=by,
        created_at=now,
    )
    carry_out(run, now=now)
    if run.state == State.FAILED:
        raise SurveyRefused(run.message)
    return run


def carry_out(run: ResponseImport, *, now: datetime) -> None:
    """Record a file's responses, or go on with what a dead process left; a refusal is written on the run.

    The file is read to its end before the first response is recorded: one that is broken leaves nothing.
    """
    if run.is_over:
        return
    file = run.survey_file
    try:
        read = reader_of(run.location, run.file_name, bytes(file.original) or None)
        survey = keep_as_draft(file)
        if run.state != State.LANDING:
            _count(run, read)
        land_responses(
            read(),
            run.file_name,
            _COLUMNS.validate_python(file.columns),
            survey.definition(),
            Landing(source_of(survey), run.started_by, now, run.when, run.anonymous),
            landed=Landed.of(run.landed) if run.landed else None,
            keep=lambda before, landed: _keep(run, before, landed),
        )
    except SurveyRefused as refused:
        _end(run, State.FAILED, now, str(refused))
    except FileNotFoundError:
        _end(run, State.FAILED, now, f"{run.file_name} is no longer there. Choose it again.")
    except _TakenOver:
        run.refresh_from_db()
    else:
        _end(run, State.DONE, now)


def _count(run: ResponseImport, read: Read) -> None:
    run.state = State.READING
    run.save(update_fields=["state"])
    run.total = sum(1 for _row in read().rows)
    run.state = State.LANDING
    run.save(update_fields=["state", "total"])


def _keep(run: ResponseImport, before: int, landed: Landed) -> None:
    """Note how far it is, in the transaction of the rows; refuse when somebody else was faster."""
    stored = ResponseImport.objects.select_for_update().get(pk=run.pk)
    if stored.is_over or stored.landed.get("read", 0) != before:
        raise _TakenOver
    run.landed = landed.as_json()
    run.save(update_fields=["landed"])


def _end(run: ResponseImport, state: "State", now: datetime, message: str = "") -> None:
    upload = run.upload.name
    run.state, run.message, run.finished_at, run.upload = state, message, now, ""
    with transaction.atomic():
        run.save(update_fields=["state", "message", "finished_at", "upload"])
        if upload:
            storage = ResponseImport._meta.get_field("upload").storage
            transaction.on_commit(lambda: storage.delete(upload))
