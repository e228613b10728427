"""`rapport export`: one list into a file, or to standard output."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

notes = Console(stderr=True, highlight=False)


def export(
    name: Annotated[
        str, typer.Argument(help="The list: accounts, contacts, signals … Without it, all are named.")
    ] = "",
    kind: Annotated[str, typer.Option("--format", "-f", help="csv, xlsx, parquet, jsonl or sav.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file to write; '-' or none: standard output.")
    ] = None,
    user: Annotated[str, typer.Option("--user", help="E-mail address of the user whose scope applies.")] = "",
) -> None:
    """Write one list to a file, in a user's scope or, without one, whole."""
    from django.utils import timezone

    from rapport.connectors.exports.lists import LISTS
    from rapport.connectors.exports.spss import write_sav_list
    from rapport.connectors.files import format_called, write_table

    if name not in LISTS:
        raise typer.BadParameter(f"Name a list: {', '.join(LISTS)}.")
    from django.http import QueryDict

    wanted, whose, asked = LISTS[name], _whose(user), QueryDict("")
    if (kind or _suffix(out)).lower() in {"sav", "spss"}:
        pieces = write_sav_list(wanted, whose, asked, now=timezone.now())
    else:
        try:
            file_kind = format_called(kind or _suffix(out))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        pieces = write_table(file_kind, list(wanted.columns()), wanted.rows(whose, asked))
    if out is None or str(out) == "-":
        sys.stdout.buffer.writelines(pieces)
        return
    aside = out.with_name(f".{out.name}.part")
    try:
        with aside.open("wb") as stream:
            stream.writelines(pieces)
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
    notes.print(f"{out} is written.", markup=False, soft_wrap=True)


def _suffix(out: Path | None) -> str:
    return out.suffix.lstrip(".") if out and out.suffix else "csv"


def _whose(email: str) -> Any:
    from rapport.connectors.exports.lists import Everyone
    from rapport.kernel.models import User

    if not email:
        return Everyone()
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise typer.BadParameter(f"There is no active user {email}.")
    return user
