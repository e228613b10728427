"""Imports of responses in the worker, and the clearing away of what nobody went on with."""

from datetime import timedelta

from django.utils import timezone

from rapport.connectors.surveys.importing import carry_out
from rapport.connectors.surveys.models import ResponseImport
from rapport.kernel.jobs import job, periodic

UNFINISHED_KEPT = timedelta(days=7)
REPORTS_KEPT = timedelta(days=90)


@job(queue="imports")
def carry_out_responses(pk: str) -> None:
    """Record a file of responses, or go on where a dead worker left it."""
    run = ResponseImport.objects.select_related("survey_file", "started_by").filter(pk=pk).first()
    if run is not None:
        carry_out(run, now=timezone.now())


@periodic("37 3 * * *")
def clear_old_response_imports(timestamp: int) -> None:
    """Remove uploads nobody went on with, and reports after three months: both hold personal data."""
    now = timezone.now()
    for run in ResponseImport.objects.exclude(upload="").filter(created_at__lt=now - UNFINISHED_KEPT):
        run.upload.delete()
    ResponseImport.objects.filter(created_at__lt=now - REPORTS_KEPT).delete()
