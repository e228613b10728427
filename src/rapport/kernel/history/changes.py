"""Who changed what: before and after, put together from the events the triggers wrote.

Each event holds a row as it was after the change, so what changed is the difference to the event before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models
from django.utils.translation import gettext as _
from psycopg import sql

from rapport.kernel.history.search import PAGE, Search
from rapport.kernel.history.trails import Trail, trails
from rapport.kernel.models import User

# What a text is looked for in, where a table has it.
WORDS = ("name", "email", "key", "value", "title", "number", "city", "domain")
CHUNK = 1000
SHOWN = 200
Row = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """One field, before and after."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One row, changed once."""

    at: datetime
    who: str
    way: str
    deed: str
    kind: str
    what: str
    url: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class _Found:
    """Where an event lies."""

    kind: str
    event: int
    at: datetime
    context: str | None


def find_changes(search: Search) -> tuple[list[Change], bool]:
    """Return one page of changes, latest first, and whether there are more."""
    found = _find(search, limit=search.offset + PAGE + 1)[search.offset :]
    return _tell(found[:PAGE]), len(found) > PAGE


def all_changes(search: Search) -> Iterator[Change]:
    """Return every change that fits, table by table and latest first, a thousand at a time."""
    for trail in _wanted(search):
        before: int | None = None
        while True:
            query, parameters = _one_table(trail, search, CHUNK, before)
            rows = _run(query, parameters) if query else []
            yield from _tell(rows)
            if len(rows) < CHUNK:
                break
            before = rows[-1].event


def _wanted(search: Search) -> list[Trail]:
    return [trail for kind, trail in trails().items() if search.kind in ("", kind)]


def _find(search: Search, limit: int) -> list[_Found]:
    parts = [_one_table(trail, search, limit, None) for trail in _wanted(search)]
    parts = [part for part in parts if part[0]]
    if not parts:
        return []
    union = sql.SQL(" UNION ALL ").join(sql.SQL("({})").format(query) for query, _values in parts if query)
    query = sql.SQL("SELECT * FROM ({}) AS found ORDER BY at DESC, kind, event DESC LIMIT {}")
    values = [value for _query, values in parts for value in values]
    return _run(query.format(union, sql.Literal(limit)), values)


def _run(query: sql.Composed, values: list[Any]) -> list[_Found]:
    with connection.cursor() as cursor:
        cursor.execute(cast(str, query), values)
        return [_Found(*row) for row in cursor.fetchall()]


def _one_table(
    trail: Trail, search: Search, limit: int, before: int | None
) -> tuple[sql.Composed | None, list[Any]]:
    """Make the query for one table's latest events, read by key so that only what is shown is touched."""
    conditions, values = _conditions(trail, search)
    if before is not None:
        conditions.append(sql.SQL("pgh_id < %s"))
        values.append(before)
    if any(condition is None for condition in conditions):
        return None, []
    where = sql.SQL(" AND ").join([sql.SQL("true"), *(c for c in conditions if c is not None)])
    query = sql.SQL(
        "SELECT {kind} AS kind, pgh_id AS event, pgh_created_at AS at, pgh_context_id::text AS context"
        " FROM {table} WHERE {where} ORDER BY pgh_id DESC LIMIT {limit}"
    ).format(
        kind=sql.Literal(trail.kind), table=sql.Identifier(trail.table), where=where, limit=sql.Literal(limit)
    )
    return query, values


def _conditions(trail: Trail, search: Search) -> tuple[list[sql.Composable | None], list[Any]]:
    """Return the conditions of a search on one table; None stands for one that nothing there can meet."""
    conditions: list[sql.Composable | None] = []
    values: list[Any] = []
    users = search.users()
    if users is not None:
        conditions.append(
            sql.SQL("pgh_context_id IN (SELECT id FROM pghistory_context WHERE metadata->>'user' = ANY(%s))")
        )
        values.append([str(user) for user in users])
    for moment, comparison in ((search.begins, ">="), (search.ends, "<")):
        if moment:
            conditions.append(sql.SQL("pgh_created_at " + comparison + " %s"))
            values.append(moment)
    if search.about:
        about, meant = _about(trail, search.about)
        conditions.append(about)
        values += meant
    return conditions, values


def _about(trail: Trail, text: str) -> tuple[sql.Composable | None, list[Any]]:
    """Return the condition that an event concerns what a text names: a code such as A12, or words of it."""
    named = _by_code(text)
    if named is not None:
        model, key = named
        if trail.model is model:
            return sql.SQL("pgh_obj_id = %s"), [key]
        column = trail.column_to(model)
        return (sql.SQL("{} = %s").format(sql.Identifier(column)), [key]) if column else (None, [])
    columns = [field.column or "" for field in trail.fields if field.name in WORDS and _is_text(field)]
    if not columns:
        return None, []
    likes = [sql.SQL("{} ILIKE %s").format(sql.Identifier(column)) for column in columns]
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return sql.SQL("({})").format(sql.SQL(" OR ").join(likes)), [pattern] * len(columns)


def _is_text(field: models.Field[Any, Any]) -> bool:
    return isinstance(field, models.CharField | models.TextField)


def _by_code(text: str) -> tuple[type[models.Model], Any] | None:
    """Return the table and key of the row with this code, if any row has it."""
    for trail in trails().values():
        try:
            trail.model._meta.get_field("code")
        except FieldDoesNotExist:
            continue
        key = trail.model._default_manager.filter(code__iexact=text).values_list("pk", flat=True).first()
        if key is not None:
            return trail.model, key
    return None


def _tell(found: list[_Found]) -> list[Change]:
    """Read the events found and those before them, and put into words what changed."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for entry in found:
        by_kind[entry.kind].append(entry.event)
    events = {kind: _events(trails()[kind], numbers) for kind, numbers in by_kind.items()}
    contexts = _contexts({entry.context for entry in found if entry.context})
    words = _Words(events)
    return [_change(entry, events[entry.kind][entry.event], contexts, words) for entry in found]


@dataclass(frozen=True)
class _Pair:
    """An event and the one before it about the same row."""

    label: str
    key: Any
    now: Row
    before: Row


def _events(trail: Trail, numbers: list[int]) -> dict[int, _Pair]:
    earlier = _earlier(trail, numbers)
    wanted = {*numbers, *(number for number in earlier.values() if number)}
    columns = [field.attname for field in trail.fields]
    rows = {
        row["pgh_id"]: row
        for row in trail.events.objects.filter(pgh_id__in=wanted).values(
            "pgh_id", "pgh_label", "pgh_obj_id", *columns
        )
    }
    return {
        number: _Pair(
            rows[number]["pgh_label"],
            rows[number]["pgh_obj_id"],
            rows[number],
            rows.get(earlier.get(number) or 0, {}),
        )
        for number in numbers
    }


def _earlier(trail: Trail, numbers: list[int]) -> dict[int, int | None]:
    """Return for each event the one before it about the same row."""
    query = sql.SQL(
        "SELECT e.pgh_id, (SELECT p.pgh_id FROM {table} p WHERE p.pgh_obj_id = e.pgh_obj_id"
        " AND p.pgh_id < e.pgh_id ORDER BY p.pgh_id DESC LIMIT 1) FROM {table} e WHERE e.pgh_id = ANY(%s)"
    ).format(table=sql.Identifier(trail.table))
    with connection.cursor() as cursor:
        cursor.execute(cast(str, query), [numbers])
        return dict(cursor.fetchall())


def _contexts(ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    from pghistory.models import Context

    return {str(row.pk): row.metadata for row in Context.objects.filter(pk__in=list(ids))}


def _target(field: models.ForeignKey[Any, Any]) -> type[models.Model]:
    target: type[models.Model] = field.related_model
    return target


class _Words:
    """Names for keys: rows that are pointed at, read once a table."""

    def __init__(self, events: dict[str, dict[int, _Pair]]) -> None:
        self._names: dict[type[models.Model], dict[Any, models.Model]] = {}
        wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
        for kind, pairs in events.items():
            trail = trails()[kind]
            for pair in pairs.values():
                wanted[trail.model].add(pair.key)
                for field in trail.fields:
                    if isinstance(field, models.ForeignKey):
                        target = _target(field)
                        wanted[target] |= {pair.now.get(field.attname), pair.before.get(field.attname)}
        for model, keys in wanted.items():
            self._names[model] = model._default_manager.in_bulk([key for key in keys if key is not None])

    def row(self, model: type[models.Model], key: Any) -> models.Model | None:
        return self._names.get(model, {}).get(key)

    def value(self, field: models.Field[Any, Any], row: Row) -> str:
        """Put a value into words; the name of what is pointed at is the name of today."""
        value = row.get(field.attname)
        if value is None or value == "":
            return ""
        if isinstance(field, models.ForeignKey):
            named = self.row(_target(field), value)
            return str(named) if named else str(value)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        named = dict(field.flatchoices).get(value, value) if field.choices else value
        return str(named)[:SHOWN]


def _change(entry: _Found, pair: _Pair, contexts: dict[str, dict[str, Any]], words: _Words) -> Change:
    trail = trails()[entry.kind]
    who, way = _who(contexts.get(entry.context or "", {}))
    row = words.row(trail.model, pair.key)
    return Change(
        at=entry.at,
        who=who,
        way=way,
        deed={"insert": _("added"), "update": _("changed"), "delete": _("removed")}.get(
            pair.label, pair.label
        ),
        kind=trail.name,
        what=str(row) if row else _last_name(trail, pair),
        url=_url(row),
        differences=tuple(_differences(trail, pair, words)),
    )


def _deed(label: str) -> str:
    return {"insert": _("added"), "update": _("changed"), "delete": _("removed")}.get(label, label)


def _last_name(trail: Trail, pair: _Pair) -> str:
    return next((str(pair.now[word]) for word in WORDS if pair.now.get(word)), str(pair.key))


def _url(row: models.Model | None) -> str:
    find = getattr(row, "get_absolute_url", None)
    return str(find()) if find else ""


def _differences(trail: Trail, pair: _Pair, words: _Words) -> Iterator[Difference]:
    now: Row = {} if pair.label == "delete" else pair.now
    before = {} if pair.label == "insert" else (pair.before or ({} if pair.label != "delete" else pair.now))
    for field in trail.fields:
        if now.get(field.attname) == before.get(field.attname):
            continue
        told = Difference(_name(trail, field), words.value(field, before), words.value(field, now))
        if told.before != told.after:
            yield told


def _name(trail: Trail, field: models.Field[Any, Any]) -> str:
    return str(trail.model._meta.get_field(field.name).verbose_name)  # type: ignore[union-attr]


def _who(context: dict[str, Any]) -> tuple[str, str]:
    """Return who did it and by which way: a page's address, a job or a command."""
    user = context.get("user")
    way = str(context.get("url") or context.get("job") or context.get("command") or "")
    person = User.objects.filter(pk=user).first() if user else None
    return (person.name if person else str(user) if user else _("Rapport itself"), way)
