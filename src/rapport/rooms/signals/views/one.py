"""One signal: the words, where they belong, what corrects them; and the files that came with them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.signals.forms import CorrectionForm
from rapport.rooms.signals.models import Signal
from rapport.rooms.signals.selectors.answers import answers_of
from rapport.rooms.signals.selectors.history import current_version, versions
from rapport.rooms.signals.selectors.listing import read_signals
from rapport.rooms.signals.services.correct import correct_signal, may_correct
from rapport.rooms.signals.services.files import SHOWN
from rapport.rooms.signals.services.record import NewComment, NewScore, SignalRefused

FIELD_OF = {"account": "account_name", "contact": "person"}


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def signal_page(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show one signal; one that was corrected leads to what is valid now."""
    latest = current_version(request.user, pk)
    if latest is not None and latest != pk:
        return redirect("signals:detail", latest)
    signal = get_visible(Signal, request.user, pk=pk)
    (read,) = read_signals([signal.pk])
    context = {
        "signal": read,
        "answers": answers_of(signal),
        "versions": versions(signal),
        "recorded_at": None if signal.anonymous else signal.recorded_at,
        "reference": "" if signal.anonymous else signal.external_reference,
        "may_correct": may_correct(request.user, signal),
        "unmatched": signal.account_id is None and not signal.anonymous,
        "may_match": request.user.may(Permission.EDIT_CUSTOMERS),
        "hint": signal.account_hint,
        "shown_types": SHOWN,
    }
    return render(request, "signals/detail.html", context)


@permit(Permission.CAPTURE)
@require_http_methods(["GET", "HEAD", "POST"])
def correct_page(request: UserRequest, pk: UUID) -> HttpResponse:
    """Put right what was recorded wrongly; the old words stay in the ledger."""
    signal = _correctable(request.user, pk)
    form = CorrectionForm(signal, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            recorded = correct_signal(signal, _changes(form), author=request.user, now=timezone.now())
        except SignalRefused as refused:
            field = FIELD_OF.get(refused.field, refused.field)
            form.add_error(field if field in form.fields else None, str(refused))
        else:
            messages.success(request, _("Corrected. What stood before is kept below."))
            return redirect("signals:detail", recorded.signal_id)
    status = 422 if form.errors else 200
    return render(request, "signals/correct.html", {"form": form, "signal": signal}, status=status)


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def attachment(request: UserRequest, pk: UUID, number: int) -> HttpResponseBase:
    """Send a file of a signal the user may see; only known pictures and sounds open in the browser."""
    signal = get_visible(Signal, request.user, pk=pk)
    item = signal.attachments.filter(pk=number).first()
    if item is None:
        raise Http404
    shown = item.content_type in SHOWN
    try:
        response = FileResponse(
            item.file.open("rb"),
            as_attachment=not shown,
            filename=item.name,
            content_type=item.content_type if shown else "application/octet-stream",
        )
    except FileNotFoundError as error:
        raise Http404 from error
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    # The page's own policy is not needed here; nothing in a file may run or load anything.
    response._csp_replace = {"default-src": ["'none'"], "sandbox": []}  # type: ignore[attr-defined]
    return response


def _correctable(user: User, pk: UUID) -> Signal:
    """Return a signal the user may correct: a visible one, or one the user noted."""
    own = Signal.objects.filter(pk=pk, author=user, superseded=False).first()
    signal = own or get_visible(Signal, user, pk=pk)
    if not may_correct(user, signal):
        raise Http404
    return signal


def _changes(form: CorrectionForm) -> dict[str, Any]:
    """Return only what was changed, in the terms of a new signal."""
    data, changed = form.cleaned_data, set(form.changed_data)
    changes: dict[str, Any] = {}
    if "account_name" in changed:
        changes["account"] = data["account_name"].strip()
        changes |= {"region": None, "division": None, "partner": None}
    if "person" in changed:
        changes["contact"] = data["person"].strip()
    if "occurred_at" in changed:
        changes["occurred_at"] = data["occurred_at"]
    for place in ("touchpoint", "product"):
        if place in changed:
            changes[place] = data[place] or None
    if any(name.startswith("score_") for name in changed):
        changes["scores"] = tuple(
            NewScore(score.metric_id, value, score.scale_low, score.scale_high)
            for score in form.scores
            if (value := data[f"score_{score.metric_id}"]) is not None
        )
    if any(name.startswith("comment_") for name in changed):
        changes["comments"] = tuple(
            NewComment(text.strip(), comment.language, comment.question_key)
            for place, comment in enumerate(form.comments)
            if (text := data[f"comment_{place}"]).strip()
        )
    return changes
