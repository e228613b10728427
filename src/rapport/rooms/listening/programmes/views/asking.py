"""Asking by voice and on paper: the interviewer's list and script, the sheet, and keying it twice."""

from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.listening.channels.paper import (
    KeyingRefused,
    fields_of,
    key_sheet,
    labels_for,
    paper_invitation,
    read_keyed,
    sheet_pdf,
)
from rapport.rooms.listening.channels.words import words_in
from rapport.rooms.listening.definition import Scale
from rapport.rooms.listening.definition.piping import say
from rapport.rooms.listening.definition.walking import walk
from rapport.rooms.listening.models import Invitation, Sheet
from rapport.rooms.listening.programmes.views.one import head, load
from rapport.rooms.listening.sampling.draws import CannotDraw, published_version
from rapport.rooms.listening.services.inviting import link_of

PAGE = 50
OPEN = ("drawn", "sent", "opened", "started")


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def interviews(request: UserRequest, code: str) -> HttpResponse:
    """List the people to be asked by voice, at customers the reader may see."""
    row = load(request, code)
    waiting = (
        Invitation.objects.visible_to(request.user)
        .filter(programme=row, channel="interview", state__in=OPEN, contact__isnull=False)
        .select_related("contact", "account", "asked_by")
        .order_by("created_at", "pk")
    )
    context = head(request, row, "interviews") | {
        "page": Paginator(waiting, PAGE).get_page(request.GET.get("page"))
    }
    return render(request, "listening/programmes/interviews.html", context)


@permit(Permission.SEE_CUSTOMERS)
@require_http_methods(["GET", "HEAD", "POST"])
def interview(request: UserRequest, code: str, pk: str) -> HttpResponse:
    """Show what to read aloud; a post notes who asks and leads to the answers, or notes a refusal."""
    row = load(request, code)
    asked = get_visible(Invitation, request.user, pk=pk, programme=row, channel="interview")
    if asked.contact is None:
        raise Http404
    if request.method == "POST":
        return _asked(request, asked)
    definition = asked.version.definition()
    language = asked.language or definition.language
    way = walk(definition, {}, asked.facts, str(asked.pk))

    def tell(text: dict[str, str]) -> str:
        return say(text, way.known, language, definition.language) if text else ""

    script = []
    for step in way.steps:
        for shown in step.questions:
            ends = ""
            if isinstance(shown.question, Scale):
                low, high = tell(shown.question.low_label), tell(shown.question.high_label)
                ends = f"{shown.question.low} {low} – {shown.question.high} {high}"
            choices = [tell(choice.text) for choice in shown.choices]
            script.append((tell(shown.question.text), tell(shown.question.help), choices, ends))
    ours = words_in(language)
    context = head(request, row, "interviews") | {
        "asked": asked,
        "language": language,
        "greeting": ours.greeting.format(name=asked.contact.name),
        "intro": ours.intro,
        "anonymous_words": ours.anonymous if row.anonymous else "",
        "script": script,
    }
    return render(request, "listening/programmes/interview.html", context)


def _asked(request: UserRequest, asked: Invitation) -> HttpResponse:
    if asked.state not in OPEN:
        messages.error(request, _("It was answered or taken back already."))
        return redirect("programmes:interviews", asked.programme.code if asked.programme else "")
    if request.POST.get("what") == "refused":
        asked.state, asked.asked_by = Invitation.State.WITHDRAWN, request.user
        asked.save(update_fields=["state", "asked_by"])
        messages.success(request, _("Noted: the person would rather not be asked."))
        return redirect("programmes:interviews", asked.programme.code if asked.programme else "")
    asked.asked_by, asked.sent_at = request.user, asked.sent_at or timezone.now()
    if asked.state == Invitation.State.DRAWN:
        asked.state = Invitation.State.SENT
    asked.save(update_fields=["asked_by", "sent_at", "state"])
    return redirect(link_of(asked))


@permit(Permission.MANAGE_PROGRAMMES)
@require_safe
def sheet(request: UserRequest, code: str, language: str) -> HttpResponse:
    """Return the survey on paper."""
    row = load(request, code)
    try:
        version = published_version(row)
    except CannotDraw as error:
        raise Http404 from error
    answer = HttpResponse(sheet_pdf(version, language), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{row.code}-{version.number}.pdf"'
    return answer


@permit(Permission.MANAGE_PROGRAMMES)
@require_http_methods(["GET", "HEAD", "POST"])
def paper(request: UserRequest, code: str) -> HttpResponse:
    """Key answers in from paper: each sheet twice, and what differs is decided before it counts."""
    row = load(request, code)
    try:
        version = published_version(row)
    except CannotDraw as error:
        messages.error(request, str(error))
        return redirect("programmes:show", row.code)
    definition = version.definition()
    typed = {field.name: request.POST.get(field.name, "") for field in fields_of(definition)}
    number, problem = request.POST.get("number", ""), ""
    differing: tuple[str, ...] = ()
    wrong: dict[str, str] = {}
    if request.method == "POST":
        _answers, wrong = read_keyed(definition, typed)
        if not wrong:
            try:
                done = key_sheet(
                    paper_invitation(row, now=timezone.now()),
                    number,
                    typed,
                    request.user,
                    now=timezone.now(),
                    decided="decided" in request.POST,
                    form=request.POST.get("form", ""),
                )
            except KeyingRefused as refusal:
                problem = str(refusal)
            else:
                if done.state != "differs":
                    words = _("Sheet %(number)s is kept; key it a second time to make it count.")
                    if done.state == "done":
                        words = _("Sheet %(number)s was keyed twice alike and counts.")
                    messages.success(request, words % {"number": number})
                    return redirect("programmes:paper", row.code)
                differing = done.differing
    sheets = Sheet.objects.visible_to(request.user).filter(invitation__programme=row)
    context = head(request, row, "paper") | {
        "fields": [
            (field, typed[field.name], wrong.get(field.name, ""), field.name in differing)
            for field in fields_of(definition)
        ],
        "number": number,
        # What differs was looked at: sent again it is the same keying, corrected.
        "form_id": request.POST.get("form", "") if wrong or problem else uuid4().hex,
        "problem": problem,
        "wrong": wrong,
        "differing": labels_for(definition, differing),
        "languages": definition.languages,
        "waiting": sheets.filter(response_id=None).select_related("first_by")[:50],
        "done": sheets.exclude(response_id=None).count(),
    }
    return render(request, "listening/programmes/paper.html", context)
