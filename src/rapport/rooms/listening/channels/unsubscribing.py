"""One click, and nothing more comes: the page behind List-Unsubscribe (RFC 8058)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from rapport.kernel.environment import environment
from rapport.rooms.listening.channels.suppression import suppress
from rapport.rooms.listening.links import hash_of
from rapport.rooms.listening.models import Invitation


# Mail programs post here without a cookie or token; the secret in the address is what allows it.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, secret: str) -> HttpResponse:
    """Ask whether nothing more shall come; a post does it. Opening the page changes nothing."""
    row = Invitation.objects.select_related("contact").filter(secret_hash=hash_of(secret)).first()
    if row is None or row.contact is None:
        raise Http404
    done = request.method == "POST"
    if done and row.contact.email:
        suppress(row.contact.email, "unsubscribed", now=timezone.now(), source="link in a message")
    with translation.override(row.language or "en"):
        told = {"done": done, "company": environment().company}
        response = render(request, "listening/channels/unsubscribe.html", told)
    response["Referrer-Policy"] = "no-referrer"
    return response
