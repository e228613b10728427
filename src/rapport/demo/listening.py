"""The programmes Halden Flow listens by: one with a sample under way, one that waits for events, one planned.

Whoever was drawn and spoke in the weeks after has answered by it: no piece of feedback is made up twice.
"""

from datetime import datetime, timedelta
from typing import Any

from numpy.random import Generator

from rapport.kernel.models import User
from rapport.rooms.listening.models import Invitation, Response, Survey, SurveyVersion
from rapport.rooms.listening.programmes.kinds import STARTS_FROM
from rapport.rooms.listening.programmes.plan import Dimension, Mailing, Plan, Rest, Sampling, Schedule
from rapport.rooms.listening.programmes.services import create_programme, set_house_rest, start_programme
from rapport.rooms.listening.sampling.draws import draw_sample
from rapport.rooms.signals.models import Comment, Score, Signal

BEGAN = timedelta(days=60)
ANSWERED_WITHIN = timedelta(days=45)
SEED = 20_260
# The purchasing people have little patience with surveys.
PATIENCE = {"buyer": 0.35, "gatekeeper": 0.6}
SURVEY: dict[str, Any] = {
    "title": {
        "en": "How is it to work with Halden Flow?",
        "nl": "Hoe is het om met Halden Flow te werken?",
        "de": "Wie ist es, mit Halden Flow zu arbeiten?",
    },
    "language": "en",
    "languages": ["en", "nl", "de"],
    "theme": {"name": "Halden Flow", "color": "#12566B"},
    "pages": [
        {
            "key": "first",
            "questions": [
                {
                    "key": "recommend",
                    "type": "nps",
                    "metric": "nps",
                    "text": {
                        "en": "How likely are you to recommend Halden Flow to a colleague?",
                        "nl": "Hoe waarschijnlijk is het dat u Halden Flow aan een collega aanbeveelt?",
                        "de": "Wie wahrscheinlich empfehlen Sie Halden Flow im Kollegenkreis?",
                    },
                    "low_label": {"en": "Not at all", "nl": "Helemaal niet", "de": "Gar nicht"},
                    "high_label": {"en": "Very", "nl": "Zeer", "de": "Sehr"},
                    "required": True,
                }
            ],
        },
        {
            "key": "why",
            "questions": [
                {
                    "key": "why",
                    "type": "long_text",
                    "text": {
                        "en": "What is the main reason?",
                        "nl": "Wat is de belangrijkste reden?",
                        "de": "Was ist der wichtigste Grund?",
                    },
                },
                {
                    "key": "call",
                    "type": "contact_request",
                    "text": {
                        "en": "Shall we call you?",
                        "nl": "Zullen we u bellen?",
                        "de": "Sollen wir Sie anrufen?",
                    },
                },
            ],
        },
    ],
}


def start_listening(rng: Generator, colleagues: dict[str, User], now: datetime) -> None:
    """Write the survey and the programmes, and let the answers of the last weeks come in by them."""
    began = now - BEGAN
    survey = Survey.objects.create(name="Working with Halden Flow", draft=SURVEY, created_at=began)
    SurveyVersion.objects.create(survey=survey, number=1, document=SURVEY, published_at=began)
    set_house_rest(Rest(contact_days=45, yearly_contact=6))
    _relationship(rng, survey, colleagues["priya"], began)
    waiting = create_programme(
        name="After a service request",
        kind="event",
        survey=survey,
        owner=colleagues["priya"],
        purpose="Hear within a day how a request was dealt with, while it can still be mended.",
    )
    start_programme(waiting, now=began)
    create_programme(
        name="Monthly tracking",
        kind="tracking",
        survey=survey,
        owner=colleagues["amir"],
        plan=STARTS_FROM["tracking"],
    )


def _relationship(rng: Generator, survey: Survey, owner: User, began: datetime) -> None:
    plan = Plan(
        sampling=Sampling(
            how="stratified", size=900, strata=(Dimension.ROLE,), most_per_account=6, expected_response=0.35
        ),
        schedule=Schedule(every="half_year", starts_on=began.date(), open_days=45),
        mail=Mailing(sender_name="Priya Raman, Halden Flow"),
    )
    made = create_programme(
        name="Relationship, autumn",
        kind="periodic",
        survey=survey,
        owner=owner,
        plan=plan,
        purpose="What each part of the village thinks of us, half a year before most renewals.",
    )
    made = start_programme(made, now=began)
    draw = draw_sample(made, now=began, seed=SEED, due_at=began)
    made.next_draw_at = began + timedelta(days=182)
    made.save(update_fields=["next_draw_at"])
    _answers(rng, list(Invitation.objects.filter(draw=draw).order_by("contact_id")), began)


def _answers(rng: Generator, asked: list[Invitation], began: datetime) -> None:
    """Let whoever spoke in a survey in these weeks have done so by the link; some only began."""
    spoken = {
        score.signal.contact_id: score.signal
        for score in Score.objects.filter(
            metric="nps",
            signal__kind=Signal.Kind.SURVEY,
            signal__contact__in=[row.contact_id for row in asked],
            signal__occurred_at__range=(began, began + ANSWERED_WITHIN),
        )
        .select_related("signal")
        .order_by("-signal__occurred_at")
    }
    signals = [signal.pk for signal in spoken.values()]
    scores = dict(Score.objects.filter(signal__in=signals, metric="nps").values_list("signal_id", "value"))
    words = dict(Comment.objects.filter(signal__in=signals).values_list("signal_id", "text"))
    responses = []
    for row in asked:
        luck = float(rng.random())
        row.sent_at, row.send_at, row.state = row.send_at or began, None, Invitation.State.SENT
        signal = spoken.get(row.contact_id)
        if luck < 0.02:
            row.state = Invitation.State.BOUNCED
        elif signal is not None and luck < PATIENCE.get(row.buying_role, 1.0):
            row.state = Invitation.State.ANSWERED
            responses.append(_response(row, signal, scores[signal.pk], words.get(signal.pk, "")))
        elif luck > 0.95:
            row.state = Invitation.State.STARTED
            responses.append(
                Response(invitation=row, started_at=row.sent_at, saved_at=row.sent_at, page="why")
            )
    Invitation.objects.bulk_update(asked, ["sent_at", "send_at", "state"])
    Response.objects.bulk_create(responses)


def _response(row: Invitation, signal: Signal, score: float, words: str) -> Response:
    at = signal.occurred_at
    return Response(
        invitation=row,
        state=Response.State.SENT,
        language=row.language,
        answers={"recommend": score} | ({"why": words} if words else {}),
        started_at=at,
        saved_at=at,
        sent_at=at,
        settled_at=at,
        signal_id=signal.pk,
    )
