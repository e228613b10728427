"""What every answer tells the browser about what it may do."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.test import Client


def policy(answer: object) -> dict[str, str]:
    header: str = answer.headers["Content-Security-Policy"]  # type: ignore[attr-defined]
    parts = (part.strip().partition(" ") for part in header.split(";"))
    return {name: value for name, _space, value in parts if name}


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/sign-in/login/", "/nowhere/", "/api/v1/openapi.json"])
def test_no_page_may_run_or_load_anything_from_elsewhere(address: str) -> None:
    found = policy(Client().get(address))
    assert found["default-src"] == "'none'"
    assert found["script-src"] == found["style-src"] == found["connect-src"] == "'self'"
    assert found["frame-ancestors"] == found["base-uri"] == "'none'"
    assert found["form-action"].split()[0] == "'self'"
    assert not any("unsafe" in value or "*" in value for value in found.values())


@pytest.mark.django_db
def test_pages_of_people_have_the_same_policy(browser_of: Callable[[str], Client]) -> None:
    answer = browser_of("administrator").get("/admin/users/")
    assert policy(answer)["default-src"] == "'none'"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=()" in answer.headers["Permissions-Policy"]


def _settings(base_url: str) -> str:
    code = (
        "from rapport.config import settings as s;"
        "print(s.SECURE_HSTS_SECONDS, s.SESSION_COOKIE_SECURE,"
        " s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY)"
    )
    told = {**os.environ, "RAPPORT_BASE_URL": base_url}
    return subprocess.run(
        [sys.executable, "-c", code], env=told, check=True, capture_output=True, text=True
    ).stdout


def test_https_is_remembered_by_browsers_and_cookies_stay_on_it() -> None:
    assert _settings("https://rapport.halden.example").split() == ["31536000", "True", "True", "True"]
    assert _settings("http://127.0.0.1:8000").split() == ["0", "False", "False", "True"]
