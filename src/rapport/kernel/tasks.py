"""The kernel's jobs, gathered where workers look for them."""

from datetime import datetime, timedelta

from django.utils import timezone

from rapport.kernel.jobs import periodic
from rapport.kernel.jobs.failures import forget_failures
from rapport.kernel.mail.sending import deliver, forget_words, sweep_mail

__all__ = ["clear_away", "deliver", "forget", "sweep_mail"]

FAILURES_KEPT = timedelta(days=30)
WORDS_KEPT = timedelta(days=90)


@periodic("41 3 * * *")
def clear_away(timestamp: int) -> None:
    """Remove what nobody needs any more, every night."""
    forget(timezone.now())


def forget(now: datetime) -> None:
    """Remove reasons of failures that were mended, and the words of mail that left long ago."""
    forget_failures(before=now - FAILURES_KEPT)
    forget_words(before=now - WORDS_KEPT)
