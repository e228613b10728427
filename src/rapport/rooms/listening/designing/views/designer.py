"""The designer's page: the survey in the middle, its outline beside it, and what is selected."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.listening.definition import Definition
from rapport.rooms.listening.definition.sentences import read_back
from rapport.rooms.listening.definition.survey import END
from rapport.rooms.listening.designing import edits
from rapport.rooms.listening.designing.actions import ACTIONS, Asked
from rapport.rooms.listening.designing.building import (
    JOINS,
    OPERATORS,
    Built,
    Group,
    PartRow,
    TooDeep,
    posted,
    subjects_for,
    to_condition,
    to_form,
)
from rapport.rooms.listening.designing.edits import EditRefused, change_question, question_of
from rapport.rooms.listening.designing.forms import BLANK_ROWS, PICTURES, QuestionForm, Row
from rapport.rooms.listening.designing.naming import FIELDS, TYPES
from rapport.rooms.listening.designing.page import Pages
from rapport.rooms.listening.designing.selectors import (
    Findings,
    bank_name,
    bank_questions,
    findings_of,
    state_of,
)
from rapport.rooms.listening.designing.services import DraftMoved, edit_draft, save_to_bank
from rapport.rooms.listening.designing.views.lists import STATES
from rapport.rooms.listening.models import Survey

SELECTING = ("page", "question", "part", "condition")
HOW = (
    ("sum", gettext_lazy("their sum")),
    ("mean", gettext_lazy("their mean")),
    ("lowest", gettext_lazy("the lowest of them")),
    ("highest", gettext_lazy("the highest of them")),
    ("count", gettext_lazy("how many were answered")),
)


@permit(Permission.SEE_FIGURES, Permission.MANAGE_SURVEYS)
@require_safe
def designer(request: UserRequest, code: str) -> HttpResponse:
    """Show a survey as it stands in the draft."""
    survey = get_visible(Survey, request.user, code=code)
    return _show(request, survey, {name: request.GET.get(name, "") for name in SELECTING})


@permit(Permission.MANAGE_SURVEYS)
@require_POST
def change(request: UserRequest, code: str, what: str) -> HttpResponse:
    """Change the draft by one action; what cannot be done is said on the page, and nothing is written."""
    survey = get_visible(Survey, request.user, code=code)
    if what == "question":
        return _save_question(request, survey)
    if what == "condition":
        return _save_condition(request, survey)
    if what == "keep":
        return _keep(request, survey)
    if what not in ACTIONS:
        raise Http404
    asked = Asked(request.POST, survey.definition(), _language(request, survey.definition()))
    try:
        act = ACTIONS[what](asked)
        edit_draft(survey, asked.number("draft_number"), act.change)
    except (EditRefused, DraftMoved) as refusal:
        messages.error(request, str(refusal))
        return _to(request, survey, {name: request.POST.get(f"was_{name}", "") for name in SELECTING})
    return _to(request, survey, act.show)


def _language(request: UserRequest, definition: Definition) -> str:
    given = request.POST.get("language") or request.GET.get("language") or ""
    return given if given in definition.languages else definition.language


def _to(request: UserRequest, survey: Survey, show: dict[str, str]) -> HttpResponse:
    definition = survey.definition()
    pages = Pages(survey, definition, _language(request, definition), show, Findings((), ()))
    return redirect(pages.url(**show))


# -- Showing ------------------------------------------------------------------


def _show(
    request: UserRequest,
    survey: Survey,
    chosen: dict[str, str],
    *,
    form: QuestionForm | None = None,
    built: Built | None = None,
    moved: str = "",
) -> HttpResponse:
    definition = survey.definition()
    found = findings_of(survey, definition)
    pages = Pages(survey, definition, _language(request, definition), chosen, found)
    manages = request.user.may(Permission.MANAGE_SURVEYS) and not survey.archived
    versions = list(survey.versions.order_by("-number"))
    state = state_of(survey, versions)
    context: dict[str, Any] = {
        "survey": survey,
        "definition": definition,
        "drawn": pages,
        "pages": pages.pages(),
        "languages": pages.languages(),
        "language": pages.language,
        "direction": pages.direction,
        "title": pages.say(definition.title),
        "welcome": pages.say(definition.welcome),
        "thanks": pages.say(definition.thanks.text),
        "own": {
            "title": definition.title.get(pages.language, ""),
            "welcome": definition.welcome.get(pages.language, ""),
            "thanks": definition.thanks.text.get(pages.language, ""),
        },
        "notes": pages.notes(),
        "breaks": pages.breaks(),
        "errors": found.errors,
        "state": STATES[state],
        "state_key": state,
        "versions": versions,
        "manages": manages,
        "chosen": chosen,
        "types": TYPES.items(),
        "moved": moved,
        "end": END,
    }
    _select(context, pages, definition, chosen, form, built, manages)
    page = render(request, "surveys/designer.html", context)
    if request.method == "POST":
        page["HX-Push-Url"] = "false"  # the address of an action is no page to come back to
    return page


def _select(
    context: dict[str, Any],
    pages: Pages,
    definition: Definition,
    chosen: dict[str, str],
    form: QuestionForm | None,
    built: Built | None,
    manages: bool,
) -> None:
    """Add what the selected thing needs; whatever is gone meanwhile selects nothing."""
    try:
        if chosen.get("condition") and manages:
            context |= _condition_context(pages, definition, chosen["condition"], built)
        elif chosen.get("question"):
            context |= _question_context(pages, definition, chosen["question"], form)
        elif chosen.get("page"):
            context |= _page_context(pages, definition, chosen["page"])
        elif chosen.get("part") == "logic":
            context |= _logic_context(pages, definition)
        elif chosen.get("part") == "survey":
            context["panel"] = "survey"
    except EditRefused as gone:
        context["gone"] = str(gone)


def _page_context(pages: Pages, definition: Definition, key: str) -> dict[str, Any]:
    page = edits.page_of(definition, key)
    later = definition.pages[definition.pages.index(page) + 1 :]
    have = {question.bank for question in definition.questions() if question.bank}
    return {
        "panel": "page",
        "page": page,
        "item": next(one for one in pages.pages() if one.key == key),
        "page_title": page.title.get(pages.language, ""),
        "targets": [(one.key, pages.say(one.title) or one.key) for one in later],
        "bank": [row for row in bank_questions() if row.key not in have],
        "condition_url": pages.url(condition=f"page:{key}"),
    }


def _question_context(
    pages: Pages, definition: Definition, key: str, form: QuestionForm | None
) -> dict[str, Any]:
    question = question_of(definition, key)
    form = form or QuestionForm(question, definition, pages.language, None, None)
    lists = []
    for name, rows in form.lists.items():
        taken = {int(row.index) for row in rows if row.index.isdigit()}
        start = max(taken, default=-1) + 1
        blank = [Row(str(start + at), "", "") for at in range(BLANK_ROWS)]
        lists.append((name, FIELDS[name], rows, blank))
    page = edits.page_with(definition, key)
    return {
        "panel": "question",
        "question": question,
        "type_name": TYPES[question.type],
        "form": form,
        "lists": lists,
        "pictures": ",".join(PICTURES),
        "bank_name": bank_name(question.bank) or pages.say(question.text)[:200],
        "page": page,
        "places": [(one.key, pages.say(one.title) or one.key) for one in definition.pages],
        "shown_when": read_back(question.show_if, definition, pages.language),
        "condition_url": pages.url(condition=f"question:{key}"),
        "choice_urls": {
            choice.key: pages.url(condition=f"choice:{key}:{choice.key}")
            for name in edits.LISTS
            for choice in getattr(question, name, ())
        },
        "question_notes": [note for note in pages.notes() if note.place == key],
        "question_breaks": [note for note in pages.breaks() if note.place == key],
    }


def _logic_context(pages: Pages, definition: Definition) -> dict[str, Any]:
    return {
        "panel": "logic",
        "how": HOW,
        "quotas": [
            (
                quota,
                quota.message.get(pages.language, ""),
                read_back(quota.when, definition, pages.language),
                pages.url(condition=f"quota:{quota.key}"),
            )
            for quota in definition.quotas
        ],
        "numbers": [
            (question.key, pages.say(question.text) or question.key)
            for question in definition.questions()
            if question.type not in ("statement", "file", "text", "long_text")
        ],
    }


# -- A question ---------------------------------------------------------------


def _save_question(request: UserRequest, survey: Survey) -> HttpResponse:
    definition = survey.definition()
    chosen = {"question": request.POST.get("question", "")}
    try:
        question = question_of(definition, chosen["question"])
    except EditRefused as gone:
        messages.error(request, str(gone))
        return _to(request, survey, {})
    form = QuestionForm(question, definition, _language(request, definition), request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, survey, chosen, form=form)
    try:
        edit_draft(survey, _number(request), change_question(question.key, form.result))
    except DraftMoved as moved:
        # What was typed stays in the form, now on the newer draft: saving again is a decision.
        survey.refresh_from_db()
        return _show(request, survey, chosen, form=form, moved=str(moved))
    except EditRefused as refusal:
        form.add_error(None, str(refusal))
        return _show(request, survey, chosen, form=form)
    survey.refresh_from_db()
    return _to(request, survey, {"question": form.result.key})


def _number(request: UserRequest) -> int:
    number = request.POST.get("draft_number", "")
    return int(number) if number.isdecimal() and len(number) < 10 else 0


def _keep(request: UserRequest, survey: Survey) -> HttpResponse:
    """Save a question to the bank, and mark it here as the bank's."""
    show = {"question": request.POST.get("question", "")}
    key = request.POST.get("bank_key", "").strip()
    try:
        question = question_of(survey.definition(), show["question"])
        told = question.model_dump(mode="json") | {"bank": key}
        marked = edits.QUESTION.validate_python(told)
        _row, new = save_to_bank(key, request.POST.get("bank_name", ""), marked)
        edit_draft(survey, _number(request), change_question(question.key, marked))
    except (EditRefused, DraftMoved) as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("The bank has the question %(key)s now.") if new else _("The bank's %(key)s is up to date.")
        messages.success(request, said % {"key": key})
    return _to(request, survey, show)


# -- A condition --------------------------------------------------------------


def _condition_context(
    pages: Pages, definition: Definition, where: str, built: Built | None
) -> dict[str, Any]:
    condition = edits.condition_at(definition, where)
    deep = False
    if built is None:
        try:
            built = to_form(condition, definition, pages.language)
        except TooDeep:
            built, deep = Built(), True
    groups = [Group(group.join, [*group.rows, PartRow()]) for group in built.groups]
    kind, _sep, rest = where.partition(":")
    key = rest.partition(":")[0]
    before = key if kind in ("page", "branch") else ""
    if kind in ("question", "choice"):
        before = edits.page_with(definition, key).key
    return {
        "panel": "condition",
        "where": where,
        "where_words": _where_words(pages, definition, kind, rest),
        "back_url": _back(pages, kind, key),
        "built": Built(built.join, [*groups, Group("all", [PartRow()])]),
        "deep": deep,
        "sentence": read_back(condition, definition, pages.language),
        "trial": _trial(built, definition, pages.language),
        "subjects": subjects_for(definition, pages.language, before),
        "operators": OPERATORS,
        "joins": JOINS,
        "can_be_empty": kind not in ("branch", "quota"),
    }


def _trial(built: Built, definition: Definition, language: str) -> str:
    try:
        return read_back(to_condition(built, definition), definition, language)
    except EditRefused as gap:
        return str(gap)


def _where_words(pages: Pages, definition: Definition, kind: str, rest: str) -> str:
    key, _sep, other = rest.partition(":")
    if kind == "page":
        return _("Page %(title)s is shown when") % {
            "title": pages.say(edits.page_of(definition, key).title) or key
        }
    if kind == "branch":
        target = edits.page_of(definition, key).branches[int(other)].to
        return _("After page %(page)s, go to %(to)s when") % {"page": key, "to": target}
    if kind == "quota":
        return _("Quota %(key)s counts whoever meets this") % {"key": key}
    said = pages.say(question_of(definition, key).text) or key
    if kind == "choice":
        return _("Choice %(choice)s of “%(question)s” is offered when") % {"choice": other, "question": said}
    return _("“%(question)s” is asked when") % {"question": said}


def _back(pages: Pages, kind: str, key: str) -> str:
    if kind == "quota":
        return pages.url(part="logic")
    return pages.url(page=key) if kind in ("page", "branch") else pages.url(question=key)


def _save_condition(request: UserRequest, survey: Survey) -> HttpResponse:
    definition = survey.definition()
    language = _language(request, definition)
    where = request.POST.get("where", "")
    chosen = {"condition": where}
    try:
        edits.condition_at(definition, where)
    except EditRefused as gone:
        messages.error(request, str(gone))
        return _to(request, survey, {})
    built = posted(request.POST, definition, language)
    if "look" in request.POST or "drop" in request.POST:
        return _show(request, survey, chosen, built=built)
    try:
        condition = None if "always" in request.POST else to_condition(built, definition)
        edit_draft(survey, _number(request), edits.change_condition(where, condition))
    except (EditRefused, DraftMoved) as refusal:
        messages.error(request, str(refusal))
        survey.refresh_from_db()
        return _show(request, survey, chosen, built=built)
    survey.refresh_from_db()
    kind, _sep, rest = where.partition(":")
    key = rest.partition(":")[0]
    show = {"page": key} if kind in ("page", "branch") else {"question": key}
    return _to(request, survey, {"part": "logic"} if kind == "quota" else show)
