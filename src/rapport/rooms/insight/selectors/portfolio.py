"""The customers of one's home page: how they stand, who of them was heard, what is up for renewal."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db.models import (
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Extract, Floor

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact, Contract
from rapport.rooms.insight.selectors.counting import tallies_by, total
from rapport.rooms.insight.tallies import Measure, Tally, difference
from rapport.rooms.signals.api import DETRACTOR_TO
from rapport.rooms.signals.models import Score, Signal
from rapport.stats.estimate import Difference, Estimate

SHOWN = 20
YEAR = timedelta(days=365)
LATELY = timedelta(days=90)
QUARTERS = 8


@dataclass(frozen=True)
class Standing:
    """One customer with everything below it."""

    code: str
    name: str
    tier: str
    figure: Estimate
    change: Difference
    quarters: tuple[float | None, ...]
    people: int
    heard: int
    unhappy: int
    worth: tuple[tuple[str, Decimal], ...]
    renews_on: date | None

    @property
    def silent(self) -> int:
        """Return how many were not heard for a year."""
        return self.people - self.heard

    @property
    def content(self) -> int:
        """Return how many were heard and are not unhappy."""
        return self.heard - self.unhappy

    @property
    def heard_share(self) -> float:
        """Return the share of people heard."""
        return self.heard / self.people if self.people else 0.0


@dataclass(frozen=True)
class Portfolio:
    """The customers shown, and how many there are."""

    rows: tuple[Standing, ...]
    accounts: int
    whole: bool


def accounts_of(user: User) -> "QuerySet[Account] | None":
    """Return the accounts a home page is about: one's own, else all in reach; None when that is everybody."""
    visible = Account.objects.visible_to(user)
    if not user.scope.everything:
        return visible
    own = visible.filter(owner=user)
    return own if own.exists() else None


def portfolio(user: User, measure: Measure, now: datetime) -> Portfolio:
    """Return the customers with most unhappy answers lately first, then those worth most."""
    mine = accounts_of(user)
    tops = _ranked_tops(user, mine, measure, now)
    return Portfolio(
        rows=tuple(_standings(user, measure, tops, now)),
        accounts=(Account.objects if mine is None else mine).filter(merged_into=None).count(),
        whole=mine is None,
    )


def _ranked_tops(
    user: User, mine: "QuerySet[Account] | None", measure: Measure, now: datetime
) -> list[Account]:
    unhappy = _unhappy_by_account(user, mine, measure, now - LATELY)
    rows = (Account.objects if mine is None else mine).filter(merged_into=None)
    known = None if mine is None else set(mine.values_list("pk", flat=True))
    at_risk = rows.filter(pk__in=[pk for pk, _count in unhappy.most_common(500)])
    counted: Counter[int] = Counter()
    for pk, path in at_risk.values_list("pk", "path"):
        counted[_top(path, known)] += unhappy[pk]
    ids = [pk for pk, _count in counted.most_common(SHOWN)]
    if len(ids) < SHOWN:
        ids += _worth_most(rows, known, ids)
    found = rows.model.objects.in_bulk(ids[:SHOWN])
    return [found[pk] for pk in ids[:SHOWN] if pk in found]


def _unhappy_by_account(
    user: User, mine: "QuerySet[Account] | None", measure: Measure, since: datetime
) -> Counter[int]:
    rows = Score.objects.named(user).filter(
        metric=measure.key, occurred_at__gt=since, value__lte=DETRACTOR_TO
    )
    rows = rows.filter(account__isnull=False)
    if mine is not None:
        rows = rows.filter(account__in=mine.values("pk"))
    return Counter(dict(rows.order_by().values_list("account").annotate(n=Count("*"))))


def _worth_most(rows: "QuerySet[Account]", known: set[int] | None, taken: Sequence[int]) -> list[int]:
    if known is not None:
        rows = rows.filter(Q(parent=None) | ~Q(parent__in=known))
    else:
        rows = rows.filter(parent=None)
    # Asked the other way round: contracts are fewer than accounts without one.
    valued = (
        Contract.objects.filter(status=Contract.Status.ACTIVE, account__in=rows.values("pk"))
        .order_by()
        .values("account")
        .annotate(worth=Sum("annual_value"))
        .order_by(F("worth").desc(nulls_last=True), "account")
    )
    ids = [pk for pk in valued.values_list("account", flat=True)[: 2 * SHOWN] if pk not in taken]
    if len(ids) + len(taken) < SHOWN:
        more = rows.exclude(pk__in=[*ids, *taken]).order_by("name", "pk")
        ids += list(more.values_list("pk", flat=True)[:SHOWN])
    return ids


def _top(path: str, known: set[int] | None) -> int:
    labels = [int(label) for label in str(path).split(".")]
    if known is None:
        return labels[0]
    return next((label for label in labels if label in known), labels[-1])


def _parts(user: User, tops: Sequence[Account]) -> Mapping[int, int]:
    """Return whose each account at or below one of these is, as far as the user may see."""
    under = reduce(or_, (Q(path__under=top.path) for top in tops))
    wanted = {top.pk for top in tops}
    parts = {}
    for pk, path in Account.objects.visible_to(user).filter(under).values_list("pk", "path"):
        parts[pk] = next(label for label in map(int, str(path).split(".")) if label in wanted)
    return parts


def _standings(user: User, measure: Measure, tops: Sequence[Account], now: datetime) -> Iterable[Standing]:
    if not tops:
        return
    parts = _parts(user, tops)
    run = _by_quarter(user, measure, parts, now)
    everybody, heard, unhappy = _people(user, measure, parts, now)
    worth, renews = _contracts(user, parts, now.date())
    for top in tops:
        quarters = [run.get((top.pk, back), Tally()) for back in range(QUARTERS)]
        figure = measure.figure(total(quarters[:4]))
        yield Standing(
            code=top.code,
            name=top.name,
            tier=top.tier,
            figure=figure,
            change=difference(measure.figure(total(quarters[4:])), figure),
            quarters=tuple(_shown(measure, tally) for tally in reversed(quarters)),
            people=everybody[top.pk],
            heard=heard[top.pk],
            unhappy=unhappy[top.pk],
            worth=tuple(sorted(worth[top.pk].items())),
            renews_on=renews.get(top.pk),
        )


def _shown(measure: Measure, tally: Tally) -> float | None:
    figure = measure.figure(tally)
    return None if figure.is_hidden else figure.value


def _by_quarter(
    user: User, measure: Measure, parts: Mapping[int, int], now: datetime
) -> Mapping[tuple[int, int], Tally]:
    """Count scores by customer and by how many quarters of a year ago they were given."""
    rows = Score.objects.named(user).filter(
        account__in=list(parts), metric=measure.key, occurred_at__gt=now - 2 * YEAR, occurred_at__lte=now
    )
    age = Extract(ExpressionWrapper(Value(now) - F("occurred_at"), DurationField()), "epoch")
    quarter = Cast(Floor(age / Value((YEAR / 4).total_seconds())), IntegerField())
    found: dict[tuple[int, int], list[Tally]] = defaultdict(list)
    for (account, back), tally in tallies_by(rows.annotate(back=quarter), measure, "account", "back").items():
        found[parts[account], back].append(tally)
    return {key: total(tallies) for key, tallies in found.items()}


def _people(
    user: User, measure: Measure, parts: Mapping[int, int], now: datetime
) -> tuple[Counter[int], Counter[int], Counter[int]]:
    """Count for each customer how many people there are, were heard within a year, and are unhappy."""
    contacts = Contact.objects.visible_to(user).unmerged().filter(account__in=list(parts), left_on=None)
    spoke = Signal.objects.named(user).filter(contact=OuterRef("pk"), occurred_at__gt=now - YEAR)
    scored = Score.objects.named(user).filter(
        contact=OuterRef("pk"), metric=measure.key, occurred_at__gt=now - YEAR
    )
    last = scored.order_by("-occurred_at", "-signal_id").values("value")[:1]
    people = contacts.annotate(heard=Exists(spoke), last=Subquery(last)).values_list(
        "account", "heard", "last"
    )
    everybody, heard, unhappy = Counter[int](), Counter[int](), Counter[int]()
    for account, was_heard, value in people.order_by():
        top = parts[account]
        everybody[top] += 1
        heard[top] += was_heard
        unhappy[top] += value is not None and value <= DETRACTOR_TO
    return everybody, heard, unhappy


def _contracts(
    user: User, parts: Mapping[int, int], today: date
) -> tuple[Mapping[int, Mapping[str, Decimal]], Mapping[int, date]]:
    worth: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    renews: dict[int, date] = {}
    rows = Contract.objects.visible_to(user).filter(account__in=list(parts), status=Contract.Status.ACTIVE)
    grouped = (
        rows.order_by()
        .values("account", "currency")
        .annotate(worth=Sum("annual_value"), renews=Min("renewal_on", filter=Q(renewal_on__gte=today)))
    )
    for row in grouped:
        top = parts[row["account"]]
        if row["worth"]:
            worth[top][row["currency"] or "EUR"] += row["worth"]
        if row["renews"] and (top not in renews or row["renews"] < renews[top]):
            renews[top] = row["renews"]
    return worth, renews
