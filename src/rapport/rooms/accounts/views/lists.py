"""The list of customers, the list of people, and the search of the palette."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rapport.kernel.access import UserRequest, permit
from rapport.kernel.models import Team, User
from rapport.kernel.roles import Permission
from rapport.rooms.accounts.models import Account, BuyingRole, Contact
from rapport.rooms.accounts.panels import list_columns
from rapport.rooms.accounts.selectors.accounts import (
    COLUMNS,
    MINE,
    NOBODY,
    AccountQuery,
    accounts_asked_for,
    by_rank,
    cells_of,
    chosen_columns,
)
from rapport.rooms.accounts.selectors.people import PeopleQuery, people_asked_for
from rapport.rooms.accounts.selectors.searching import search_accounts, search_contacts
from rapport.rooms.catalog.models import Division, Function, Partner, Region
from rapport.ui.components import (
    Choice,
    Column,
    Filter,
    PaletteGroup,
    PaletteResult,
    Row,
    Table,
    filter_bar,
    query_with,
)
from rapport.ui.formats import number
from rapport.ui.palette import answer_palette

ROWS = 50
MOST_CHOICES = 100
PALETTE_RESULTS = 7


def _named(model: Any) -> list[Choice]:
    return [Choice(row.pk, row.name) for row in model.objects.all()[:MOST_CHOICES]]


def _used(user: User, column: str) -> list[Choice]:
    rows = Account.objects.visible_to(user).unmerged().exclude(**{column: ""}).order_by(column)
    return [Choice(value, value) for value in rows.values_list(column, flat=True).distinct()[:MOST_CHOICES]]


def _listed(choices: Sequence[tuple[str, Any]]) -> list[Choice]:
    return [Choice(value, label) for value, label in choices]


def account_filters(user: User) -> list[Filter]:
    """Return what the list of customers can be narrowed by."""
    owners = User.objects.filter(pk__in=Account.objects.visible_to(user).order_by().values("owner")).exclude(
        pk=user.pk
    )
    owner_choices = [Choice(MINE, _("Mine")), Choice(NOBODY, _("Nobody"))]
    owner_choices += [Choice(str(owner.pk), owner.name) for owner in owners[:MOST_CHOICES]]
    return [
        Filter("owner", _("Owner"), owner_choices, multiple=True),
        Filter("region", _("Region"), _named(Region), multiple=True),
        Filter("tier", _("Tier"), _listed(Account.Tier.choices), multiple=True),
        Filter("life_cycle", _("Stands"), _listed(Account.LifeCycle.choices), multiple=True),
        Filter("kind", _("Kind"), _listed(Account.Kind.choices), multiple=True),
        Filter("team", _("Team"), _named(Team), multiple=True),
        Filter("partner", _("Partner"), _named(Partner), multiple=True),
        Filter("division", _("Our division"), _named(Division), multiple=True),
        Filter("sector", _("Sector"), _used(user, "sector"), multiple=True),
        Filter("country", _("Country"), _used(user, "country"), multiple=True),
    ]


@permit(Permission.SEE_CUSTOMERS)
def account_list(request: UserRequest) -> HttpResponse:
    """Show the customers the user may see."""
    asked = AccountQuery.read(request.GET)
    found = accounts_asked_for(request.user, asked).select_related(
        "region", "owner", "team", "partner", "division", "parent"
    )
    page = Paginator(found, ROWS).get_page(request.GET.get("page"))
    total = page.paginator.count
    accounts = list(page.object_list)
    said = ngettext("%(n)s customer", "%(n)s customers", total) % {"n": number(total)}
    context = {
        "page": page,
        "bar": filter_bar(request, said, account_filters(request.user)),
        "table": _account_table(request, accounts),
        "columns": _column_links(request),
        "words": asked.words,
        "kept": _kept(request, ("q", "page")),
        "none_at_all": not total and not Account.objects.visible_to(request.user).exists(),
        "headline": _account_headline(asked, total, request.user),
        "may_edit": request.user.may(Permission.EDIT_CUSTOMERS),
        "may_export": request.user.may(Permission.EXPORT),
        "query": _kept_query(request),
    }
    return render(request, "accounts/list.html", context)


def _account_headline(asked: AccountQuery, total: int, user: User) -> str:
    if asked.words:
        said = ngettext("%(n)s customer fits “%(words)s”", "%(n)s customers fit “%(words)s”", total)
        return said % {"n": number(total), "words": asked.words}
    if asked.chosen.get("owner") == [MINE]:
        return ngettext("%(n)s customer is yours", "%(n)s customers are yours", total) % {"n": number(total)}
    if asked.chosen:
        return ngettext("%(n)s customer fits", "%(n)s customers fit", total) % {"n": number(total)}
    if user.scope.everything:
        return ngettext("%(n)s customer", "%(n)s customers", total) % {"n": number(total)}
    said = ngettext("%(n)s customer within your reach", "%(n)s customers within your reach", total)
    return said % {"n": number(total)}


def _account_table(request: UserRequest, accounts: Sequence[Account]) -> Table:
    keys = chosen_columns(request.GET)
    heads = [Column(_("Customer"), sort="name")]
    for key in keys:
        foreign = list_columns.get(key)
        heads.append(
            Column(foreign.label, foreign.numeric)
            if foreign
            else Column(COLUMNS[key].label, COLUMNS[key].numeric, COLUMNS[key].sort)
        )
    cells = cells_of(request.user, accounts, keys, timezone.now())
    rows = [
        Row([account.name, *own], reverse("accounts:account", args=[account.code]))
        for account, own in zip(accounts, cells, strict=True)
    ]
    return Table(_("Customers"), heads, rows)


def _column_links(request: UserRequest) -> list[tuple[Any, str, bool]]:
    """Return each column there is, the address that shows or hides it, and whether it is shown."""
    chosen = chosen_columns(request.GET)
    links = []
    for key, column in {**COLUMNS, **list_columns}.items():
        shown = key in chosen
        now = [one for one in chosen if one != key] if shown else [*chosen, key]
        links.append((column.label, query_with(request, {"columns": ",".join(now) or None}), shown))  # type: ignore[attr-defined]
    return links


def _kept(request: UserRequest, left_out: Sequence[str]) -> list[tuple[str, str]]:
    """Return the parameters a form must carry so that searching keeps the filters."""
    return [(key, value) for key, values in request.GET.lists() if key not in left_out for value in values]


def _kept_query(request: UserRequest) -> str:
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()


def people_filters() -> list[Filter]:
    """Return what the list of people can be narrowed by."""
    return [
        Filter("role", _("Buying role"), _listed(BuyingRole.Role.choices), multiple=True),
        Filter("function", _("Function"), _named(Function), multiple=True),
        Filter("seniority", _("Seniority"), _listed(Contact.Seniority.choices), multiple=True),
        Filter("region", _("Region"), _named(Region), multiple=True),
        Filter("consent", _("Consent"), _listed(Contact.Consent.choices), multiple=True),
        Filter("left", _("Still there"), [Choice("no", _("Still there")), Choice("yes", _("Left"))]),
    ]


@permit(Permission.SEE_CUSTOMERS)
def people_list(request: UserRequest) -> HttpResponse:
    """Show the people at the customers the user may see."""
    now = timezone.now()
    asked = PeopleQuery.read(request.GET)
    found = people_asked_for(request.user, asked, now).select_related("account", "function")
    page = Paginator(found, ROWS).get_page(request.GET.get("page"))
    total = page.paginator.count
    said = ngettext("%(n)s person", "%(n)s people", total) % {"n": number(total)}
    headline = said
    if asked.words:
        fits = ngettext("%(n)s person fits “%(words)s”", "%(n)s people fit “%(words)s”", total)
        headline = fits % {"n": number(total), "words": asked.words}
    context: dict[str, Any] = {
        "page": page,
        "bar": filter_bar(request, said, people_filters()),
        "table": _people_table(list(page.object_list), now),
        "words": asked.words,
        "kept": _kept(request, ("q", "page")),
        "none_at_all": not total and not Contact.objects.visible_to(request.user).exists(),
        "headline": headline,
        "may_edit": request.user.may(Permission.EDIT_CUSTOMERS),
        "may_export": request.user.may(Permission.EXPORT),
        "query": _kept_query(request),
    }
    return render(request, "accounts/people.html", context)


def _people_table(people: Sequence[Contact], now: Any) -> Table:
    held: dict[int, list[str]] = {}
    roles = BuyingRole.objects.held_on(now.date()).filter(contact__in=[person.pk for person in people])
    for role in roles.order_by("contact", "-weight", "pk"):
        words = held.setdefault(role.contact_id, [])
        if role.get_role_display() not in words:
            words.append(role.get_role_display())
    heads = [
        Column(_("Person"), sort="name"),
        Column(_("Job title"), sort="title"),
        Column(_("Customer"), sort="account"),
        Column(_("Buying roles")),
        Column(_("Function"), sort="function"),
        Column(_("Language"), sort="language"),
        Column(_("E-mail")),
    ]
    rows = [
        Row(
            [
                person.name,
                person.title,
                person.account.name,
                ", ".join(held.get(person.pk, [])),
                person.function.name if person.function else "",
                person.language,
                person.email,
            ],
            reverse("accounts:person", args=[person.code]),
        )
        for person in people
    ]
    return Table(_("People"), heads, rows)


@permit(Permission.SEE_CUSTOMERS)
def search(request: UserRequest) -> HttpResponse:
    """Answer the palette: customers and people within reach."""
    words = request.GET.get("q", "").strip()
    groups = []
    if words:
        groups = [_found_accounts(request.user, words), _found_people(request.user, words)]
    return answer_palette(request, words, groups)


def _found_accounts(user: User, words: str) -> PaletteGroup:
    rows = Account.objects.visible_to(user).unmerged()
    ids = search_accounts(rows, words, most=PALETTE_RESULTS)
    found = by_rank(Account.objects.filter(pk__in=ids).select_related("parent"), ids)
    results = [
        PaletteResult(
            account.name,
            reverse("accounts:account", args=[account.code]),
            "customers",
            " · ".join(str(part) for part in (account.parent, account.city, account.code) if part),
        )
        for account in found
    ]
    return PaletteGroup(_("Customers"), results)


def _found_people(user: User, words: str) -> PaletteGroup:
    rows = Contact.objects.visible_to(user).unmerged()
    ids = search_contacts(rows, words, most=PALETTE_RESULTS)
    found = by_rank(Contact.objects.filter(pk__in=ids).select_related("account"), ids)
    results = [
        PaletteResult(
            person.name,
            reverse("accounts:person", args=[person.code]),
            "people",
            " · ".join(part for part in (person.title, person.account.name) if part),
        )
        for person in found
    ]
    return PaletteGroup(_("People"), results)


@permit(Permission.SEE_CUSTOMERS)
def offered(request: UserRequest) -> HttpResponse:
    """Offer customers to a field in which one is typed."""
    words = next((value for values in request.GET.lists() for value in values[1] if value), "")
    rows = Account.objects.visible_to(request.user).unmerged()
    ids = search_accounts(rows, words, most=8) if len(words) > 1 else []
    found = by_rank(Account.objects.filter(pk__in=ids), ids)
    return render(request, "accounts/offered.html", {"accounts": list(found)})
