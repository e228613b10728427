"""How programs sign in: a token in the header, or the session of somebody's browser."""

from datetime import timedelta
from typing import Any, cast

from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja.errors import HttpError
from ninja.parser import Parser
from ninja.security import HttpBearer, SessionAuth

from rapport.kernel.models import ApiToken, User
from rapport.kernel.roles import Permission

USED_AT_GRAIN = timedelta(minutes=1)


class TokenAuth(HttpBearer):
    """`Authorization: Bearer rpt_…`"""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        now = timezone.now()
        found = (
            ApiToken.objects.select_related("user")
            .filter(
                Q(expires_at=None) | Q(expires_at__gt=now), digest=ApiToken.digest_of(token), revoked_at=None
            )
            .filter(user__is_active=True)
            .first()
        )
        if found is None:
            return None
        if found.used_at is None or now - found.used_at > USED_AT_GRAIN:
            ApiToken.objects.filter(pk=found.pk).update(used_at=now)
        request.user = found.user
        return found.user


class BrowserAuth(SessionAuth):
    """The session cookie; forms and scripts then send the CSRF token with everything that writes."""

    def authenticate(self, request: HttpRequest, key: Any) -> User | None:
        user: Any = request.user
        return cast(User, user) if user.is_authenticated and user.is_active else None


class Unstorable(ValueError):
    """A body holds a NUL character, which no text in the database can."""


class BodyParser(Parser):
    """Reads JSON, and refuses in words what could not be kept."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body; raise Unstorable when a text in it holds NUL."""
        if b"\\u0000" in request.body:
            raise Unstorable("A text holds the character NUL (\\u0000); leave it out and send again.")
        return super().parse_body(request)


def refusal(error: HttpError) -> str:
    """Return what to tell a program: the reason a body was not read, where there is one."""
    return str(error.__cause__) if isinstance(error.__cause__, Unstorable) else str(error)


SIGN_IN = [TokenAuth(), BrowserAuth()]


def require(request: HttpRequest, *needed: Permission) -> User:
    """Return the user if one of these permissions is held; otherwise there is no such address."""
    user: Any = request.user
    if not user.is_authenticated or not any(user.may(permission) for permission in needed):
        raise Http404
    return cast(User, user)
