"""What the catalog announces."""

from dataclasses import dataclass

from rapport.kernel.events import Event


@dataclass(frozen=True)
class ReferenceLeaves(Event):
    """A row is about to be removed; who refers to its key in a way no foreign key shows may refuse."""

    table: str
    key: str
