"""The customers of one's home page: how they stand, who of them was heard, what is up for renewal."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact, Contract
from rapport.rooms.insight.selectors.counting import tallies_by, total
from rapport.rooms.insight.tallies import Measure, Tally, difference
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
    parts = _parts(user, mine, tops)
    return Portfolio(
        rows=tuple(_standings(user, measure, tops, parts, now)),
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
    rows = Score.objects.visible_to(user).filter(metric=measure.key, occurred_at__gt=since, value__lte=6)
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


def _parts(user: User, mine: "QuerySet[Account] | None", tops: Sequence[Account]) -> Mapping[int, int]:
    """Return which top each account below one of them belongs to, as far as the user may see."""
    if not tops:
        return {}
    under = reduce(or_, (Q(path__under=top.path) for top in tops))
    wanted = {top.pk for top in tops}
    found = {}
    for pk, path in Account.objects.visible_to(user).filter(under).values_list("pk", "path"):
        labels = [int(label) for label in str(path).split(".")]
        found[pk] = next(label for label in labels if label in wanted)
    return found


def _standings(
    user: User, measure: Measure, tops: Sequence[Account], parts: Mapping[int, int], now: datetime
) -> Iterable[Standing]:
    months = _by_month(user, measure, parts, now)
    people = _people(user, parts, now)
    worth, renews = _contracts(parts, now.date())
    for top in tops:
        run = months[top.pk]
        figure = measure.figure(_between(run, now - YEAR, now))
        before = measure.figure(_between(run, now - 2 * YEAR, now - YEAR))
        everybody, heard, unhappy = people[top.pk]
        yield Standing(
            code=top.code,
            name=top.name,
            tier=top.tier,
            figure=figure,
            change=difference(before, figure),
            quarters=tuple(_quarters(measure, run, now)),
            people=everybody,
            heard=heard,
            unhappy=unhappy,
            worth=tuple(sorted(worth[top.pk].items())),
            renews_on=renews.get(top.pk),
        )


def _by_month(
    user: User, measure: Measure, parts: Mapping[int, int], now: datetime
) -> Mapping[int, dict[datetime, Tally]]:
    rows = Score.objects.visible_to(user).filter(
        metric=measure.key, account__in=list(parts), occurred_at__gt=now - 2 * YEAR, occurred_at__lte=now
    )
    rows = rows.annotate(month=TruncMonth("occurred_at", tzinfo=UTC))
    found: dict[int, dict[datetime, Tally]] = defaultdict(dict)
    for (account, month), tally in tallies_by(rows, measure, "account", "month").items():
        run = found[parts[account]]
        run[month] = run.get(month, Tally()) + tally
    return found


def _between(run: Mapping[datetime, Tally], since: datetime, until: datetime) -> Tally:
    return total(tally for month, tally in run.items() if since < month <= until)


def _quarters(measure: Measure, run: Mapping[datetime, Tally], now: datetime) -> Iterable[float | None]:
    for back in range(QUARTERS - 1, -1, -1):
        until = now - back * (YEAR / 4)
        figure = measure.figure(_between(run, until - YEAR / 4, until))
        yield None if figure.is_hidden else figure.value


def _people(user: User, parts: Mapping[int, int], now: datetime) -> Mapping[int, tuple[int, int, int]]:
    """Return for each top how many people there are, were heard within a year, and are unhappy."""
    contacts = dict(
        Contact.objects.visible_to(user)
        .unmerged()
        .filter(account__in=list(parts), left_on=None)
        .values_list("pk", "account")
    )
    spoke = Signal.objects.visible_to(user).filter(account__in=list(parts), occurred_at__gt=now - YEAR)
    heard = set(spoke.order_by().values_list("contact", flat=True).distinct())
    scored = Score.objects.visible_to(user).filter(
        account__in=list(parts), contact__isnull=False, metric__kind="nps", occurred_at__gt=now - YEAR
    )
    latest = scored.order_by("contact", "-occurred_at", "-signal").distinct("contact")
    unhappy = {contact for contact, value in latest.values_list("contact", "value") if value <= 6}
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for contact, account in contacts.items():
        counted = found[parts[account]]
        counted[0] += 1
        counted[1] += contact in heard
        counted[2] += contact in unhappy
    return defaultdict(lambda: (0, 0, 0), {top: (all_, h, u) for top, (all_, h, u) in found.items()})


def _contracts(
    parts: Mapping[int, int], today: date
) -> tuple[Mapping[int, Mapping[str, Decimal]], Mapping[int, date]]:
    worth: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    renews: dict[int, date] = {}
    rows = Contract.objects.filter(account__in=list(parts), status=Contract.Status.ACTIVE).order_by()
    grouped = rows.values("account", "currency").annotate(
        worth=Sum("annual_value"), renews=Min("renewal_on", filter=Q(renewal_on__gte=today))
    )
    for row in grouped:
        top = parts[row["account"]]
        if row["worth"]:
            worth[top][row["currency"] or "EUR"] += row["worth"]
        if row["renews"] and (top not in renews or row["renews"] < renews[top]):
            renews[top] = row["renews"]
    return worth, renews
