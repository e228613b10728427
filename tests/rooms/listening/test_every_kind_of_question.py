"""Each kind of question: what a form gives, what does not fit and what is said then, and the way back."""

from typing import Any

import pytest

from rapport.rooms.listening.definition import (
    FEELINGS,
    Choice,
    ConsentQuestion,
    ConstantSum,
    ContactRequest,
    DateQuestion,
    Definition,
    Emotions,
    FileQuestion,
    Matrix,
    MultipleChoice,
    NumberQuestion,
    Page,
    Question,
    Ranking,
    ReadPage,
    Scale,
    SingleChoice,
    Statement,
    TextQuestion,
    Upload,
    as_form,
    first_incomplete,
    read_page,
    walk,
)
from rapport.rooms.signals.emotions import FEELINGS as LEDGER_FEELINGS

T = {"en": "Text"}
ABC = tuple(Choice(key=key, text={"en": key.upper()}) for key in ("a", "b", "c"))
NONE = Choice(key="none", text={"en": "None"}, exclusive=True)
OTHER = Choice(key="other", text={"en": "Other"}, open=True)


def read(question: Question, form: dict[str, list[str]], **more: Any) -> ReadPage:
    """Read one question from a form."""
    definition = Definition(title=T, pages=(Page(key="p", questions=(question,)),))
    step = walk(definition, {}, {}, "s").steps[0]
    return read_page(step, form, language="en", default="en", **more)


def one(question: Question, *values: str, **parts: str) -> tuple[Any, str]:
    """Return the answer read and the message, if any."""
    form = {"q": list(values)} | {f"q.{part}": [value] for part, value in parts.items()}
    found = read(question, form)
    return found.answers.get("q"), found.problems.get("q", "")


def test_scales_take_their_points_and_cannot_say() -> None:
    nps = Scale(type="nps", key="q", text=T, required=True, allow_unknown=True)
    assert one(nps, "9") == (9.0, "")
    assert one(nps)[1] == "Please answer this question."
    assert "0 to 10" in one(nps, "11")[1]
    unknown = read(nps, {"q": ["unknown"]})
    assert unknown.answers == {"q": None, "q.unknown": True}
    assert unknown.problems == {}


def test_one_choice_must_be_one_of_those_shown_and_other_keeps_its_words() -> None:
    question = SingleChoice(key="q", text=T, choices=(*ABC, OTHER))
    assert one(question, "a") == ("a", "")
    assert one(question, "z")[1] == "Please choose one of the answers shown."
    assert read(question, {"q": ["other"], "q.other": [" The box "]}).answers == {
        "q": "other",
        "q.other": "The box",
    }
    assert read(question, {"q": ["a"], "q.other": ["The box"]}).answers["q.other"] is None


def test_several_choices_keep_the_order_of_the_survey_and_their_limits() -> None:
    question = MultipleChoice(key="q", text=T, choices=(*ABC, NONE), fewest=2, most=2)
    assert one(question, "c", "a") == (["a", "c"], "")
    assert one(question, "a")[1] == "Please choose at least 2."
    assert one(question, "a", "b", "c")[1] == "Please choose at most 2."
    assert "cannot be combined" in one(question, "a", "none")[1]
    assert one(question, "none") == (["none"], "")


def test_a_ranking_needs_each_place_once() -> None:
    question = Ranking(key="q", text=T, choices=ABC)
    assert one(question, a="2", b="1", c="3") == (["b", "a", "c"], "")
    assert "same place" in one(question, a="1", b="1", c="2")[1]
    assert "left out" in one(question, a="1", b="3")[1]
    assert one(question, a="1", b="2")[1] == "Please give the places 1 to 3."
    assert "from the list" in one(question, a="9")[1]


def test_shares_must_make_up_the_total() -> None:
    question = ConstantSum(key="q", text=T, choices=ABC, total=100)
    assert one(question, a="33,5", b="66.5") == ({"a": 33.5, "b": 66.5}, "")
    assert "it is 90 now" in one(question, a="90")[1]
    assert "number" in one(question, a="-5", b="105")[1]


def test_a_matrix_takes_a_column_or_several_for_each_row() -> None:
    rows = (Choice(key="r", text=T), Choice(key="s", text=T))
    single = Matrix(key="q", text=T, rows=rows, columns=ABC, required=True)
    assert one(single, r="a", s="b") == ({"r": "a", "s": "b"}, "")
    assert one(single, r="a", s="z")[1] == "Please answer every line; missing: 1."
    several = Matrix(key="q", text=T, rows=rows, columns=ABC, multiple=True)
    assert read(several, {"q.r": ["b", "a"]}).answers == {"q": {"r": ["a", "b"]}}


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("12", 12.0),
        ("12,5", 12.5),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1 000", 1000.0),
        ("−3", -3.0),
        ("١٢", 12.0),
    ],
)
def test_numbers_are_read_as_people_write_them(typed: str, number: float) -> None:
    assert one(NumberQuestion(key="q", text=T, decimals=2), typed) == (number, "")


def test_numbers_keep_to_their_limits() -> None:
    assert "whole number" in one(NumberQuestion(key="q", text=T), "1.5")[1]
    assert (
        one(NumberQuestion(key="q", text=T, low=0, high=9), "10")[1] == "Please write a number from 0 to 9."
    )
    assert "at least 5" in one(NumberQuestion(key="q", text=T, low=5), "4")[1]
    assert one(NumberQuestion(key="q", text=T), "many") == (
        None,
        "Please write a number, such as 12 or 12.5.",
    )
    assert one(NumberQuestion(key="q", text=T), "1e999")[1]


def test_days_keep_to_their_limits() -> None:
    question = DateQuestion(key="q", text=T, earliest="2026-01-01", latest="2026-12-31")
    assert one(question, "2026-09-17") == ("2026-09-17", "")
    assert "year-month-day" in one(question, "17.9.2026")[1]
    assert "not before 2026-01-01" in one(question, "2025-12-31")[1]
    assert "not after" in one(question, "2027-01-01")[1]


def test_texts_keep_to_their_length_and_form_and_authors_say_it_their_way() -> None:
    question = TextQuestion(
        type="text", key="q", text=T, most=9, pattern=r"[A-Z]\d+", message={"en": "Like A17, please."}
    )
    assert one(question, "A17") == ("A17", "")
    assert one(question, "17") == ("17", "Like A17, please.")
    assert "shorten" in one(TextQuestion(type="text", key="q", text=T, most=3), "four")[1]


def test_a_pattern_that_takes_for_ever_holds_nobody_up() -> None:
    assert one(TextQuestion(type="text", key="q", text=T, pattern="(a|aa)+b"), "a" * 300 + "cb")[1] == ""


def test_feelings_are_those_of_the_ledger() -> None:
    assert tuple(LEDGER_FEELINGS) == FEELINGS
    question = Emotions(key="q", text=T, most=2)
    assert one(question, "hurried", "happy") == (["happy", "hurried"], "")
    assert "at most 2" in one(question, "happy", "pleased", "safe")[1]


def test_boxes_that_are_not_ticked_say_no() -> None:
    assert one(ContactRequest(key="q", text=T)) == (False, "")
    assert one(ConsentQuestion(key="q", text=T, required=True)) == (False, "Please tick this to go on.")
    assert one(ConsentQuestion(key="q", text=T, required=True), "yes") == (True, "")


def test_files_stay_until_they_are_replaced_or_removed() -> None:
    question = FileQuestion(key="q", text=T, required=True)
    assert read(question, {}).problems["q"] == "Please answer this question."
    assert read(question, {}, uploads={"q": Upload(id="7")}).answers["q"] == "7"
    assert read(question, {}, kept={"q": "7"}).answers["q"] == "7"
    assert read(question, {"q.remove": ["yes"]}, kept={"q": "7"}).answers["q"] is None
    assert "too big" in read(question, {}, uploads={"q": Upload(too_big=True)}).problems["q"]
    assert "jpeg, png, pdf" in read(question, {}, uploads={"q": Upload(wrong_kind=True)}).problems["q"]


ALL_KINDS: dict[str, tuple[Question, Any]] = {
    "scale": (Scale(type="csat", key="q", text=T, low=1, high=5), 4.0),
    "choice": (SingleChoice(key="q", text=T, choices=ABC), "b"),
    "choices": (MultipleChoice(key="q", text=T, choices=ABC), ["a", "c"]),
    "ranking": (Ranking(key="q", text=T, choices=ABC), ["c", "a", "b"]),
    "shares": (ConstantSum(key="q", text=T, choices=ABC), {"a": 99.5, "c": 0.5}),
    "matrix": (Matrix(key="q", text=T, rows=ABC, columns=ABC), {"a": "b"}),
    "matrix of several": (Matrix(key="q", text=T, rows=ABC, columns=ABC, multiple=True), {"a": ["b", "c"]}),
    "number": (NumberQuestion(key="q", text=T, decimals=3), -12.125),
    "date": (DateQuestion(key="q", text=T), "2026-09-17"),
    "text": (TextQuestion(type="long_text", key="q", text=T), "Two\nlines"),
    "emotions": (Emotions(key="q", text=T), ["happy", "hurried"]),
    "contact request": (ContactRequest(key="q", text=T), True),
    "consent": (ConsentQuestion(key="q", text=T), False),
}


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_what_is_kept_gives_the_form_that_gives_it(kind: str) -> None:
    question, answer = ALL_KINDS[kind]
    definition = Definition(title=T, pages=(Page(key="p", questions=(question,)),))
    step = walk(definition, {}, {}, "s").steps[0]
    form = as_form(step.questions[0], {"q": answer})
    found = read_page(step, form, language="en", default="en")
    assert {key: value for key, value in found.answers.items() if value is not None} == {"q": answer}
    assert found.problems == {}


def test_a_statement_asks_nothing() -> None:
    definition = Definition(title=T, pages=(Page(key="p", questions=(Statement(key="s", text=T),)),))
    way = walk(definition, {"s": "x"}, {}, "s")
    assert first_incomplete(way) is None
    assert way.answers == {}
