"""A whole survey: pages in order, the ways through them, and how it looks and ends."""

from typing import Literal

from rapport.rooms.listening.definition.conditions import Condition
from rapport.rooms.listening.definition.questions import Question
from rapport.rooms.listening.definition.texts import Document, Key, Language, Text

END = "end"


class Branch(Document):
    """After its page, the first branch whose condition holds decides: a later page, or the end.

    A page without questions is a crossroads: nothing is shown, its branches decide. Those of a page whose own
    condition does not hold are passed over, as is one that leads back.
    """

    when: Condition
    to: Key
    """A page's key, or `end`."""


class Page(Document):
    """Questions shown together; skipped when its condition does not hold or nothing on it is shown."""

    key: Key
    title: Text = {}
    questions: tuple[Question, ...] = ()
    show_if: Condition | None = None
    branches: tuple[Branch, ...] = ()
    shuffle: bool = False


class Calculated(Document):
    """A number made of answers: the sum, mean, smallest or largest of numbers, or how many were answered.

    `of` names questions (their number, or that of the choice); `otherwise` counts when none is answered.
    """

    key: Key
    how: Literal["sum", "mean", "lowest", "highest", "count"]
    of: tuple[Key, ...]
    otherwise: float | None = None


class SplitArm(Document):
    """One way of a split, with its share relative to the others."""

    key: Key
    share: float = 1


class Split(Document):
    """Sends each respondent at random, but always the same one the same way, into one of its arms."""

    key: Key
    arms: tuple[SplitArm, ...]


class Quota(Document):
    """Ends the survey for further respondents who meet the condition once so many have completed."""

    key: Key
    when: Condition
    most: int
    message: Text = {}


class Theme(Document):
    """The supplier's look."""

    name: str = ""
    logo: str = ""
    color: str = ""
    """`#RRGGBB`, at least 4.5:1 against white."""


class Thanks(Document):
    """What is shown when everything was sent."""

    text: Text = {}
    offer_contact: bool = False
    show_done: bool = False
    """Shows what was done about earlier feedback."""


class Definition(Document):
    """A survey as its author wrote it."""

    title: Text
    language: Language = "en"
    """The default: everything is written in it."""
    languages: tuple[Language, ...] = ("en",)
    welcome: Text = {}
    pages: tuple[Page, ...] = ()
    calculated: tuple[Calculated, ...] = ()
    splits: tuple[Split, ...] = ()
    quotas: tuple[Quota, ...] = ()
    theme: Theme = Theme()
    thanks: Thanks = Thanks()

    def questions(self) -> tuple[Question, ...]:
        """Return every question, in the order of the pages."""
        return tuple(question for page in self.pages for question in page.questions)
