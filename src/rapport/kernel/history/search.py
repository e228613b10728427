"""What somebody looks for in the trail: whom, what, of which kind, when."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone

from rapport.kernel.models import User

PAGE = 50
LAST_PAGE = 100


@dataclass(frozen=True)
class Search:
    """The filters of the audit pages; empty ones do not narrow."""

    by: str = ""
    about: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None
    page: int = 1

    @property
    def begins(self) -> datetime | None:
        """Return the first moment looked at, in the reader's zone."""
        return _midnight(self.since) if self.since else None

    @property
    def ends(self) -> datetime | None:
        """Return the moment after the last one looked at."""
        return _midnight(self.until + timedelta(days=1)) if self.until else None

    @property
    def offset(self) -> int:
        """Return how many entries lie before this page."""
        return (self.page - 1) * PAGE

    def users(self) -> list[int] | None:
        """Return whose doings are meant, or None for everybody's."""
        if not self.by:
            return None
        match = Q(name__icontains=self.by) | Q(email__icontains=self.by)
        return list(User.objects.filter(match).values_list("pk", flat=True))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
