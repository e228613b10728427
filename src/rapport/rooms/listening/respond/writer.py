"""Group commit: what several requests of a process want written at one time is one transaction, one fsync.

One thread writes. While it waits for the disk the next requests queue up, and all of them go into the next
transaction; a single one does not wait for others. A request is told that its answer is kept only after the
commit, which is on disk by then.
"""

import json
import os
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import psycopg
from django.db import DatabaseError, connection, transaction

from rapport.rooms.listening.respond.store import NewBallot, Row, Save, raw

MOST = 200
PATIENCE = 30.0
_WAKE_SECONDS = 0.5

# One statement, so that outside of a transaction it is one of its own: one round trip, one commit.
_SAVE = """
WITH new AS (
  SELECT * FROM jsonb_to_recordset(%s::jsonb) AS new (id uuid, invitation uuid, number int, state text,
    language text, answers jsonb, page text, revision int, test bool, secret text, started timestamptz,
    saved timestamptz, sent timestamptz, progress text)
), saved AS (
  INSERT INTO listening_response AS kept (id, invitation_id, number, state, language, answers, page, revision,
    test, secret_hash, started_at, saved_at, sent_at)
  SELECT id, invitation, number, state, language, answers, page, revision + 1, test, decode(secret, 'hex'),
    started, saved, sent
  FROM new
  ON CONFLICT (invitation_id, number) DO UPDATE
  SET state = EXCLUDED.state, language = EXCLUDED.language, answers = EXCLUDED.answers, page = EXCLUDED.page,
    revision = EXCLUDED.revision, saved_at = EXCLUDED.saved_at, sent_at = EXCLUDED.sent_at
  WHERE kept.state = 'open' AND kept.revision = EXCLUDED.revision - 1 AND kept.id = EXCLUDED.id
  RETURNING invitation_id, number
), moved AS (
  UPDATE listening_invitation i SET state = new.progress, opened_at = coalesce(i.opened_at, new.saved)
  FROM new JOIN saved ON saved.invitation_id = new.invitation AND saved.number = new.number
  WHERE i.id = new.invitation AND new.progress <> '' AND i.state NOT IN ('answered', 'withdrawn')
    AND (new.progress = 'answered' OR i.state <> 'started')
)
SELECT invitation_id, number FROM saved
"""
_BALLOTS = """
INSERT INTO listening_ballot (id, version_id, programme_id, region, language, answers)
SELECT id, version, programme, region, language, answers::jsonb
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[])
  AS new (id, version, programme, region, language, answers)
"""
_TAKE_PLACE = """
INSERT INTO listening_quotafill AS fill (version_id, key, taken) SELECT %s, %s, 1 WHERE %s > 0
ON CONFLICT (version_id, key) DO UPDATE SET taken = fill.taken + 1 WHERE fill.taken < %s
RETURNING taken
"""
_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)


class NotKept(Exception):
    """The database could not be reached in time, so nothing was kept and nobody may be thanked."""


class _Full(Exception):
    """A quota has no place left."""


@dataclass
class _Waiting:
    save: Save
    done: threading.Event = field(default_factory=threading.Event)
    outcome: str = ""
    error: Exception | None = None


class Writer:
    """Writes responses for one process, in a thread of its own unless it is made without."""

    def __init__(self, *, thread: bool = True) -> None:
        self._queue: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._woken_at = self._wakes_until = 0.0
        self._durable_for: object = None
        if thread:
            threading.Thread(target=self._run, name="responses", daemon=True).start()

    def write(self, save: Save) -> str:
        """Write a response and return once it is on disk: its state, or nothing when somebody else was first.

        Raises NotKept when the database cannot be reached.
        """
        waiting = _Waiting(save)
        self._queue.put(waiting)
        if not waiting.done.wait(PATIENCE):
            raise NotKept
        if waiting.error is not None:
            raise NotKept from waiting.error
        return waiting.outcome

    def write_here(self, save: Save) -> str:
        """Write in the transaction of the caller, who decides what becomes of it."""
        waiting = _Waiting(save)
        self._in_one_transaction([waiting])
        return waiting.outcome

    def _run(self) -> None:
        kept_back: list[_Waiting] = []
        while True:
            batch = kept_back or [self._queue.get()]
            while len(batch) < MOST and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            batch, kept_back = _one_each(batch)
            self._write_all(batch)

    def _write_all(self, batch: list[_Waiting]) -> None:
        """Write together; if that fails, one by one, so that nobody's answer hangs on another's."""
        try:
            self._in_one_transaction(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            _forget_broken_connection()
            if len(batch) > 1 or isinstance(error, DatabaseError | psycopg.Error):
                for waiting in batch:
                    self._write_alone(waiting)
            else:
                batch[0].error = error
        for waiting in batch:
            waiting.done.set()

    def _write_alone(self, waiting: _Waiting) -> None:
        try:
            self._in_one_transaction([waiting])
        except Exception as error:  # noqa: BLE001
            _forget_broken_connection()
            waiting.error = error

    def _in_one_transaction(self, batch: list[_Waiting]) -> None:
        cursor = psycopg.Cursor(raw())
        if self._durable_for is not cursor.connection:
            cursor.execute(_DURABLE)
            self._durable_for = cursor.connection
        saves = [waiting.save for waiting in batch]
        wakes = self._is_to_wake(saves)
        if wakes or any(save.quotas or save.ballot for save in saves):
            with transaction.atomic():
                outcomes = _save_all(cursor, saves)
                if wakes:
                    self._wake()
        else:
            written = _save(cursor, saves)
            outcomes = [save.state if (save.invitation_id, save.number) in written else "" for save in saves]
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.outcome, waiting.error = outcome, None

    def _is_to_wake(self, saves: Sequence[Save]) -> bool:
        return any(save.settles for save in saves) and time.monotonic() > self._wakes_until

    def _wake(self) -> None:
        """Have sent responses passed on: at once after a pause, in a flood twice a second.

        The rows themselves are the outbox, so a lost call costs a minute (a job by the clock), no answer.
        """
        from rapport.rooms.listening.tasks import pass_on_responses

        now = time.monotonic()
        if now - self._woken_at > _WAKE_SECONDS:
            self._woken_at = now
            pass_on_responses.defer()
        else:
            self._wakes_until = now + _WAKE_SECONDS
            pass_on_responses.configure(schedule_in={"seconds": 1}).defer()


def _one_each(batch: list[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
    """Return one write for each response, ordered so that processes never wait in a ring, and the rest."""
    first: dict[tuple[UUID, int], _Waiting] = {}
    rest = []
    for waiting in batch:
        key = (waiting.save.invitation_id, waiting.save.number)
        if key in first:
            rest.append(waiting)
        else:
            first[key] = waiting
    return [first[key] for key in sorted(first)], rest


def _save_all(cursor: "psycopg.Cursor[Row]", saves: Sequence[Save]) -> list[str]:
    """Write responses with all that hangs on them; return the state each came to have, or nothing."""
    written = _save(cursor, [save for save in saves if not save.quotas])
    outcomes = [
        _save_with_quotas(cursor, save)
        if save.quotas
        else save.state * ((save.invitation_id, save.number) in written)
        for save in saves
    ]
    kept = [save for save, outcome in zip(saves, outcomes, strict=True) if outcome == save.state]
    _cast(cursor, [save.ballot for save in kept if save.ballot is not None])
    return outcomes


def _save(cursor: "psycopg.Cursor[Row]", saves: Sequence[Save]) -> set[tuple[UUID, int]]:
    if not saves:
        return set()
    rows = json.dumps([_row(save) for save in saves], ensure_ascii=False)
    return {(row[0], row[1]) for row in cursor.execute(_SAVE, (rows,)).fetchall()}


def _row(save: Save) -> dict[str, Any]:
    return {
        "id": str(save.id),
        "invitation": str(save.invitation_id),
        "number": save.number,
        "state": save.state,
        "language": save.language,
        "answers": save.answers,
        "page": save.page,
        "revision": save.revision,
        "test": save.test,
        "secret": save.secret_hash.hex() if save.secret_hash else None,
        "started": save.started_at.isoformat(),
        "saved": save.saved_at.isoformat(),
        "sent": save.sent_at.isoformat() if save.sent_at else None,
        "progress": save.progress,
    }


def _save_with_quotas(cursor: "psycopg.Cursor[Row]", save: Save) -> str:
    """Write a response that takes places in quotas, as ended if one is full; return its state or nothing."""
    try:
        with transaction.atomic():
            if not _save(cursor, [save]):
                return ""
            for version, key, most in save.quotas:
                if not cursor.execute(_TAKE_PLACE, (version, key, most, most)).fetchone():
                    raise _Full
        return save.state
    except _Full:
        ended = replace(save, state="screened")
        return ended.state if _save(cursor, [ended]) else ""


def _cast(cursor: "psycopg.Cursor[Row]", ballots: Sequence[NewBallot]) -> None:
    if ballots:
        columns: list[list[Any]] = [
            [ballot.id for ballot in ballots],
            [ballot.version_id for ballot in ballots],
            [ballot.programme_id for ballot in ballots],
            [ballot.region for ballot in ballots],
            [ballot.language for ballot in ballots],
            [json.dumps(ballot.answers, ensure_ascii=False) for ballot in ballots],
        ]
        cursor.execute(_BALLOTS, columns)


def _forget_broken_connection() -> None:
    found = connection.connection
    if found is not None and (found.broken or found.closed):
        connection.close()


_writers: dict[int, Writer] = {}
_making = threading.Lock()


def write(save: Save) -> str:
    """Write a response by this process's writer; see `Writer.write`."""
    if connection.in_atomic_block:
        return Writer(thread=False).write_here(save)
    with _making:
        writer = _writers.get(os.getpid()) or _writers.setdefault(os.getpid(), Writer())
    return writer.write(save)
