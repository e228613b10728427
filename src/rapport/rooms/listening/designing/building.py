"""Conditions built from parts in a form: what can be looked at, and what was put together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.rooms.listening.definition import (
    All,
    Condition,
    Definition,
    Matrix,
    Not,
    Operator,
    Part,
    Question,
)
from rapport.rooms.listening.definition import Any as AnyOf
from rapport.rooms.listening.definition.facts import KNOWN_FACTS
from rapport.rooms.listening.definition.sentences import labelled
from rapport.rooms.listening.definition.texts import words
from rapport.rooms.listening.designing.edits import EditRefused
from rapport.rooms.signals.api import FEELINGS

OPERATORS = (
    (Operator.IS, gettext_lazy("is")),
    (Operator.IS_NOT, gettext_lazy("is not")),
    (Operator.ONE_OF, gettext_lazy("is one of")),
    (Operator.NONE_OF, gettext_lazy("is none of")),
    (Operator.AT_LEAST, gettext_lazy("is at least")),
    (Operator.AT_MOST, gettext_lazy("is at most")),
    (Operator.CONTAINS, gettext_lazy("contains")),
    (Operator.LACKS, gettext_lazy("does not contain")),
    (Operator.ANSWERED, gettext_lazy("is answered or known")),
    (Operator.UNANSWERED, gettext_lazy("is not answered or known")),
)
JOINS = (
    ("all", gettext_lazy("all of these hold")),
    ("any", gettext_lazy("at least one of these holds")),
    ("none", gettext_lazy("none of these holds")),
)
NO_VALUE = (Operator.ANSWERED, Operator.UNANSWERED)
SEVERAL = {Operator.IS: Operator.ONE_OF, Operator.IS_NOT: Operator.NONE_OF}
SINGLE = {Operator.ONE_OF: Operator.IS, Operator.NONE_OF: Operator.IS_NOT}
MOST_PARTS = 40


class TooDeep(Exception):
    """A condition is nested deeper than the form can show."""


@dataclass(frozen=True)
class SubjectGroup:
    """Things a condition can look at, under one heading."""

    label: str
    subjects: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class PartRow:
    """One comparison as it stands in the form."""

    subject: str = ""
    operator: str = Operator.IS
    values: tuple[str, ...] = ()
    options: Sequence[tuple[str, str]] = ()
    """What can be chosen as value; none when it is typed."""

    @property
    def typed(self) -> str:
        """Return the values as they are typed."""
        return ", ".join(self.values)


@dataclass(frozen=True)
class Group:
    """Comparisons held together."""

    join: str = "all"
    rows: Sequence[PartRow] = field(default_factory=list)


@dataclass(frozen=True)
class Built:
    """A condition as the form shows it: groups of comparisons, themselves held together."""

    join: str = "all"
    groups: Sequence[Group] = field(default_factory=list)


def subjects_for(definition: Definition, language: str, before: str = "") -> list[SubjectGroup]:
    """Return what a condition can look at: answers before a page, facts, values and splits."""
    answers: list[tuple[str, str]] = []
    for page in definition.pages:
        for question in page.questions:
            answers += _of_question(question, definition, language)
        if page.key == before:
            break
    values = [(f"calculated:{one.key}", one.key) for one in definition.calculated]
    splits = [(f"split:{one.key}", one.key) for one in definition.splits]
    facts = [(f"fact:{fact.key}", str(fact.label)) for fact in KNOWN_FACTS]
    found = [
        SubjectGroup(_("Answers"), answers),
        SubjectGroup(_("What is known"), facts),
        SubjectGroup(_("Calculated values"), values),
        SubjectGroup(_("Random splits"), splits),
    ]
    return [group for group in found if group.subjects]


def _of_question(question: Question, definition: Definition, language: str) -> list[tuple[str, str]]:
    if question.type in ("statement", "file"):
        return []
    said = _short(words(question.text, language, definition.language) or question.key)
    if isinstance(question, Matrix):
        rows = [(row.key, words(row.text, language, definition.language)) for row in question.rows]
        return [(f"answer:{question.key}:{key}", f"{_short(text)}, {said}") for key, text in rows]
    return [(f"answer:{question.key}", f"{question.key}: {said}")]


def _short(said: str, most: int = 70) -> str:
    return said if len(said) <= most else f"{said[: most - 1]}\u2026"


def options_for(subject: str, definition: Definition, language: str) -> list[tuple[str, str]]:
    """Return the values a subject can have, when they are few and known."""
    kind, _sep, rest = subject.partition(":")
    key = rest.partition(":")[0]
    if kind == "split":
        return [(arm.key, arm.key) for split in definition.splits if split.key == key for arm in split.arms]
    if kind == "fact":
        yes_no = [fact.key for fact in KNOWN_FACTS if fact.kind == "yes_no"]
        return [("true", _("yes")), ("false", _("no"))] if rest in yes_no else []
    question = next((one for one in definition.questions() if one.key == key), None)
    if kind != "answer" or question is None:
        return []
    if question.type in ("consent", "contact_request"):
        return [("true", _("yes")), ("false", _("no"))]
    if question.type == "emotions":
        return [(name, str(label)) for name, label in FEELINGS.items()]
    return [
        (choice.key, words(choice.text, language, definition.language) or choice.key)
        for choice in labelled(question)
    ]


# -- From the document to the form --------------------------------------------


def to_form(condition: Condition | None, definition: Definition, language: str) -> Built:
    """Return a condition as groups of rows; raise TooDeep when it is nested further."""
    if condition is None:
        return Built()
    join, inside = _split(condition)
    if all(isinstance(one, Part) for one in inside):
        return Built("all", [Group(join, [_row(one, definition, language) for one in _parts(inside)])])
    groups = []
    for one in inside:
        inner, parts = _split(one)
        groups.append(Group(inner, [_row(part, definition, language) for part in _parts(parts)]))
    return Built(join, groups)


def _split(condition: Condition) -> tuple[str, tuple[Condition, ...]]:
    match condition:
        case All(of=inside):
            return "all", inside
        case AnyOf(of=inside):
            return "any", inside
        case Not(of=AnyOf(of=inside)):
            return "none", inside
        case Not(of=Part() as part):
            return "none", (part,)
        case Part():
            return "all", (condition,)
    raise TooDeep


def _parts(conditions: Iterable[Condition]) -> list[Part]:
    found = list(conditions)
    if not all(isinstance(one, Part) for one in found):
        raise TooDeep
    return [one for one in found if isinstance(one, Part)]


def _row(part: Part, definition: Definition, language: str) -> PartRow:
    subject = ":".join(filter(None, (part.subject.kind, part.subject.key, part.subject.row)))
    values = part.value if isinstance(part.value, tuple) else () if part.value is None else (part.value,)
    said = tuple(_written(value) for value in values)
    return PartRow(subject, part.operator, said, options_for(subject, definition, language))


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float | int) else str(value)


# -- From the form to the document --------------------------------------------


def posted(data: QueryDict, definition: Definition, language: str) -> Built:
    """Return what stands in the form, rows without a subject left out."""
    groups = []
    for number in range(MOST_PARTS):
        if f"g{number}-join" not in data:
            break
        rows = [row for row in _posted_rows(data, f"g{number}", definition, language) if row.subject]
        if rows:
            groups.append(Group(str(data[f"g{number}-join"]), rows))
    return Built(str(data.get("join", "all")), groups)


def _posted_rows(data: QueryDict, group: str, definition: Definition, language: str) -> Iterable[PartRow]:
    for number in range(MOST_PARTS):
        name = f"{group}-p{number}"
        if f"{name}-subject" not in data:
            return
        if data.get("drop") == name:
            continue
        subject = str(data[f"{name}-subject"])
        options = options_for(subject, definition, language)
        picked = tuple(data.getlist(f"{name}-picked"))
        typed = tuple(filter(None, (one.strip() for one in str(data.get(f"{name}-value", "")).split(","))))
        known = {key for key, _label in options}
        values = tuple(one for one in picked or typed if not options or one in known)
        yield PartRow(subject, str(data.get(f"{name}-operator", Operator.IS)), values, options)


def to_condition(built: Built, definition: Definition) -> Condition | None:
    """Return the condition the form says, or None when it says nothing; raise EditRefused for a gap."""
    groups = [_joined(group.join, [_part(row, definition) for row in group.rows]) for group in built.groups]
    if not groups:
        return None
    if len(groups) == 1 and built.join != "none":
        return groups[0]
    return _joined(built.join, groups)


def _joined(join: str, parts: Sequence[Condition]) -> Condition:
    if join == "any":
        return AnyOf(of=tuple(parts))
    if join == "none":
        return Not(of=AnyOf(of=tuple(parts)))
    return parts[0] if len(parts) == 1 else All(of=tuple(parts))


def _part(row: PartRow, definition: Definition) -> Part:
    kind, _sep, rest = row.subject.partition(":")
    key, _sep, inner = rest.partition(":")
    try:
        operator = Operator(row.operator)
    except ValueError as error:
        raise EditRefused(_("%(operator)s compares nothing.") % {"operator": row.operator}) from error
    subject: Mapping[str, str] = {"kind": kind, "key": key, "row": inner}
    if operator in NO_VALUE:
        return Part.model_validate({"subject": subject, "operator": operator})
    values = tuple(_typed(value, row, definition) for value in row.values)
    if not values:
        raise EditRefused(_("Say what %(key)s is compared with.") % {"key": key})
    operator = SEVERAL.get(operator, operator) if len(values) > 1 else operator
    several = operator in (Operator.ONE_OF, Operator.NONE_OF) or len(values) > 1
    return Part.model_validate(
        {"subject": subject, "operator": operator, "value": tuple(map(str, values)) if several else values[0]}
    )


def _typed(value: str, row: PartRow, definition: Definition) -> str | float | bool:
    """Return a value as the answer it is compared with is kept: a number, yes or no, or words."""
    if value in ("true", "false") and row.options and {key for key, _l in row.options} == {"true", "false"}:
        return value == "true"
    if row.options:
        return value
    try:
        return float(value.replace(",", "."))
    except ValueError:
        return value
