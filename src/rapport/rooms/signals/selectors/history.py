"""What a signal was before it was corrected, and what it is now."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rapport.kernel.models import User
from rapport.rooms.signals.models import Signal
from rapport.rooms.signals.selectors.listing import ReadSignal, read_signals

LONGEST = 50


@dataclass(frozen=True)
class Version:
    """How a signal stood before a correction, and when and by whom it was replaced."""

    signal: ReadSignal
    replaced_at: datetime
    replaced_by: str


def current_version(user: User, pk: UUID) -> UUID | None:
    """Return the id of the signal that stands for this one now, if the user may see it."""
    for _step in range(LONGEST):
        later = Signal.objects.filter(supersedes=pk).values_list("pk", flat=True).first()
        if later is None:
            break
        pk = later
    return pk if Signal.objects.visible_to(user).filter(pk=pk).exists() else None


def versions(signal: Signal) -> list[Version]:
    """Return what a signal was before each of its corrections, the latest first."""
    found: list[Version] = []
    later = signal
    while later.supersedes_id and len(found) < LONGEST:
        (read,) = read_signals([later.supersedes_id])
        found.append(Version(read, later.recorded_at, str(later.author) if later.author else ""))
        earlier = Signal.objects.select_related("author").filter(pk=later.supersedes_id).first()
        if earlier is None:
            break
        later = earlier
    return found
