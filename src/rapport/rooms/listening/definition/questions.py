"""The kinds of question, each with what it needs and nothing else."""

from typing import Annotated, Literal

from pydantic import Field

from rapport.rooms.listening.definition.conditions import Condition
from rapport.rooms.listening.definition.texts import Document, Key, Text

MOST_POINTS = 100
"""How far from zero a scale may reach: each point is a button on the page."""


class Choice(Document):
    """One thing that can be chosen, ranked, rated or given a share."""

    key: Key
    text: Text
    value: float | None = None
    """The number it stands for in figures and calculated values (a rival's recode)."""
    exclusive: bool = False
    """Cannot be chosen beside another: 'none of these'."""
    open: bool = False
    """Asks for words beside it: 'other'."""
    fixed: bool = False
    """Keeps its place when choices are shuffled."""
    picture: str = ""
    show_if: Condition | None = None


class CarryForward(Document):
    """Takes choices from a question on an earlier page: those that were chosen, or those that were not."""

    question: Key
    which: Literal["chosen", "unchosen"] = "chosen"


class Base(Document):
    """What every question has."""

    key: Key
    bank: str = ""
    """The stable key in the question bank under which answers are compared across surveys and years."""
    text: Text
    help: Text = {}
    picture: str = ""
    show_if: Condition | None = None


class Answerable(Base):
    """A question that expects an answer."""

    required: bool = False
    message: Text = {}
    """The author's own words for an answer that does not fit."""
    metric: str = ""
    """The catalogue's metric under which the answer becomes a score of the signal."""


class Scale(Answerable):
    """A point on a scale: likelihood to recommend, satisfaction, effort, or any rating."""

    type: Literal["nps", "csat", "effort", "rating"]
    low: Annotated[int, Field(ge=-MOST_POINTS, le=MOST_POINTS)] = 0
    high: Annotated[int, Field(ge=-MOST_POINTS, le=MOST_POINTS)] = 10
    style: Literal["numbers", "stars", "smileys"] = "numbers"
    low_label: Text = {}
    high_label: Text = {}
    allow_unknown: bool = False
    """Offers 'cannot say', which counts as not answered."""


class WithChoices(Answerable):
    """A question that lists choices."""

    choices: tuple[Choice, ...] = ()
    choices_from: CarryForward | None = None
    """Chosen ones come first, then the question's own."""
    shuffle: bool = False


class SingleChoice(WithChoices):
    """One of several."""

    type: Literal["choice"] = "choice"
    style: Literal["list", "drop_down"] = "list"


class MultipleChoice(WithChoices):
    """Any of several."""

    type: Literal["choices"] = "choices"
    fewest: int | None = None
    most: int | None = None


class Ranking(WithChoices):
    """Several in order, best first."""

    type: Literal["ranking"] = "ranking"
    most: int | None = None
    """How many places are asked for; all when none is given."""


class ConstantSum(WithChoices):
    """A total shared out among several."""

    type: Literal["constant_sum"] = "constant_sum"
    total: float = 100


class Matrix(Answerable):
    """The same choices for each of several rows."""

    type: Literal["matrix"] = "matrix"
    rows: tuple[Choice, ...]
    columns: tuple[Choice, ...]
    multiple: bool = False
    rows_from: CarryForward | None = None
    shuffle: bool = False


class NumberQuestion(Answerable):
    """A number with its unit."""

    type: Literal["number"] = "number"
    low: float | None = None
    high: float | None = None
    decimals: int = 0
    unit: Text = {}


class DateQuestion(Answerable):
    """A day."""

    type: Literal["date"] = "date"
    earliest: str = ""
    latest: str = ""


class TextQuestion(Answerable):
    """Words, on one line or several."""

    type: Literal["text", "long_text"]
    most: int = 4000
    pattern: str = ""
    """A regular expression the whole answer must fit; matched with a time limit."""


class Emotions(Answerable):
    """How it felt, in the words of the catalogue of feelings."""

    type: Literal["emotions"] = "emotions"
    offered: tuple[str, ...] = ()
    """Keys of feelings; all when none is named."""
    most: int | None = None


class ContactRequest(Answerable):
    """Whether the person wants to be called or written to."""

    type: Literal["contact_request"] = "contact_request"


class ConsentQuestion(Answerable):
    """Whether the person agrees to what the text says; kept with its date on the contact."""

    type: Literal["consent"] = "consent"


class FileQuestion(Answerable):
    """A file, such as a picture of what went wrong."""

    type: Literal["file"] = "file"
    most_megabytes: int = 10
    kinds: tuple[str, ...] = ("image/jpeg", "image/png", "application/pdf")


class Statement(Base):
    """Words without a question."""

    type: Literal["statement"] = "statement"


Question = Annotated[
    Scale
    | SingleChoice
    | MultipleChoice
    | Ranking
    | ConstantSum
    | Matrix
    | NumberQuestion
    | DateQuestion
    | TextQuestion
    | Emotions
    | ContactRequest
    | ConsentQuestion
    | FileQuestion
    | Statement,
    Field(discriminator="type"),
]
QUESTION_TYPES = (
    *("nps", "csat", "effort", "rating", "choice", "choices", "ranking", "constant_sum", "matrix", "number"),
    *("date", "text", "long_text", "emotions", "contact_request", "consent", "file", "statement"),
)
