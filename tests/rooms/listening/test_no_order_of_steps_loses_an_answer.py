"""Whatever respondents do, in any order: no answer is lost or spoilt, and nobody is trapped or led astray."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rooms.listening.conftest import NOW, Asking

from rapport.rooms.listening.definition import (
    All,
    Branch,
    CarryForward,
    Choice,
    Definition,
    MultipleChoice,
    Not,
    NumberQuestion,
    Operator,
    Page,
    Part,
    Scale,
    SingleChoice,
    Subject,
    TextQuestion,
    first_incomplete,
    holds,
    walk,
)
from rapport.rooms.listening.definition import (
    Any as AnyOf,
)
from rapport.rooms.listening.definition.survey import END
from rapport.rooms.listening.models import Response
from rapport.rooms.listening.respond.answering import Request, answer

T = {"en": "Text", "de": "Wort"}
CHOICES = tuple(Choice(key=f"c{n}", text=T) for n in range(3))
FEW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


# -- surveys of every shape


def _question(key: str, kind: int, source: str, show_if: Any, required: bool) -> Any:
    common: dict[str, Any] = {"key": key, "text": T, "show_if": show_if, "required": required}
    match kind:
        case 0:
            return Scale(type="rating", low=0, high=10, **common)
        case 1:
            return SingleChoice(choices=CHOICES, shuffle=True, **common)
        case 2:
            carried = CarryForward(question=source) if source else None
            return MultipleChoice(choices=CHOICES[:1] if carried else CHOICES, choices_from=carried, **common)
        case 3:
            return NumberQuestion(**common)
    return TextQuestion(type="text", **common)


@st.composite
def conditions(draw: Any, earlier: list[str]) -> Any:
    """Draw a condition on earlier questions."""
    part = Part(
        subject=Subject(kind="answer", key=draw(st.sampled_from(earlier))),
        operator=draw(st.sampled_from(list(Operator))),
        value=draw(st.sampled_from(["c0", "c1", 5, 0])),
    )
    return draw(st.sampled_from([part, Not(of=part), All(of=(part,)), AnyOf(of=(part,))]))


@st.composite
def surveys(draw: Any) -> Definition:
    """Draw a survey with conditions, branches (some leading back) and choices carried to later pages.

    What carries them within a page cannot be published.
    """
    pages, keys, carriers, choosing = [], list[str](), list[str](), list[str]()
    total = draw(st.integers(1, 5))
    for number in range(total):
        before = list(keys)
        questions = []
        carriers += choosing
        choosing = list[str]()
        for _ in range(draw(st.integers(0, 3))):
            key, kind = f"q{len(keys)}", draw(st.integers(0, 4))
            show_if = draw(conditions(keys)) if keys and draw(st.booleans()) else None
            source = draw(st.sampled_from(["", *carriers]))
            questions.append(_question(key, kind, source, show_if, draw(st.booleans())))
            keys.append(key)
            choosing += [key] if kind in (1, 2) else []
        show_if = draw(conditions(before)) if before and draw(st.booleans()) else None
        targets = [END, *(f"p{n}" for n in range(total))]
        branches = (Branch(when=draw(conditions(keys)), to=draw(st.sampled_from(targets))),) if keys else ()
        pages.append(
            Page(
                key=f"p{number}",
                questions=tuple(questions),
                show_if=show_if,
                branches=branches * draw(st.integers(0, 1)),
            )
        )
    return Definition(title=T, languages=("en", "de"), pages=tuple(pages))


VALUES = st.dictionaries(
    st.sampled_from([f"q{n}" for n in range(12)]),
    st.sampled_from(["c0", "c1", "zz", 5.0, 99.0, "words", ["c0", "c2"], ["zz"], {"c0": "c1"}, True]),
)


@given(definition=surveys(), answers=VALUES, seed=st.text(max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nobody_sees_a_page_or_question_that_is_not_theirs(
    definition: Definition, answers: Any, seed: str
) -> None:
    way = walk(definition, answers, {}, seed)
    order = [page.key for page in definition.pages]
    places = [order.index(step.key) for step in way.steps]
    assert places == sorted(set(places))
    for step in way.steps:
        assert step.questions
        assert holds(step.page.show_if, way.known) or step.page.show_if is not None
        for shown in step.questions:
            later = shown.question.show_if is None or holds(shown.question.show_if, way.known)
            assert later
    shown_keys = {shown.key for step in way.steps for shown in step.questions}
    assert {name.partition(".")[0] for name in way.answers} <= shown_keys
    again = walk(definition, dict(way.answers), {}, seed)
    assert again.steps == way.steps
    assert again.answers == way.answers


# -- a respondent at the pages


GIVEN = {
    "rating": ["7", "0", "10"],
    "choice": ["c0", "c1", "c2"],
    "number": ["3", "12"],
    "text": ["Some words", "Other words"],
}


class Respondent:
    """Reads the pages as a browser does and remembers what it typed."""

    def __init__(self, definition: Definition, path: str) -> None:
        self.definition, self.path = definition, path
        self.typed: dict[str, Any] = {}
        self.questions = {question.key: question for question in definition.questions()}

    def look(self, query: str = "") -> str:
        """Open the link."""
        asked = {part.partition("=")[0]: [part.partition("=")[2]] for part in query.split("&") if part}
        reply = answer(Request("GET", self.path.removeprefix("/r/"), asked), NOW)
        assert reply.status == 200
        return reply.html

    def fill(self, html: str, pick: int) -> dict[str, list[str]]:
        """Answer everything on a page."""
        form = {
            name: [value] for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html)
        }
        for key in form["_asked"][0].split():
            offered = re.findall(rf'name="{key}" value="([^"]*)"', html)
            kind = self.questions[key].type
            if offered:
                form[key] = [offered[pick % len(offered)]]
            else:
                form[key] = [GIVEN[kind][pick % len(GIVEN[kind])]]
        return form

    def send(self, form: dict[str, list[str]], go: str) -> str:
        """Post a page; remember what was typed, and return where it leads."""
        for key in form["_asked"][0].split():
            self.typed[key] = form[key]
        reply = answer(
            Request("POST", self.path.removeprefix("/r/"), {}, {**form, "_go": [go]}),
            NOW + timedelta(seconds=9),
        )
        assert reply.status in (303, 422), reply
        return reply.location.partition("?")[2]

    def stored(self) -> Response:
        """Return the one response."""
        return Response.objects.get(invitation__programme__isnull=False)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["next", "back", "twice", "lang:de", "lang:en", "elsewhere", "stale"]),
        st.integers(0, 5),
    ),
    max_size=12,
)


@pytest.mark.django_db
@given(definition=surveys(), steps=STEPS)
@FEW
def test_no_order_of_back_resume_double_posts_and_languages_loses_or_spoils_an_answer(
    asking: Asking, definition: Definition, steps: list[tuple[str, int]]
) -> None:
    with transaction.atomic():
        _invitation, path = asking.invite(definition)
        person = Respondent(definition, path)
        html, seen = person.look(), list[dict[str, list[str]]]()
        for go, pick in steps:
            if "<form" not in html:
                break
            form = person.fill(html, pick)
            if go == "stale" and seen:
                where = person.send(seen[pick % len(seen)], "next")
            else:
                seen.append(form)
                for _ in range(2 if go == "twice" else 1):
                    where = person.send(form, go if go in ("back", "lang:de", "lang:en") else "next")
            html = person.look("" if go == "elsewhere" else where)
            _check_kept(person)
        _finish(person, html)
        transaction.set_rollback(True)


def _check_kept(person: Respondent) -> None:
    """While it is under way everything typed last is kept; once sent, all of it that is on the way."""
    response = person.stored()
    for key, typed in person.typed.items():
        if response.state == "sent" and key not in response.answers:
            continue
        kept = response.answers[key]
        said = kept if isinstance(kept, list) else [f"{kept:g}" if isinstance(kept, float) else kept]
        assert said == typed


def _finish(person: Respondent, html: str) -> None:
    """From wherever it stands, a respondent who answers what is asked comes to the end."""
    for turn in range(20):
        if "<form" not in html:
            break
        html = person.look(person.send(person.fill(html, turn), "next"))
    assert "<form" not in html
    response = person.stored()
    assert response.state == "sent"
    seed = f"{response.invitation_id}:1"
    way = walk(person.definition, response.answers, {"channel": "email"}, seed)
    assert first_incomplete(way) is None
    assert dict(way.answers) == response.answers
