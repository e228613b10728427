"""What the listening room announces."""

from dataclasses import dataclass
from uuid import UUID

from rapport.kernel.events import Event


@dataclass(frozen=True)
class ResponsesSent(Event):
    """Responses were sent and are in the ledger; announced in the transaction that put them there."""

    response_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class ContactWanted(Event):
    """Somebody asked in a survey to be called or written to; announced once a response."""

    response_id: UUID
    contact_id: int | None
    account_id: int | None
    signal_id: UUID | None
    asked_by_id: int
    """The user who answers for the programme."""
