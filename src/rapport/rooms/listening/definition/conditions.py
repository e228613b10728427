"""When something is shown, asked, ended or counted: built from parts, read back as a sentence."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from rapport.rooms.listening.definition.texts import Document, Key


class Operator(StrEnum):
    """How a subject is held against a value."""

    IS = "is"
    IS_NOT = "is_not"
    ONE_OF = "one_of"
    NONE_OF = "none_of"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    CONTAINS = "contains"
    LACKS = "lacks"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"


class Subject(Document):
    """What a condition looks at: an answer (or its row or share), a fact, a calculated value, a split."""

    kind: Literal["answer", "fact", "calculated", "split"]
    key: str
    row: str = ""


class Part(Document):
    """One comparison; of something unanswered only UNANSWERED, IS_NOT, NONE_OF and LACKS hold."""

    type: Literal["part"] = "part"
    subject: Subject
    operator: Operator
    value: str | float | bool | tuple[str, ...] | None = None


class All(Document):
    """Every one of these; of none: true."""

    type: Literal["all"] = "all"
    of: tuple["Condition", ...]


class Any(Document):
    """At least one of these; of none: false."""

    type: Literal["any"] = "any"
    of: tuple["Condition", ...]


class Not(Document):
    """The opposite."""

    type: Literal["not"] = "not"
    of: "Condition"


Condition = Annotated[Part | All | Any | Not, Field(discriminator="type")]

All.model_rebuild()
Any.model_rebuild()
Not.model_rebuild()

__all__ = ["All", "Any", "Condition", "Key", "Not", "Operator", "Part", "Subject"]
