"""Speaks to the server: WSGI for speed, and the same through a Django view wherever Django serves alone."""

import gzip
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFilesSent
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from prometheus_client import Histogram

from rapport.kernel.environment import environment
from rapport.kernel.measures import REQUEST_SECONDS
from rapport.rooms.listening.links import PREFIX
from rapport.rooms.listening.respond.answering import Reply, Request, answer
from rapport.rooms.listening.respond.look import stylesheet
from rapport.rooms.listening.respond.pages import LOOKS, message_html
from rapport.rooms.listening.respond.writer import NotKept

LARGEST_FORM = 2**20
LARGEST_UPLOAD = 110 * 2**20
MOST_FIELDS = 3_000
_WORTH_PACKING = 1_400
_CONTENT = "text/html; charset=utf-8"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
log = structlog.get_logger("rapport.respond")

Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]


class _TooBig(Exception):
    """More was posted than any page can ask for."""


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Serve everything below /r/ without sessions, cookies or models."""
    began = time.perf_counter()
    status, headers, body = _serve(environ)
    _measure(environ["REQUEST_METHOD"], status).observe(time.perf_counter() - began)
    headers.append(("Content-Length", str(len(body))))
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [b""] if environ["REQUEST_METHOD"] == "HEAD" else [body]


@lru_cache(maxsize=100)
def _measure(method: str, status: int) -> Histogram:
    return REQUEST_SECONDS.labels(method, "r/", str(status))


def _serve(environ: dict[str, Any]) -> tuple[int, Headers, bytes]:
    path, method = str(environ.get("PATH_INFO", "")), str(environ["REQUEST_METHOD"])
    packs = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
    if method not in {"GET", "HEAD", "POST"}:
        return 405, [("Allow", "GET, HEAD, POST")], b""
    if path.startswith(LOOKS):
        return _look(path[len(LOOKS) :], packs)
    try:
        request = _request(environ, path, method)
    except _TooBig:
        return 413, [("Content-Type", "text/plain")], b"This is more than can be kept."
    except (ValueError, BadRequest, MultiPartParserError, TooManyFilesSent, RequestDataTooBig):
        return 400, [("Content-Type", "text/plain")], b"The form could not be read."
    return _packed(_answered(request), packs)


def _request(environ: dict[str, Any], path: str, method: str) -> Request:
    form: Mapping[str, Sequence[str]] = {}
    files: Mapping[str, Any] = {}
    if method == "POST":
        form, files = _posted(environ)
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=100)
    return Request(
        method,
        path[len(PREFIX) :],
        _clean(query),
        _clean(form),
        files,
        _address(environ),
        environ.get("HTTP_ACCEPT_LANGUAGE", "")[:500],
    )


def _posted(environ: dict[str, Any]) -> tuple[Mapping[str, Sequence[str]], Mapping[str, Any]]:
    size = int(environ.get("CONTENT_LENGTH") or 0)
    if environ.get("CONTENT_TYPE", "").startswith("multipart/"):
        if size > LARGEST_UPLOAD:
            raise _TooBig
        read = WSGIRequest(environ)
        return dict(read.POST.lists()), {name: read.FILES[name] for name in read.FILES}
    if size > LARGEST_FORM:
        raise _TooBig
    body = environ["wsgi.input"].read(size).decode("utf-8", "replace")
    return parse_qs(body, keep_blank_values=True, max_num_fields=MOST_FIELDS), {}


def _clean(fields: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Take away what PostgreSQL cannot keep: zero bytes and halves of characters."""
    return {
        name: [
            value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
            if not value.isascii() or "\0" in value
            else value
            for value in values
        ]
        for name, values in fields.items()
    }


def _address(environ: Mapping[str, Any]) -> str:
    """Return the visitor's address: with one proxy in front, what it saw; otherwise what we see."""
    if environment().behind_proxy:
        forwarded = str(environ.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
        return forwarded or str(environ.get("REMOTE_ADDR", ""))
    return str(environ.get("REMOTE_ADDR", ""))


def _answered(request: Request) -> Reply:
    try:
        return answer(request)
    except NotKept:
        log.error("answer_not_kept", exc_info=True)
        return Reply(503, message_html("not_kept_title", "not_kept", "en"))
    except Exception:
        # Nothing about who or what: the words of a respondent do not belong in a log.
        log.exception("respondent_page_failed", method=request.method)
        return Reply(500, message_html("not_kept_title", "not_kept", "en"))


def _packed(reply: Reply, packs: bool) -> tuple[int, Headers, bytes]:
    headers = _headers(reply)
    body = reply.html.encode("utf-8", "replace")
    if packs and len(body) > _WORTH_PACKING:
        body = gzip.compress(body, 4, mtime=0)
        headers.append(("Content-Encoding", "gzip"))
    return reply.status, headers, body


def _headers(reply: Reply) -> Headers:
    headers = [
        ("Content-Type", _CONTENT),
        # Not `no-store`: browsers then bring back a page with what was typed when people step back.
        ("Cache-Control", "private, no-cache"),
        ("Content-Security-Policy", POLICY),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("X-Robots-Tag", "noindex, nofollow"),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ]
    if reply.location:
        headers.append(("Location", reply.location))
    if settings.SECURE_HSTS_SECONDS:
        headers.append(("Strict-Transport-Security", f"max-age={settings.SECURE_HSTS_SECONDS}"))
    return headers


def _look(name: str, packs: bool) -> tuple[int, Headers, bytes]:
    found = stylesheet(name)
    if found is None:
        return 404, [("Content-Type", "text/plain")], b""
    headers = [
        ("Content-Type", "text/css; charset=utf-8"),
        ("Cache-Control", "public, max-age=31536000, immutable"),
        ("X-Content-Type-Options", "nosniff"),
        ("Vary", "Accept-Encoding"),
    ]
    if packs:
        headers.append(("Content-Encoding", "gzip"))
    return 200, headers, found[1] if packs else found[0]


# -- through Django


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def respond(request: HttpRequest, secret: str) -> HttpResponse:
    """Answer a link where Django serves alone; nothing of a session is read or set.

    The secret in the address is the proof that a form comes from who was asked: no other site knows it.
    """
    reply = reply_to(request, secret)
    return HttpResponse(reply.html, status=reply.status, headers=dict(_headers(reply)))


def reply_to(request: HttpRequest, secret: str) -> Reply:
    """Answer a link asked for through Django."""
    asked = Request(
        request.method or "GET",
        secret,
        _clean(dict(request.GET.lists())),
        _clean(dict(request.POST.lists())),
        {name: request.FILES[name] for name in request.FILES},
        _address(request.META),
        request.headers.get("Accept-Language", "")[:500],
    )
    return _answered(asked)


@require_http_methods(["GET", "HEAD"])
def look(request: HttpRequest, name: str) -> HttpResponse:
    """Return the stylesheet of a colour."""
    status, headers, body = _look(name, False)
    return HttpResponse(body, status=status, headers=dict(headers))
