"""How columnar facts are read from the ledger, and how far whoever asks may see."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.csv
from django.db import connection, transaction
from django.db.models import F, Q, TextField, Value
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from rapport.analytics.ledger import Changes, Metric, Narrowing, Sight, State
from rapport.analytics.schema import NOT_GIVEN, RAW, QueryRefused
from rapport.analytics.store import store
from rapport.kernel.doctor import Finding
from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account
from rapport.rooms.catalog import models as catalog
from rapport.rooms.signals.anonymity import released_blocks
from rapport.rooms.signals.models import FEWEST_ANONYMOUS

_WRITER = 7_301_552
_BATCH = 16 * 2**20
_KEPT = timedelta(days=2)

# Blocks are marked, so that one without a name is not taken for an answer with one.
_SCORES = """
SELECT metric_id, id, coalesce(account_id, 0), coalesce(contact_id, 0),
  (occurred_at AT TIME ZONE 'UTC')::date - DATE '1970-01-01', value, scale_low, scale_high,
  coalesce(region_id, ''), buying_role, coalesce(touchpoint_id, ''), coalesce(product_id, ''),
  coalesce(partner_id, ''), kind, source, CASE WHEN anonymous THEN 'b' || block ELSE '' END
FROM signals_score WHERE NOT superseded
"""
_STATE = """
SELECT current_database() || ' ' || (SELECT oid FROM pg_database WHERE datname = current_database())
  || ' ' || (SELECT system_identifier FROM pg_control_system()),
  pg_current_snapshot()::text
"""
# Whatever the last snapshot did not see; what this very transaction wrote is seen again later.
_CHANGES = """
SELECT fresh AND xid IS DISTINCT FROM pg_current_xact_id_if_assigned(), scores FROM signals_score_change
WHERE xid = pg_current_xact_id_if_assigned()
  OR (xid >= %s::xid8 AND NOT pg_visible_in_snapshot(xid, %s::pg_snapshot))
"""
_ATTRIBUTES: Mapping[str, str] = {
    "account": "code",
    "tier": "tier",
    "sector": "sector",
    "life_cycle": "life_cycle",
    "team": "team_id",
    "country": "country",
}


class SignalsLedger:
    """The ledger as facts are made of it."""

    def metrics(self) -> Mapping[str, Metric]:
        """Return the metrics in use, by key."""
        return {
            row.key: Metric(row.key, row.name, row.kind, row.scale_low, row.scale_high, row.higher_is_better)
            for row in catalog.Metric.objects.filter(retired=False)
        }

    @contextmanager
    def whole(self) -> Iterator[tuple[State, Iterator[pa.Table]]]:
        """Read every current score in one snapshot, as a stream."""
        lone = not connection.in_atomic_block
        with transaction.atomic():
            if lone:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield self._state(), _tables(_SCORES)

    def changes(self, since: State) -> Changes:
        """Return what changed since a state."""
        # One statement is one snapshot: what it does not see is found next time, what it sees never again.
        with connection.cursor() as cursor:
            state = self._state()
            if state.database != since.database or not _follows(state.snapshot, since.snapshot):
                return Changes(state, whole=True)
            cursor.execute(_CHANGES, [since.snapshot.partition(":")[0], since.snapshot])
            rows = cursor.fetchall()
        fresh = [score for new, scores in rows if new for score in scores]
        changed = [score for new, scores in rows if not new for score in scores]
        return Changes(state, fresh, changed)

    def read(self, scores: Sequence[int]) -> pa.Table:
        """Read those of these scores that are current."""
        listed = ",".join(str(int(score)) for score in scores)
        tables = list(_tables(f"{_SCORES} AND id = ANY('{{{listed}}}'::bigint[])"))
        return pa.concat_tables([RAW.empty_table(), *tables])

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep every other process from writing facts meanwhile."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_WRITER])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_WRITER])

    def forget_changes(self) -> None:
        """Throw away notes of changes older than any facts could need."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM signals_score_change WHERE noted_at < %s", [timezone.now() - _KEPT])

    def sight(self, user: Any, narrowing: Narrowing, attributes: Sequence[str], *, nameless: bool) -> Sight:
        """Return what a user reaches; `user` may be an e-mail address."""
        who = _called(user) if isinstance(user, str) else user
        scope = who.scope
        places = not narrowing and bool(scope.everything or scope.regions or scope.partners)
        needed = bool(narrowing or attributes or not scope.everything)
        return Sight(
            everything=scope.everything,
            accounts=_accounts(who, narrowing, attributes) if needed else None,
            places=places,
            regions=scope.regions,
            partners=scope.partners,
            blocks=_blocks() if nameless and places else (),
        )

    def _state(self) -> State:
        with connection.cursor() as cursor:
            cursor.execute(_STATE)
            database, snapshot = cursor.fetchone()
        return State(database, snapshot)


def examine_facts() -> Finding:
    """Say how far the facts are behind the ledger, for `rapport doctor`."""
    advice = "See that a worker runs; if this stays, run: rapport analytics rebuild"
    generation = store().current()
    state = generation.state() if generation else None
    if generation is None or state is None:
        return Finding("facts", "warning", "none were made yet", advice)
    found = SignalsLedger().changes(state)
    waiting = len(found.fresh) + len(found.changed)
    if found.whole:
        return Finding("facts", "problem", "they belong to another database", advice)
    if waiting:
        return Finding("facts", "warning", f"{waiting:,} scores wait to be taken in", advice)
    return Finding("facts", "ok", "hold everything in the ledger")


def _follows(snapshot: str, since: str) -> bool:
    """Say whether a snapshot can be a later one of the same database."""
    return int(snapshot.split(":")[1]) >= int(since.split(":")[1])


def _tables(query: str) -> Iterator[pa.Table]:
    """Stream a query's rows in batches."""
    waiting = bytearray()
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)") as copy:
        for line in copy:
            waiting += line
            if len(waiting) > _BATCH:
                yield _parsed(bytes(waiting))
                waiting.clear()
    if waiting:
        yield _parsed(bytes(waiting))


def _parsed(lines: bytes) -> pa.Table:
    return pyarrow.csv.read_csv(
        io.BytesIO(lines),
        read_options=pyarrow.csv.ReadOptions(column_names=RAW.names, block_size=len(lines) + 1),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(column_types=RAW, strings_can_be_null=False),
    )


def _called(address: str) -> User:
    found: User | None = User.objects.filter(email__iexact=address, is_active=True).first()
    if found is None:
        raise QueryRefused("user", f"There is no active user {address}.")
    return found


def _blocks() -> tuple[str, ...]:
    return tuple(sorted(f"b{block}" for block in released_blocks(FEWEST_ANONYMOUS)))


def _accounts(user: User, narrowing: Narrowing, attributes: Sequence[str]) -> pa.Table:
    """Return the accounts in sight that fit, with the attributes asked for as text."""
    rows = Account.objects.visible_to(user)
    for name, keys in narrowing.attributes.items():
        rows = rows.filter(_one_of(_ATTRIBUTES[name], keys))
    if narrowing.under:
        below = Q(pk__in=[])
        for root in Account.objects.visible_to(user).filter(code__in=narrowing.under):
            below |= Q(path__under=root.path)
        rows = rows.filter(below)
    columns = {name: Coalesce(Cast(F(_ATTRIBUTES[name]), TextField()), Value("")) for name in attributes}
    found = rows.order_by("pk").annotate(**{f"told_{name}": column for name, column in columns.items()})
    told = list(zip(*found.values_list("pk", *(f"told_{name}" for name in attributes)), strict=True))
    told = told or [()] * (1 + len(attributes))
    return pa.table(
        [pa.array(told[0], pa.int64()), *(pa.array(column, pa.string()) for column in told[1:])],
        names=["id", *attributes],
    )


def _one_of(column: str, keys: Sequence[str]) -> Q:
    given = Q(
        (f"{column}__in", ["" if key == NOT_GIVEN and not column.endswith("_id") else key for key in keys])
    )
    return given | Q((column, None)) if NOT_GIVEN in keys and column.endswith("_id") else given
