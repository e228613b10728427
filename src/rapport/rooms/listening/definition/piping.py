"""Answers, facts and calculated values inside texts: `{q1}`, `{contact.first_name|there}`, `{score}`."""

import re
from functools import lru_cache

from rapport.rooms.listening.definition.evaluating import Known, is_empty
from rapport.rooms.listening.definition.questions import (
    Choice,
    ConstantSum,
    Matrix,
    MultipleChoice,
    Question,
    Ranking,
    SingleChoice,
)
from rapport.rooms.listening.definition.texts import Text, words

_NAME = re.compile(r"\{\{|\{([A-Za-z][A-Za-z0-9_.]*)(?:\|([^{}]*))?\}")


@lru_cache(maxsize=20_000)
def parts_of(text: str) -> tuple[str | tuple[str, str], ...]:
    """Return a text as its words and, as pairs, the names in it with what to say when they are empty."""
    parts: list[str | tuple[str, str]] = []
    end = 0
    for found in _NAME.finditer(text):
        parts.append(text[end : found.start()])
        parts.append("{" if found[0] == "{{" else (found[1], found[2] or ""))
        end = found.end()
    parts.append(text[end:])
    return tuple(part for part in parts if part)


def names_in(text: str) -> list[str]:
    """Return the names a text refers to."""
    return [part[0] for part in parts_of(text) if isinstance(part, tuple)]


def fill(text: str, known: Known, language: str, default: str) -> str:
    """Return a text with its names replaced; the result is plain words, to be escaped by who shows it."""
    if "{" not in text:
        return text
    return "".join(
        part if isinstance(part, str) else (said(part[0], known, language, default) or part[1])
        for part in parts_of(text)
    )


def say(text: Text, known: Known, language: str, default: str) -> str:
    """Return a text in a language, with its names replaced."""
    return fill(words(text, language, default), known, language, default)


def said(name: str, known: Known, language: str, default: str) -> str:
    """Return an answer, calculated value or fact as words; empty when there is none."""
    if name in known.answers:
        return _answer(name, known, language, default)
    if name in known.calculated:
        return _plain(round(known.calculated[name], 2))
    if name in known.arms:
        return known.arms[name]
    fact = known.facts.get(name)
    return "" if is_empty(fact) or isinstance(fact, bool) else _plain(fact)


def _answer(name: str, known: Known, language: str, default: str) -> str:
    answer, question = known.answers[name], known.questions.get(name)
    labels = {choice.key: words(choice.text, language, default) for choice in _labels(question)}

    def label(key: str) -> str:
        return _plain(known.answers.get(f"{name}.{key}") or labels.get(key) or key)

    if isinstance(answer, bool):
        return ""
    if isinstance(answer, list):
        return ", ".join(label(key) for key in answer)
    if isinstance(answer, dict):
        return ", ".join(labels.get(key) or key for key in answer)
    return label(answer) if isinstance(answer, str) and labels else _plain(answer)


def _labels(question: Question | None) -> tuple[Choice, ...]:
    match question:
        case SingleChoice() | MultipleChoice() | Ranking() | ConstantSum():
            return question.choices
        case Matrix():
            return question.rows
    return ()


def _plain(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
