"""What a rule would have done: the feedback of the last year that meets its conditions, made into cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account
from rapport.rooms.action.conditions import Condition, where_all
from rapport.rooms.action.models import Rule
from rapport.rooms.action.services.owners import Owners, Place
from rapport.rooms.signals.models import Signal

LOOK_BACK = timedelta(days=365)
COLUMNS = ("occurred_at", "account_id", "contact_id", "touchpoint_id", "product_id", "region_id")


@dataclass(frozen=True)
class Preview:
    """How many cases a rule would have opened for how many answers, and how many of them for who asks.

    An answer counts as joined when a case of the same trouble was opened within the rule's days before it;
    in life it joins only while that case is open, so there can be more cases than this, never fewer.
    """

    days: int
    signals: int
    cases: int
    mine: int
    owners: int = 0
    latest: tuple[Signal, ...] = ()

    @property
    def joined(self) -> int:
        return self.signals - self.cases


def preview_rule(rule: Rule, conditions: Sequence[Condition], user: User, *, now: datetime) -> Preview:
    """Try a rule on the current feedback of the last year within the user's scope; nothing is written."""
    recent = Signal.objects.visible_to(user).filter(occurred_at__gt=now - LOOK_BACK, occurred_at__lte=now)
    met = recent.filter(where_all(conditions))
    rows = list(met.order_by("occurred_at", "pk").values_list(*COLUMNS))
    opened = _opened(rows, timedelta(days=rule.joins_days))
    owners = _owners(rule, opened, now)
    latest = met.select_related("account", "contact").prefetch_related("comments", "scores__metric")[:5]
    return Preview(
        days=LOOK_BACK.days,
        signals=len(rows),
        cases=len(opened),
        mine=sum(owner == user.pk for owner in owners),
        owners=len(set(owners) - {None}),
        latest=tuple(latest),
    )


Row = tuple[datetime, int | None, int | None, str | None, str | None, str | None]


def _opened(rows: Sequence[Row], joins: timedelta) -> list[Row]:
    """Return the rows that would have opened a case rather than joined one."""
    last: dict[tuple[object, ...], datetime] = {}
    opened = []
    for row in rows:
        at, account, contact, touchpoint, product, _region = row
        known = touchpoint or product
        trouble = (account, touchpoint, product, None if known else contact)
        can_join = bool(joins) and account is not None and bool(known or contact)
        if can_join and trouble in last and at - last[trouble] < joins:
            continue
        last[trouble] = at
        opened.append(row)
    return opened


def _owners(rule: Rule, rows: Sequence[Row], now: datetime) -> list[int | None]:
    """Return who would have got each case, as things stand today."""
    ids = {account for _at, account, *_rest in rows if account}
    accounts = Account.objects.select_related("owner").in_bulk(ids)
    choice = Owners(accounts.values(), now=now, trial=True)
    found: list[int | None] = []
    for _at, account, _contact, touchpoint, product, region in rows:
        known = accounts.get(account) if account else None
        place = Place(touchpoint, product, region or (known.region_id if known else None))
        owner = choice.choose(rule, known, place)
        found.append(owner.pk if owner else None)
    return found
