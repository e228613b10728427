"""Who recommends us, what they agreed to, how often they were asked, and what came of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _

from rapport.kernel.models import OutgoingMail, User
from rapport.rooms.accounts.models import Contact, Opportunity
from rapport.rooms.action.models import Ask, AskKind, AskUse
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.api import band_condition, band_of
from rapport.rooms.signals.models import Score, Signal
from rapport.stats import Estimate, share_from_counts

YEAR = timedelta(days=365)


@dataclass(frozen=True)
class PromoterRow:
    """Somebody whose latest answer recommends us, and how often they were written to in a year."""

    code: str
    name: str
    title: str
    account: str
    account_code: str
    region: str
    language: str
    score: str
    said: str
    said_language: str
    at: datetime
    asked: int
    thanked: int
    last_at: datetime | None
    agreed: int


@dataclass(frozen=True)
class PromoterList:
    """The first of the promoters, and how many there are."""

    rows: tuple[PromoterRow, ...]
    total: int


@dataclass(frozen=True)
class _Promoting:
    score: int
    at: datetime


@dataclass(frozen=True)
class Reference:
    """What somebody agreed to and still holds: who, for what, how often asked and used."""

    code: str
    contact: str
    contact_code: str
    account: str
    region: str
    product: str
    language: str
    kind: str
    allowed: tuple[str, ...]
    words: str
    until: date | None
    answered_at: datetime | None
    asked: int
    used: int
    last_used: date | None
    opportunities: tuple[str, ...]


@dataclass(frozen=True)
class KindRow:
    """What became of the letters of one kind."""

    label: str
    asked: int
    answered: int
    agreed: Estimate
    in_force: int
    used: int


@dataclass(frozen=True)
class Brought:
    """Opportunities linked to a promoter in one currency: those won, their sum, and those open still."""

    currency: str
    won: int
    value: Decimal
    unvalued: int
    open: int


@dataclass(frozen=True)
class BusinessOf:
    """One promoter whose words are linked to won opportunities."""

    contact: str
    contact_code: str
    account: str
    brought: tuple[Brought, ...]


@dataclass(frozen=True)
class PromoterFigures:
    """What was asked, agreed to and used in the last year, and what business is linked to it."""

    thanked: int
    total: KindRow
    kinds: tuple[KindRow, ...]
    unanswered: int
    brought: tuple[Brought, ...]
    people: tuple[BusinessOf, ...]


@dataclass(frozen=True)
class PromoterFilters:
    """What the lists are narrowed to."""

    product: str = ""
    region: str = ""
    language: str = ""
    kind: str = ""


def promoters(
    user: User, wanted: PromoterFilters, *, now: datetime, limit: int | None = None
) -> PromoterList:
    """Return whose latest answer in a year recommends us, within scope, the least written to first.

    Only the first `limit` are read whole: a house may have tens of thousands.
    """
    found = _promoting_now(user, wanted, now=now)
    people = Contact.objects.visible_to(user).filter(pk__in=list(found), merged_into=None)
    if wanted.region:
        people = people.filter(account__region=wanted.region)
    if wanted.language:
        people = people.filter(language__startswith=wanted.language)
    seen = list(people.order_by().values_list("pk", flat=True))
    counts = _counts(seen, now=now)

    def order(pk: int) -> tuple[int, float]:
        written = counts.get(pk, NOTHING)
        return written.asked + written.thanked, -found[pk].at.timestamp()

    shown = sorted(seen, key=order)[:limit]
    contacts = Contact.objects.select_related("account__region").in_bulk(shown)
    scores = Score.objects.select_related("signal").prefetch_related("signal__comments")
    whole = scores.in_bulk([found[pk].score for pk in shown])
    rows = [_row(contacts[pk], whole[found[pk].score], counts) for pk in shown]
    return PromoterList(tuple(rows), len(seen))


def _promoting_now(user: User, wanted: PromoterFilters, *, now: datetime) -> dict[int, _Promoting]:
    kinds = {metric.pk: metric for metric in _metrics()}
    columns = ("pk", "contact", "metric", "value", "scale_low", "scale_high", "product", "occurred_at")
    found = {}
    for pk, contact, metric, value, low, high, product, at in _latest(user, now=now).values_list(*columns):
        about = kinds[metric]
        promoting = band_of(about.kind, value, low, high, about.higher_is_better) == "pro"
        if promoting and wanted.product in ("", product):
            found[contact] = _Promoting(pk, at)
    return found


def promoting_signal(contact: Contact, user: User, *, now: datetime) -> Signal | None:
    """Return the answer that makes a person a promoter now; none where the latest is not one."""
    latest = _latest(user, now=now).filter(contact=contact.pk)
    found = Score.objects.filter(_promoting(), pk__in=latest.values("pk")).select_related("signal").first()
    return found.signal if found else None


def _latest(user: User, *, now: datetime) -> QuerySet[Score]:
    """Return each person's latest recommendation in a year."""
    scores = Score.objects.visible_to(user).filter(
        metric__in=_metrics(), contact__isnull=False, anonymous=False, occurred_at__gt=now - YEAR
    )
    return scores.order_by("contact_id", "-occurred_at", "-pk").distinct("contact_id")


def _metrics() -> list[Metric]:
    return list(Metric.objects.filter(kind=Metric.Kind.NPS))


def _promoting() -> Q:
    return band_condition(_metrics(), ["pro"])


@dataclass(frozen=True)
class _Written:
    asked: int
    thanked: int
    last_at: datetime | None
    agreed: int


NOTHING = _Written(0, 0, None, 0)


def _counts(people: Iterable[int], *, now: datetime) -> dict[int, _Written]:
    year, asking = Q(sent_at__gt=now - YEAR), ~Q(kind=AskKind.THANKS)
    rows = (
        Ask.objects.filter(contact__in=people)
        .order_by()
        .values("contact")
        .annotate(
            asked=Count("pk", filter=year & asking),
            thanked=Count("pk", filter=year & ~asking),
            last_at=Max("sent_at"),
            agreed=Count("pk", filter=Q(agreed=True, withdrawn_at=None)),
        )
    )
    return {
        row["contact"]: _Written(row["asked"], row["thanked"], row["last_at"], row["agreed"]) for row in rows
    }


def _row(contact: Contact, score: Score, counts: dict[int, _Written]) -> PromoterRow:
    written = counts.get(contact.pk, NOTHING)
    comment = next(iter(score.signal.comments.all()), None)
    return PromoterRow(
        code=contact.code,
        name=contact.name,
        title=contact.title,
        account=contact.account.name,
        account_code=contact.account.code,
        region=str(contact.account.region) if contact.account.region else "",
        language=contact.language,
        score=f"{score.value:g}",
        said=comment.text if comment else "",
        said_language=comment.language if comment else "",
        at=score.occurred_at,
        asked=written.asked,
        thanked=written.thanked,
        last_at=written.last_at,
        agreed=written.agreed,
    )


def references(user: User, wanted: PromoterFilters, *, now: datetime) -> list[Reference]:
    """Return what people agreed to and still holds, the least used first."""
    asks = Ask.objects.visible_to(user).in_force(now.date())
    if wanted.kind:
        asks = asks.filter(kind=wanted.kind)
    if wanted.product:
        asks = asks.filter(product=wanted.product)
    if wanted.region:
        asks = asks.filter(account__region=wanted.region)
    if wanted.language:
        asks = asks.filter(contact__language__startswith=wanted.language)
    found = list(
        asks.select_related("contact", "account__region", "product").prefetch_related("uses__opportunity")
    )
    counts = _counts([ask.contact_id for ask in found], now=now)
    visible = set(visible_opportunities(user, found).values_list("pk", flat=True))
    rows = [_reference(ask, counts[ask.contact_id].asked, visible) for ask in found]
    return sorted(rows, key=lambda row: (row.used, row.last_used or date.min, row.contact))


def visible_opportunities(user: User, asks: Sequence[Ask]) -> QuerySet[Opportunity]:
    """Return the opportunities linked to asks that the user may see."""
    linked = AskUse.objects.filter(ask__in=[ask.pk for ask in asks]).values("opportunity")
    visible: QuerySet[Opportunity] = Opportunity.objects.visible_to(user)
    return visible.filter(pk__in=linked)


def _reference(ask: Ask, asked: int, visible: set[int]) -> Reference:
    uses = list(ask.uses.all())
    named = [str(use.opportunity) for use in uses if use.opportunity and use.opportunity.pk in visible]
    labels = dict(Ask.Allowed.choices)
    return Reference(
        code=ask.code,
        contact=ask.contact.name,
        contact_code=ask.contact.code,
        account=ask.account.name,
        region=str(ask.account.region) if ask.account.region else "",
        product=str(ask.product) if ask.product else "",
        language=ask.contact.language or ask.language,
        kind=ask.get_kind_display(),
        allowed=tuple(str(labels[key]) for key in ask.allowed if key in labels),
        words=ask.words,
        until=ask.until,
        answered_at=ask.answered_at,
        asked=asked,
        used=len(uses),
        last_used=max((use.used_on for use in uses), default=None),
        opportunities=tuple(named),
    )


def promoter_figures(user: User, *, now: datetime) -> PromoterFigures:
    """Count the letters of the last year and the business linked to what people agreed to.

    The share that agreed is of those who answered; who did not answer is counted beside it.
    """
    asks = Ask.objects.visible_to(user).filter(sent_at__gt=now - YEAR)
    asked = asks.exclude(kind=AskKind.THANKS)
    total = _kind_row(_("All"), asked, now)
    kinds = [
        _kind_row(str(label), asked.filter(kind=kind), now)
        for kind, label in AskKind.choices
        if kind != AskKind.THANKS
    ]
    uses = _linked(user)
    return PromoterFigures(
        thanked=asks.filter(kind=AskKind.THANKS).count(),
        total=total,
        kinds=tuple(kinds),
        unanswered=total.asked - total.answered,
        brought=_brought({use.opportunity.pk: use.opportunity for use in uses if use.opportunity}.values()),
        people=_people(uses),
    )


def _kind_row(label: str, asks: QuerySet[Ask], now: datetime) -> KindRow:
    counts = asks.aggregate(
        asked=Count("pk"),
        answered=Count("pk", filter=Q(agreed__isnull=False)),
        yes=Count("pk", filter=Q(agreed=True)),
    )
    nothing = _("Nobody has answered yet.")
    share = (
        share_from_counts(counts["yes"], counts["answered"])
        if counts["answered"]
        else Estimate.without_value(nothing, method="share", unit="share")
    )
    held = Ask.objects.filter(pk__in=asks.values("pk")).in_force(now.date()).count()
    used = AskUse.objects.filter(ask__in=asks.values("pk")).values("ask").distinct().count()
    return KindRow(label, counts["asked"], counts["answered"], share, held, used)


def _linked(user: User) -> list[AskUse]:
    """Return every use with an opportunity, where the user may see both the person and the opportunity."""
    visible: QuerySet[Opportunity] = Opportunity.objects.visible_to(user)
    uses = AskUse.objects.filter(
        ask__in=Ask.objects.visible_to(user).values("pk"), opportunity__in=visible.values("pk")
    )
    return list(
        uses.select_related("ask__contact__account", "opportunity").order_by("ask__contact__name", "pk")
    )


def _brought(opportunities: Iterable[Opportunity]) -> tuple[Brought, ...]:
    """Sum up opportunities, each once, currency by currency: money in two currencies is never added."""
    won: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    unvalued: Counter[str] = Counter()
    value: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in opportunities:
        currency = one.currency or "EUR"
        waiting[currency] += one.outcome == Opportunity.Outcome.OPEN
        if one.outcome == Opportunity.Outcome.WON:
            won[currency] += 1
            unvalued[currency] += one.amount is None
            value[currency] += one.amount or 0
    return tuple(
        Brought(key, won[key], value[key], unvalued[key], waiting[key]) for key in sorted({*won, *waiting})
    )


def _people(uses: Sequence[AskUse]) -> tuple[BusinessOf, ...]:
    by_contact: defaultdict[int, dict[int, Opportunity]] = defaultdict(dict)
    contacts: dict[int, Contact] = {}
    for use in uses:
        if use.opportunity and use.opportunity.outcome == Opportunity.Outcome.WON:
            contacts[use.ask.contact.pk] = use.ask.contact
            by_contact[use.ask.contact.pk][use.opportunity.pk] = use.opportunity
    rows = [
        BusinessOf(contact.name, contact.code, contact.account.name, _brought(by_contact[pk].values()))
        for pk, contact in contacts.items()
    ]
    return tuple(sorted(rows, key=lambda row: -max(part.value for part in row.brought)))


def mail_states(asks: Sequence[Ask]) -> dict[int, str]:
    """Return what the mail server said of each letter."""
    keys = {f"ask:{ask.pk}": ask.pk for ask in asks}
    mails = OutgoingMail.objects.filter(dedupe_key__in=keys)
    return {keys[mail.dedupe_key]: str(mail.get_state_display()) for mail in mails}
