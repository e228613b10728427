"""`rapport bounces FILE`: reads delivery reports from a mailbox file, a folder, or one message."""

import mailbox
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer


def read_bounces(
    file: Annotated[Path, typer.Argument(exists=True, help="An mbox file, a Maildir, or one message.")],
) -> None:
    """Read delivery reports; addresses that bounced for good or complained get nothing more."""
    # Imported here because the command line opens without Django.
    from django.utils import timezone

    from rapport.rooms.listening.channels.bounces import NoReport, take_raw

    reports = known = others = 0
    for raw in messages_in(file):
        try:
            named, ours = take_raw(raw, now=timezone.now(), source="mailbox")
        except NoReport:
            others += 1
            continue
        reports, known = reports + named, known + ours
    sys.stdout.write(f"{reports} reports, {known} about people we wrote to, {others} other messages.\n")


def messages_in(path: Path) -> Iterator[bytes]:
    """Yield the messages of a Maildir, an mbox or a single message."""
    if path.is_dir():
        yield from (message.as_bytes() for message in mailbox.Maildir(path, create=False))
        return
    with path.open("rb") as opened:
        is_mbox = opened.read(5) == b"From "
    if not is_mbox:
        yield path.read_bytes()
        return
    box = mailbox.mbox(path, create=False)
    try:
        yield from (message.as_bytes() for message in box)
    finally:
        box.close()
