"""Who gets a case: by account, name, place or turn, if they are here and see it; otherwise the fallback."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Max

from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.accounts.models import Account
from rapport.rooms.action.models import Absence, Responsibility, Rule, RuleTurn

MOST_STAND_INS = 3


@dataclass(frozen=True)
class Place:
    """Where a customer met us, by keys."""

    touchpoint: str | None = None
    product: str | None = None
    region: str | None = None


class Owners:
    """Finds owners for the cases of one batch, asking once for each colleague.

    A `trial` gives turns out in its own memory only, for looking at what a rule would have done.
    """

    def __init__(self, accounts: Iterable[Account], *, now: datetime, trial: bool = False) -> None:
        self._accounts = {account.pk for account in accounts}
        self._now = now
        self._trial = trial
        self._within: dict[int, frozenset[int]] = {}
        self._away = _away(now)
        self._places: list[Responsibility] | None = None
        self._turns: dict[int, dict[int, int]] = {}
        self._people: dict[int, User] = {}

    def choose(self, rule: Rule, account: Account | None, place: Place) -> User | None:
        """Return who gets the case; nobody when even the fallback has left."""
        for wanted in self._wanted(rule, account, place):
            here = self._here(wanted, account)
            if here:
                if rule.assign_to == Rule.AssignTo.TURN:
                    self._give_turn(rule, wanted)
                return here
        return self._here(rule.fallback, None) or (rule.fallback if can_work(rule.fallback) else None)

    def stand_in_for(self, wanted: User, account: Account) -> User | None:
        """Return a colleague who can take what lies at an account, whoever stands in, or nobody."""
        return self._here(wanted, account)

    def _wanted(self, rule: Rule, account: Account | None, place: Place) -> list[User]:
        if rule.assign_to == Rule.AssignTo.USER:
            return [rule.assignee] if rule.assignee else []
        if rule.assign_to == Rule.AssignTo.PLACE:
            return self._responsible(place)
        if rule.assign_to == Rule.AssignTo.TURN:
            return self._in_turn(rule)
        return [account.owner] if account and account.owner else []

    def _here(self, wanted: User, account: Account | None) -> User | None:
        """Return a colleague who can take it, or whoever stands in for them while they are away."""
        tried: set[int] = set()
        found: User | None = wanted
        while found and found.pk not in tried and len(tried) <= MOST_STAND_INS:
            if found.pk not in self._away:
                return found if self._can_take(found, account) else None
            tried.add(found.pk)
            found = self._away[found.pk]
        return None

    def _responsible(self, place: Place) -> list[User]:
        """Return who looks after a place, the narrowest match first."""
        if self._places is None:
            self._places = list(Responsibility.objects.select_related("colleague"))
        fits = [
            row
            for row in self._places
            if row.touchpoint_id in (None, place.touchpoint)
            and row.product_id in (None, place.product)
            and row.region_id in (None, place.region)
        ]
        fits.sort(key=lambda row: -sum(map(bool, (row.touchpoint_id, row.product_id, row.region_id))))
        return [row.colleague for row in fits]

    def _in_turn(self, rule: Rule) -> list[User]:
        """Return the colleagues of a rule, who got one longest ago first; others wait for their turn."""
        turns = self._turns.get(rule.pk)
        if turns is None:
            turns = dict.fromkeys(rule.colleagues, 0) | self._kept_turns(rule)
            self._turns[rule.pk] = turns
            missing = [pk for pk in turns if pk not in self._people]
            self._people |= User.objects.in_bulk(missing)
        order = sorted(rule.colleagues, key=lambda pk: turns.get(pk, 0))
        return [self._people[pk] for pk in order if pk in self._people]

    def _kept_turns(self, rule: Rule) -> dict[int, int]:
        rows = RuleTurn.objects.filter(rule=rule)
        if not self._trial:
            # Whoever evaluates the same rule waits here, so that two cases do not go to the same colleague.
            Rule.objects.select_for_update(no_key=True).get(pk=rule.pk)
        return dict(rows.values_list("user", "given"))

    def _give_turn(self, rule: Rule, user: User) -> None:
        turns = self._turns[rule.pk]
        turns[user.pk] = max(turns.values(), default=0) + 1
        if not self._trial:
            last = RuleTurn.objects.filter(rule=rule).aggregate(last=Max("given"))["last"] or 0
            RuleTurn.objects.update_or_create(rule=rule, user=user, defaults={"given": last + 1})

    def _can_take(self, user: User, account: Account | None) -> bool:
        if not can_work(user):
            return False
        return account is None or account.pk in self._seen_by(user)

    def _seen_by(self, user: User) -> frozenset[int]:
        if user.pk not in self._within:
            seen = Account.objects.visible_to(user).filter(pk__in=self._accounts)
            self._within[user.pk] = frozenset(seen.values_list("pk", flat=True))
        return self._within[user.pk]


def can_work(user: User) -> bool:
    """Say whether a colleague is still here and works on cases."""
    return user.may(Permission.WORK_CASES)


def _away(now: datetime) -> dict[int, User | None]:
    """Return who is away today, by their own calendar, and who stands in."""
    near = Absence.objects.filter(starts_on__lte=_latest(now), ends_on__gte=_earliest(now))
    away: dict[int, User | None] = {}
    for absence in near.select_related("user", "stand_in"):
        today = now.astimezone(ZoneInfo(absence.user.time_zone)).date()
        if absence.starts_on <= today <= absence.ends_on:
            away[absence.user_id] = absence.stand_in
    return away


def _latest(now: datetime) -> date:
    """Return the day it is already in the east of the world."""
    return now.astimezone(ZoneInfo("Pacific/Kiritimati")).date()


def _earliest(now: datetime) -> date:
    """Return the day it is still in the west of the world."""
    return now.astimezone(ZoneInfo("Etc/GMT+12")).date()
