"""What a list or figure is narrowed to: one value, read from the URL, that fits signals and scores alike."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from rapport.rooms.accounts.models import Account
from rapport.rooms.catalog.models import Metric
from rapport.rooms.signals.bands import BANDS, band_condition
from rapport.rooms.signals.models import Comment, LedgerQuerySet, Score, ScoreQuerySet, SignalQuerySet

L = TypeVar("L", bound="LedgerQuerySet[Any]")
# These are the same for every signal of an anonymous block, so they take the whole block or nothing.
WHOLE_BLOCK = frozenset({"since", "until", "kinds", "sources", "regions", "metric"})
NAMED, NAMELESS = "yes", "no"
NOT_GIVEN = "none"
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True)
class Filters:
    """A narrowing of everything that was said; days are days in UTC, so that a link says the same to all.

    Anonymous feedback is left out as soon as anything else than the properties its blocks share is asked for:
    each block stands wholly inside or outside of every list, count and figure.
    """

    since: date | None = None
    until: date | None = None
    kinds: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    metric: str = ""
    touchpoints: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    divisions: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    account: str = ""
    contact: str = ""
    words: str = ""
    named: str = ""

    def changed(self, **changes: Any) -> "Filters":
        """Return the same narrowing with some of it changed."""
        return replace(self, **changes)

    @property
    def keeps_anonymous(self) -> bool:
        """Say whether nothing is asked that would part an anonymous block."""
        asked = (f.name for f in fields(self) if f.name not in WHOLE_BLOCK and getattr(self, f.name))
        return all(name == "named" and self.named == NAMELESS for name in asked)

    def query(self) -> str:
        """Return it as the query of a URL."""
        return urlencode([*_pairs(self)], safe=",")

    def signals(self, rows: SignalQuerySet) -> SignalQuerySet:
        """Narrow signals."""
        found = self._shared(rows)
        if self.metric or self.bands:
            found = found.filter(Exists(self._scored(Score.objects.filter(signal=OuterRef("pk")))))
        if self.words or self.languages:
            found = found.filter(pk__in=self._comments().values("signal"))
        return found.filter(*self._of_signals("", "pk"))

    def scores(self, rows: ScoreQuerySet) -> ScoreQuerySet:
        """Narrow scores."""
        found = self._scored(self._shared(rows))
        if self.words or self.languages:
            found = found.filter(signal__in=self._comments().values("signal"))
        return found.filter(*self._of_signals("signal__", "signal"))

    def _of_signals(self, prefix: str, signal: str) -> list[Q]:
        """Return what only the signal itself holds, not each of its scores."""
        return [
            *_if(self.divisions, lambda keys: _one_of(f"{prefix}division", keys)),
            *_if(self.stages, lambda keys: _one_of(f"{prefix}stage", keys)),
            *_if(self.programmes, lambda codes: Q((f"{signal}__in", _signals_of_programmes(codes)))),
        ]

    def _scored(self, rows: ScoreQuerySet) -> ScoreQuerySet:
        if self.metric:
            rows = rows.filter(metric=self.metric)
        if self.bands:
            metrics = Metric.objects.filter(pk=self.metric) if self.metric else Metric.objects.all()
            rows = rows.filter(band_condition(metrics, self.bands))
        return rows

    def _comments(self) -> "QuerySet[Comment]":
        comments = Comment.objects.all()
        if self.languages:
            comments = comments.filter(language__in=self.languages)
        if self.words:
            comments = comments.annotate(said=SearchVector("text", config="simple")).filter(
                said=search_query(self.words)
            )
        return comments

    def _shared(self, rows: L) -> L:
        conditions = [
            *_if(self.since, lambda day: Q(occurred_at__gte=_midnight(day))),
            *_if(self.until, lambda day: Q(occurred_at__lt=_midnight(day + timedelta(days=1)))),
            *_if(self.kinds, lambda keys: Q(kind__in=keys)),
            *_if(self.sources, lambda keys: Q(source__in=keys)),
            *_if(self.regions, lambda keys: _one_of("region", keys)),
            *_if(self.touchpoints, lambda keys: _one_of("touchpoint", keys)),
            *_if(self.products, lambda keys: _one_of("product", keys)),
            *_if(self.partners, lambda keys: _one_of("partner", keys)),
            *_if(
                self.roles, lambda keys: Q(buying_role__in=["" if key == NOT_GIVEN else key for key in keys])
            ),
            *_if(self.contact, lambda code: Q(contact__code=code)),
            *self._of_accounts(),
        ]
        if not self.keeps_anonymous:
            conditions.append(Q(anonymous=False))
        if self.named == NAMELESS:
            conditions.append(Q(anonymous=True))
        return rows.filter(*conditions)

    def _of_accounts(self) -> list[Q]:
        if not (self.tiers or self.sectors or self.account):
            return []
        accounts = Account.objects.all()
        if self.tiers:
            accounts = accounts.filter(tier__in=["" if tier == NOT_GIVEN else tier for tier in self.tiers])
        if self.sectors:
            accounts = accounts.filter(sector__in=self.sectors)
        if self.account:
            root = Account.objects.filter(code=self.account).first()
            accounts = accounts.subtree_of(root) if root else accounts.none()
        return [Q(account__in=accounts.values("pk"))]


URL_KEYS: Mapping[str, str] = {
    "kind": "kinds",
    "source": "sources",
    "region": "regions",
    "touchpoint": "touchpoints",
    "product": "products",
    "role": "roles",
    "partner": "partners",
    "division": "divisions",
    "stage": "stages",
    "programme": "programmes",
    "band": "bands",
    "language": "languages",
    "tier": "tiers",
    "sector": "sectors",
}
SINGLE_KEYS: Mapping[str, str] = {
    "metric": "metric",
    "account": "account",
    "contact": "contact",
    "q": "words",
}
PERIODS: Mapping[str, int] = {"30d": 30, "90d": 90, "12m": 365, "24m": 730}


FindSignals = Callable[[tuple[str, ...]], "QuerySet[Any, Any]"]
_finders: list[FindSignals] = []


def find_signals_of_programmes(find: FindSignals) -> FindSignals:
    """Register how the ids of the signals of some programmes are found: the room that asks people knows."""
    if find not in _finders:
        _finders.append(find)
    return find


def _signals_of_programmes(codes: tuple[str, ...]) -> "QuerySet[Any, Any] | list[Any]":
    return _finders[0](codes) if _finders else []


def read_filters(query: QueryDict, today: date) -> Filters:
    """Read the narrowing from a URL; what cannot be read is left out."""
    many = {
        name: tuple(value for value in query.getlist(key) if _clean(value)) for key, name in URL_KEYS.items()
    }
    many["bands"] = tuple(band for band in many["bands"] if band in BANDS)
    single = {name: query.get(key, "").strip()[:300] for key, name in SINGLE_KEYS.items()}
    single = {name: value for name, value in single.items() if _clean(value)}
    since, until = _period(query, today)
    named = query.get("named", "") if query.get("named") in {NAMED, NAMELESS} else ""
    return Filters(**many, **single, since=since, until=until, named=named)  # type: ignore[arg-type]


def filter_keys() -> frozenset[str]:
    """Return the keys under which an address holds filters."""
    return frozenset({*URL_KEYS, *SINGLE_KEYS, "period", "from", "to", "named"})


def search_query(words: str) -> SearchQuery:
    """Return a full-text query that finds comments with all the words, each as the beginning of one."""
    found = ["".join(filter(str.isalnum, word)) for word in words.replace("-", " ").replace("'", " ").split()]
    raw = " & ".join(f"{word}:*" for word in found if word)
    return SearchQuery(raw or "'no-word-at-all'", config="simple", search_type="raw")


def _clean(value: str) -> bool:
    return bool(value) and "\0" not in value and len(value) <= 300


def _period(query: QueryDict, today: date) -> tuple[date | None, date | None]:
    days = PERIODS.get(query.get("period", ""))
    if days:
        return today - timedelta(days=days - 1), today
    return _day(query.get("from", "")), _day(query.get("to", ""))


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _pairs(filters: Filters) -> Iterable[tuple[str, str]]:
    if filters.since:
        yield "from", filters.since.isoformat()
    if filters.until:
        yield "to", filters.until.isoformat()
    for key, name in SINGLE_KEYS.items():
        if getattr(filters, name):
            yield key, getattr(filters, name)
    for key, name in URL_KEYS.items():
        for value in getattr(filters, name):
            yield key, value
    if filters.named:
        yield "named", filters.named


def _if(value: Any, condition: Any) -> list[Q]:
    return [condition(value)] if value else []


def _one_of(column: str, keys: tuple[str, ...]) -> Q:
    given = Q((f"{column}__in", [key for key in keys if key != NOT_GIVEN]))
    return given | Q((column, None)) if NOT_GIVEN in keys else given
