"""Signing in as a person does: in Chromium, with a password, a passkey, and the company's account."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from playwright.sync_api import Browser, Page
from tests.browser import browser, open_page  # noqa: F401  (a fixture)
from tests.cast import PASSWORD
from tests.kernel.people.oidc_provider import CLIENT, SECRET, Provider, start

from rapport.kernel.models import User

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def manager(cast: Callable[[str], User]) -> User:
    cache.clear()
    user = cast("cx_manager")
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(page: Page, user: User) -> None:
    page.get_by_label("Email", exact=False).first.fill(user.email)
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def with_authenticator(page: Page) -> Any:
    """Plug in a virtual authenticator that holds passkeys and always finds its person."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return session


def test_a_passkey_is_added_and_then_signs_in_by_itself(
    browser: Browser,  # noqa: F811
    live_server: Any,
    manager: User,
) -> None:
    home = live_server.url.replace("127.0.0.1", "localhost")
    with open_page(browser) as page:
        with_authenticator(page)
        page.goto(f"{home}/sign-in/login/?next=/sign-in/2fa/webauthn/add/")
        sign_in(page, manager)
        page.wait_for_url("**/reauthenticate/**")
        page.get_by_label("Password", exact=False).first.fill(PASSWORD)
        page.locator("main button[type=submit]").first.click()
        page.wait_for_url("**/webauthn/add/**")
        page.get_by_label("Name", exact=False).first.fill("My key")
        passwordless = page.locator("input[name=passwordless]")
        if passwordless.count():
            passwordless.check()
        page.locator("#mfa_webauthn_add, main button[type=submit], main button[type=button]").first.click()
        page.wait_for_url(lambda url: "webauthn/add" not in url)
        assert Authenticator.objects.filter(user=manager, type="webauthn").count() == 1
        page.context.clear_cookies()
        page.goto(f"{home}/sign-in/login/?next=/profile/")
        page.locator("#passkey_login").click()
        page.wait_for_url(f"{home}/profile/")
        assert page.locator("h1").inner_text() == manager.name


def test_the_company_sign_on_is_reached_in_spite_of_the_content_policy(
    browser: Browser,  # noqa: F811
    live_server: Any,
    manager: User,
    settings: Any,
) -> None:
    provider = Provider({"sub": "u-17", "email": manager.email, "email_verified": True})
    server = start(provider)
    app = {"provider_id": "company", "name": "Company sign-on", "client_id": CLIENT, "secret": SECRET}
    app["settings"] = {"server_url": provider.url}  # type: ignore[assignment]
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    policy = settings.CONTENT_SECURITY_POLICY
    directives = {**policy["DIRECTIVES"], "form-action": ["'self'", provider.url]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives}
    try:
        with open_page(browser) as page:
            page.goto(f"{live_server.url}/sign-in/login/?next=/profile/")
            page.get_by_text("Company sign-on").first.click()
            if page.url != f"{live_server.url}/profile/":
                page.locator("main button[type=submit]").first.click()
            page.wait_for_url(f"{live_server.url}/profile/")
            assert page.locator("h1").inner_text() == manager.name
    finally:
        server.shutdown()
        server.server_close()
