"""What the address of a dashboard asks for."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.http import QueryDict

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account
from rapport.rooms.insight.tallies import Measure
from rapport.rooms.signals.api import Filters, read_filters

USUAL = timedelta(days=364)


def read_asked(user: User, query: QueryDict, known: Mapping[str, Measure], now: datetime) -> Filters | None:
    """Read the filters of an address: the usual metric and the last twelve months where it names none."""
    today = now.date()
    asked = read_filters(query, today).changed(bands=(), words="", contact="")
    if asked.account and not Account.objects.visible_to(user).filter(code=asked.account).exists():
        asked = asked.changed(account="")
    if asked.since is None and asked.until is None:
        asked = asked.changed(since=today - USUAL, until=today)
    first = next((one for one in known.values() if one.kind == "nps"), next(iter(known.values()), None))
    measure = known.get(asked.metric, first)
    return None if measure is None else asked.changed(metric=measure.key)
