"""Conditions read back as sentences, so that their author can see what they say."""

from collections.abc import Mapping

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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

# Whole sentences, for languages that put the verb elsewhere.
_SAYS = {
    Operator.IS: gettext_lazy("%(what)s is %(value)s"),
    Operator.IS_NOT: gettext_lazy("%(what)s is not %(value)s"),
    Operator.ONE_OF: gettext_lazy("%(what)s is one of %(value)s"),
    Operator.NONE_OF: gettext_lazy("%(what)s is none of %(value)s"),
    Operator.AT_LEAST: gettext_lazy("%(what)s is at least %(value)s"),
    Operator.AT_MOST: gettext_lazy("%(what)s is at most %(value)s"),
    Operator.CONTAINS: gettext_lazy("%(what)s contains %(value)s"),
    Operator.LACKS: gettext_lazy("%(what)s does not contain %(value)s"),
    Operator.ANSWERED: gettext_lazy("%(what)s is answered"),
    Operator.UNANSWERED: gettext_lazy("%(what)s is not answered"),
}
_LONGEST = 60


def read_back(condition: Condition | None, definition: Definition, language: str = "") -> str:
    """Return a condition as a sentence, with the survey's words in a language (else its default)."""
    if condition is None:
        return _("Always.")
    said = _Reader(definition, language or definition.language).say(condition)
    return said[0].upper() + said[1:] + "."


class _Reader:
    def __init__(self, definition: Definition, language: str) -> None:
        self._language, self._default = language, definition.language
        self._questions: Mapping[str, Question] = {one.key: one for one in definition.questions()}

    def say(self, condition: Condition, *, inside: bool = False) -> str:
        match condition:
            case All(of=parts):
                return self._joined(parts, _(" and "), _("always"), inside)
            case Any(of=parts):
                return self._joined(parts, _(" or "), _("never"), inside)
            case Not(of=part):
                return _("it is not so that %(this)s") % {"this": self.say(part, inside=True)}
            case Part():
                return self._part(condition)

    def _joined(self, parts: tuple[Condition, ...], between: str, none: str, inside: bool) -> str:
        if not parts:
            return none
        said = between.join(self.say(part, inside=len(parts) > 1) for part in parts)
        return f"({said})" if inside and len(parts) > 1 else said

    def _part(self, part: Part) -> str:
        told = {"what": self._subject(part.subject)}
        if part.operator not in {Operator.ANSWERED, Operator.UNANSWERED}:
            told["value"] = self._value(part)
        return str(_SAYS[part.operator]) % told

    def _subject(self, subject: Subject) -> str:
        match subject.kind:
            case "fact":
                known = FACTS.get(subject.key)
                return str(known.label) if known else subject.key
            case "calculated":
                return _("the calculated value %(key)s") % {"key": subject.key}
            case "split":
                return _("the random group of %(key)s") % {"key": subject.key}
            case "answer":
                return self._answer(subject)

    def _answer(self, subject: Subject) -> str:
        key, _dot, other = subject.key.partition(".")
        question = self._questions.get(key)
        name = self._quoted(words(question.text, self._language, self._default)) if question else subject.key
        if other:
            beside = {"choice": self._label(key, other), "question": name}
            return _("what was written beside %(choice)s in %(question)s") % beside
        if not subject.row:
            return name
        told = {"row": self._label(key, subject.row, row=True), "question": name}
        if isinstance(question, Ranking):
            return _("the place of %(row)s in %(question)s") % told
        return _("%(row)s in %(question)s") % told

    def _value(self, part: Part) -> str:
        values = part.value if isinstance(part.value, tuple) else (part.value,)
        key = part.subject.key if part.subject.kind == "answer" else ""
        said = [self._label(key, value) for value in values]
        if len(said) < 2:
            return "".join(said)
        return _("%(these)s or %(last)s") % {"these": ", ".join(said[:-1]), "last": said[-1]}

    def _label(self, question: str, value: object, *, row: bool = False) -> str:
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, int | float):
            return formats.number_format(f"{value:.10g}", force_grouping=True)
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
