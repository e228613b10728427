"""Pages of survey files: take one in, see what was lost, keep it, add its responses; and take ours out."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.connectors.surveys.forms import ResponseFileForm, SurveyFileForm
from rapport.connectors.surveys.importing import take_responses
from rapport.connectors.surveys.models import SurveyFile
from rapport.connectors.surveys.opening import SurveyRefused
from rapport.connectors.surveys.selectors import (
    DEFINITION_KINDS,
    RESPONSE_KINDS,
    ExportRefused,
    export_of,
)
from rapport.connectors.surveys.services import keep_as_draft, take_in
from rapport.kernel.access import UserRequest, permit
from rapport.kernel.audit import note_sighting
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.listening.models import Survey

_IMPORTS_SHOWN = 20


@permit(Permission.IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def files(request: UserRequest) -> HttpResponse:
    """Show the survey files taken in so far, and take a new one in."""
    form = SurveyFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            taken = take_in(file.read(), Path(file.name).name, by=request.user)
            return redirect("survey_files:one", taken.pk)
        except SurveyRefused as refused:
            form.add_error("file", str(refused))
    found = SurveyFile.objects.visible_to(request.user).select_related("survey", "started_by")
    page = Paginator(found.defer("document", "columns", "original"), 50).get_page(request.GET.get("page"))
    surveys = Survey.objects.visible_to(request.user).filter(archived=False).order_by("-updated_at")[:20]
    may_export = request.user.may(Permission.EXPORT)
    context = {"form": form, "page": page, "surveys": surveys if may_export else []}
    return render(request, "surveys/files.html", context, status=422 if form.errors else 200)


@permit(Permission.IMPORT)
@require_safe
def one(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show what an import kept, changed and lost."""
    file = get_visible(SurveyFile, request.user, pk=pk)
    return _report(request, file, ResponseFileForm())


def _report(request: UserRequest, file: SurveyFile, form: ResponseFileForm) -> HttpResponse:
    report: dict[str, Any] = file.report
    parts = [
        ("unsupported", _("Not taken over"), _("Look at these before you publish."), report["unsupported"]),
        ("changed", _("Changed"), _("They are there, in another way."), report["changed"]),
        ("kept", _("Kept"), _("As they were."), report["kept"]),
    ]
    imports = list(file.imports.all()[:_IMPORTS_SHOWN])
    context = {
        "file": file,
        "report": report,
        "parts": parts,
        "form": form,
        "imports": imports,
        "running": any(not run.is_over for run in imports),
    }
    return render(request, "surveys/report.html", context, status=422 if form.errors else 200)


@permit(Permission.IMPORT)
@require_POST
def keep(request: UserRequest, pk: UUID) -> HttpResponse:
    """Keep the file as a survey draft, once."""
    file = get_visible(SurveyFile, request.user, pk=pk)
    survey = keep_as_draft(file)
    messages.success(
        request, _("%(name)s is kept as draft %(code)s.") % {"name": survey.name, "code": survey.code}
    )
    return redirect("survey_files:one", file.pk)


@permit(Permission.IMPORT)
@require_POST
def responses(request: UserRequest, pk: UUID) -> HttpResponse:
    """Record a response file of the survey."""
    file = get_visible(SurveyFile, request.user, pk=pk)
    form = ResponseFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _report(request, file, form)
    try:
        run = take_responses(
            file,
            form.cleaned_data["file"],
            by=request.user,
            now=timezone.now(),
            when=form.moment(),
            anonymous=form.cleaned_data["anonymous"],
        )
    except SurveyRefused as refused:
        form.add_error("file", str(refused))
        return _report(request, file, form)
    messages.success(
        request, _("%(name)s is here; the worker records its responses.") % {"name": run.file_name}
    )
    return redirect("survey_files:one", file.pk)


# ------------------------------------------------------------------ out


@permit(Permission.EXPORT)
@require_safe
def choose(request: UserRequest, code: str) -> HttpResponse:
    """Show the formats a survey's draft and versions, and their responses, can be had in."""
    survey = get_visible(Survey, request.user, code=code)
    context = {
        "survey": survey,
        "versions": survey.versions.order_by("-number"),
        "definition_kinds": DEFINITION_KINDS,
        "response_kinds": RESPONSE_KINDS,
    }
    return render(request, "surveys/choose.html", context)


@permit(Permission.EXPORT)
@require_safe
def download(request: UserRequest, code: str, version: int, what: str, kind: str) -> StreamingHttpResponse:
    """Send a survey or its responses as a file while it is read; who took responses out is noted."""
    survey = get_visible(Survey, request.user, code=code)
    if what not in ("questions", "responses"):
        raise Http404
    try:
        made = export_of(request.user, survey.code, version, kind, responses=what == "responses")
    except ExportRefused as refused:
        raise Http404 from refused
    if request.method == "GET" and what == "responses":
        label = f"{survey.code} v{version} {kind}"
        note_sighting(request, request.user, kind="export", code=survey.code, label=label, now=timezone.now())
    response = StreamingHttpResponse(made.pieces, content_type=made.content_type)
    response["Content-Disposition"] = f'attachment; filename="{made.name}"'
    response["Cache-Control"] = "no-store"
    return response
