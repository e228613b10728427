"""Conditions read back as sentences, so that their author can see what they say."""

from collections.abc import Mapping

from rapport.rooms.listening.definition.conditions import All, Any, Condition, Not, Operator, Part, Subject
from rapport.rooms.listening.definition.facts import FACTS
from rapport.rooms.listening.definition.messages import tell
from rapport.rooms.listening.definition.questions import (
    Choice,
    ConstantSum,
    Emotions,
    Matrix,
    MultipleChoice,
    Question,
    Ranking,
    SingleChoice,
)
from rapport.rooms.listening.definition.survey import Definition
from rapport.rooms.listening.definition.texts import words

_VERBS = {
    Operator.IS: "is",
    Operator.IS_NOT: "is not",
    Operator.ONE_OF: "is one of",
    Operator.NONE_OF: "is none of",
    Operator.AT_LEAST: "is at least",
    Operator.AT_MOST: "is at most",
    Operator.CONTAINS: "contains",
    Operator.LACKS: "does not contain",
    Operator.ANSWERED: "is answered",
    Operator.UNANSWERED: "is not answered",
}
_LONGEST = 60


def read_back(condition: Condition | None, definition: Definition, language: str = "") -> str:
    """Return a condition as a sentence, with the survey's words in a language (else its default)."""
    if condition is None:
        return "Always."
    said = _Reader(definition, language or definition.language).say(condition)
    return said[0].upper() + said[1:] + "."


class _Reader:
    def __init__(self, definition: Definition, language: str) -> None:
        self._language, self._default = language, definition.language
        self._questions: Mapping[str, Question] = {one.key: one for one in definition.questions()}

    def say(self, condition: Condition, *, inside: bool = False) -> str:
        match condition:
            case All(of=parts):
                return self._joined(parts, " and ", "always", inside)
            case Any(of=parts):
                return self._joined(parts, " or ", "never", inside)
            case Not(of=part):
                return f"it is not so that {self.say(part, inside=True)}"
            case Part():
                return self._part(condition)

    def _joined(self, parts: tuple[Condition, ...], between: str, none: str, inside: bool) -> str:
        if not parts:
            return none
        said = between.join(self.say(part, inside=len(parts) > 1) for part in parts)
        return f"({said})" if inside and len(parts) > 1 else said

    def _part(self, part: Part) -> str:
        said = f"{self._subject(part.subject)} {_VERBS[part.operator]}"
        return (
            said
            if part.operator in {Operator.ANSWERED, Operator.UNANSWERED}
            else f"{said} {self._value(part)}"
        )

    def _subject(self, subject: Subject) -> str:
        match subject.kind:
            case "fact":
                known = FACTS.get(subject.key)
                return known.label if known else subject.key
            case "calculated":
                return f"the calculated value {subject.key}"
            case "split":
                return f"the random group of {subject.key}"
            case "answer":
                return self._answer(subject)

    def _answer(self, subject: Subject) -> str:
        key, _, other = subject.key.partition(".")
        question = self._questions.get(key)
        name = self._quoted(words(question.text, self._language, self._default)) if question else subject.key
        if other:
            return f"what was written beside {self._label(key, other)} in {name}"
        if not subject.row:
            return name
        ranked = "the place of " if isinstance(question, Ranking) else ""
        return f"{ranked}{self._label(key, subject.row, row=True)} in {name}"

    def _value(self, part: Part) -> str:
        values = part.value if isinstance(part.value, tuple) else (part.value,)
        key = part.subject.key if part.subject.kind == "answer" else ""
        said = [self._label(key, value) for value in values]
        return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} or {said[-1]}"

    def _label(self, question: str, value: object, *, row: bool = False) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int | float):
            return f"{value:g}"
        for choice in labelled(self._questions.get(question), row=row):
            if choice.key == value:
                return self._quoted(words(choice.text, self._language, self._default) or choice.key)
        if isinstance(self._questions.get(question), Emotions):
            return self._quoted(tell(f"feeling_{value}", self._language))
        return self._quoted(str(value))

    def _quoted(self, said: str) -> str:
        return f"“{said if len(said) <= _LONGEST else said[: _LONGEST - 1].rstrip() + '…'}”"


def labelled(question: Question | None, *, row: bool = False) -> tuple[Choice, ...]:
    """Return the choices a condition's value (or row) may name."""
    match question:
        case SingleChoice() | MultipleChoice() | Ranking() | ConstantSum():
            return question.choices
        case Matrix():
            return question.rows if row else question.columns
    return ()
