"""What every request gets: an id, a line in the log, the reader's language and time zone."""

import time
from collections.abc import Callable
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation

from rapport.kernel.measures import REQUEST_SECONDS
from rapport.kernel.probes import PROBES

GetResponse = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger("rapport.request")
PERMISSIONS_POLICY = "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()"


def request_context(get_response: GetResponse) -> GetResponse:
    """Give each request an id, time it, and log it without address, query or body: they may name people."""

    def handle(request: HttpRequest) -> HttpResponse:
        request_id = uuid4().hex
        request.META["RAPPORT_REQUEST_ID"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        response = get_response(request)
        seconds = time.perf_counter() - began
        route = _route(request)
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
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response

    return handle


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.route if match else "unmatched"


def probes(get_response: GetResponse) -> GetResponse:
    """Answer probes before anything else can fail: they come without a host's name and a session."""

    def handle(request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        if probe is None:
            return get_response(request)
        try:
            return probe(request)
        except Http404:
            return HttpResponse(status=404)

    return handle


def reader(get_response: GetResponse) -> GetResponse:
    """Show times in the reader's zone and words in the reader's language."""

    def handle(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return get_response(request)
        with timezone.override(_zone(request.user.time_zone)), translation.override(request.user.language):
            return get_response(request)

    return handle


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
