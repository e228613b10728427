"""Suggesting a mapping: by headings, in several languages, and by what the values look like."""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from typing import NamedTuple

from rapidfuzz import fuzz

from rapport.connectors.files.mapping import Mapping, Source, Sources
from rapport.connectors.files.tables import Column, FileOptions
from rapport.connectors.files.targets import Field, Target

_SYNONYMS: dict[str, list[str]] = tomllib.loads(
    files(__package__).joinpath("headings.toml").read_text(encoding="utf-8")
)

_GOOD_ENOUGH = 66.0
_KIN: dict[str, frozenset[str]] = {
    "integer": frozenset({"integer"}),
    "number": frozenset({"integer", "number"}),
    "money": frozenset({"integer", "number", "money"}),
    "date": frozenset({"date", "datetime"}),
    "datetime": frozenset({"date", "datetime"}),
    "boolean": frozenset({"boolean", "integer"}),
}
_TELLING = frozenset({"email", "url", "country"})


class Suggestion(NamedTuple):
    """One column for one field, and how sure that is (0-100)."""

    field: str
    column: str
    score: float


def suggest_mapping(
    columns: Sequence[Column], target: Target, options: FileOptions | None = None, source: str = "file"
) -> Mapping:
    """Propose a mapping for these columns; a person is expected to look at it."""
    chosen = suggest_fields(columns, target)
    fields: dict[str, Source] = {s.field: Source(columns=(s.column,)) for s in chosen}
    taken = {s.column for s in chosen}
    groups = _suggest_groups([c for c in columns if c.name not in taken], target)
    return Mapping(
        target=target.name, fields=fields, groups=groups, source=source, file=options or FileOptions()
    )


def suggest_fields(columns: Sequence[Column], target: Target) -> list[Suggestion]:
    """Pair fields with columns, the surest pairs first; each column and field is used once."""
    pairs = [
        Suggestion(field.name, column.name, score)
        for field in target.fields
        for column in columns
        if (score := likeness(column, field, target)) >= _GOOD_ENOUGH
    ]
    order = [field.name for field in target.fields]
    pairs.sort(key=lambda pair: (-pair.score, order.index(pair.field)))
    fields: set[str] = set()
    used: set[str] = set()
    chosen: list[Suggestion] = []
    for pair in pairs:
        if pair.field not in fields and pair.column not in used:
            chosen.append(pair)
            fields.add(pair.field)
            used.add(pair.column)
    chosen.sort(key=lambda pair: order.index(pair.field))
    return chosen


def likeness(column: Column, field: Field, target: Target) -> float:
    """Say how well a column fits a field, 0 to 100: by its heading, corrected by its values."""
    heading = _folded(column.name)
    names = [field.name, field.label, *field.synonyms]
    own = target.label.rstrip("s") if not target.label.endswith("ies") else f"{target.label[:-3]}y"
    if field.name == "external_id":
        names += [f"{own} {word}" for word in ("id", "number", "no", "key", "ref")]
    elif field.name in ("name", "title", "full_name"):
        names += [f"{own} {field.name}", own]
    best = max(_name_score(heading, _folded(name)) for name in names)
    listed = max((_name_score(heading, _folded(name)) for name in _also_called(field, target)), default=0.0)
    heading_score = max(best, listed - 4)
    # A heading that says it plainly outweighs values that do not look right: those are told row by row.
    score = heading_score + max(_value_score(column, field), -28.0 if heading_score >= 95 else -100.0)
    if column.kind == field.kind == "email":
        # Nothing else looks like an address, whatever stands above it.
        score = max(score, 75.0)
    return max(0.0, min(100.0, score))


def _also_called(field: Field, target: Target) -> list[str]:
    return _SYNONYMS.get(f"{target.name}.{field.name}", []) + _SYNONYMS.get(field.name, [])


def _name_score(heading: str, name: str) -> float:
    if heading == name:
        return 100.0
    return max(float(fuzz.ratio(heading, name)), float(fuzz.token_sort_ratio(heading, name)) - 2) * 0.9


def _value_score(column: Column, field: Field) -> float:
    if not column.samples:
        return -5.0
    if field.kind in _TELLING:
        return 8.0 if column.kind == field.kind else -30.0
    if field.kind in _KIN:
        return 6.0 if column.kind in _KIN[field.kind] else -45.0
    if field.name == "external_id":
        if column.kind in ("date", "datetime"):
            return -45.0
        return 5.0 if column.filled == 1.0 and column.distinct > len(column.samples) else 0.0
    if field.kind in ("text", "choice") and column.kind in ("date", "datetime", "email"):
        return -25.0
    return 0.0


def _folded(text: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    plain = unicodedata.normalize("NFKD", spaced).encode("ascii", "ignore").decode() or spaced
    return " ".join(re.sub(r"[^\w]+|_", " ", plain).casefold().split())


# ------------------------------------------------------------------ scores and comments

_METRICS = (
    (
        "nps",
        re.compile(
            r"\bnps\b|recomm?[ae]nd|empfehl|raccomand|aanbevel|promoter|scale of 0\W*(?:to|-)?\W*10", re.I
        ),
    ),
    ("ces", re.compile(r"\bces\b|effort|aufwand|easy|einfach|esfuerzo|moeite", re.I)),
    ("csat", re.compile(r"csat|satisf|zufrieden|tevreden|soddisf|rating|score|stars|note", re.I)),
)
_NOT_A_SCORE = re.compile(
    r"\bid\b|date|year|count|number|amount|confidence|phone|zip|hours|minutes|seconds", re.I
)


def _suggest_groups(columns: Sequence[Column], target: Target) -> dict[str, tuple[Sources, ...]]:
    groups: dict[str, tuple[Sources, ...]] = {}
    if target.group("scores"):
        groups["scores"] = tuple(filter(None, (_score(column) for column in columns)))
    if target.group("comments"):
        scored = {s["value"].columns[0] for s in groups.get("scores", ())}
        groups["comments"] = tuple(_comment(c) for c in columns if c.name not in scored and _is_prose(c))
    return {name: members for name, members in groups.items() if members}


def _score(column: Column) -> Sources | None:
    if column.kind not in ("integer", "number") or _NOT_A_SCORE.search(_folded(column.name)):
        return None
    try:
        values = [Decimal(sample) for sample in column.samples]
    except InvalidOperation:
        return None
    if not values or min(values) < 0 or max(values) > 10 or column.distinct > 21:
        return None
    for metric, words in _METRICS:
        if words.search(column.name):
            return {"metric": Source(constant=metric), "value": Source(columns=(column.name,))}
    return None


def _is_prose(column: Column) -> bool:
    if column.kind != "text" or not column.samples:
        return False
    words = [len(sample.split()) for sample in column.samples]
    named = any(_name_score(_folded(column.name), _folded(w)) >= 85 for w in _SYNONYMS["comment"])
    return named or sum(words) / len(words) >= 5


def _comment(column: Column) -> Sources:
    return {"text": Source(columns=(column.name,)), "question": Source(constant=column.name[:200])}
