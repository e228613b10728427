"""Answers for those who watch: does the process live, has it started, can it serve, what does it count."""

import ipaddress
from collections.abc import Callable
from secrets import compare_digest

from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from rapport.kernel.environment import environment
from rapport.kernel.measures import exposition
from rapport.kernel.migrating import pending_migrations
from rapport.kernel.models import WorkerHeartbeat

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
# A process does not forget that the tables fit: looking is too dear for every few seconds.
_fits = {"tables": False}


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return JsonResponse({"status": "live"})


@require_safe
def started(request: HttpRequest) -> HttpResponse:
    """Say whether the process has found a database with tables that fit."""
    problem = _problem()
    return _answer("starting" if problem else "started", problem)


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Say whether pages can be served now, and when a worker last showed itself."""
    problem = _problem()
    return _answer(
        "not ready" if problem else "ready", problem, worker_seen_seconds_ago=None if problem else _worker()
    )


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Give Prometheus its figures; to anybody else there is no such page."""
    if not (_holds_token(request) or _is_on_this_machine(request)):
        raise Http404
    return HttpResponse(exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/live": live,
    "/started": started,
    "/ready": ready,
    "/metrics": metrics,
}


def _answer(status: str, problem: str, **details: float | None) -> HttpResponse:
    told: dict[str, object] = {"status": status, **details}
    if problem:
        told["problem"] = problem
    return JsonResponse(told, status=503 if problem else 200)


def _problem() -> str:
    """Return what keeps this process from serving pages, or nothing."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _fits["tables"]:
            _fits["tables"] = not pending_migrations()
    except DatabaseError:
        connection.close()
        return "The database does not answer."
    return "" if _fits["tables"] else "The database is not up to date. Run: rapport migrate"


def _worker() -> float | None:
    last = WorkerHeartbeat.objects.order_by("-seen_at").values_list("seen_at", flat=True).first()
    return round((timezone.now() - last).total_seconds(), 1) if last else None


def _holds_token(request: HttpRequest) -> bool:
    token = environment().read_secret("metrics_token")
    given = request.headers.get("Authorization", "")
    return bool(token) and compare_digest(given.encode(), f"Bearer {token}".encode())


def _is_on_this_machine(request: HttpRequest) -> bool:
    """Believe the address only when nobody stands between: a proxy here makes every request local."""
    if environment().behind_proxy or any(header in request.META for header in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
