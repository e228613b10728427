"""Error pages need no database, quote a code, and keep the content policy."""

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from rapport.ui import errors


@pytest.fixture
def asked() -> HttpRequest:
    made = RequestFactory().get("/nowhere/")
    made.META["RAPPORT_REQUEST_ID"] = "7f2ab19c00000000"
    return made


@pytest.mark.parametrize(
    ("view", "status"),
    [(errors.bad_request, 400), (errors.forbidden, 403), (errors.not_found, 404), (errors.csrf_failure, 403)],
)
def test_each_failure_has_its_page_and_a_code(view: object, status: int, asked: HttpRequest) -> None:
    response = view(asked)  # type: ignore[operator]
    assert response.status_code == status
    assert "7F2AB19C" in response.content.decode()
    assert "style=" not in response.content.decode()


def test_a_failure_of_ours_is_told_without_touching_the_database(asked: HttpRequest) -> None:
    response = errors.server_error(asked)
    assert response.status_code == 500
    assert "The fault is ours" in response.content.decode()
    assert "7F2AB19C" in response.content.decode()
