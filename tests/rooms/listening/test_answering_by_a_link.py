"""Answering by a personal link: kept page by page, sent once, passed on to the ledger once."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from tests.rooms.listening.conftest import Asking

from rapport.kernel.jobs.worker import run_pending_jobs
from rapport.rooms.listening.definition import (
    Branch,
    Choice,
    Definition,
    Emotions,
    MultipleChoice,
    Operator,
    Page,
    Part,
    Scale,
    Subject,
    TextQuestion,
    Thanks,
)
from rapport.rooms.listening.models import Invitation, Response
from rapport.rooms.signals.models import Signal

LOW = Part(subject=Subject(kind="answer", key="nps"), operator=Operator.AT_MOST, value=6)
HIGH = Part(subject=Subject(kind="answer", key="nps"), operator=Operator.AT_LEAST, value=9)
SURVEY = Definition(
    title={"en": "Your order", "de": "Ihre Bestellung"},
    languages=("en", "de"),
    welcome={"en": "Hello {contact.first_name|there}", "de": "Guten Tag"},
    pages=(
        Page(
            key="first",
            questions=(
                Scale(
                    type="nps",
                    key="nps",
                    text={"en": "Would you recommend us?", "de": "Würden Sie uns empfehlen?"},
                    required=True,
                    metric="nps",
                ),
            ),
            branches=(Branch(when=HIGH, to="last"),),
        ),
        Page(
            key="why",
            questions=(
                MultipleChoice(
                    key="why",
                    text={"en": "Why?", "de": "Warum?"},
                    choices=(
                        Choice(key="late", text={"en": "It came late", "de": "Es kam spät"}),
                        Choice(key="other", text={"en": "Something else", "de": "Anderes"}, open=True),
                    ),
                ),
                Emotions(key="felt", text={"en": "How did it feel?", "de": "Wie war das?"}, most=2),
            ),
        ),
        Page(
            key="last",
            questions=(
                TextQuestion(type="long_text", key="words", bank="anything", text={"en": "Anything else?"}),
            ),
        ),
    ),
    thanks=Thanks(offer_contact=True),
)
PAGES = {"first": "nps", "why": "why felt", "last": "words"}


def post(path: str, page: str, go: str = "next", **values: Any) -> Any:
    """Post a page as its form would."""
    return Client().post(path, {"_page": page, "_asked": PAGES[page], "_go": go, **values})


def stored(invitation: Invitation) -> Response:
    """Return the one response."""
    return Response.objects.get(invitation=invitation)


def test_pages_are_kept_one_by_one_and_the_end_thanks(asking: Asking) -> None:
    invitation, path = asking.invite(SURVEY, facts={"contact.first_name": "Joost"})
    page = Client().get(path)
    assert "Hello Joost" in page.content.decode()
    assert not Response.objects.exists()
    assert post(path, "first", nps="3")["Location"] == f"{path}?page=why"
    assert stored(invitation).answers == {"nps": 3.0}
    assert Invitation.objects.get(pk=invitation.pk).state == "started"
    assert "Why?" in Client().get(path).content.decode()
    post(path, "why", why=["late", "other"], felt=["hurried"], **{"why.other": "The box"})
    sent = post(path, "last", words="Third time this year.")
    assert sent.status_code == 303
    assert "Thank you" in Client().get(sent["Location"]).content.decode()
    assert stored(invitation).state == "sent"
    assert Invitation.objects.get(pk=invitation.pk).state == "answered"


def test_a_sent_response_becomes_one_signal_with_the_role_of_the_person(asking: Asking) -> None:
    invitation, path = asking.invite(SURVEY, buying_role="buyer", place={"touchpoint": "delivery"})
    post(path, "first", nps="3", _lang="de")
    post(path, "why", why=["other"], felt=["hurried"], **{"why.other": "Der Karton"})
    post(path, "last", words="Zum dritten Mal.")
    run_pending_jobs()
    run_pending_jobs()
    signal = Signal.objects.get()
    response = stored(invitation)
    assert (signal.account, signal.contact) == (asking.world.joost.account, asking.world.joost)
    assert (signal.buying_role, signal.touchpoint_id, signal.kind) == ("buyer", "delivery", "survey")
    assert signal.pk == response.signal_id
    assert [(score.metric_id, score.value) for score in signal.scores.all()] == [("nps", 3.0)]
    assert {(c.question_key, c.text, c.language) for c in signal.comments.all()} == {
        ("why", "Der Karton", "de"),
        ("anything", "Zum dritten Mal.", "de"),
    }
    assert signal.emotions == ["hurried"]


def test_answers_that_are_off_the_way_stay_until_sending_and_are_dropped_then(asking: Asking) -> None:
    invitation, path = asking.invite(SURVEY)
    post(path, "first", nps="3")
    post(path, "why", why=["late"])
    post(path, "first", nps="9")
    assert stored(invitation).answers["why"] == ["late"]
    assert "Anything else?" in Client().get(path).content.decode()
    post(path, "last", words="Fine")
    assert stored(invitation).answers == {"nps": 9.0, "words": "Fine"}


def test_a_required_answer_is_asked_for_again_with_its_message(asking: Asking) -> None:
    invitation, path = asking.invite(SURVEY)
    page = post(path, "first")
    assert page.status_code == 422
    assert "Please answer this question." in page.content.decode()
    assert post(path, "first", nps="11").status_code == 422
    assert post(path, "last", words="Jumped ahead").status_code == 303
    assert stored(invitation).state == "open"
    assert "Would you recommend us?" in Client().get(f"{path}?page=last").content.decode()
    assert stored(invitation).answers["words"] == "Jumped ahead"


def test_a_score_in_the_address_is_chosen_but_not_kept(asking: Asking) -> None:
    _invitation, path = asking.invite(SURVEY)
    page = Client().get(f"{path}?nps=9").content.decode()
    assert re.search(r'value="9" checked', page)
    Client().head(f"{path}?nps=9")
    assert not Response.objects.exists()


def test_changing_the_language_and_going_back_keep_what_was_typed(asking: Asking) -> None:
    invitation, path = asking.invite(SURVEY)
    post(path, "first", nps="3")
    moved = post(path, "why", go="lang:de", why=["late"])
    page = Client().get(moved["Location"]).content.decode()
    assert "Warum?" in page
    assert re.search(r'value="late" checked', page)
    back = post(path, "why", go="back", why=["other"], _lang="de")
    assert back["Location"] == f"{path}?page=first"
    assert stored(invitation).answers == {"nps": 3.0, "why": ["other"]}
    assert stored(invitation).language == "de"


@pytest.mark.django_db(transaction=True)
def test_fifty_posts_at_once_make_one_response_and_one_signal(asking: Asking) -> None:
    short = SURVEY.model_copy(update={"pages": SURVEY.pages[:1]})
    invitation, path = asking.invite(short)

    def send(number: int) -> int:
        try:
            return int(post(path, "first", nps=str(number % 11)).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(send, range(50)))
    assert statuses == [303] * 50
    assert stored(invitation).state == "sent"
    run_pending_jobs()
    assert Signal.objects.count() == 1


def test_links_that_expired_or_lead_nowhere_take_nothing(asking: Asking) -> None:
    invitation, path = asking.invite(SURVEY)
    assert Client().get(path[:-1]).status_code == 404
    assert Client().post(path[:-1], {"_page": "first", "nps": "9"}).status_code == 404
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=invitation.created_at)
    assert Client().get(path).status_code == 410
    assert post(path, "first", nps="9").status_code == 410
    assert not Response.objects.exists()
