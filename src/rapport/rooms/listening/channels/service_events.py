"""What a mail service reports by webhook, once its signature or secret was checked by django-anymail."""

import re
from datetime import datetime
from importlib import import_module
from typing import Any

from anymail.signals import tracking
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from rapport.rooms.listening.channels.bounces import Report, take_report
from rapport.rooms.listening.channels.suppression import NotAnAddress, suppress
from rapport.rooms.listening.models import Invitation

KINDS = {"bounced": "hard", "deferred": "soft", "complained": "complaint"}
_BACKEND = re.compile(r"^anymail\.backends\.(\w+)\.")


def service_in_use() -> str:
    """Return the name of the mail service that mail leaves through; empty when it is none."""
    found = _BACKEND.match(settings.EMAIL_BACKEND)
    return found[1] if found else ""


# A mail service has no session and no token; django-anymail checks its signature or the secret it was given.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def events(request: HttpRequest, service: str) -> HttpResponseBase:
    """Take what the mail service in use reports; without a secret nobody is believed."""
    if service != service_in_use() or not is_guarded(service):
        raise Http404
    module = import_module(f"anymail.webhooks.{service}")
    view: Any = next(
        value
        for name, value in vars(module).items()
        if name.endswith("TrackingWebhookView") and value.esp_name
    )
    answer: HttpResponseBase = view.as_view()(request)
    return answer


def is_guarded(service: str) -> bool:
    """Say whether the secret for all services or this one's own is set; another's guards nothing here."""
    own = service.replace("_", "").upper()
    return any(
        value
        and (key == "WEBHOOK_SECRET" or (key.startswith(own) and ("WEBHOOK" in key or "SIGNING" in key)))
        for key, value in settings.ANYMAIL.items()
    )


def on_tracking(sender: object, event: Any, esp_name: str, **_more: object) -> None:
    """Act on one event; what is no trouble changes nothing."""
    email, now = (event.recipient or "").strip().lower(), timezone.now()
    detail = " ".join(str(event.mta_response or event.description or event.reject_reason or "").split())
    known = Invitation.objects.filter(contact__email__iexact=email, channel="email").exists()
    if event.event_type == "unsubscribed" and known:
        try:
            suppress(email, "unsubscribed", now=now, detail=detail, source=esp_name)
        except NotAnAddress:
            return
    if event.event_type in {"opened", "clicked"}:
        _note_opening(email, event.timestamp or now)
    kind = KINDS.get(event.event_type)
    if kind is not None:
        named = f"{esp_name}:{event.event_id or event.message_id or ''}:{event.event_type}"
        take_report(Report(email, kind, detail[:500], event=named), now=now, source=esp_name)


def _note_opening(email: str, at: datetime) -> None:
    """Note that the latest message to a person was opened; a program may have done it, so no more follows."""
    latest = Invitation.objects.filter(contact__email__iexact=email, channel="email", sent_at__isnull=False)
    row = latest.order_by("-sent_at").first()
    if row is not None:
        Invitation.objects.filter(pk=row.pk, opened_at=None).update(opened_at=at)
        Invitation.objects.filter(pk=row.pk, state=Invitation.State.SENT).update(
            state=Invitation.State.OPENED
        )


def listen() -> None:
    """Have events of the mail service come here."""
    tracking.connect(on_tracking, dispatch_uid="listening")
