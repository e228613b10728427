"""Addresses for signing in: allauth's, without those by which people would let themselves in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path


def closed(request: HttpRequest, **_parts: str) -> HttpResponse:
    """Say that there is no such page; allauth still finds the name it looks for."""
    raise Http404


urlpatterns: list[URLPattern | URLResolver] = [
    path("signup/", closed, name="account_signup"),
    path("email/", closed, name="account_email"),
    path("confirm-email/", closed, name="account_email_verification_sent"),
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", closed, name="account_confirm_email"),
    path("login/code/confirm/", closed, name="account_confirm_login_code"),
    path("3rdparty/signup/", closed, name="socialaccount_signup"),
    re_path(r"^social/.*$", closed),
    path("", include("allauth.urls")),
]
