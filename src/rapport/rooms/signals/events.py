"""What the ledger announces."""

from dataclasses import dataclass
from uuid import UUID

from rapport.kernel.events import Event


@dataclass(frozen=True)
class SignalsRecorded(Event):
    """Signals were written; announced once a batch, in the transaction that wrote them.

    `live` is false for old feedback brought in from files: it is kept, but nobody is to be roused by it.
    """

    signal_ids: tuple[UUID, ...]
    live: bool = True
