"""What the filters of lists and figures offer: the keys of the catalog, with their names."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, BuyingRole
from rapport.rooms.catalog.models import Division, Metric, Partner, Product, Region, Stage, Touchpoint
from rapport.rooms.signals.anonymity import released_blocks
from rapport.rooms.signals.models import FEWEST_ANONYMOUS, Signal
from rapport.rooms.signals.selectors.filters import NOT_GIVEN, PERIODS
from rapport.ui.components import Choice, Filter

MOST = 60
LANGUAGES = ("en", "de", "fr", "nl", "es", "it", "pt", "da", "sv", "nb", "fi", "pl", "cs", "tr", "ja", "ko")


def offered_filters(user: User, keys: Sequence[str]) -> list[Filter]:
    """Return the filters with these keys, in this order; a filter without a choice is left out."""
    made = [_MAKERS[key](user) for key in keys if key in _MAKERS]
    return [item for item in made if item.choices]


def offer_filter(key: str, make: Callable[[User], Filter]) -> None:
    """Register a filter whose choices a higher room knows; its key is one `read_filters` reads."""
    _MAKERS[key] = make


def _period(_user: User) -> Filter:
    labels = {
        "30d": _("Last 30 days"),
        "90d": _("Last 90 days"),
        "12m": _("Last 12 months"),
        "24m": _("Last 24 months"),
    }
    return Filter("period", _("Period"), [Choice(key, labels[key]) for key in PERIODS])


def _catalog(key: str, label: Any, table: Any, *, multiple: bool = True, none: Any = None) -> Any:
    def make(_user: User) -> Filter:
        rows = table.objects.filter(retired=False).values_list("key", "name")[:MOST]
        choices = [Choice(row_key, name) for row_key, name in rows]
        if none and choices:
            choices.append(Choice(NOT_GIVEN, none()))
        return Filter(key, label(), choices, multiple=multiple)

    return make


def _fixed(key: str, label: Any, choices: Any, *, multiple: bool = True) -> Any:
    def make(_user: User) -> Filter:
        return Filter(key, label(), [Choice(value, text) for value, text in choices()], multiple=multiple)

    return make


def _bands() -> Iterable[tuple[str, str]]:
    return [("det", _("Unhappy")), ("pas", _("Passive")), ("pro", _("Happy"))]


def _sectors(user: User) -> Filter:
    known = (
        Account.objects.visible_to(user)
        .exclude(sector="")
        .order_by("sector")
        .values_list("sector", flat=True)
    )
    choices = [Choice(name, name) for name in known.distinct()[:MOST]]
    return Filter("sector", _("Segment"), choices, multiple=True)


def _sources(_user: User) -> Filter:
    known = sorted({*_named_sources(), *_released_sources()})[:MOST]
    return Filter("source", _("Source"), [Choice(name, name) for name in known], multiple=True)


def _languages(_user: User) -> Filter:
    names = [(key, str(_(get_language_info(key)["name"]))) for key in LANGUAGES]
    return Filter("language", _("Language"), [Choice(key, name) for key, name in names], multiple=True)


def _named_sources() -> list[str]:
    """Hop from one source to the next along the index: a million rows, a dozen steps."""
    hop = "SELECT min(source) FROM signals_signal WHERE NOT anonymous"
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE seen(source) AS (({hop}) UNION ALL"
            f" SELECT ({hop} AND source > seen.source) FROM seen WHERE seen.source IS NOT NULL)"
            f" SELECT source FROM seen WHERE source IS NOT NULL LIMIT {MOST}"
        )
        return [source for (source,) in cursor.fetchall()]


def _released_sources() -> list[str]:
    """Return the sources of anonymous feedback, once enough people stand behind them."""
    blocks = released_blocks(FEWEST_ANONYMOUS)
    found = Signal.objects.filter(anonymous=True, superseded=False, block__in=blocks).order_by("source")
    return list(found.values_list("source", flat=True).distinct()[:MOST])


_MAKERS: dict[str, Any] = {
    "period": _period,
    "kind": _fixed("kind", lambda: _("Kind"), lambda: Signal.Kind.choices),
    "source": _sources,
    "region": _catalog("region", lambda: _("Region"), Region, none=lambda: _("No region")),
    "touchpoint": _catalog("touchpoint", lambda: _("Touchpoint"), Touchpoint),
    "product": _catalog("product", lambda: _("Product"), Product),
    "partner": _catalog("partner", lambda: _("Partner"), Partner),
    "division": _catalog("division", lambda: _("Division"), Division),
    "stage": _catalog("stage", lambda: _("Stage"), Stage),
    "role": _fixed(
        "role", lambda: _("Role"), lambda: [*BuyingRole.Role.choices, (NOT_GIVEN, _("Role not known"))]
    ),
    "band": _fixed("band", lambda: _("Mood"), _bands),
    "metric": _catalog("metric", lambda: _("Metric"), Metric, multiple=False),
    "tier": _fixed("tier", lambda: _("Tier"), lambda: [*Account.Tier.choices, (NOT_GIVEN, _("No tier"))]),
    "sector": _sectors,
    "language": _languages,
}
