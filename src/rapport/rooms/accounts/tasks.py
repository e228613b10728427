"""The accounts room's jobs."""

from django.utils import timezone

from rapport.kernel.jobs import job, periodic
from rapport.rooms.accounts.services.finding import find_duplicates


@job(lock="find_duplicates", queueing_lock="find_duplicates")
def look_for_duplicates() -> None:
    """Look for duplicates because somebody asked."""
    find_duplicates(timezone.now())


@periodic("17 2 * * *")
def look_for_duplicates_nightly(_timestamp: int) -> None:
    """Look for duplicates every night."""
    find_duplicates(timezone.now())
