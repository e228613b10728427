"""How programs sign in: a token in the header, or the session of somebody's browser."""

import json
from datetime import timedelta
from typing import Any, cast

from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils import timezone
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


def path_of_nul(body: bytes) -> str | None:
    """Return where JSON first holds the character NUL, as `comments.0.text`."""
    return _path_of_nul(json.loads(body)) if rb"\u0000" in body else None


def _path_of_nul(value: Any, path: str = "") -> str | None:
    if isinstance(value, str):
        return path if "\0" in value else None
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        inner = f"{path}.{name}".lstrip(".")
        found = path if "\0" in str(name) else _path_of_nul(part, inner)
        if found is not None:
            return found
    return None


SIGN_IN = [TokenAuth(), BrowserAuth()]


def require(request: HttpRequest, *needed: Permission) -> User:
    """Return the user if one of these permissions is held; otherwise there is no such address."""
    user: Any = request.user
    if not user.is_authenticated or not any(user.may(permission) for permission in needed):
        raise Http404
    return cast(User, user)
