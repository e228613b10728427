"""Lists of surveys, new ones, and the question bank."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.rooms.listening.definition.texts import words
from rapport.rooms.listening.designing.edits import QUESTION, EditRefused
from rapport.rooms.listening.designing.naming import TYPES, offered_languages
from rapport.rooms.listening.designing.page import drawn_alone
from rapport.rooms.listening.designing.selectors import bank_questions, survey_rows, surveys_with
from rapport.rooms.listening.designing.services import (
    add_standard_questions,
    create_from_template,
    create_survey,
    retire_bank_question,
)
from rapport.rooms.listening.designing.standard import STANDARD
from rapport.rooms.listening.designing.starters import STARTERS
from rapport.rooms.listening.models import BankQuestion
from rapport.ui.components import Tab

STATES = {
    "draft": (gettext_lazy("Draft"), ""),
    "published": (gettext_lazy("Published"), "pro"),
    "changed": (gettext_lazy("Published, draft changed"), "accent"),
    "closed": (gettext_lazy("Closed"), "line"),
    "archived": (gettext_lazy("Archived"), "line"),
}


def tabs_of(current: str) -> list[Tab]:
    """Return the parts of the room of surveys."""
    archive = f"{reverse('surveys:list')}?archived=yes"
    return [
        Tab(_("Surveys"), reverse("surveys:list"), None, current == "surveys"),
        Tab(_("Question bank"), reverse("surveys:bank"), None, current == "bank"),
        Tab(_("Archive"), archive, None, current == "archive"),
    ]


@permit(Permission.SEE_FIGURES, Permission.MANAGE_SURVEYS)
@require_safe
def surveys(request: UserRequest) -> HttpResponse:
    """List the surveys."""
    archived = request.GET.get("archived") == "yes"
    rows = [(row, *STATES[row.state]) for row in survey_rows(request.user, archived=archived)]
    context = {
        "rows": rows,
        "archived": archived,
        "running": sum(row.state in ("published", "changed") for row, *_rest in rows),
        "tabs": tabs_of("archive" if archived else "surveys"),
        "manages": request.user.may(Permission.MANAGE_SURVEYS),
    }
    return render(request, "surveys/list.html", context)


@permit(Permission.MANAGE_SURVEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_survey(request: UserRequest) -> HttpResponse:
    """Begin a survey, from a template or from nothing."""
    refused = ""
    if request.method == "POST":
        template, name = request.POST.get("template", ""), request.POST.get("name", "")
        try:
            if template:
                survey = create_from_template(template, name)
            else:
                survey = create_survey(name, language=request.POST.get("language", "en"))
        except EditRefused as refusal:
            refused = str(refusal)
        else:
            return redirect("surveys:designer", code=survey.code)
    context = {
        "starters": list(STARTERS.values()),
        "languages": offered_languages(),
        "refused": refused,
        "name": request.POST.get("name", ""),
        "wanted": request.POST.get("language", "en"),
    }
    return render(request, "surveys/new.html", context)


@permit(Permission.SEE_FIGURES, Permission.MANAGE_SURVEYS)
@require_safe
def bank(request: UserRequest) -> HttpResponse:
    """List the questions of the bank."""
    rows = []
    for row in bank_questions(retired=True):
        question = QUESTION.validate_python(row.question)
        rows.append((row, words(question.text, "en", ""), TYPES[question.type], sorted(question.text)))
    lacking = len(STANDARD) - sum(row.key in STANDARD for row, *_rest in rows)
    context = {
        "rows": rows,
        "lacking": lacking,
        "tabs": tabs_of("bank"),
        "manages": request.user.may(Permission.MANAGE_SURVEYS),
    }
    return render(request, "surveys/bank.html", context)


@permit(Permission.MANAGE_SURVEYS)
@require_POST
def add_standard(request: UserRequest) -> HttpResponse:
    """Add the standard questions the bank lacks."""
    count = add_standard_questions()
    messages.success(request, _("%(count)d standard questions were added.") % {"count": count})
    return redirect("surveys:bank")


@permit(Permission.SEE_FIGURES, Permission.MANAGE_SURVEYS)
@require_safe
def bank_question(request: UserRequest, key: str) -> HttpResponse:
    """Show a question of the bank in every language, and where it is asked."""
    row = get_object_or_404(BankQuestion, pk=key)
    question = QUESTION.validate_python(row.question)
    context = {
        "row": row,
        "type": TYPES[question.type],
        "drawn": drawn_alone(question),
        "surveys": surveys_with(key, request.user),
        "manages": request.user.may(Permission.MANAGE_SURVEYS),
    }
    return render(request, "surveys/bank_question.html", context)


@permit(Permission.MANAGE_SURVEYS)
@require_POST
def retire(request: UserRequest, key: str) -> HttpResponse:
    """Offer a question no longer, or again."""
    row = get_object_or_404(BankQuestion, pk=key)
    retire_bank_question(row, retired=request.POST.get("retired") == "yes")
    return redirect("surveys:bank")
