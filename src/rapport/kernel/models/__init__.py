"""The kernel's tables: people and their reach, tokens, what was seen, and mail on its way out."""

from rapport.kernel.models.audit import Sighting
from rapport.kernel.models.mail import OutgoingMail
from rapport.kernel.models.people import ApiToken, Grant, Team, User
from rapport.kernel.models.workers import JobFailure, WorkerHeartbeat

__all__ = ["ApiToken", "Grant", "JobFailure", "OutgoingMail", "Sighting", "Team", "User", "WorkerHeartbeat"]
