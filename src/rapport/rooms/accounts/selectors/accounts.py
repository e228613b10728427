"""The account list: who is on it, in which order, and what its columns say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Count, F, Func, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact, Contract
from rapport.rooms.accounts.panels import list_columns
from rapport.rooms.accounts.selectors.searching import search_accounts
from rapport.ui.formats import full_day, money, number

Text = str | Promise
FILTERS = (
    "region",
    "tier",
    "life_cycle",
    "team",
    "owner",
    "sector",
    "kind",
    "partner",
    "country",
    "division",
)
MINE, NOBODY = "mine", "none"
SORTS: dict[str, str] = {
    "name": "name",
    "kind": "kind",
    "tier": "tier",
    "life_cycle": "life_cycle",
    "region": "region__name",
    "owner": "owner__name",
    "team": "team__name",
    "sector": "sector",
    "city": "city",
    "country": "country",
    "employees": "employees",
    "revenue": "revenue",
    "created": "created_at",
}


@dataclass(frozen=True)
class AccountQuery:
    """What a list of accounts was asked for."""

    words: str = ""
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sort: str = ""

    @classmethod
    def read(cls, params: QueryDict) -> "AccountQuery":
        """Read the question from the parameters of a URL."""
        chosen = {key: params.getlist(key) for key in FILTERS if params.getlist(key)}
        return cls(params.get("q", "").strip(), chosen, params.get("sort", ""))


def accounts_asked_for(user: User, asked: AccountQuery) -> "QuerySet[Account]":
    """Return the accounts the user may see that fit the question, in its order."""
    rows: QuerySet[Account] = Account.objects.visible_to(user).unmerged()
    for key, values in asked.chosen.items():
        rows = _narrowed(rows, key, values, user)
    if not asked.words:
        return _sorted(rows, asked.sort or "name")
    matches = search_accounts(rows, asked.words)
    rows = rows.filter(pk__in=matches)
    return _sorted(rows, asked.sort) if asked.sort else by_rank(rows, matches)


def by_rank(rows: "QuerySet[Any]", ids: Sequence[int]) -> "QuerySet[Any]":
    """Order rows as their ids are given."""
    order = Value(list(ids), output_field=ArrayField(BigIntegerField()))
    rank = Func(order, F("pk"), function="array_position", output_field=BigIntegerField())
    ranked: QuerySet[Any] = rows.alias(rank=rank).order_by("rank")
    return ranked


def _narrowed(rows: "QuerySet[Account]", key: str, values: Sequence[str], user: User) -> "QuerySet[Account]":
    if key != "owner":
        return rows.filter(**{f"{key}__in": values})
    owners = [str(user.pk) if value == MINE else value for value in values]
    known = rows.filter(owner__in=[owner for owner in owners if owner.isdigit()])
    return known | rows.filter(owner=None) if NOBODY in owners else known


def _sorted(rows: "QuerySet[Account]", sort: str) -> "QuerySet[Account]":
    column = SORTS.get(sort.lstrip("-"), "name")
    field_order = F(column).desc(nulls_last=True) if sort.startswith("-") else F(column).asc(nulls_last=True)
    return rows.order_by(field_order, "name", "pk")


# -- Columns ---------------------------------------------------------------------


@dataclass(frozen=True)
class Sums:
    """What was counted for the rows of one page, by account; only what its columns need."""

    people: Mapping[int, int] = field(default_factory=dict)
    a_year: Mapping[int, Mapping[str, Decimal]] = field(default_factory=dict)
    renews: Mapping[int, date] = field(default_factory=dict)


@dataclass(frozen=True)
class AccountColumn:
    """One column somebody can choose."""

    key: str
    label: Text
    cell: Callable[[Account, Sums], object]
    numeric: bool = False
    sort: str = ""


def _name(row: Any) -> str:
    return str(row) if row else ""


COLUMNS: dict[str, AccountColumn] = {
    column.key: column
    for column in (
        AccountColumn("code", _("Code"), lambda a, s: a.code),
        AccountColumn("parent", _("Belongs to"), lambda a, s: _name(a.parent)),
        AccountColumn("kind", _("Kind"), lambda a, s: a.get_kind_display(), sort="kind"),
        AccountColumn("tier", _("Tier"), lambda a, s: a.tier, sort="tier"),
        AccountColumn("life_cycle", _("Stands"), lambda a, s: a.get_life_cycle_display(), sort="life_cycle"),
        AccountColumn("region", _("Region"), lambda a, s: _name(a.region), sort="region"),
        AccountColumn("city", _("City"), lambda a, s: a.city, sort="city"),
        AccountColumn("country", _("Country"), lambda a, s: a.country, sort="country"),
        AccountColumn("sector", _("Sector"), lambda a, s: a.sector, sort="sector"),
        AccountColumn("owner", _("Owner"), lambda a, s: _name(a.owner), sort="owner"),
        AccountColumn("team", _("Team"), lambda a, s: _name(a.team), sort="team"),
        AccountColumn("partner", _("Partner"), lambda a, s: _name(a.partner)),
        AccountColumn("division", _("Our division"), lambda a, s: _name(a.division)),
        AccountColumn("people", _("People"), lambda a, s: number(s.people.get(a.pk, 0)), numeric=True),
        AccountColumn(
            "a_year", _("Contracts a year"), lambda a, s: worth(s.a_year.get(a.pk, {})), numeric=True
        ),
        AccountColumn("renews", _("Renews"), lambda a, s: _day(s.renews.get(a.pk)), numeric=True),
        AccountColumn(
            "employees", _("Employees"), lambda a, s: _count(a.employees), numeric=True, sort="employees"
        ),
        AccountColumn("revenue", _("Revenue"), lambda a, s: _revenue(a), numeric=True, sort="revenue"),
        AccountColumn("domain", _("Domain"), lambda a, s: a.domain),
    )
}
USUAL_COLUMNS = ("tier", "life_cycle", "region", "owner", "people", "a_year", "renews")


def worth(totals: Mapping[str, Decimal]) -> str:
    """Write amounts in each currency they came in; they are not converted."""
    return " + ".join(money(amount, code or "EUR", compact=True) for code, amount in sorted(totals.items()))


def _day(day: date | None) -> str:
    return full_day(day) if day else ""


def _count(value: int | None) -> str:
    return "" if value is None else number(value)


def _revenue(account: Account) -> str:
    return "" if account.revenue is None else money(account.revenue, account.currency or "EUR", compact=True)


def chosen_columns(params: QueryDict) -> list[str]:
    """Return the keys of the columns a URL asks for, or the usual ones."""
    known = {**dict.fromkeys(COLUMNS), **dict.fromkeys(list_columns)}
    asked = [key for key in params.get("columns", "").split(",") if key in known]
    return asked or [*USUAL_COLUMNS, *list_columns]


def cells_of(
    user: User, accounts: Sequence[Account], keys: Sequence[str], now: datetime
) -> list[list[object]]:
    """Return the cells of each account, asking the database once for each column that needs sums."""
    sums = _sums(user, accounts, keys, now.date())
    foreign = {key: list_columns[key].cells(user, accounts, now) for key in keys if key in list_columns}
    return [
        [
            foreign[key].get(account.pk, "") if key in foreign else COLUMNS[key].cell(account, sums)
            for key in keys
        ]
        for account in accounts
    ]


def _sums(user: User, accounts: Sequence[Account], keys: Sequence[str], today: date) -> Sums:
    people = _people_below(user, accounts) if "people" in keys else {}
    if not {"a_year", "renews"} & set(keys):
        return Sums(people)
    return _contracts_below(user, accounts, people, today)


def _people_below(user: User, accounts: Sequence[Account]) -> dict[int, int]:
    """Count the people of each account and of all below it, as far as the user may see them."""
    below = Contact.objects.visible_to(user).unmerged().filter(account__path__under_any=_paths(accounts))
    wanted = {account.pk for account in accounts}
    people: dict[int, int] = {}
    for path, n in below.order_by().values_list("account__path").annotate(n=Count("pk")):
        for above in wanted.intersection(map(int, path.split("."))):
            people[above] = people.get(above, 0) + n
    return people


def _contracts_below(user: User, accounts: Sequence[Account], people: Mapping[int, int], today: date) -> Sums:
    """Add up the running contracts of each account and of all below it, and find the next renewal."""
    running = Contract.objects.visible_to(user).filter(status=Contract.Status.ACTIVE)
    rows = running.filter(account__path__under_any=_paths(accounts)).order_by()
    wanted = {account.pk for account in accounts}
    worths: dict[int, dict[str, Decimal]] = {}
    renews: dict[int, date] = {}
    due = Coalesce("renewal_on", "ends_on")
    for path, code, value, day in rows.values_list("account__path", "currency", "annual_value", due):
        for above in wanted.intersection(map(int, path.split("."))):
            if value is not None:
                totals = worths.setdefault(above, {})
                totals[code] = totals.get(code, Decimal(0)) + value
            if day and day >= today:
                renews[above] = min(day, renews.get(above, day))
    return Sums(people, worths, renews)


def _paths(accounts: Sequence[Account]) -> list[str]:
    return [account.path for account in accounts]
