"""Where a value of a response file belongs: the question, the row or choice of it, and how it is written."""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict

_FOREIGN = re.compile(r"[^A-Za-z0-9]+")
SlotKind = Literal[
    "code", "codes", "mark", "number", "share", "place", "position", "text", "words", "date", "flag", "none"
]


class Slot(BaseModel):
    """A column's place in the answers.

    ==========  ====================================================================
    code        one choice, written by a code or its words; of a row, where one is named
    codes       several choices in one cell, or one of several columns of codes
    mark        whether one choice is chosen
    number      a number
    share       the number given to one choice of a constant sum
    place       the choice put at the place `choice` of a ranking
    position    the place given to one choice of a ranking
    text        words
    words       the words beside a choice
    date        a day
    flag        yes or no
    none        nothing: the column of a statement
    ==========  ====================================================================
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    kind: SlotKind
    row: str = ""
    choice: str = ""
    codes: dict[str, str] = {}
    """What the file writes, to the key of the choice or column."""


Columns = dict[str, Slot]


def slot_of(columns: Columns, name: str) -> Slot | None:
    """Return the slot of a column; signs that exports replace in names make no difference."""
    return columns.get(name) or columns.get(plain_name(name))


def plain_name(name: str) -> str:
    """Return a name with every foreign sign made an underscore."""
    return _FOREIGN.sub("_", name.strip())
