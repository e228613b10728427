"""Telling customers: who raised it, the drafts, the answer page, what is published, the letters' words."""

from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.environment import environment
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.forms.telling import AnswerForm, LetterForm, PublicationForm, WordsInLanguagesForm
from rapport.rooms.action.models import (
    Case,
    Improvement,
    LetterTemplate,
    Publication,
    Recipient,
    Telling,
)
from rapport.rooms.action.selectors.telling import fixed_share, letters_of, seen_share
from rapport.rooms.action.services import promises, telling
from rapport.rooms.action.services.steps import StepRefused
from rapport.rooms.action.views.letter_texts import text_rows
from rapport.rooms.action.views.lists import tabs_of
from rapport.rooms.catalog.models import Region


@permit(Permission.WORK_CASES)
@require_http_methods(["GET", "HEAD", "POST"])
def about_case(request: UserRequest, code: str) -> HttpResponse:
    """Find everybody who raised a case, and draft to them."""
    return _draft(request, get_visible(Case, request.user, code=code))


@permit(Permission.WORK_CASES)
@require_http_methods(["GET", "HEAD", "POST"])
def about_improvement(request: UserRequest, code: str) -> HttpResponse:
    """Find everybody who raised a problem, and draft to them."""
    return _draft(request, get_visible(Improvement, request.user, code=code))


def _draft(request: UserRequest, about: Case | Improvement) -> HttpResponse:
    raised = telling.who_raised(about, request.user)
    form = WordsInLanguagesForm(
        request.POST if request.method == "POST" else None, languages=raised.languages
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = telling.draft(about, words=form.words(), by=request.user, now=timezone.now())
        except StepRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("action:telling", code=made.code)
    approved = set(LetterTemplate.objects.exclude(approved_at=None).values_list("language", flat=True))
    context = {
        "about": about,
        "is_case": isinstance(about, Case),
        "raised": raised,
        "form": form,
        "may_approve": request.user.may(Permission.MANAGE_RULES),
        "ready": settings.LANGUAGE_CODE in approved,
        "earlier": about.tellings.visible_to(request.user).filter(dropped_at=None),
    }
    return render(request, "action/tell.html", context)


@permit(Permission.WORK_CASES)
@require_safe
def show(request: UserRequest, code: str) -> HttpResponse:
    """Show the letters of a round: drafts before, answers after."""
    one = get_visible(Telling, request.user, code=code)
    context = {"one": one, "letters": letters_of(one), "fixed": fixed_share(one), "seen": seen_share(one)}
    return render(request, "action/telling.html", context)


@permit(Permission.WORK_CASES)
@require_POST
def send(request: UserRequest, code: str) -> HttpResponse:
    """Send the drafts."""
    return _act(request, code, sending=True)


@permit(Permission.WORK_CASES)
@require_POST
def drop(request: UserRequest, code: str) -> HttpResponse:
    """Drop the drafts."""
    return _act(request, code, sending=False)


def _act(request: UserRequest, code: str, *, sending: bool) -> HttpResponse:
    one = get_visible(Telling, request.user, code=code)
    try:
        if sending:
            telling.send(one, by=request.user, now=timezone.now())
        else:
            telling.drop(one, now=timezone.now())
    except StepRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Sent.") if sending else _("Dropped. Nothing was sent."))
    return redirect("action:telling", code=code)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Ask a customer whether it is fixed; looking changes nothing, sending the form answers."""
    one = Recipient.objects.filter(digest=telling.digest_of(token)).first()
    if one is None:
        raise Http404
    with translation.override(one.language):
        form = AnswerForm(request.POST if request.method == "POST" else None)
        thanks = one.answered_at is not None
        later = request.method == "POST" and "later" in request.POST and not thanks
        if later:
            telling.note_seen(one, now=timezone.now())
        elif request.method == "POST" and not thanks and form.is_valid():
            data = form.cleaned_data
            # Answered in another window meanwhile: the thanks are true all the same.
            with suppress(StepRefused):
                telling.answer(one, fixed=data["fixed"] == "yes", words=data["words"], now=timezone.now())
            thanks = True
        if later:
            form = AnswerForm()
        context = {
            "form": form,
            "thanks": thanks,
            "later": later,
            "company": environment().company,
            "one": one,
        }
        return render(request, "action/answer.html", context)


@require_safe
def said_and_done(request: HttpRequest, region: str = "") -> HttpResponse:
    """Show the public what was said and done, for everybody or for one region's customers."""
    place = get_object_or_404(Region, key=region, retired=False) if region else None
    shown = Publication.objects.shown()
    rows = shown.filter(region=place) | shown.filter(region=None) if place else shown.filter(region=None)
    regions = Region.objects.filter(pk__in=shown.exclude(region=None).values("region"))
    context = {
        "rows": rows.order_by("-published_at"),
        "place": place,
        "regions": regions,
        "company": environment().company,
    }
    return render(request, "action/said_and_done.html", context)


@permit(Permission.MANAGE_RULES)
@require_POST
def publish(request: UserRequest, code: str) -> HttpResponse:
    """Publish what was said and done about an improvement."""
    one = get_visible(Improvement, request.user, code=code)
    form = PublicationForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
        return redirect("action:improvement", code=code)
    data = form.cleaned_data
    try:
        promises.publish(
            one,
            you_said=data["you_said"],
            we_did=data["we_did"],
            region=data["region"],
            by=request.user,
            now=timezone.now(),
        )
    except StepRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Published."))
    return redirect("action:improvement", code=code)


@permit(Permission.MANAGE_RULES)
@require_POST
def withdraw(request: UserRequest, pk: int) -> HttpResponse:
    """Take something off the public page."""
    one = get_visible(Publication, request.user, pk=pk)
    promises.withdraw(one, now=timezone.now())
    messages.success(request, _("Taken off the public page."))
    return redirect("action:improvement", code=one.improvement.code)


@permit(Permission.MANAGE_RULES)
@require_safe
def letters(request: UserRequest) -> HttpResponse:
    """Show the letters' words, language by language."""
    known = {row.language: row for row in LetterTemplate.objects.select_related("approved_by")}
    rows = [(key, name, known.get(key)) for key, name in settings.LANGUAGES]
    context = {"rows": rows, "texts": text_rows(), "tabs": tabs_of(request, "promises")}
    return render(request, "action/letters.html", context)


@permit(Permission.MANAGE_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: UserRequest, language: str) -> HttpResponse:
    """Write the letter's words in a language; "approve" makes them usable."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    row = LetterTemplate.objects.filter(language=language).first() or LetterTemplate(language=language)
    initial: dict[str, Any] = {} if row.pk else _proposed(language)
    form = LetterForm(request.POST if request.method == "POST" else None, instance=row, initial=initial)
    if request.method == "POST" and form.is_valid():
        form.instance.approved_at = form.instance.approved_by = None
        saved = form.save()
        if "approve" in request.POST:
            telling.approve(saved, by=request.user, now=timezone.now())
        messages.success(
            request, _("Approved.") if saved.approved_at else _("Kept. It is used once approved.")
        )
        return redirect("action:letters")
    context = {"form": form, "row": row, "language": dict(settings.LANGUAGES)[language], "code": language}
    return render(request, "action/letter.html", context)


def _proposed(language: str) -> dict[str, str]:
    """Propose words to begin with, in that language."""
    with translation.override(language):
        return {
            "subject": _("You told us, and here is what we did"),
            "body": _(
                "Dear {name},\n\nyou told us: “{said}”\n\n{changed}\n\n"
                "Is it fixed for you? Please tell us here: {link}\n\n{company}"
            ),
        }
