"""Signing in: by password, with a second step, and how often one may try."""

import re
from collections.abc import Callable, Iterator

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client
from tests.cast import PASSWORD

from rapport.kernel.models import OutgoingMail, User
from rapport.kernel.people.passwords import password_link

LOGIN = "/sign-in/login/"


@pytest.fixture(autouse=True)
def _nobody_has_tried_yet(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def manager(cast: Callable[[str], User]) -> User:
    user = cast("cx_manager")
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, user: User, password: str = PASSWORD, **more: str) -> object:
    return client.post(LOGIN, {"login": user.email, "password": password, **more})


def prove_again(client: Client) -> None:
    """Ways to sign in are changed only by somebody who has just given the password again."""
    assert client.get("/sign-in/2fa/totp/activate/").status_code == 302
    assert client.post("/sign-in/reauthenticate/", {"password": PASSWORD}).status_code == 302


def is_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


def test_the_right_password_lets_in_and_makes_a_new_session(manager: User) -> None:
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    answer = sign_in(client, manager)
    assert answer.status_code == 302  # type: ignore[attr-defined]
    assert is_in(client)
    assert client.session.session_key != before


def test_signing_in_leads_back_to_the_page_that_was_asked_for(manager: User) -> None:
    client = Client()
    asked = client.get("/admin/users/?q=a")
    assert asked.headers["Location"] == "/sign-in/login/?next=/admin/users/%3Fq%3Da"
    assert sign_in(client, manager, next="/profile/").headers["Location"] == "/profile/"  # type: ignore[attr-defined]


def test_signing_in_never_leads_away_from_here(manager: User) -> None:
    for elsewhere in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"):
        answer = sign_in(Client(), manager, next=elsewhere)
        assert "elsewhere" not in answer.headers["Location"]  # type: ignore[attr-defined]


def test_a_wrong_password_and_an_unknown_address_look_alike(manager: User) -> None:
    def told(email: str) -> str:
        page = Client().post(LOGIN, {"login": email, "password": "wrong"}).content.decode()
        return re.sub(r'csrf_?token.*?value="[^"]*"', "", page.replace(email, ""), flags=re.IGNORECASE)

    known = told(manager.email)
    assert "Sign in" in known
    strip = re.compile(r'"?x-csrftoken"?: "[^"]*"|value="[^"]{60,}"')
    assert strip.sub("", known) == strip.sub("", told("nobody@halden.example"))


def test_after_five_wrong_passwords_the_right_one_no_longer_helps(manager: User) -> None:
    for _attempt in range(5):
        sign_in(Client(), manager, "wrong")
    client = Client()
    sign_in(client, manager)
    assert not is_in(client)


def test_tries_are_counted_where_every_process_counts() -> None:
    from django.conf import settings

    assert settings.CACHES["default"]["BACKEND"].endswith("DatabaseCache")
    cache.set("tried", 3)
    assert cache.get("tried") == 3


def test_nobody_signs_up(client: Client) -> None:
    told = {"email": "new@halden.example", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/sign-in/signup/", told).status_code == 404
    assert client.get("/sign-in/signup/").status_code == 404
    assert client.post("/sign-in/3rdparty/signup/", told).status_code == 404
    assert not User.objects.exists()


def test_nobody_adds_addresses_to_themselves(manager: User) -> None:
    client = Client()
    client.force_login(manager)
    answer = client.post("/sign-in/email/", {"action_add": "", "email": "boss@halden.example"})
    assert answer.status_code == 404


def test_whoever_lost_access_is_out_at_once(manager: User) -> None:
    client = Client()
    sign_in(client, manager)
    assert is_in(client)
    User.objects.filter(pk=manager.pk).update(is_active=False)
    assert not is_in(client)
    sign_in(client, manager)
    assert not is_in(client)


def test_a_forgotten_password_is_replaced_through_a_message(manager: User) -> None:
    client = Client()
    client.post("/sign-in/password/reset/", {"email": manager.email})
    mail = OutgoingMail.objects.get()
    assert mail.to == manager.email
    path = re.search(r"https?://[^/]+(/sign-in/password/reset/key/\S+)", mail.text)
    assert path is not None
    _set_password(client, path[1], "a much better one 77")
    client = Client()
    sign_in(client, manager, "a much better one 77")
    assert is_in(client)


def test_an_unknown_address_gets_no_message_and_no_other_answer(client: Client) -> None:
    answer = client.post("/sign-in/password/reset/", {"email": "nobody@halden.example"})
    assert answer.headers["Location"] == "/sign-in/password/reset/done/"
    assert not OutgoingMail.objects.exists()


def test_the_link_of_a_new_user_sets_a_password_once(cast: Callable[[str], User]) -> None:
    person = cast("analyst")
    link = "/" + password_link(person).split("/", 3)[3]
    client = Client()
    _set_password(client, link, "the first of many 12")
    client = Client()
    sign_in(client, person, "the first of many 12")
    assert is_in(client)
    again = Client()
    page = again.get(link, follow=True)
    assert b"password1" not in page.content


def _set_password(client: Client, link: str, password: str) -> None:
    form = client.get(link)
    assert form.status_code == 302, "the key moves from the address into the session"
    answer = client.post(form.headers["Location"], {"password1": password, "password2": password})
    assert answer.status_code == 302


def _code(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def test_an_app_as_a_second_step_is_set_up_asked_for_and_kept_encrypted(manager: User) -> None:
    client = Client()
    sign_in(client, manager)
    prove_again(client)
    page = client.get("/sign-in/2fa/totp/activate/")
    assert page.status_code == 200
    secret = client.session["mfa.totp.secret"]
    assert client.post("/sign-in/2fa/totp/activate/", {"code": _code(secret)}).status_code == 302
    kept = Authenticator.objects.get(user=manager, type="totp")
    assert secret not in str(kept.data)
    Client().post("/sign-in/logout/")
    cache.clear()

    client = Client()
    answer = sign_in(client, manager)
    assert answer.headers["Location"].startswith("/sign-in/2fa/authenticate/")  # type: ignore[attr-defined]
    assert not is_in(client)
    assert client.get("/sign-in/2fa/authenticate/").status_code == 200
    client.post("/sign-in/2fa/authenticate/", {"code": "000000"})
    assert not is_in(client)
    client.post("/sign-in/2fa/authenticate/", {"code": _code(secret)})
    assert is_in(client)


def test_pages_for_ways_to_sign_in_open(manager: User) -> None:
    client = Client()
    sign_in(client, manager)
    assert client.get("/sign-in/reauthenticate/").status_code == 200
    prove_again(client)
    for page in (
        "2fa/",
        "2fa/webauthn/",
        "2fa/webauthn/add/",
        "2fa/totp/activate/",
        "password/change/",
        "3rdparty/",
    ):
        answer = client.get(f"/sign-in/{page}")
        assert answer.status_code == 200, page
        assert b'href="/sign-in/email/"' not in answer.content
        assert b'href="/sign-in/signup/"' not in answer.content


def test_signing_out_is_asked_for_by_sending(manager: User) -> None:
    client = Client()
    sign_in(client, manager)
    client.get("/sign-in/logout/")
    assert is_in(client)
    client.post("/sign-in/logout/")
    assert not is_in(client)


def test_part_of_a_page_asked_for_without_session_leads_through_sign_in_back_to_the_whole_page() -> None:
    asked = {"HX-Request": "true", "HX-Current-URL": "http://testserver/admin/users/?role=analyst"}
    answer = Client().get("/admin/users/", headers=asked)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in/login/?next=%2Fadmin%2Fusers%2F%3Frole%3Danalyst"
    asked["HX-Current-URL"] = "https://elsewhere.example/x"
    assert Client().get("/admin/users/", headers=asked).headers["HX-Redirect"] == "/sign-in/login/?next=%2F"
