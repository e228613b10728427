"""What can be imported: a target names its fields, and pages, suggestions and the engine go by that."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from rapport.connectors.files.tables import Kind
from rapport.connectors.files.values import Limits


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a row can say."""

    name: str
    label: str
    kind: Kind = "text"
    required: bool = False
    help: str = ""
    refers_to: str = ""
    """What the value points at: account, contact, product … It is looked up by external id, key or name."""
    synonyms: tuple[str, ...] = ()
    """Other headings under which files carry it, in several languages."""
    choices: tuple[tuple[str, str], ...] = ()
    """Key and label of the values taken, for kind 'choice'."""
    max_length: int = 0
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    @property
    def limits(self) -> Limits:
        return Limits(dict(self.choices), self.max_length, self.minimum, self.maximum)


@dataclass(frozen=True, slots=True)
class Group:
    """Several of a kind that one row can carry: scores of a signal, milestones of a project."""

    name: str
    label: str
    fields: tuple[Field, ...]
    help: str = ""

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of row that can be imported."""

    name: str
    label: str
    help: str
    fields: tuple[Field, ...]
    groups: tuple[Group, ...] = ()
    identified_by: tuple[str, ...] = ("external_id",)
    """The fields that tell whether a row was imported before."""

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)

    def group(self, name: str) -> Group | None:
        return next((group for group in self.groups if group.name == name), None)

    @property
    def by_name(self) -> Mapping[str, Field]:
        return {field.name: field for field in self.fields}
