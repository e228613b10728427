"""What the respondent's pages read and write, in plain SQL: no model is loaded on the way of an answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from django.db import InterfaceError, OperationalError, connection

from rapport.rooms.listening.definition import Definition, FileQuestion
from rapport.rooms.listening.links import hash_of

Row = tuple[Any, ...]
T = TypeVar("T")
PREPARE_AFTER = 3

_INVITED = """
SELECT i.id, i.version_id, v.state, i.open_link, i.expires_at, i.language, i.facts, i.account_id,
  i.contact_id, i.programme_id, p.anonymous, p.several_responses, p.state, i.state,
  i.channel, i.occasion, i.place,
  r.id, r.number, r.state, r.language, r.answers, r.page, r.revision, r.secret_hash
FROM listening_invitation i
JOIN listening_surveyversion v ON v.id = i.version_id
LEFT JOIN listening_programme p ON p.id = i.programme_id
"""
_BY_INVITATION = f"""{_INVITED}
LEFT JOIN LATERAL (
  SELECT * FROM listening_response WHERE invitation_id = i.id AND NOT i.open_link ORDER BY number DESC LIMIT 1
) r ON true
WHERE i.secret_hash = %s
"""
_BY_RESPONSE = f"""{_INVITED}
JOIN listening_response r ON r.invitation_id = i.id
WHERE r.secret_hash = %s
"""
_VERSION = "SELECT document FROM listening_surveyversion WHERE id = %s"
_FILLS = "SELECT key, taken FROM listening_quotafill WHERE version_id = %s"
_UPLOADS = "SELECT id, name FROM listening_upload WHERE invitation_id = %s AND id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Kept:
    """A response as it is stored."""

    id: UUID
    number: int
    state: str
    language: str
    answers: dict[str, Any]
    page: str
    revision: int


@dataclass(frozen=True, slots=True)
class Asking:
    """What a link leads to: who is asked what, under which terms, and what was answered so far."""

    secret: str
    secret_hash: bytes
    invitation_id: UUID
    version_id: int
    version_state: str
    open_link: bool
    expires_at: datetime | None
    language: str
    facts: dict[str, Any]
    account_id: int | None
    contact_id: int | None
    programme_id: int | None
    anonymous: bool
    several: bool
    programme_state: str
    state: str
    region: str
    response: Kept | None
    by_response: bool = False
    """The link is a response's own, begun by an open link."""

    @property
    def is_test(self) -> bool:
        """Say whether answers are kept apart: nobody's programme asks."""
        return self.programme_id is None


def find_asking(secret: str) -> Asking | None:
    """Return what a link leads to, or None when it leads nowhere."""
    hashed = hash_of(secret)
    row = one(_BY_INVITATION, (hashed,))
    if row is not None:
        return _asking(secret, hashed, row, by_response=False)
    row = one(_BY_RESPONSE, (hashed,))
    return _asking(secret, hashed, row, by_response=True) if row else None


def _asking(secret: str, hashed: bytes, row: Row, *, by_response: bool) -> Asking:
    place = _json(row[16])
    facts = _json(row[6])
    for key, value in (("channel", row[14]), ("occasion", row[15])):
        facts.setdefault(key, value)
    for key, value in place.items():
        facts.setdefault(f"place.{key}", value)
    kept = None
    if row[17] is not None:
        kept = Kept(row[17], row[18], row[19], row[20], _json(row[21]), row[22], row[23])
    return Asking(
        secret=secret,
        secret_hash=hashed,
        invitation_id=row[0],
        version_id=row[1],
        version_state=row[2],
        open_link=row[3],
        expires_at=row[4],
        language=row[5],
        facts=facts,
        account_id=row[7],
        contact_id=row[8],
        programme_id=row[9],
        anonymous=bool(row[10]),
        several=bool(row[11]),
        programme_state=row[12] or "",
        state=row[13],
        region=str(place.get("region") or ""),
        response=kept,
        by_response=by_response,
    )


def _json(value: Any) -> dict[str, Any]:
    found = json.loads(value) if isinstance(value, str | bytes) else value
    return found if isinstance(found, dict) else {}


@lru_cache(maxsize=500)
def definition_of(version_id: int, database: str) -> Definition:
    """Return a version's document, read once: a published version never changes."""
    row = one(_VERSION, (version_id,))
    if row is None:
        raise LookupError(f"There is no version {version_id}.")
    return Definition.model_validate(json.loads(row[0]) if isinstance(row[0], str) else row[0])


@lru_cache(maxsize=500)
def _without_files(version_id: int, database: str) -> Definition:
    """Return a version without its file questions: a file can lead back to whoever made it."""
    definition = definition_of(version_id, database)
    pages = tuple(
        page.model_copy(
            update={"questions": tuple(q for q in page.questions if not isinstance(q, FileQuestion))}
        )
        for page in definition.pages
    )
    return definition.model_copy(update={"pages": pages})


def definition_for(asking: Asking) -> Definition:
    """Return what is asked under these terms."""
    database = connection.settings_dict["NAME"]
    if asking.anonymous:
        return _without_files(asking.version_id, database)
    return definition_of(asking.version_id, database)


def quota_fills(version_id: int) -> dict[str, int]:
    """Return how many finished responses each quota counts."""
    return dict(every(_FILLS, (version_id,)))


def upload_names(invitation_id: UUID, ids: Sequence[str]) -> dict[str, str]:
    """Return the names of kept files by their id."""
    return {str(key): name for key, name in every(_UPLOADS, (invitation_id, list(ids)))}


# -- the connection of this thread


def raw() -> "psycopg.Connection[Row]":
    """Return the driver's own connection, preparing statements it sees often."""
    connection.ensure_connection()
    found: psycopg.Connection[Row] = connection.connection
    if found.prepare_threshold is None:
        found.prepare_threshold = PREPARE_AFTER
    return found


def every(statement: str, values: Sequence[Any]) -> list[Row]:
    """Run a query; when the connection had died, once more on a new one."""
    for attempt in range(2):
        try:
            return psycopg.Cursor(raw()).execute(statement, values).fetchall()
        except (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError):
            if connection.in_atomic_block or attempt:
                raise
            connection.close()
    return []


def one(statement: str, values: Sequence[Any]) -> Row | None:
    """Return the first row of a query."""
    return next(iter(every(statement, values)), None)


# -- what is to be written


@dataclass(frozen=True, slots=True)
class Save:
    """A response as it is to be stored, given that `revision` is still what is stored (0: nothing is)."""

    id: UUID
    invitation_id: UUID
    number: int
    state: str
    language: str
    answers: dict[str, Any]
    page: str
    revision: int
    test: bool
    secret_hash: bytes | None
    started_at: datetime
    saved_at: datetime
    sent_at: datetime | None
    progress: str = ""
    """The state the invitation moves to; empty when it stays."""
    quotas: tuple[tuple[int, str, int], ...] = ()
    """Version, key and size of the quotas this response takes a place in."""
    ballot: "NewBallot | None" = None
    settles: bool = field(default=False)
    """Whether the ledger waits for it."""


@dataclass(frozen=True, slots=True)
class NewBallot:
    """An anonymous answer cut off from its response."""

    id: UUID
    version_id: int
    programme_id: int
    region: str
    language: str
    answers: dict[str, Any]
