"""One response as it leaves: who may be named with it, and its answers."""

from dataclasses import dataclass
from datetime import datetime

from rapport.rooms.listening.definition import Answers

ABOUT = ("response", "sent_at", "language", "account", "person", "buying_role")


@dataclass(frozen=True)
class Given:
    """A response with what is said of it."""

    reference: str
    sent_at: datetime | None
    language: str
    account: str
    person: str
    buying_role: str
    answers: Answers

    def about(self) -> tuple[object, ...]:
        """Return the values of the columns before the answers."""
        return (self.reference, self.sent_at, self.language, self.account, self.person, self.buying_role)
