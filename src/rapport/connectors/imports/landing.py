"""Landing staged rows in a table, set by set: found again, compared, inserted or changed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models
from psycopg import sql

from rapport.connectors.files import Field, Problem, Target
from rapport.connectors.files import Mapping as FileMapping
from rapport.connectors.imports.references import FINDERS, Looking, add_to_catalogue, contacts
from rapport.connectors.imports.rows import Counts, ParsedBatch
from rapport.connectors.imports.staging import Stage
from rapport.rooms.accounts.api import Known, announce_news, known_before

_AT_ONCE = 5_000
_REFUSED = {
    "account": (
        "There is no such account, or it is not one you may see.",
        "Import accounts first, or correct the id or name.",
    ),
    "contact": (
        "There is no such person here.",
        "Import contacts first, or correct the id, name or e-mail address.",
    ),
    "opportunity": ("There is no such opportunity.", "Import opportunities first, or correct the id."),
    "user": ("No user has this address or name.", "Add the user, or correct the name."),
}


@dataclass(frozen=True, slots=True)
class LandingContext:
    """What a landing needs to know about its import."""

    run_id: UUID
    mapping: FileMapping
    looking: Looking


class TableLanding:
    """Lands rows that carry an account, a source and an id there; other tables override what differs."""

    target: Target
    model: type[models.Model]
    natural: tuple[str, ...] = ()
    """Fields that make up the key where the file has no ids; none: the whole row does."""
    whole = False
    """Whether all rows must land in one transaction because they refer to each other."""

    def __init__(self, context: LandingContext) -> None:
        self.context = context
        mapped = set(context.mapping.fields)
        if any(field.kind == "money" for field in self.target.fields if field.name in mapped):
            mapped.add("currency")
        self.fields: list[Field] = [field for field in self.target.fields if field.name in mapped]
        self.remarks: list[Problem] = []
        self.stage = Stage(context.run_id, self._stage_columns())

    # -- staging

    def _stage_columns(self) -> dict[str, str]:
        columns: dict[str, str] = {}
        for field in self.fields:
            columns[f"v_{field.name}"] = "text" if field.refers_to else self._type_of(field.name)
            if field.refers_to:
                columns[f"r_{field.name}"] = self._type_of(field.name)
        for group in self.target.groups:
            columns[f"g_{group.name}"] = "jsonb"
        return columns

    def _type_of(self, name: str) -> str:
        try:
            column: Any = self.model._meta.get_field(name)
        except FieldDoesNotExist:
            return "text"
        return str(
            column.rel_db_type(connection)
            if column.is_relation and column.concrete
            else column.db_type(connection)
        )

    def add(self, parsed: ParsedBatch) -> None:
        """Put a batch of parsed rows on the stage."""
        columns = [parsed.values[field.name] for field in self.fields]
        names = [f"v_{field.name}" for field in self.fields]
        for group in self.target.groups:
            names.append(f"g_{group.name}")
            columns.append(cast(list[object], self._members(group.name, parsed)))
        self.stage.add(names, zip(*columns, strict=True), parsed.rows)

    def _members(self, group: str, parsed: ParsedBatch) -> list[str]:
        members = [member for member in parsed.members if member.group == group]
        return [
            json.dumps(
                [{name: column[i] for name, column in m.values.items()} for m in members if m.there[i]],
                default=str,
            )
            for i in range(len(parsed.rows))
        ]

    # -- checking

    def check(self) -> Counts:
        """Find what the rows refer to and which are there already; return what landing will do."""
        self.stage.execute("ANALYZE {stage}")
        for field in self.fields:
            if field.refers_to and field.refers_to != "contact" and not self._own_reference(field):
                self._find(field)
        for field in self.fields:
            if field.refers_to == "contact":
                self._find_contacts(field)
        self.check_references()
        self.give_keys()
        self._mark_repeated()
        self.match()
        self.check_matches()
        self._judge()
        return self.counts()

    def _own_reference(self, field: Field) -> bool:
        """Tell whether a reference may point at rows of the same file, and is looked up later."""
        return False

    def _find(self, field: Field) -> None:
        column = f"v_{field.name}"
        names = self.stage.select(f'SELECT DISTINCT "{column}" FROM {{stage}} WHERE "{column}" IS NOT NULL')
        words = iter([name for (name,) in names])
        self.stage.execute(
            "CREATE TEMP TABLE found (given text PRIMARY KEY, id text) ON COMMIT PRESERVE ROWS"
        )
        while part := list(islice(words, _AT_ONCE)):
            found = FINDERS[field.refers_to](part, self.context.looking)
            with connection.cursor() as cursor, cursor.copy("COPY found (given, id) FROM STDIN") as copy:
                for pair in found.items():
                    copy.write_row(pair)
        kind = self.stage.columns[f"r_{field.name}"]
        self.stage.execute(
            f'UPDATE {{stage}} s SET "r_{field.name}" = f.id::{kind} FROM found f '
            f'WHERE f.given = s."{column}"'
        )
        self.stage.execute("DROP TABLE found")
        self._tell_unknown(field)

    def _find_contacts(self, field: Field) -> None:
        within = "r_account" if "r_account" in self.stage.columns else "NULL::bigint"
        column = f"v_{field.name}"
        pairs = iter(
            self.stage.select(
                f'SELECT DISTINCT "{column}", {within} FROM {{stage}} WHERE "{column}" IS NOT NULL'
            )
        )
        self.stage.execute(
            "CREATE TEMP TABLE found (given text, within bigint, id bigint) ON COMMIT PRESERVE ROWS"
        )
        while part := list(islice(pairs, _AT_ONCE)):
            found = contacts(cast(Sequence[tuple[str, int | None]], part), self.context.looking)
            with (
                connection.cursor() as cursor,
                cursor.copy("COPY found (given, within, id) FROM STDIN") as copy,
            ):
                for (name, account), contact in found.items():
                    copy.write_row((name, account, contact))
        self.stage.execute(
            f'UPDATE {{stage}} s SET "r_{field.name}" = f.id FROM found f '
            f'WHERE f.given = s."{column}" AND f.within IS NOT DISTINCT FROM {within}'
        )
        self.stage.execute("DROP TABLE found")
        self._tell_unknown(field)

    def _tell_unknown(self, field: Field) -> None:
        what, mend = _REFUSED.get(
            field.refers_to,
            (
                f"The catalogue has no {field.refers_to} of this key or name.",
                "Add it to the catalogue, map the word to one that is there, or let the mapping create it.",
            ),
        )
        lenient = self.context.mapping.fields[field.name].if_wrong == "empty" and not field.required
        self.tell(
            f'"v_{field.name}" IS NOT NULL AND "r_{field.name}" IS NULL',
            field,
            what,
            mend,
            rejected=not lenient,
        )

    def tell(self, condition: str, field: Field, what: str, mend: str, *, rejected: bool = True) -> int:
        """Write a problem for every row meeting the condition; unless it is a remark, the row stays out."""
        value = f'left("v_{field.name}"::text, 200)' if f"v_{field.name}" in self.stage.columns else "''"
        unfated = "" if rejected else "AND fate IS NULL"
        told = self.stage.execute(
            'INSERT INTO imports_importproblem (run_id, "row", "column", value, what, mend, rejected) '
            f"SELECT %s, row, %s, coalesce({value}, ''), %s, %s, %s FROM {{stage}} s "
            f"WHERE {condition} AND coalesce(fate, '') <> 'repeated' {unfated} ORDER BY pos",
            [self.context.run_id, self.heading(field), what, mend, rejected],
        )
        if rejected and told:
            self.stage.execute(f"UPDATE {{stage}} s SET fate = 'rejected' WHERE {condition} AND fate IS NULL")
        return told

    def heading(self, field: Field) -> str:
        """Return what the file calls the field."""
        source = self.context.mapping.fields.get(field.name)
        return " + ".join(source.columns) if source and source.columns else field.label

    def check_references(self) -> None:
        """Check what must hold between references; tables override this."""

    def give_keys(self) -> None:
        """Give every row the key by which it is known again."""
        if "v_external_id" in self.stage.columns:
            field = self.target.by_name["external_id"]
            self.tell(
                "v_external_id IS NULL",
                field,
                "The row has no id.",
                "Fill it in, or do not map the id at all.",
            )
            self.stage.execute("UPDATE {stage} SET key = v_external_id WHERE fate IS NULL")
            return
        listed = [f'"v_{f.name}"' for f in self.fields if not self.natural or f.name in self.natural]
        told = f"'row:' || md5(concat_ws('|', {', '.join(f'coalesce({c}::text, %s)' for c in listed)}))"
        if self.natural:
            self.stage.execute(
                f"UPDATE {{stage}} SET key = {told} WHERE fate IS NULL", ["\x1f"] * len(listed)
            )
            return
        # Equal rows are different things; the second and third are numbered.
        self.stage.execute(
            f"UPDATE {{stage}} s SET key = k.key || CASE WHEN k.n > 1 THEN ':' || k.n ELSE '' END FROM ("
            f"  SELECT pos, key, row_number() OVER (PARTITION BY key ORDER BY pos) AS n FROM ("
            f"    SELECT pos, {told} AS key FROM {{stage}} WHERE fate IS NULL) q) k WHERE k.pos = s.pos",
            ["\x1f"] * len(listed),
        )

    def _mark_repeated(self) -> None:
        order = "DESC" if self.context.mapping.repeated == "last" else "ASC"
        self.stage.execute(
            "UPDATE {stage} s SET fate = 'repeated' FROM ("
            f"  SELECT pos, row_number() OVER (PARTITION BY key ORDER BY pos {order}) AS n"
            "   FROM {stage} WHERE fate IS NULL) d WHERE d.pos = s.pos AND d.n > 1"
        )
        self.stage.execute("CREATE INDEX ON {stage} (key)")

    def match(self) -> None:
        """Find the rows that are there already."""
        self.stage.execute(
            f"UPDATE {{stage}} s SET match = t.id FROM {self.table} t "
            "WHERE s.fate IS NULL AND t.source = %s AND t.external_id = s.key",
            [self.context.mapping.source],
        )

    def check_matches(self) -> None:
        """Keep a user of limited scope from changing what lies outside it."""
        if self.context.looking.everything:
            return
        rows: Any = self.model._default_manager
        ids = [
            pk
            for (pk,) in self.stage.select(
                "SELECT match FROM {stage} WHERE fate IS NULL AND match IS NOT NULL"
            )
        ]
        seen = set(rows.visible_to(self.context.looking.user).filter(pk__in=ids).values_list("pk", flat=True))
        unseen = sorted(set(ids) - seen)
        if unseen:
            listed = ",".join(str(int(pk)) for pk in unseen)
            self.tell(
                f"fate IS NULL AND match IN ({listed})",
                self.target.fields[0],
                "This row belongs to a customer you may not see.",
                "Ask a colleague who may, or leave it out.",
            )

    # -- comparing

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    def landed(self) -> dict[str, str]:
        """Return the table's columns that the file fills, each with its column on the stage."""
        there: dict[str, str] = {}
        for field in self.fields:
            try:
                column: Any = self.model._meta.get_field(field.name)
            except FieldDoesNotExist:
                continue
            if field.name != "external_id":
                there[column.column] = f's."{"r" if field.refers_to else "v"}_{field.name}"'
        return there

    def _judge(self) -> None:
        clear = self.context.mapping.empty == "clear"
        differs = [
            f't."{column}" IS DISTINCT FROM '
            + (
                f"coalesce({value}, {self._default_sql(column)})"
                if clear
                else f'coalesce({value}, t."{column}")'
            )
            for column, value in self.landed().items()
        ]
        differing = " OR ".join([*differs, *self.more_differences()]) or "false"
        self.stage.execute(
            f"UPDATE {{stage}} s SET fate = CASE WHEN {differing} "
            f"THEN 'changed' ELSE 'unchanged' END FROM {self.table} t WHERE s.match = t.id AND s.fate IS NULL"
        )
        self.stage.execute("UPDATE {stage} SET fate = 'new' WHERE fate IS NULL")

    def more_differences(self) -> list[str]:
        """Return further conditions, on the stage `s` and the table `t`, under which a row is changed."""
        return []

    def _default_sql(self, column: str) -> str:
        """Return what an empty cell means in a column that must not be null."""
        return sql.Literal(self._default_of(column)).as_string(None)

    def _default_of(self, column: str) -> object:
        field = next(f for f in self.model._meta.concrete_fields if f.column == column)
        if field.null:
            return None
        return field.get_default() if field.has_default() else "" if field.empty_strings_allowed else None

    def counts(self) -> Counts:
        """Count the fates of the rows on the stage."""
        fates = dict(self.stage.select("SELECT fate, count(*) FROM {stage} GROUP BY fate"))
        return Counts(
            created=fates.get("new", 0),
            changed=fates.get("changed", 0),
            unchanged=fates.get("unchanged", 0),
            rejected=fates.get("rejected", 0),
            repeated=fates.get("repeated", 0),
        )

    def shown(self) -> tuple[list[str], list[tuple[int, str, tuple[str, ...]]]]:
        """Return the headings and the staged rows as text, for a preview."""
        headings = [field.label for field in self.fields] + [group.label for group in self.target.groups]
        columns = [f'"v_{field.name}"::text' for field in self.fields]
        columns += [f'"g_{group.name}"::text' for group in self.target.groups]
        rows = self.stage.select(f"SELECT row, fate, {', '.join(columns)} FROM {{stage}} ORDER BY pos")
        return headings, [
            (row, fate, tuple("" if c is None else c for c in cells)) for row, fate, *cells in rows
        ]

    # -- landing

    def prepare(self) -> None:
        """Do what must happen once before the first row lands: ids for the new rows, catalogue entries."""
        add_to_catalogue(self.context.looking)
        self.stage.execute(
            f"UPDATE {{stage}} SET new_id = nextval(pg_get_serial_sequence('{self.table}', 'id')) "
            "WHERE fate = 'new'"
        )

    def land(self, first: int, last: int) -> None:
        """Land the rows of a range in the current transaction."""
        between = {"first": first, "last": last}
        before = self._watched(between) if self.context.mapping.live else []
        self.insert(between)
        self.update(between)
        self.finish(between)
        if self.context.mapping.live:
            announce_news(self.model, before, now=self.context.looking.now)

    def _watched(self, between: dict[str, Any]) -> list[Known]:
        """Return the rows of a range that will be new or changed, as they are before."""
        ids = self.stage.select(
            "SELECT coalesce(new_id, match) FROM {stage} WHERE fate IN ('new', 'changed') "
            "AND pos BETWEEN %(first)s AND %(last)s",
            between,
        )
        return known_before(self.model, [int(row[0]) for row in ids])

    def insert(self, between: dict[str, Any], condition: str = "true") -> None:
        """Insert the new rows of a range."""
        columns = self.given()
        params: dict[str, Any] = dict(between)
        landed = self.landed()
        for field in cast(Sequence[Any], self.model._meta.concrete_fields):
            if field.generated or field.column in columns:
                continue
            value = landed.get(field.column)
            default = self._default_of(field.column)
            if callable(default):
                default = default()
            if field.column in ("created_at", "updated_at"):
                default = self.context.looking.now
            params[f"d_{field.column}"] = default
            cast_to = field.db_type(connection) if not field.is_relation else field.rel_db_type(connection)
            param = f"%(d_{field.column})s::{cast_to}"
            columns[field.column] = f"coalesce({value}, {param})" if value else param
        names = ", ".join(f'"{name}"' for name in columns)
        self.stage.execute(
            f"INSERT INTO {self.table} ({names}) SELECT {', '.join(columns.values())} FROM {{stage}} s "
            f"WHERE fate = 'new' AND pos BETWEEN %(first)s AND %(last)s AND {condition} ORDER BY pos",
            params,
        )

    def given(self) -> dict[str, str]:
        """Return the columns of a new row that identify it."""
        source = sql.Literal(self.context.mapping.source).as_string(None)
        return {"id": "s.new_id", "source": source.replace("%", "%%"), "external_id": "s.key"}

    def update(self, between: dict[str, Any]) -> None:
        """Change the rows of a range that differ."""
        clear = self.context.mapping.empty == "clear"
        params: dict[str, Any] = dict(between)
        sets: list[str] = []
        for column, value in self.landed().items():
            if clear:
                params[f"d_{column}"] = self._default_of(column)
                sets.append(f'"{column}" = coalesce({value}, %(d_{column})s)')
            else:
                sets.append(f'"{column}" = coalesce({value}, t."{column}")')
        if any(field.column == "updated_at" for field in self.model._meta.concrete_fields):
            params["now"] = self.context.looking.now
            sets.append("updated_at = %(now)s")
        if not sets:
            return
        self.stage.execute(
            f"UPDATE {self.table} t SET {', '.join(sets)} FROM {{stage}} s WHERE t.id = s.match "
            "AND s.fate = 'changed' AND s.pos BETWEEN %(first)s AND %(last)s",
            params,
        )

    def finish(self, between: dict[str, Any]) -> None:
        """Land what belongs to the rows of a range; tables with groups override this."""


def in_scope_condition(looking: Looking) -> str:
    """Return the condition under which a new account on the stage lies in a user's scope."""
    user = looking.user
    if user is None or user.scope.everything:
        return "true"
    scope = user.scope
    parts = [f"s.r_owner = {int(user.pk)}"] if scope.own_accounts else []
    for column, keys in (("r_region", scope.regions), ("r_team", scope.teams), ("r_partner", scope.partners)):
        if keys:
            listed = ", ".join("'" + key.replace("'", "''").replace("%", "%%") + "'" for key in sorted(keys))
            parts.append(f"s.{column} IN ({listed})")
    return " OR ".join(parts) or "false"
