"""The gate before every page: signed in, and with the permission it asks for."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from rapport.kernel.models import User
from rapport.kernel.roles import Permission

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class UserRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User  # type: ignore[assignment]


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
            user = cast(User, request.user)
            if needed and not any(user.may(permission) for permission in needed):
                raise Http404
            return view(cast(UserRequest, request), *args, **kwargs)

        gate.permissions = needed  # type: ignore[attr-defined]
        return gate

    return decorate


def _ask_to_sign_in(request: HttpRequest) -> HttpResponseBase:
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": "/sign-in/login/"})
    return redirect_to_login(request.get_full_path())


def request_id(request: Any) -> str:
    """Return the id under which this request stands in the log."""
    return str(request.META.get("RAPPORT_REQUEST_ID", ""))
