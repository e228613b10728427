"""The pages for what went wrong; each shows a code that is also in the log."""

import logging
import secrets

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

logger = logging.getLogger("rapport.ui.errors")


def _page(request: HttpRequest, status: int, exception: Exception | None = None) -> HttpResponse:
    code = (request.META.get("RAPPORT_REQUEST_ID") or secrets.token_hex(4))[:8].upper()
    logger.warning("error page shown", extra={"status": status, "code": code, "path": request.path})
    return HttpResponse(render_to_string(f"ui/errors/{status}.html", {"code": code}), status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request nobody could make sense of."""
    return _page(request, 400, exception)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request for what this person may not do."""
    return _page(request, 403, exception)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request for what is not there, or not for this person."""
    return _page(request, 404, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after a failure of ours, without touching database or session."""
    return _page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose page had grown too old to be trusted."""
    return _page(request, 403)
