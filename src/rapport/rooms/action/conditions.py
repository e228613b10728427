"""What a rule can ask of a signal: one class a condition.

A new condition is a new class here, added to `CONDITIONS`. It says how it is stored under its key, how it
reads in a sentence, whether one signal meets it (when it is recorded), and the same as a query (for the
preview over old ones). A test holds the two readings together.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rapport.rooms.accounts.models import Account
from rapport.rooms.catalog.models import Metric, Partner, Product, Region, Stage, Touchpoint
from rapport.rooms.signals.api import band_condition, band_of
from rapport.rooms.signals.models import Comment, Score, Signal

UNHAPPY = "det"


@dataclass(frozen=True)
class ScoreFacts:
    """A score as conditions look at it."""

    metric: str
    kind: str
    value: float
    low: float
    high: float
    higher_is_better: bool


@dataclass(frozen=True)
class SignalFacts:
    """A signal as conditions look at it."""

    kind: str
    tier: str = ""
    region: str | None = None
    touchpoint: str | None = None
    stage: str | None = None
    product: str | None = None
    partner: str | None = None
    scores: tuple[ScoreFacts, ...] = ()
    accounts: frozenset[str] = frozenset()
    """The codes of the account and of all above it."""
    words: str = ""


class Condition(Protocol):
    """One thing a rule asks; it is stored under `key` in the rule."""

    key: ClassVar[str]

    @classmethod
    def read(cls, stored: Any) -> Self:
        """Make the condition from what a rule stores."""

    def store(self) -> Any:
        """Return what a rule stores."""

    def sentence(self, names: "Names") -> str:
        """Say it as a part of a sentence."""

    def meets(self, facts: SignalFacts) -> bool:
        """Say whether a signal meets it."""

    def where(self) -> Q:
        """Return the same as a condition on the ledger."""


@dataclass(frozen=True)
class Names:
    """What people call the keys that conditions hold."""

    by_table: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, table: str, keys: Iterable[str]) -> list[str]:
        """Return the names of keys; a key nobody knows any more stands for itself."""
        known = self.by_table.get(table, {})
        return [known.get(key, key) for key in keys]


def listed(words: Sequence[str]) -> str:
    """Join words as in a sentence: a, b or c."""
    if len(words) < 2:
        return "".join(words)
    return _("%(first)s or %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}


@dataclass(frozen=True)
class ScoreIs:
    """A score of a metric (of any, when none is named) is at most or at least so much, or is unhappy.

    `unhappy` reads every answer on its own scale, by the ledger's one rule for who is unhappy.
    """

    key: ClassVar[str] = "score"
    metric: str = ""
    test: str = "unhappy"
    threshold: float | None = None

    @classmethod
    def read(cls, stored: Any) -> Self:
        return cls(metric=stored.get("metric", ""), test=stored["test"], threshold=stored.get("threshold"))

    def store(self) -> Any:
        return {"metric": self.metric, "test": self.test, "threshold": self.threshold}

    def sentence(self, names: Names) -> str:
        what = names.of("metric", [self.metric])[0] if self.metric else _("any score")
        if self.test == "unhappy":
            return _("%(what)s is unhappy") % {"what": what}
        words = {"what": what, "number": f"{self.threshold:g}"}
        if self.test == "at_most":
            return _("%(what)s is %(number)s or lower") % words
        return _("%(what)s is %(number)s or higher") % words

    def meets(self, facts: SignalFacts) -> bool:
        return any(self._meets(score) for score in facts.scores if self.metric in ("", score.metric))

    def _meets(self, score: ScoreFacts) -> bool:
        if self.test == "unhappy":
            return band_of(score.kind, score.value, score.low, score.high, score.higher_is_better) == UNHAPPY
        assert self.threshold is not None
        return score.value <= self.threshold if self.test == "at_most" else score.value >= self.threshold

    def where(self) -> Q:
        scores = Score.objects.filter(signal=OuterRef("pk"))
        if self.metric:
            scores = scores.filter(metric=self.metric)
        if self.test == "unhappy":
            metrics = Metric.objects.filter(pk=self.metric) if self.metric else Metric.objects.all()
            scores = scores.filter(band_condition(metrics, [UNHAPPY]))
        elif self.test == "at_most":
            scores = scores.filter(value__lte=self.threshold)
        else:
            scores = scores.filter(value__gte=self.threshold)
        return Q(Exists(scores))


@dataclass(frozen=True)
class OneOf:
    """Something about the signal is one of these keys; a form offers them under `label`."""

    key: ClassVar[str]
    label: ClassVar[Promise]
    phrase: ClassVar[Promise]
    table: ClassVar[str]
    fact: ClassVar[str]
    column: ClassVar[str]
    keys: tuple[str, ...] = ()

    @classmethod
    def read(cls, stored: Any) -> Self:
        return cls(keys=tuple(stored))

    def store(self) -> Any:
        return list(self.keys)

    def meets(self, facts: SignalFacts) -> bool:
        return getattr(facts, self.fact) in self.keys

    def where(self) -> Q:
        return Q((f"{self.column}__in", self.keys))

    def sentence(self, names: Names) -> str:
        return str(self.phrase) % {"which": listed(names.of(self.table, self.keys))}


@dataclass(frozen=True)
class TierIn(OneOf):
    """The account's tier."""

    key: ClassVar[str] = "tier"
    label: ClassVar[Promise] = gettext_lazy("Tier of the customer")
    table: ClassVar[str] = "tier"
    fact: ClassVar[str] = "tier"
    column: ClassVar[str] = "account__tier"
    phrase: ClassVar[Promise] = gettext_lazy("the customer is tier %(which)s")


@dataclass(frozen=True)
class KindIn(OneOf):
    """How the feedback reached us."""

    key: ClassVar[str] = "kind"
    label: ClassVar[Promise] = gettext_lazy("How it reached us")
    table: ClassVar[str] = "kind"
    fact: ClassVar[str] = "kind"
    column: ClassVar[str] = "kind"
    phrase: ClassVar[Promise] = gettext_lazy("it came as %(which)s")


@dataclass(frozen=True)
class TouchpointIn(OneOf):
    """Where the customer met us."""

    key: ClassVar[str] = "touchpoint"
    label: ClassVar[Promise] = gettext_lazy("Touchpoint")
    table: ClassVar[str] = "touchpoint"
    fact: ClassVar[str] = "touchpoint"
    column: ClassVar[str] = "touchpoint"
    phrase: ClassVar[Promise] = gettext_lazy("it is about %(which)s")


@dataclass(frozen=True)
class StageIn(OneOf):
    """The stage of the journey."""

    key: ClassVar[str] = "stage"
    label: ClassVar[Promise] = gettext_lazy("Stage")
    table: ClassVar[str] = "stage"
    fact: ClassVar[str] = "stage"
    column: ClassVar[str] = "stage"
    phrase: ClassVar[Promise] = gettext_lazy("the stage is %(which)s")


@dataclass(frozen=True)
class ProductIn(OneOf):
    """The product it is about."""

    key: ClassVar[str] = "product"
    label: ClassVar[Promise] = gettext_lazy("Product")
    table: ClassVar[str] = "product"
    fact: ClassVar[str] = "product"
    column: ClassVar[str] = "product"
    phrase: ClassVar[Promise] = gettext_lazy("the product is %(which)s")


@dataclass(frozen=True)
class RegionIn(OneOf):
    """The region it came from."""

    key: ClassVar[str] = "region"
    label: ClassVar[Promise] = gettext_lazy("Region")
    table: ClassVar[str] = "region"
    fact: ClassVar[str] = "region"
    column: ClassVar[str] = "region"
    phrase: ClassVar[Promise] = gettext_lazy("it comes from %(which)s")


@dataclass(frozen=True)
class PartnerIn(OneOf):
    """The partner who serves the customer."""

    key: ClassVar[str] = "partner"
    label: ClassVar[Promise] = gettext_lazy("Served by partner")
    table: ClassVar[str] = "partner"
    fact: ClassVar[str] = "partner"
    column: ClassVar[str] = "partner"
    phrase: ClassVar[Promise] = gettext_lazy("%(which)s serves the customer")


@dataclass(frozen=True)
class AccountIn:
    """The customer, or one it belongs to; by code."""

    key: ClassVar[str] = "account"
    codes: tuple[str, ...] = ()

    @classmethod
    def read(cls, stored: Any) -> Self:
        return cls(codes=tuple(stored))

    def store(self) -> Any:
        return list(self.codes)

    def sentence(self, names: Names) -> str:
        return _("the customer is %(which)s") % {"which": listed(names.of("account", self.codes))}

    def meets(self, facts: SignalFacts) -> bool:
        return not facts.accounts.isdisjoint(self.codes)

    def where(self) -> Q:
        paths = Account.objects.filter(code__in=self.codes).values_list("path", flat=True)
        return Q(account__path__under_any=list(paths))


@dataclass(frozen=True)
class Mentions:
    """The customer uses one of these words or phrases, in any case, as whole words.

    This stands in for themes until comments are coded: a theme is then one more class beside this one, and
    what was coded later is held against it by evaluating the signals again, which changes nothing else.
    """

    key: ClassVar[str] = "mentions"
    phrases: tuple[str, ...] = ()

    @classmethod
    def read(cls, stored: Any) -> Self:
        return cls(phrases=tuple(stored))

    def store(self) -> Any:
        return list(self.phrases)

    def sentence(self, names: Names) -> str:
        return _("the words mention %(which)s") % {"which": listed([f"“{one}”" for one in self.phrases])}

    def meets(self, facts: SignalFacts) -> bool:
        return re.search(self._pattern, facts.words, re.IGNORECASE) is not None

    def where(self) -> Q:
        said = Comment.objects.filter(signal=OuterRef("pk"), text__iregex=self._pattern)
        return Q(Exists(said))

    @property
    def _pattern(self) -> str:
        """Return what Python and PostgreSQL read alike."""
        phrases = [r"\s+".join(map(re.escape, phrase.split())) for phrase in self.phrases]
        return rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)"


CONDITIONS: tuple[type[Condition], ...] = (
    ScoreIs,
    TierIn,
    TouchpointIn,
    StageIn,
    ProductIn,
    RegionIn,
    PartnerIn,
    KindIn,
    AccountIn,
    Mentions,
)
_TABLES: dict[str, Any] = {
    "metric": Metric,
    "touchpoint": Touchpoint,
    "stage": Stage,
    "product": Product,
    "region": Region,
    "partner": Partner,
}


def read_all(stored: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Make the conditions a rule stores."""
    return tuple(kind.read(stored[kind.key]) for kind in CONDITIONS if stored.get(kind.key))


def store_all(conditions: Iterable[Condition]) -> dict[str, Any]:
    """Return what a rule stores for these conditions."""
    return {condition.key: condition.store() for condition in conditions}


def meets_all(conditions: Iterable[Condition], facts: SignalFacts) -> bool:
    """Say whether a signal meets every condition."""
    return all(condition.meets(facts) for condition in conditions)


def where_all(conditions: Iterable[Condition]) -> Q:
    """Return the same as a condition on the ledger: current feedback that is not anonymous."""
    whole = Q(superseded=False, anonymous=False)
    for condition in conditions:
        whole &= condition.where()
    return whole


def load_names(accounts: Iterable[str] = ()) -> Names:
    """Read what people call everything that conditions can hold; customers only by the codes given."""
    tables: dict[str, Mapping[str, str]] = {
        table: dict(model.objects.values_list("pk", "name")) for table, model in _TABLES.items()
    }
    tables["account"] = dict(Account.objects.filter(code__in=accounts).values_list("code", "name"))
    tables["tier"] = {str(key): str(label) for key, label in Account.Tier.choices}
    tables["kind"] = {str(key): str(label).lower() for key, label in Signal.Kind.choices}
    return Names(tables)


def read_back(conditions: Sequence[Condition], names: Names) -> str:
    """Say the conditions as one sentence's first half: "When …, open a case"."""
    if not conditions:
        return _("Whenever anybody says anything, open a case")
    return _("When %(conditions)s, open a case") % {"conditions": said(conditions, names)}


def said(conditions: Sequence[Condition], names: Names) -> str:
    """Say conditions as they stand inside a sentence."""
    return _(", and ").join(condition.sentence(names) for condition in conditions)
