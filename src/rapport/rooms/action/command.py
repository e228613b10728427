"""`rapport mail take`: takes one message from a pipe, as a local mail server hands it over."""

import sys
from pathlib import Path
from typing import Annotated

import typer

# What a mail server reads as "try again later" (sysexits.h).
LATER = 75
NO_INPUT = 66


def take(
    file: Annotated[
        Path | None, typer.Argument(exists=True, help="The message; left out: standard input.")
    ] = None,
    to: Annotated[list[str] | None, typer.Option(help="For whom the mail server took it.")] = None,
) -> None:
    """Take one message: a colleague's reply becomes a note on its case."""
    # Imported here because the command line opens without Django.
    from django.db import Error
    from django.utils import timezone

    from rapport.rooms.action.services.reading_mail import NoMail
    from rapport.rooms.action.services.replies import take_mail

    raw = file.read_bytes() if file else sys.stdin.buffer.read()
    try:
        taken = take_mail(raw, now=timezone.now(), taken_for=to or [])
    except NoMail as refusal:
        sys.stderr.write(f"{refusal}\n")
        raise typer.Exit(NO_INPUT) from refusal
    except Error as failure:
        sys.stderr.write(f"Not taken, try again later: {failure}\n")
        raise typer.Exit(LATER) from failure
    sys.stdout.write(f"{taken.get_outcome_display()}.\n")
