"""Imports that run in the worker, and the clearing away of old ones."""

from datetime import timedelta

from django.utils import timezone

from rapport.connectors.imports.engine import carry_out
from rapport.connectors.imports.models import ImportProblem, ImportRun
from rapport.kernel.jobs import job, periodic

UNFINISHED_KEPT = timedelta(days=7)
REPORTS_KEPT = timedelta(days=90)


@job(queue="imports")
def carry_out_import(run_id: str) -> None:
    """Do an import, or go on with one a dead worker left; the upload goes once its rows have landed."""
    run = ImportRun.objects.filter(pk=run_id).first()
    if run is None or run.is_over:
        return
    carry_out(run, timezone.now())
    if run.is_over and run.file and not run.dry_run:
        run.file.delete()


@periodic("17 3 * * *")
def clear_old_imports(timestamp: int) -> None:
    """Remove uploads nobody went on with, and reports after three months; they hold personal data."""
    now = timezone.now()
    for run in ImportRun.objects.exclude(file="").filter(created_at__lt=now - UNFINISHED_KEPT):
        if not run.is_running:
            run.file.delete()
    ImportRun.objects.filter(state=ImportRun.State.CHOSEN, created_at__lt=now - UNFINISHED_KEPT).delete()
    ImportProblem.objects.filter(run__created_at__lt=now - REPORTS_KEPT).delete()
