"""What every request gets: an id, a line in the log, the reader's language and time zone."""

import time
from collections.abc import Callable
from uuid import uuid4
from zoneinfo import ZoneInfo

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from rapport.kernel.measures import REQUEST_SECONDS

GetResponse = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger("rapport.request")


def request_context(get_response: GetResponse) -> GetResponse:
    """Give each request an id, time it, and log it without query or body, which may hold personal data."""

    def handle(request: HttpRequest) -> HttpResponse:
        request_id = uuid4().hex
        request.META["RAPPORT_REQUEST_ID"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        response = get_response(request)
        seconds = time.perf_counter() - began
        match = request.resolver_match
        route = match.route if match else "unmatched"
        REQUEST_SECONDS.labels(request.method or "", route, str(response.status_code)).observe(seconds)
        user = getattr(request, "user", None)
        log.info(
            "request",
            method=request.method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
            user=user.pk if user is not None and user.is_authenticated else None,
        )
        response.headers["X-Request-ID"] = request_id
        return response

    return handle


def reader(get_response: GetResponse) -> GetResponse:
    """Show times in the reader's zone and words in the reader's language."""

    def handle(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return get_response(request)
        with timezone.override(ZoneInfo(request.user.time_zone)), translation.override(request.user.language):
            return get_response(request)

    return handle
