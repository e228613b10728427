"""Mail that a mail service hands over by webhook, once django-anymail has checked its signature or secret."""

from importlib import import_module
from typing import Any

from anymail.signals import inbound
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from rapport.rooms.action.services.reading_mail import NoMail
from rapport.rooms.action.services.replies import take_mail
from rapport.rooms.listening.api import is_guarded, service_in_use


# A mail service has no session and no token; django-anymail checks its signature or the secret it was given.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest, service: str) -> HttpResponseBase:
    """Take mail from the mail service in use; without a secret nobody is believed."""
    if service != service_in_use() or not is_guarded(service):
        raise Http404
    view = _view_of(service)
    if view is None:
        raise Http404
    answer: HttpResponseBase = view.as_view()(request)
    return answer


def _view_of(service: str) -> Any:
    module = import_module(f"anymail.webhooks.{service}")
    ends = ("InboundWebhookView", "CombinedWebhookView")
    views = (value for name, value in vars(module).items() if name.endswith(ends))
    return next((view for view in views if getattr(view, "esp_name", None)), None)


def on_inbound(sender: object, event: Any, esp_name: str, **_more: object) -> None:
    """Take one message; what is none is left, so that the service does not bring it again for days."""
    message = event.message
    try:
        known = [message.envelope_recipient] if message.envelope_recipient else []
        take_mail(message.as_bytes(), now=timezone.now(), taken_for=known)
    except NoMail:
        return


def listen() -> None:
    """Have mail that the service receives come here."""
    inbound.connect(on_inbound, dispatch_uid="action")
