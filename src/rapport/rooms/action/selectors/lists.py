"""Lists of cases: mine, my team's, and all in scope, narrowed by what the address says."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case as When_
from django.db.models import Count, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from rapport.kernel.models import Grant, User
from rapport.rooms.accounts.models import Account
from rapport.rooms.action.models import Case
from rapport.rooms.action.selectors.reading import UNTOLD

SORTS = {"due": "due_at", "opened": "opened_at", "account": "account__name", "owner": "owner__name"}


@dataclass(frozen=True)
class CaseFilters:
    """What a list of cases is narrowed to; nothing chosen narrows nothing."""

    states: tuple[str, ...] = ()
    overdue: bool = False
    owners: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    account: Account | None = None


@dataclass(frozen=True)
class OwnerLoad:
    """How much one colleague has open."""

    name: str
    email: str
    open: int
    new: int
    overdue: int


@dataclass(frozen=True)
class Counts:
    """How many cases of a list stand where."""

    open: int
    new: int
    overdue: int
    to_close: int
    reopened: int


def overdue_first(cases: QuerySet[Case], now: datetime) -> QuerySet[Case]:
    """Put overdue cases on top, then by due time; those put aside and those told last."""
    late = When(_late(now), then=Value(0))
    aside = When(state__in=UNTOLD, snoozed_until__gt=now, then=Value(2))
    untold = When(state__in=UNTOLD, then=Value(1))
    rank = When_(late, aside, untold, default=Value(3))
    return cases.annotate(rank=rank).order_by("rank", "due_at", "pk")


def _late(now: datetime) -> Q:
    return Q(state__in=UNTOLD, due_at__lt=now)


def my_cases(user: User) -> QuerySet[Case]:
    """Return the open cases a user owns."""
    return Case.objects.visible_to(user).open().filter(owner=user)


def team_keys(user: User) -> list[str]:
    """Return the teams a user belongs to."""
    return sorted(user.scope.teams)


def team_cases(user: User) -> QuerySet[Case]:
    """Return the open cases of the user's teams: of their accounts, or owned by a colleague of a team.

    Whoever belongs to no team looks after all they may see.
    """
    cases = Case.objects.visible_to(user).open()
    teams = team_keys(user)
    if not teams:
        return cases
    members = Grant.objects.filter(kind=Grant.Kind.TEAM, key__in=teams).values("user")
    return cases.filter(Q(account__team__in=teams) | Q(owner__in=members) | Q(owner=user))


def filtered(cases: QuerySet[Case], filters: CaseFilters, *, now: datetime) -> QuerySet[Case]:
    """Narrow a list."""
    for column, values in (
        ("state", filters.states),
        ("rule__code", filters.rules),
        ("region", filters.regions),
        ("account__tier", filters.tiers),
    ):
        if values:
            cases = cases.filter(**{f"{column}__in": values})
    if filters.owners:
        named = [owner for owner in filters.owners if owner != "nobody"]
        nobody = Q(owner=None) if "nobody" in filters.owners else Q(pk__in=[])
        cases = cases.filter(Q(owner__in=[pk for pk in named if pk.isdigit()]) | nobody)
    if filters.overdue:
        cases = cases.filter(_late(now))
    if filters.account:
        cases = cases.filter(account__in=Account.objects.subtree_of(filters.account).values("pk"))
    return cases


def sorted_by(cases: QuerySet[Case], key: str, descending: bool) -> QuerySet[Case]:
    """Order a list by one of its columns."""
    column = F(SORTS.get(key, "opened_at"))
    order = column.desc(nulls_last=True) if descending else column.asc(nulls_last=True)
    return cases.order_by(order, "-pk")


def count(cases: QuerySet[Case], *, now: datetime) -> Counts:
    """Count a list once for all the figures above it."""
    found = cases.aggregate(
        open=Count("pk", filter=~Q(state=Case.State.CLOSED)),
        new=Count("pk", filter=Q(state=Case.State.OPEN)),
        overdue=Count("pk", filter=_late(now)),
        to_close=Count("pk", filter=Q(state=Case.State.TOLD)),
        reopened=Count("pk", filter=Q(reopened__gt=0)),
    )
    return Counts(**found)


def loads(cases: QuerySet[Case], *, now: datetime) -> list[OwnerLoad]:
    """Return what each colleague of a list has open, whoever is most behind first."""
    rows = (
        cases.order_by()
        .values(name=Coalesce("owner__name", Value("")), email=Coalesce("owner__email", Value("")))
        .annotate(
            open=Count("pk"),
            new=Count("pk", filter=Q(state=Case.State.OPEN)),
            overdue=Count("pk", filter=_late(now)),
        )
        .order_by("-overdue", "-open", "name")
    )
    return [OwnerLoad(**row) for row in rows]
