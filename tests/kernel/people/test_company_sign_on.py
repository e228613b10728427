"""Signing in with the company's own account, over OpenID Connect and SAML."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.db import connection
from django.test import Client
from tests.kernel.people.oidc_provider import CLIENT, SECRET, Provider, start

from rapport.kernel.models import User

BEGIN = "/sign-in/oidc/company/login/"


@pytest.fixture
def provider(db: None, settings: Any) -> Iterator[Provider]:
    cache.clear()
    made = Provider(
        {"sub": "u-17", "email": "cx_manager@halden.example", "email_verified": True, "name": "Someone"}
    )
    server = start(made)
    app = {
        "provider_id": "company",
        "name": "Company sign-on",
        "client_id": CLIENT,
        "secret": SECRET,
        "settings": {"server_url": made.url, "oauth_pkce_enabled": True},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "VERIFIED_EMAIL": False, "APPS": [app]}
    }
    yield made
    server.shutdown()
    server.server_close()


def travel(client: Client) -> Any:
    """Go to the provider and back, as a browser does."""
    away = client.post(BEGIN)
    assert away.status_code == 302
    back = _visit(away.headers["Location"])
    parts = urlsplit(back)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    return client.get(parts.path, query)


def _visit(url: str) -> str:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: Any) -> None:
            return None

    try:
        urllib.request.build_opener(Stay).open(url)
    except urllib.error.HTTPError as answer:
        with answer:
            return str(answer.headers["Location"])
    raise AssertionError("the provider sends the browser back")


def is_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


@pytest.mark.enable_socket
def test_somebody_an_administrator_added_signs_in_with_the_company(
    provider: Provider, cast: Callable[[str], User]
) -> None:
    manager = cast("cx_manager")
    client = Client()
    assert b"Company sign-on" in client.get("/sign-in/login/").content
    assert travel(client).status_code == 302
    assert is_in(client)
    assert SocialAccount.objects.get().user == manager
    manager.email = "renamed@halden.example"
    manager.save()
    again = Client()
    travel(again)
    assert is_in(again), "the provider's own id counts once it is known"
    assert not provider.refused


@pytest.mark.enable_socket
def test_whom_nobody_added_stays_outside(provider: Provider, cast: Callable[[str], User]) -> None:
    cast("cx_manager")
    provider.person = {**provider.person, "sub": "u-18", "email": "stranger@halden.example"}
    client = Client()
    travel(client)
    assert not is_in(client)
    assert User.objects.count() == 1


@pytest.mark.enable_socket
def test_an_address_the_provider_has_not_verified_opens_nothing(
    provider: Provider, cast: Callable[[str], User], settings: Any
) -> None:
    cast("cx_manager")
    provider.person = {**provider.person, "email_verified": False}
    client = Client()
    travel(client)
    assert not is_in(client)
    assert not SocialAccount.objects.exists()


@pytest.mark.enable_socket
def test_whoever_lost_access_stays_outside_here_too(provider: Provider, cast: Callable[[str], User]) -> None:
    manager = cast("cx_manager")
    manager.is_active = False
    manager.save()
    client = Client()
    travel(client)
    assert not is_in(client)


@pytest.mark.enable_socket
def test_an_answer_nobody_asked_for_is_refused(provider: Provider, cast: Callable[[str], User]) -> None:
    cast("cx_manager")
    begun = Client()
    away = begun.post(BEGIN)
    parts = urlsplit(_visit(away.headers["Location"]))
    victim = Client()
    victim.get(parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()})
    assert not is_in(victim)


def test_the_way_to_the_provider_begins_by_sending_only(provider: Provider) -> None:
    assert Client().get(BEGIN).status_code == 200


@pytest.mark.enable_socket
@pytest.mark.django_db(transaction=True)
def test_saml_is_switched_on_by_settings_and_lets_in_whom_an_administrator_added(
    cast: Callable[[str], User],
) -> None:
    pytest.importorskip("onelogin.saml2", reason="the extra saml is not installed")
    cast("cx_manager")
    server, _slash, rest = os.environ["DATABASE_URL"].removeprefix("postgresql://").partition("/")
    own = f"postgresql://{server}/{connection.settings_dict['NAME']}?{rest.partition('?')[2]}"
    told = {**os.environ, "DATABASE_URL": own}
    trip = [sys.executable, "-m", "tests.kernel.people.saml_round_trip", "cx_manager@halden.example"]
    done = subprocess.run(trip, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == [
        "metadata:200",
        "signed:in",
        "forged:out",
        "stranger:out",
    ]
