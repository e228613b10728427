"""How anonymous feedback stays anonymous.

An anonymous signal is made coarse before it is written: no account, person, role, touchpoint or author, its
time cut to the month, its reference hashed with a secret. It belongs to one block: region, kind, source,
metrics answered, and the months in which it happened and was recorded. A block is shown whole or not at all,
only after its recording month is over, and only when it holds enough people. Because each block is wholly
inside or outside of every figure, subtracting two figures never lays bare fewer people than a block holds.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Count, QuerySet
from django.utils import timezone

if TYPE_CHECKING:
    from rapport.rooms.signals.models import Signal


def month_of(moment: datetime) -> datetime:
    """Return the first instant of a moment's month, in UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def hide_reference(source: str, reference: str) -> str:
    """Return a stand-in for a reference that only says whether the same one came again."""
    message = f"{source}\0{reference}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).hexdigest()


def block_of(
    *,
    region: str | None,
    kind: str,
    source: str,
    metrics: Iterable[str],
    occurred: datetime,
    recorded: datetime,
) -> str:
    """Return the name of the block an anonymous signal belongs to."""
    parts = (
        f"{month_of(recorded):%Y-%m}",
        f"{month_of(occurred):%Y-%m}",
        region or "",
        kind,
        source,
        ",".join(sorted(metrics)),
    )
    whole = "|".join(parts)
    return whole if len(whole) <= 300 else hashlib.sha256(whole.encode()).hexdigest()


def released_blocks(fewest: int) -> "QuerySet[Signal, str]":
    """Return the blocks that may be shown: months that are over, with at least `fewest` people."""
    from rapport.rooms.signals.models import Signal

    return (
        Signal.objects.filter(anonymous=True, superseded=False, recorded_at__lt=month_of(timezone.now()))
        .values("block")
        .annotate(people=Count("*"))
        .filter(people__gte=fewest)
        .values_list("block", flat=True)
    )
