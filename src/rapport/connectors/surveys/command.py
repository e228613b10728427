"""`rapport survey`: check a survey file, keep it, record its responses, and write ours as files."""

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(
    file: Annotated[
        Path, typer.Argument(help="A survey file of Qualtrics, LimeSurvey, SurveyJS, Triple-S or SPSS.")
    ],
) -> None:
    """Print as JSON what an import would keep, change and lose; nothing is kept."""
    from rapport.connectors.surveys.reading import read_survey

    with told_plainly():
        _print(read_survey(file).report.as_json())


def bring_in(
    file: Annotated[Path, typer.Argument(help="The survey file.")],
    responses: Annotated[
        Path | None, typer.Option("--responses", "-r", help="A file with its responses.")
    ] = None,
    when: Annotated[str, typer.Option("--when", help="Day of responses that tell none, YYYY-MM-DD.")] = "",
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Record responses without names.")] = False,
    user: Annotated[str, typer.Option("--user", help="E-mail address of the user to import as.")] = "",
) -> None:
    """Keep a survey file as a draft, with its responses if they are given; print the report as JSON."""
    from django.utils import timezone

    from rapport.connectors.surveys.importing import import_responses
    from rapport.connectors.surveys.opening import read_file
    from rapport.connectors.surveys.services import keep_as_draft, take_in

    with told_plainly():
        by = _user(user)
        taken = take_in(read_file(file), file.name, by=by)
        survey = keep_as_draft(taken)
        told: dict[str, Any] = {"survey": survey.code, "report": taken.report}
        if responses is not None:
            run = import_responses(
                taken, responses, by=by, now=timezone.now(), when=_day(when), anonymous=anonymous
            )
            told["responses"] = run.landed
        _print(told)


def write_out(
    code: Annotated[str, typer.Argument(help="The survey's code, such as S12.")],
    kind: Annotated[
        str, typer.Option("--format", "-f", help="surveyjs, triple-s, spss or csv.")
    ] = "surveyjs",
    version: Annotated[int, typer.Option("--version", help="The version; 0 for the draft.")] = 0,
    responses: Annotated[
        bool, typer.Option("--responses", help="Write the responses, not only the questions.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file to write; none: standard output.")
    ] = None,
    user: Annotated[str, typer.Option("--user", help="E-mail address of the user whose scope applies.")] = "",
) -> None:
    """Write a survey, or its responses, as a file."""
    from rapport.connectors.surveys.selectors import ExportRefused, export_of

    with told_plainly():
        try:
            made = export_of(_whose(user), code, version, kind, responses=responses)
        except ExportRefused as refused:
            raise typer.BadParameter(str(refused)) from refused
        if out is None:
            sys.stdout.buffer.writelines(made.pieces)
            return
        aside = out.with_name(f".{out.name}.part")
        try:
            with aside.open("wb") as stream:
                stream.writelines(made.pieces)
            aside.replace(out)
        finally:
            aside.unlink(missing_ok=True)


@contextmanager
def told_plainly() -> "Iterator[None]":
    """Say what was refused without a trace, and end with status 1."""
    from rapport.connectors.surveys.opening import SurveyRefused

    try:
        yield
    except SurveyRefused as refused:
        sys.stderr.write(f"{refused}\n")
        raise typer.Exit(1) from refused


def _print(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2, default=str) + "\n")


def _day(text: str) -> Any:
    from datetime import UTC, datetime

    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise typer.BadParameter("Write --when as YYYY-MM-DD.") from error


def _user(email: str) -> Any:
    from rapport.kernel.models import User

    if not email:
        return None
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise typer.BadParameter(f"There is no active user {email}.")
    return user


def _whose(email: str) -> Any:
    from rapport.connectors.exports.lists import Everyone

    return _user(email) or Everyone()
