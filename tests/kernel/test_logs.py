"""What stands in the log, and what never does."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

PERSON = "joost.brandsma@veldhuis.example"


def fails(request: HttpRequest, name: str) -> HttpResponse:
    """Raise what quotes a person, as a database does."""
    raise ValueError(f"Key (email)=({request.POST['email']}) already exists.")


urlpatterns = [path("fails/<str:name>/", fails)]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.getLogger().handlers
    ours = next(one for one in handler if type(one.formatter).__name__ == "ProcessorFormatter")
    assert isinstance(ours, logging.StreamHandler)
    before = ours.setStream(stream)
    yield stream
    ours.setStream(before)


def entries(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.django_db
def test_a_request_leaves_one_line_with_its_id_and_nothing_about_people(log: io.StringIO) -> None:
    answer = Client().post(f"/sign-in/login/?next=/{PERSON}", {"login": PERSON, "password": "secret words"})
    (entry,) = [entry for entry in entries(log) if entry["event"] == "request"]
    assert entry["request_id"] == answer.headers["X-Request-ID"]
    assert (entry["method"], entry["route"], entry["status"]) == ("POST", "sign-in/login/", 200)
    assert entry["level"] == "info"
    assert "joost" not in log.getvalue()
    assert "secret words" not in log.getvalue()


@override_settings(ROOT_URLCONF="tests.kernel.test_logs")
def test_an_exception_is_told_by_kind_and_place_not_by_its_words(log: io.StringIO) -> None:
    client = Client(raise_request_exception=False)
    client.post(f"/fails/{PERSON}/?who={PERSON}", {"email": PERSON})
    failed = [entry for entry in entries(log) if "error" in entry]
    assert failed
    assert failed[0]["error"] == "ValueError"
    assert any("in fails" in line for line in failed[0]["where"])
    assert failed[0]["request_id"]
    assert "joost" not in log.getvalue()
    assert "veldhuis" not in log.getvalue()


def test_what_libraries_fill_into_their_messages_stays_out(log: io.StringIO) -> None:
    logging.getLogger("some.library").warning("Could not reach %s for %s", "10.0.0.1", "Joost Brandsma")
    (entry,) = entries(log)
    assert entry["event"] == "Could not reach %s for %s"
    assert "Joost" not in log.getvalue()


def test_a_mail_address_is_taken_out_even_of_a_finished_message(log: io.StringIO) -> None:
    logging.getLogger("some.library").warning(f"Bounced: <{PERSON}>")
    assert entries(log)[0]["event"] == "Bounced: <[address]>"
