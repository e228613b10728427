"""The mapping as controls on a page: a line for each field, and back from what a person chose."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rapport.connectors.files import Column, Field, Mapping, Source, Target
from rapport.connectors.imports.references import CREATABLE


@dataclass(frozen=True)
class Line:
    """One field with what fills it; `name` begins the names of its controls."""

    name: str
    field: Field
    column: str
    second: str
    constant: str
    words: str
    """What the file's words mean, a line each: word = meaning."""
    create: bool
    lenient: bool
    can_create: bool
    sample: str

    @property
    def used(self) -> bool:
        return bool(self.column or self.constant)

    @property
    def detailed(self) -> bool:
        """Whether the finer controls are in use and should be open."""
        return bool(self.second or self.words or self.create or self.lenient)


@dataclass(frozen=True)
class MemberLines:
    """The lines of one member of a group."""

    label: str
    lines: tuple[Line, ...]


def lines_of(mapping: Mapping, target: Target, columns: Sequence[Column]) -> list[Line]:
    """Return a line for each field of the target."""
    return [
        _line(f"f-{field.name}", field, mapping.fields.get(field.name), columns) for field in target.fields
    ]


def members_of(mapping: Mapping, target: Target, columns: Sequence[Column]) -> list[MemberLines]:
    """Return the members of each group, and an empty one to add."""
    shown: list[MemberLines] = []
    for group in target.groups:
        members = [*mapping.groups.get(group.name, ()), {}]
        for number, member in enumerate(members):
            prefix = f"g-{group.name}-{number}"
            lines = tuple(_line(f"{prefix}-{f.name}", f, member.get(f.name), columns) for f in group.fields)
            label = f"{group.label} {number + 1}" if member else f"{group.label}: add one"
            shown.append(MemberLines(label, lines))
    return shown


def _line(name: str, field: Field, source: Source | None, columns: Sequence[Column]) -> Line:
    source = source or Source()
    first, second = (*source.columns, "", "")[:2]
    samples = next((column.samples for column in columns if column.name == first), ())
    return Line(
        name=name,
        field=field,
        column=first,
        second=second,
        constant=source.constant or "",
        words="\n".join(f"{word} = {meaning}" for word, meaning in source.values.items()),
        create=source.create,
        lenient=source.if_wrong == "empty",
        can_create=field.refers_to in CREATABLE,
        sample=", ".join(samples[:3])[:80],
    )


def chosen_mapping(mapping: Mapping, target: Target, data: Any, known: frozenset[str]) -> Mapping:
    """Return the mapping with what a person chose on the page; what the page does not show is kept."""
    fields = {
        field.name: source
        for field in target.fields
        if (source := _chosen(f"f-{field.name}", mapping.fields.get(field.name), data, known))
    }
    groups: dict[str, tuple[dict[str, Source], ...]] = {}
    for group in target.groups:
        before = [*mapping.groups.get(group.name, ()), {}]
        members = []
        for number, old in enumerate(before):
            prefix = f"g-{group.name}-{number}"
            member = {
                field.name: source
                for field in group.fields
                if (source := _chosen(f"{prefix}-{field.name}", old.get(field.name), data, known))
            }
            if any(source.columns for source in member.values()):
                members.append(member)
        if members:
            groups[group.name] = tuple(members)
    return replace(mapping, fields=fields, groups=groups)


def _chosen(name: str, old: Source | None, data: Any, known: frozenset[str]) -> Source | None:
    old = old or Source()
    picked = [data.get(f"{name}-column", ""), data.get(f"{name}-second", "")]
    columns = tuple(column for column in picked if column in known) + old.columns[2:]
    constant = data.get(f"{name}-constant", "").strip() or None
    if not columns and constant is None:
        return None
    return replace(
        old,
        columns=columns,
        constant=constant,
        values=_words(data.get(f"{name}-words", "")),
        create=f"{name}-create" in data,
        if_wrong="empty" if f"{name}-lenient" in data else "reject",
    )


def _words(text: str) -> dict[str, str]:
    """Read 'word = meaning', a line each."""
    words: dict[str, str] = {}
    for line in text.splitlines():
        word, equals, meaning = line.partition("=")
        if equals:
            words[word.strip()] = meaning.strip()
    return words
