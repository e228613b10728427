"""The words of letters for one purpose, language by language."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.rooms.action.forms.complaints import LetterTextForm
from rapport.rooms.action.models import LetterText
from rapport.rooms.action.services import letters


@permit(Permission.MANAGE_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def letter_text(request: UserRequest, purpose: str, language: str) -> HttpResponse:
    """Write a letter's words; "approve" makes them usable."""
    if language not in dict(settings.LANGUAGES) or purpose not in LetterText.Purpose.values:
        raise Http404
    row = LetterText.objects.filter(purpose=purpose, language=language).first()
    row = row or LetterText(purpose=purpose, language=language)
    initial: dict[str, Any] = {} if row.pk else letters.proposed(purpose, language)
    form = LetterTextForm(request.POST if request.method == "POST" else None, instance=row, initial=initial)
    if request.method == "POST" and form.is_valid():
        form.instance.approved_at = form.instance.approved_by = None
        saved = form.save()
        if "approve" in request.POST:
            letters.approve_text(saved, by=request.user, now=timezone.now())
        messages.success(
            request, _("Approved.") if saved.approved_at else _("Kept. It is used once approved.")
        )
        return redirect("action:letters")
    context = {
        "form": form,
        "purpose": LetterText.Purpose(purpose).label,
        "language": dict(settings.LANGUAGES)[language],
        "code": language,
        "places": sorted(letters.PLACES[purpose]),
    }
    return render(request, "action/letter_text.html", context)


def text_rows() -> list[tuple[str, list[tuple[str, str, str, LetterText | None]]]]:
    """Return each purpose with its languages and what is written in them."""
    known = {(row.purpose, row.language): row for row in LetterText.objects.select_related("approved_by")}
    languages = [(key, str(name)) for key, name in settings.LANGUAGES]
    return [
        (str(label), [(purpose, key, name, known.get((purpose, key))) for key, name in languages])
        for purpose, label in LetterText.Purpose.choices
    ]
