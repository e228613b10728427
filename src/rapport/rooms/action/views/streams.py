"""My streams: what I follow, where it goes, and what became of each message."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.roles import Permission
from rapport.kernel.scope import get_visible
from rapport.rooms.action.conditions import read_all
from rapport.rooms.action.forms.streams import StreamForm
from rapport.rooms.action.models import Stream, StreamMessage
from rapport.rooms.action.selectors.streams import Trial, messages_of, stream_rows, try_stream
from rapport.rooms.action.services import streams
from rapport.rooms.action.services.stream_words import sentence_of
from rapport.rooms.action.views.lists import tabs_of


@dataclass(frozen=True)
class _Reading:
    """A stream read back, and what it would have carried."""

    sentence: str
    trial: Trial


@permit(Permission.SEE_CUSTOMERS)
@require_safe
def listed(request: UserRequest) -> HttpResponse:
    """List my streams."""
    rows = stream_rows(request.user)
    flowing = sum(not row.paused for row in rows)
    context = {"rows": rows, "flowing": flowing, "tabs": tabs_of(request, "streams")}
    return render(request, "action/streams.html", context)


@permit(Permission.SEE_CUSTOMERS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: UserRequest) -> HttpResponse:
    """Make a stream."""
    return _edit(request, Stream(owner=request.user))


@permit(Permission.SEE_CUSTOMERS)
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: UserRequest, code: str) -> HttpResponse:
    """Show or change a stream, with its messages below."""
    return _edit(request, get_visible(Stream, request.user, code=code))


def _edit(request: UserRequest, stream: Stream) -> HttpResponse:
    now = timezone.now()
    form = StreamForm(request.POST if request.method == "POST" else None, instance=stream, by=request.user)
    secret, saved = "", False
    if request.method == "POST" and form.is_valid() and "look" not in request.POST:
        try:
            secret = streams.save_stream(form.instance, address=form.cleaned_data["address"], now=now)
            saved = True
        except streams.StreamRefused as refused:
            form.add_error(None, str(refused))
    if saved and not secret:
        messages.success(request, _("Saved: %(name)s.") % {"name": stream})
        return redirect("action:stream", code=form.instance.code)
    return _page(request, form, secret=secret)


def _page(request: UserRequest, form: StreamForm, *, secret: str = "") -> HttpResponse:
    stream, now = form.instance, timezone.now()
    readable = form.is_valid() if form.is_bound else stream.pk is not None
    reading = None
    if readable:
        asked = read_all(stream.conditions)
        reading = _Reading(sentence_of(stream), try_stream(asked, request.user, now=now))
    context = {
        "form": form,
        "stream": stream,
        "secret": secret,
        "reading": reading,
        "messages_of": messages_of(stream) if stream.pk else (),
        "waiting": stream.items.filter(message=None).count() if stream.pk else 0,
        "tabs": tabs_of(request, "streams"),
    }
    part = "#reading" if request.headers.get("HX-Request") else ""
    return render(request, f"action/stream.html{part}", context)


@permit(Permission.SEE_CUSTOMERS)
@require_POST
def switch(request: UserRequest, code: str) -> HttpResponse:
    """Pause a stream or let it flow again."""
    stream = get_visible(Stream, request.user, code=code)
    if request.POST.get("flow") == "yes":
        streams.resume(stream, now=timezone.now())
        messages.success(request, _("%(name)s flows again.") % {"name": stream})
    else:
        streams.pause(stream, now=timezone.now())
        messages.success(request, _("%(name)s is paused.") % {"name": stream})
    return redirect("action:stream", code=code)


@permit(Permission.SEE_CUSTOMERS)
@require_POST
def trial(request: UserRequest, code: str) -> HttpResponse:
    """Send a message without feedback."""
    stream = get_visible(Stream, request.user, code=code)
    streams.send_trial(stream, now=timezone.now())
    messages.success(request, _("A trial message is on its way; see below what becomes of it."))
    return redirect("action:stream", code=code)


@permit(Permission.SEE_CUSTOMERS)
@require_POST
def renew(request: UserRequest, code: str) -> HttpResponse:
    """Give a webhook a new secret, shown this once."""
    stream = get_visible(Stream, request.user, code=code)
    try:
        secret = streams.renew_secret(stream)
    except streams.StreamRefused as refused:
        messages.error(request, str(refused))
        return redirect("action:stream", code=code)
    return _page(request, StreamForm(instance=stream, by=request.user), secret=secret)


@permit(Permission.SEE_CUSTOMERS)
@require_POST
def remove(request: UserRequest, code: str) -> HttpResponse:
    """Remove a stream with its log."""
    stream = get_visible(Stream, request.user, code=code)
    name = stream.name
    stream.delete()
    messages.success(request, _("%(name)s is removed, with its log.") % {"name": name})
    return redirect("action:streams")


@permit(Permission.SEE_CUSTOMERS)
@require_POST
def again(request: UserRequest, pk: str) -> HttpResponse:
    """Try a message again."""
    message = get_visible(StreamMessage, request.user, pk=pk)
    try:
        streams.try_again(message, now=timezone.now())
    except streams.StreamRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("It is tried again, for three days."))
    return redirect("action:stream", code=message.stream.code)
