"""Every answer of a survey is in the ledger: what is no score and no words stands there as it was chosen."""

from datetime import date
from typing import Any

import pytest
from django.db import Error, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.rooms.listening.asking import NOW, programme

from rapport.kernel.models import ApiToken
from rapport.rooms.listening.definition import Definition
from rapport.rooms.listening.models import Response, Survey, SurveyVersion
from rapport.rooms.listening.services.inviting import create_invitation
from rapport.rooms.listening.services.passing_on import pass_on
from rapport.rooms.listening.services.saying import said_in
from rapport.rooms.signals.models import Answer, Signal
from rapport.rooms.signals.services.correct import correct_signal
from rapport.rooms.signals.services.record import NewComment

pytestmark = pytest.mark.django_db


def choice(key: str, text: str) -> dict[str, Any]:
    return {"key": key, "text": {"en": text, "de": f"{text} (de)"}}


OFFERS = [choice("price", "Price"), choice("speed", "Speed"), choice("people", "People")]
SURVEY = Definition.model_validate(
    {
        "title": {"en": "Visit"},
        "languages": ["en", "de"],
        "pages": [
            {
                "key": "p1",
                "questions": [
                    {
                        "type": "choice",
                        "key": "why",
                        "text": {"en": "Why us, {contact.name|you}?"},
                        "choices": OFFERS,
                    },
                    {
                        "type": "choices",
                        "key": "also",
                        "bank": "also_bank",
                        "text": {"en": "What else?"},
                        "choices": OFFERS,
                    },
                    {"type": "ranking", "key": "order", "text": {"en": "In order?"}, "choices": OFFERS},
                    {"type": "constant_sum", "key": "share", "text": {"en": "Share?"}, "choices": OFFERS},
                    {
                        "type": "matrix",
                        "key": "grid",
                        "text": {"en": "How?"},
                        "rows": [choice("seals", "Seals"), choice("pumps", "Pumps")],
                        "columns": [choice("good", "Good"), choice("bad", "Bad")],
                    },
                    {"type": "number", "key": "sites", "text": {"en": "How many sites?"}},
                    {"type": "date", "key": "since", "text": {"en": "Since when?"}},
                    {"type": "rating", "key": "stars", "text": {"en": "Stars?"}, "low": 1, "high": 5},
                    {"type": "consent", "key": "agree", "text": {"en": "Agreed?"}},
                ],
            },
            {
                "key": "p2",
                "questions": [
                    {
                        "type": "choice",
                        "key": "first",
                        "text": {"en": "Most of all?"},
                        "choices_from": {"question": "also"},
                    }
                ],
            },
        ],
    }
)
GIVEN = {
    "why": "price",
    "also": ["speed", "people"],
    "order": ["people", "price"],
    "share": {"price": 60, "speed": 40},
    "grid": {"seals": "good", "pumps": "bad"},
    "sites": 12.0,
    "since": "2019-05-01",
    "stars": 4,
    "agree": True,
    "first": "speed",
}


@pytest.fixture
def signal(world: Any, cast: Any) -> Signal:
    """What a response of choices alone became."""
    document = SURVEY.model_dump(mode="json")
    survey = Survey.objects.create(name="Visit", draft=document)
    version = SurveyVersion.objects.create(survey=survey, number=1, document=document)
    asking = programme(cast("cx_manager"), survey=survey)
    invitation, _link = create_invitation(
        version, programme=asking, channel="email", now=NOW, contact=world.joost, language="de"
    )
    Response.objects.create(invitation=invitation, state="sent", sent_at=NOW, language="de", answers=GIVEN)
    pass_on(now=timezone.now())
    return Signal.objects.get()


def test_every_choice_number_and_day_is_kept_in_the_words_it_was_asked_in(signal: Signal) -> None:
    rows = [(one.question, one.row_words, one.choice, one.told, one.number) for one in Answer.objects.all()]
    assert rows == [
        ("why", "", "price", "Price", None),
        ("also_bank", "", "speed", "Speed", None),
        ("also_bank", "", "people", "People", None),
        ("order", "", "people", "1. People", 1.0),
        ("order", "", "price", "2. Price", 2.0),
        ("share", "", "price", "Price: 60", 60.0),
        ("share", "", "speed", "Speed: 40", 40.0),
        ("grid", "Seals", "good", "Good", None),
        ("grid", "Pumps", "bad", "Bad", None),
        ("sites", "", "", "12", 12.0),
        ("since", "", "", "2019-05-01", None),
        ("stars", "", "", "4", 4.0),
        ("agree", "", "yes", "✓", None),
        ("first", "", "speed", "Speed", None),
    ]
    assert Answer.objects.get(question="since").day == date(2019, 5, 1)
    assert Answer.objects.filter(question="why").values_list("asked", flat=True)[0] == "Why us, you?"


def test_the_signals_page_and_the_interface_show_the_whole_answer(
    signal: Signal, browser_of: Any, cast: Any, client: Client
) -> None:
    page = browser_of("cx_manager").get(reverse("signals:detail", args=[signal.pk])).content.decode()
    for words in ("The whole answer", "Share?", "Price: 60", "Seals: Good", "How many sites?"):
        assert words in page
    token = ApiToken.issue(cast("cx_manager"), "a program")[1]
    told = client.get(f"/api/v1/signals/{signal.pk}", headers={"Authorization": f"Bearer {token}"}).json()
    grid = next(one for one in told["answers"] if one["question"] == "grid")
    assert [(line["row"], line["told"]) for line in grid["lines"]] == [("Seals", "Good"), ("Pumps", "Bad")]


def test_answers_do_not_change_and_a_correction_keeps_them(signal: Signal, cast: Any) -> None:
    with pytest.raises(Error, match="does not change"), transaction.atomic():
        Answer.objects.update(told="Other")
    with pytest.raises(Error, match="does not change"), transaction.atomic():
        Answer.objects.all().delete()
    changes = {"comments": (NewComment("They said so on the telephone"),)}
    done = correct_signal(signal, changes, author=cast("cx_manager"), now=timezone.now())
    assert (
        Answer.objects.filter(signal=done.signal_id).count() == Answer.objects.filter(signal=signal).count()
    )


def test_nothing_chosen_is_an_answer_and_a_score_off_its_scale_is_none(catalog: None) -> None:
    said = said_in(SURVEY, {"also": []}, "en", frozenset())
    assert [(one.question, one.choice, one.told) for one in said.answers] == [("also_bank", "", "")]
    scored = Definition.model_validate(
        {
            "title": {"en": "T"},
            "pages": [
                {
                    "key": "p",
                    "questions": [
                        {"type": "nps", "key": "nps", "text": {"en": "Would you?"}, "metric": "nps"},
                        {"type": "nps", "key": "again", "text": {"en": "And now?"}, "metric": "nps"},
                    ],
                }
            ],
        }
    )
    both = said_in(scored, {"nps": 9, "again": 3}, "en", frozenset({"nps"}))
    assert [score.value for score in both.scores] == [9]
    assert [(one.question, one.number) for one in both.answers] == [("again", 3.0)]
    beyond = said_in(scored, {"nps": 47}, "en", frozenset({"nps"}))
    assert (beyond.scores, beyond.answers[0].number) == ((), 47.0)
