"""The lists that can be taken out: each by name, with its columns and its rows in a user's scope."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rapport.connectors.exports.figures import FIGURE_LISTS
from rapport.connectors.exports.shape import ExportList, Rows, Told, signal_words
from rapport.kernel.scope import Scope
from rapport.rooms.accounts.models import (
    AccountExternalId,
    BuyingRole,
    ContactExternalId,
    Contract,
    InstalledProduct,
    Milestone,
    Opportunity,
    Order,
    Project,
    ServiceRequest,
    Usage,
)
from rapport.rooms.accounts.selectors.accounts import AccountQuery, accounts_asked_for
from rapport.rooms.accounts.selectors.people import PeopleQuery, people_asked_for
from rapport.rooms.action.models import Case
from rapport.rooms.catalog import models as catalog
from rapport.rooms.signals.anonymity import released_blocks
from rapport.rooms.signals.models import FEWEST_ANONYMOUS_COMMENTS, Comment, Score, Signal
from rapport.rooms.signals.selectors.filters import read_filters

_AT_ONCE = 2_000


@dataclass(frozen=True)
class Everyone:
    """Whoever runs the command on the machine itself: sees everything."""

    pk: int = 0

    @property
    def scope(self) -> Scope:
        return Scope.all(self.pk)


def _table(
    name: str,
    label: str | Promise,
    columns: dict[str, str],
    found: Callable[[Any, QueryDict], "QuerySet[Any, Any]"],
) -> ExportList:
    """Make a list of a query set: heading to path."""

    def rows(user: Any, asked: QueryDict) -> Rows:
        return iter(found(user, asked).values_list(*columns.values()).iterator(_AT_ONCE))

    return ExportList(name, label, lambda: list(columns), rows)


def _ids(model: Any, owner: str) -> Subquery:
    """Return a column of all ids a row has elsewhere, written as the importer reads them."""
    given = Concat("system", Value(":"), "value")
    found = model.objects.filter(**{owner: OuterRef("pk")}).order_by().values(owner)
    return Subquery(found.annotate(ids=StringAgg(given, ", ", order_by="system")).values("ids"))


def _accounts(user: Any, asked: QueryDict) -> "QuerySet[Any]":
    return accounts_asked_for(user, AccountQuery.read(asked)).annotate(ids=_ids(AccountExternalId, "account"))


def _contacts(user: Any, asked: QueryDict) -> "QuerySet[Any]":
    found = people_asked_for(user, PeopleQuery.read(asked), timezone.now())
    return found.annotate(ids=_ids(ContactExternalId, "contact"))


def _of(model: Any, *order: str) -> Callable[[Any, QueryDict], "QuerySet[Any]"]:
    return lambda user, asked: model.objects.visible_to(user).order_by(*order, "pk")


def _milestones(user: Any, asked: QueryDict) -> "QuerySet[Any]":
    return Milestone.objects.filter(project__in=Project.objects.visible_to(user)).order_by(
        "project", "due_on", "pk"
    )


_ACCOUNT = {"account": "account__code", "account name": "account__name"}
_SOURCE = {"source": "source", "external_id": "external_id"}


def _dealing(name: str, label: str | Promise, model: Any, *columns: str) -> ExportList:
    return _table(name, label, {**_SOURCE, **_ACCOUNT, **{c.split("__")[0]: c for c in columns}}, _of(model))


# ------------------------------------------------------------------ signals

_SIGNAL_COLUMNS = {
    "id": "id",
    "source": "source",
    "external_id": "external_reference",
    "occurred_at": "occurred_at",
    "recorded_at": "recorded_at",
    "kind": "kind",
    "account": "account__code",
    "account name": "account__name",
    "account as named": "account_hint",
    "person": "contact__code",
    "person name": "contact__name",
    "person as named": "contact_hint",
    "buying_role": "buying_role",
    "touchpoint": "touchpoint",
    "stage": "stage",
    "product": "product",
    "region": "region",
    "division": "division",
    "partner": "partner",
    "anonymous": "anonymous",
    "feelings": "emotions",
}


def _metrics() -> list[str]:
    return list(catalog.Metric.objects.order_by("position", "key").values_list("key", flat=True))


def _signal_names() -> list[str]:
    return [*_SIGNAL_COLUMNS, *(f"score {key}" for key in _metrics()), "comments", "language"]


def _signal_words() -> dict[str, Told]:
    return signal_words(_metrics())


def _signals(user: Any, asked: QueryDict) -> Rows:
    """Yield signals with a column for each metric and all their words in one."""
    filters = read_filters(asked, timezone.now().date())
    found = filters.signals(Signal.objects.visible_to(user)).order_by("-occurred_at", "-id")
    metrics = _metrics()
    # The words of anonymous people need more of them than their scores do.
    speaking = set(released_blocks(FEWEST_ANONYMOUS_COMMENTS))
    stream = iter(found.values_list(*_SIGNAL_COLUMNS.values()).iterator(_AT_ONCE))
    while part := list(islice(stream, _AT_ONCE)):
        ids = [row[0] for row in part]
        scores = {(signal, metric): value for signal, metric, value in _scores(ids)}
        words: dict[object, list[tuple[str, str]]] = {}
        for signal, text, language in _comments(ids, speaking):
            words.setdefault(signal, []).append((text, language))
        for row in part:
            said = words.get(row[0], [])
            yield (
                str(row[0]),
                *row[1:-1],
                ", ".join(row[-1]),
                *(scores.get((row[0], metric)) for metric in metrics),
                "\n\n".join(text for text, _language in said),
                said[0][1] if said else "",
            )


def _scores(ids: Sequence[Any]) -> Iterable[Any]:
    return Score.objects.filter(signal__in=ids).values_list("signal_id", "metric_id", "value")


def _comments(ids: Sequence[Any], speaking: set[str]) -> Iterable[Any]:
    said = Comment.objects.filter(signal__in=ids).order_by("pk")
    for *words, anonymous, block in said.values_list(
        "signal_id", "text", "language", "signal__anonymous", "signal__block"
    ):
        if not anonymous or block in speaking:
            yield words


# ------------------------------------------------------------------ the catalogue


def _reference(name: str, label: str | Promise, model: Any, *more: str) -> ExportList:
    columns = {c: c for c in ("key", "name", *more, "position", "retired")}
    return _table(name, label, columns, lambda user, asked: model.objects.order_by("position", "key"))


_LISTS = (
    _table(
        "accounts",
        _("Accounts"),
        {
            "code": "code",
            "ids elsewhere": "ids",
            "name": "name",
            "kind": "kind",
            "parent": "parent__code",
            "parent name": "parent__name",
            "sector": "sector",
            "employees": "employees",
            "revenue": "revenue",
            "budget": "budget",
            "currency": "currency",
            "founded": "founded",
            "street": "street",
            "postal_code": "postal_code",
            "city": "city",
            "country": "country",
            "domain": "domain",
            "life_cycle": "life_cycle",
            "tier": "tier",
            "region": "region",
            "division": "division",
            "partner": "partner",
            "team": "team",
            "owner": "owner__email",
        },
        _accounts,
    ),
    _table(
        "contacts",
        _("Contacts"),
        {
            "code": "code",
            "ids elsewhere": "ids",
            **_ACCOUNT,
            "name": "name",
            "title": "title",
            "seniority": "seniority",
            "function": "function",
            "email": "email",
            "phone": "phone",
            "street": "street",
            "postal_code": "postal_code",
            "city": "city",
            "language": "language",
            "time_zone": "time_zone",
            "preferences": "preferences",
            "consent": "consent",
            "consent_at": "consent_at",
            "consent_source": "consent_source",
            "left_on": "left_on",
        },
        _contacts,
    ),
    _table(
        "roles",
        _("Buying roles"),
        {
            "contact": "contact__code",
            "contact name": "contact__name",
            "account": "contact__account__code",
            "account name": "contact__account__name",
            "role": "role",
            "decision": "decision__external_id",
            "veto": "veto",
            "weight": "weight",
            "expectations": "expectations",
            "source": "source",
            "valid_from": "valid_from",
            "valid_to": "valid_to",
            "confirmed_at": "confirmed_at",
        },
        _of(BuyingRole, "contact"),
    ),
    _dealing(
        "contracts", _("Contracts"), Contract,
        *("number", "name", "product", "starts_on", "ends_on", "renewal_on", "annual_value", "currency"),
        *("status", "end_reason"),
    ),
    _dealing(
        "orders", _("Orders"), Order,
        *("number", "product", "ordered_on", "promised_on", "delivered_on", "amount", "currency", "status"),
    ),
    _dealing(
        "opportunities", _("Opportunities"), Opportunity,
        *("name", "product", "sales_stage", "seller", "opened_on", "closed_on", "amount", "currency"),
        *("outcome", "reason", "competitor"),
    ),
    _dealing(
        "products_in_use", _("Products in use"), InstalledProduct,
        *("product", "serial", "quantity", "installed_on", "retired_on", "status"),
    ),
    _dealing(
        "service_requests", _("Service requests"), ServiceRequest,
        *("number", "contact__code", "product", "subject", "priority", "status", "opened_at"),
        *("first_reply_at", "closed_at"),
    ),
    _dealing("projects", _("Projects"), Project, "name", "stage", "status", "starts_on", "ends_on"),
    _table(
        "milestones",
        _("Milestones"),
        {
            "external_id": "project__external_id",
            "account": "project__account__code",
            "project": "project__name",
            "name": "name",
            "due_on": "due_on",
            "reached_on": "reached_on",
        },
        _milestones,
    ),
    _dealing("usage", _("Usage"), Usage, "product", "measure", "starts_on", "ends_on", "value"),
    ExportList("signals", _("Signals"), _signal_names, _signals, _signal_words),
    *FIGURE_LISTS,
    _table(
        "cases",
        _("Cases"),
        {
            "code": "code",
            "title": "title",
            **_ACCOUNT,
            "person": "contact__name",
            "state": "state",
            "owner": "owner__email",
            "opened_at": "opened_at",
            "due_at": "due_at",
            "acknowledged_at": "acknowledged_at",
            "fixed_at": "fixed_at",
            "customer_told_at": "customer_told_at",
            "closed_at": "closed_at",
            "resolution": "resolution",
            "reopened": "reopened",
            "opened by rule": "rule_sentence",
        },
        _of(Case, "opened_at"),
    ),
    _reference("regions", _("Regions"), catalog.Region, "time_zone"),
    _reference("divisions", _("Divisions"), catalog.Division),
    _reference("functions", _("Functions"), catalog.Function),
    _reference("products", _("Products"), catalog.Product, "division"),
    _reference("stages", _("Stages"), catalog.Stage),
    _reference("touchpoints", _("Touchpoints"), catalog.Touchpoint, "stage"),
    _reference("partners", _("Partners"), catalog.Partner, "region"),
    _reference(
        "metrics", _("Metrics"), catalog.Metric, "kind", "scale_low", "scale_high", "higher_is_better"
    ),
)  # fmt: skip
LISTS: dict[str, ExportList] = {listed.name: listed for listed in _LISTS}
