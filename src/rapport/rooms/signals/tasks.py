"""The room's jobs: facts follow what is recorded."""

from django.db import transaction
from procrastinate.exceptions import AlreadyEnqueued

from rapport.kernel.jobs import job, periodic

_APART = 0.6


@job(queue="facts", lock="facts", queueing_lock="facts", priority=20)
def refresh_facts() -> None:
    """Bring the facts up to date with the ledger."""
    from rapport.analytics.refresh import keep_apart, refresh

    keep_apart(_APART)
    refresh()


def defer_refresh() -> None:
    """Have the facts brought up to date soon; a waiting call serves all committed before it runs."""
    try:
        with transaction.atomic():
            refresh_facts.defer()
    except AlreadyEnqueued:
        return


@periodic("* * * * *")
def refresh_what_was_missed(timestamp: int) -> None:
    """Refresh once a minute too, for changes nobody announced and calls that were lost."""
    defer_refresh()


@periodic("23 * * * *")
def tidy_facts(timestamp: int) -> None:
    """Remove files the facts no longer name: what was erased is gone from the disk then."""
    from rapport.analytics.refresh import tidy

    tidy()
