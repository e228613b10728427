"""The gate before every page: signed in, and with the permission it asks for."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from rapport.kernel.models import User
from rapport.kernel.roles import Permission

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class UserRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User


UserView = Callable[Concatenate[UserRequest, P], HttpResponseBase]


def permit(*needed: Permission) -> Callable[[UserView[P]], View[P]]:
    """Let only users with one of these permissions in; whoever lacks them is told there is no such page.

    Without any permission named, every signed-in user may come in.
    """

    def decorate(view: UserView[P]) -> View[P]:
        @wraps(view)
        def gate(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _ask_to_sign_in(request)
            user = request.user
            if needed and not any(user.may(permission) for permission in needed):
                raise Http404
            return view(cast(UserRequest, request), *args, **kwargs)

        gate.permissions = needed  # type: ignore[attr-defined]
        return gate

    return decorate


def _ask_to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Send to the sign-in page and, after it, back to the page a person was on."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": _sign_in_from(_page_of(request))})
    if request.method not in {"GET", "HEAD"}:
        # What was sent is lost, and the address may answer nothing but sending.
        return redirect_to_login(_page_of(request))
    return redirect_to_login(request.get_full_path())


def _sign_in_from(page: str) -> str:
    return f"{resolve_url('account_login')}?{urlencode({'next': page})}"


def _page_of(request: HttpRequest) -> str:
    """Return the page the browser shows while it asks for a part of it; only ever one of ours."""
    shown = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    if not url_has_allowed_host_and_scheme(shown, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    parts = urlsplit(shown)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"


def request_id(request: Any) -> str:
    """Return the id under which this request stands in the log."""
    return str(request.META.get("RAPPORT_REQUEST_ID", ""))
