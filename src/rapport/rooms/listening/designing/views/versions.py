"""Publishing, closing, copying, putting away, and what differs between versions."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.listening.designing.comparing import compare
from rapport.rooms.listening.designing.edits import EditRefused
from rapport.rooms.listening.designing.selectors import document_of, findings_of, state_of
from rapport.rooms.listening.designing.services import (
    DraftMoved,
    NotReady,
    archive,
    close_survey,
    duplicate,
    publish,
    rename_survey,
)
from rapport.rooms.listening.designing.views.lists import STATES
from rapport.rooms.listening.models import Survey


@permit(Permission.SEE_FIGURES, Permission.MANAGE_SURVEYS)
@require_safe
def versions(request: UserRequest, code: str) -> HttpResponse:
    """Show the versions of a survey, and what publishing the draft would change."""
    survey = get_visible(Survey, request.user, code=code)
    rows = list(survey.versions.order_by("-number"))
    found = findings_of(survey, survey.definition())
    changed = not rows or rows[0].document != survey.draft
    differences = compare(rows[0].definition(), survey.definition()) if rows and changed else []
    breaks = [one for one in found.breaks if one.breaks]
    context = {
        "survey": survey,
        "versions": rows,
        "open": any(row.state == "published" for row in rows),
        "state": STATES[state_of(survey, rows)],
        "errors": found.errors,
        "changed": changed,
        "differences": differences,
        "breaks": breaks,
        "broken": len({one.question for one in breaks}),
        "manages": request.user.may(Permission.MANAGE_SURVEYS),
        "files_url": _files_url(survey) if request.user.may(Permission.EXPORT) else "",
    }
    return render(request, "surveys/versions.html", context)


def _files_url(survey: Survey) -> str:
    """Return where the survey can be had as a file, when survey files are there."""
    try:
        return reverse("survey_files:choose", args=[survey.code])
    except NoReverseMatch:
        return ""


@permit(Permission.SEE_FIGURES, Permission.MANAGE_SURVEYS)
@require_safe
def compared(request: UserRequest, code: str) -> HttpResponse:
    """Show what differs between two versions, or between one and the draft."""
    survey = get_visible(Survey, request.user, code=code)
    numbers = [str(number) for number in survey.versions.values_list("number", flat=True)]
    names = [*numbers, "draft"]
    old = request.GET.get("old") or (numbers[0] if numbers else "draft")
    new = request.GET.get("new") or "draft"
    before, after = document_of(survey, old), document_of(survey, new)
    if before is None or after is None:
        raise Http404
    context = {
        "survey": survey,
        "names": names,
        "old": old,
        "new": new,
        "differences": compare(before, after),
    }
    return render(request, "surveys/compare.html", context)


@permit(Permission.MANAGE_SURVEYS)
@require_POST
def published(request: UserRequest, code: str) -> HttpResponse:
    """Publish the draft as the next version."""
    survey = get_visible(Survey, request.user, code=code)
    number = request.POST.get("draft_number", "")
    try:
        version = publish(survey, int(number) if number.isdecimal() else 0, now=timezone.now())
    except (DraftMoved, NotReady) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("Version %(number)d is published and can be answered. It never changes.")
            % {"number": version.number},
        )
    return redirect("surveys:versions", code=survey.code)


@permit(Permission.MANAGE_SURVEYS)
@require_POST
def closed(request: UserRequest, code: str) -> HttpResponse:
    """Take no more answers to a version, or to all."""
    survey = get_visible(Survey, request.user, code=code)
    number = request.POST.get("version", "")
    count = close_survey(survey, now=timezone.now(), number=int(number) if number.isdecimal() else None)
    messages.success(request, _("%(count)d version(s) take no more answers.") % {"count": count})
    return redirect("surveys:versions", code=survey.code)


@permit(Permission.MANAGE_SURVEYS)
@require_POST
def copied(request: UserRequest, code: str) -> HttpResponse:
    """Begin another survey with the same draft."""
    survey = get_visible(Survey, request.user, code=code)
    return redirect("surveys:designer", code=duplicate(survey, request.POST.get("name", "").strip()).code)


@permit(Permission.MANAGE_SURVEYS)
@require_POST
def put_away(request: UserRequest, code: str) -> HttpResponse:
    """Archive a survey, or bring it back."""
    survey = get_visible(Survey, request.user, code=code)
    archive(survey, archived=request.POST.get("archived") == "yes")
    said = _("%(name)s is archived.") if survey.archived else _("%(name)s is back.")
    messages.success(request, said % {"name": survey.name})
    return redirect("surveys:versions", code=survey.code)


@permit(Permission.MANAGE_SURVEYS)
@require_POST
def renamed(request: UserRequest, code: str) -> HttpResponse:
    """Give a survey another name among us."""
    survey = get_visible(Survey, request.user, code=code)
    try:
        rename_survey(survey, request.POST.get("name", ""))
    except EditRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("surveys:versions", code=survey.code)
