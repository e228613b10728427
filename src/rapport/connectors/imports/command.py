"""`rapport import`: a file into Rapport by a saved mapping, or a mapping suggested for a file."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rapport.connectors.imports.models import ImportRun

_COUNTS = (
    ("read", "rows read"),
    ("created", "created"),
    ("changed", "changed"),
    ("unchanged", "unchanged"),
    ("rejected", "rejected"),
    ("repeated", "repeated in the file"),
    ("left_out", "left out by the mapping"),
    ("unmatched", "on the matching list"),
)
out = Console(highlight=False)
notes = Console(stderr=True, highlight=False)


def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, Excel, Parquet or JSON Lines file.")],
    mapping: Annotated[Path | None, typer.Option("--mapping", "-m", help="The saved mapping (TOML).")] = None,
    suggest: Annotated[bool, typer.Option("--suggest", help="Write a suggested mapping instead.")] = False,
    target: Annotated[str, typer.Option("--target", "-t", help="What the file holds, with --suggest.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, land nothing.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write the problems found to this file.")
    ] = None,
    user: Annotated[str, typer.Option("--user", help="E-mail address of the user to import as.")] = "",
) -> None:
    """Import a file by a mapping, or suggest one for it."""
    with _told_plainly():
        if suggest:
            _suggest(file, target)
        elif mapping is None:
            raise typer.BadParameter("Give --mapping, or --suggest with --target to have one proposed.")
        else:
            _import(file, mapping, user, dry_run, report)


@contextmanager
def _told_plainly() -> "Iterator[None]":
    """Say what was refused without a trace, and end with status 1."""
    from rapport.connectors.files import FileRefused, MappingRefused
    from rapport.connectors.imports.engine import ImportRefused

    try:
        yield
    except (FileRefused, MappingRefused, ImportRefused) as refused:
        notes.print(str(refused), markup=False, soft_wrap=True)
        raise typer.Exit(1) from refused


def _suggest(file: Path, target: str) -> None:
    from rapport.connectors.files import dump_mapping, open_table, suggest_mapping
    from rapport.connectors.imports.targets import TARGETS

    if target not in TARGETS:
        raise typer.BadParameter(f"Name a --target: {', '.join(TARGETS)}.")
    table = open_table(file)
    for finding in table.findings:
        notes.print(finding, markup=False, soft_wrap=True)
    proposed = suggest_mapping(table.columns, TARGETS[target], table.options, file.stem.lower()[:60])
    out.print(dump_mapping(proposed), markup=False, soft_wrap=True, end="")
    missing = [f.label for f in TARGETS[target].fields if f.required and f.name not in proposed.fields]
    if missing:
        notes.print(f"Still to be mapped: {', '.join(missing)}.", markup=False, soft_wrap=True)


def _import(file: Path, mapping: Path, user: str, dry_run: bool, report: Path | None) -> None:
    from django.utils import timezone

    from rapport.connectors.files import load_mapping
    from rapport.connectors.imports.engine import run_import

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rows]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=notes, transient=True) as progress:
        task = progress.add_task(file.name, total=1.0, rows="")

        def show(run: "ImportRun") -> None:
            progress.update(task, completed=run.share, rows=f"{run.read:,} rows")

        run = run_import(
            file, load_mapping(mapping), _user(user), timezone.now(), dry_run=dry_run, progress=show
        )
    _tell(run, report)


def _user(email: str) -> Any:
    from rapport.kernel.models import User

    if not email:
        return None
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise typer.BadParameter(f"There is no active user {email}.")
    return user


def _tell(run: "ImportRun", report: Path | None) -> None:
    from rapport.connectors.imports.models import ImportRun
    from rapport.connectors.imports.problems import report as report_of

    for name, label in _COUNTS:
        count = getattr(run, name)
        if count or name in ("read", "created"):
            out.print(f"{count:>12,}  {label}", markup=False)
    if run.message:
        notes.print(run.message, markup=False, soft_wrap=True)
    if report is not None:
        with report.open("wb") as stream:
            stream.writelines(report_of(run))
        notes.print(f"Problems are listed in {report}.", markup=False, soft_wrap=True)
    elif run.rejected:
        notes.print("Add --report problems.csv to see what is wrong with them.", markup=False, soft_wrap=True)
    if run.dry_run and run.state == ImportRun.State.DONE:
        notes.print("This was a trial run: nothing landed.", markup=False, soft_wrap=True)
    if run.state != ImportRun.State.DONE:
        raise typer.Exit(1)
