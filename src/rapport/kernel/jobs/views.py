"""The administrators' page of jobs that gave up."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.jobs.failures import (
    AlreadyWaiting,
    NoSuchFailedJob,
    count_failed_jobs,
    discard_job,
    failed_jobs,
    retry_job,
)
from rapport.kernel.models import WorkerHeartbeat
from rapport.kernel.roles import Permission


@permit(Permission.ADMINISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def jobs(request: UserRequest) -> HttpResponse:
    """Show failed jobs with their reason; a post tries one again or discards it."""
    if request.method == "POST":
        return _act(request)
    context = {
        "jobs": failed_jobs(),
        "count": count_failed_jobs(),
        "workers": list(WorkerHeartbeat.objects.order_by("-seen_at")[:20]),
    }
    return render(request, "kernel/jobs.html", context)


def _act(request: UserRequest) -> HttpResponse:
    number = request.POST.get("job", "")
    job_id = int(number) if number.isdigit() else 0
    try:
        if request.POST.get("decision") == "retry":
            retry_job(job_id)
            messages.success(request, _("The job waits to be run again."))
        else:
            discard_job(job_id)
            messages.success(request, _("The job is discarded."))
    except (NoSuchFailedJob, AlreadyWaiting) as refusal:
        messages.error(request, str(refusal))
    return redirect(request.get_full_path())
