"""Moving in the account tree: what lies above and below, what was merged in, what may be seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Count, F, Func, Sum

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact, Contract


def visible_part_ids(account: Account, user: User) -> list[int]:
    """Return the ids of the account and of all below it that the user may see, merged rows included."""
    return list(Account.objects.visible_to(user).subtree_of(account).order_by().values_list("pk", flat=True))


def itself(account: Account) -> list[int]:
    """Return the ids of the account and of the rows merged into it, directly or by way of another."""
    rows = Account.objects.subtree_of(account).exclude(merged_into=None).order_by()
    return _chain(account.pk, dict(rows.values_list("pk", "merged_into")))


def merged_contact_ids(contact: Contact) -> list[int]:
    """Return the ids of the person and of the rows merged into them."""
    return [contact.pk, *merged_people([contact.pk])]


def merged_people(contact_ids: Sequence[int]) -> dict[int, int]:
    """Return for each row merged into one of these people, directly or by way of another, who it is."""
    found: dict[int, int] = {}
    newest = dict(zip(contact_ids, contact_ids, strict=True))
    while newest:
        rows = Contact.objects.filter(merged_into__in=list(newest)).order_by()
        newest = {pk: newest[kept] for pk, kept in rows.values_list("pk", "merged_into") if kept is not None}
        found |= newest
    return found


def _chain(root: int, merged_into: Mapping[int, int | None]) -> list[int]:
    """Return the root and all rows whose merges end in it."""
    found = [root]
    for one in found:
        found += [pk for pk, kept in merged_into.items() if kept == one]
    return found


def ancestors_of(account: Account, user: User) -> list[Account]:
    """Return the accounts above, from the root down, as far as the user may see them."""
    above = Account.objects.visible_to(user).unmerged().filter(path__above=account.path)
    depth = Func("path", function="nlevel", output_field=models.IntegerField())
    return list(above.exclude(pk=account.pk).annotate(depth=depth).order_by("depth"))


@dataclass(frozen=True)
class Branch:
    """One part of a customer with the figures of everything below it."""

    account: Account
    sites: int
    people: int
    a_year: Mapping[str, Decimal]


def branches_of(account: Account, user: User) -> list[Branch]:
    """Return the parts directly below an account, counting what was merged into it as itself."""
    here = itself(account)
    children = list(
        Account.objects.visible_to(user).unmerged().filter(parent__in=here).select_related("region", "owner")
    )
    if not children:
        return []
    home = _homes(account, user, {child.pk for child in children})
    sites = _count_by_branch(home)
    people = _people_by_branch(home)
    worth = _worth_by_branch(home)
    return [
        Branch(child, sites.get(child.pk, 1) - 1, people.get(child.pk, 0), worth.get(child.pk, {}))
        for child in children
    ]


def _homes(account: Account, user: User, children: set[int]) -> dict[int, tuple[int, bool]]:
    """Return for each visible account below the branch it belongs to and whether it was merged."""
    rows = Account.objects.visible_to(user).subtree_of(account).order_by()
    homes = {}
    for pk, path, merged in rows.values_list("pk", "path", "merged_into"):
        branch = next((int(step) for step in path.split(".") if int(step) in children), None)
        if branch is not None:
            homes[pk] = (branch, merged is not None)
    return homes


def _count_by_branch(homes: Mapping[int, tuple[int, bool]]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for branch, merged in homes.values():
        counts[branch] = counts.get(branch, 0) + (not merged)
    return counts


def _people_by_branch(homes: Mapping[int, tuple[int, bool]]) -> dict[int, int]:
    people: dict[int, int] = {}
    rows = Contact.objects.filter(account__in=list(homes), merged_into=None).order_by()
    for account_id, n in rows.values_list("account").annotate(n=Count("pk")):
        branch = homes[account_id][0]
        people[branch] = people.get(branch, 0) + n
    return people


def _worth_by_branch(homes: Mapping[int, tuple[int, bool]]) -> dict[int, dict[str, Decimal]]:
    worth: dict[int, dict[str, Decimal]] = {}
    for account_id, currency, amount in _running(list(homes)).values_list("account", "currency", "total"):
        totals = worth.setdefault(homes[account_id][0], {})
        totals[currency] = totals.get(currency, Decimal(0)) + amount
    return worth


def _running(account_ids: Sequence[int]) -> Any:
    rows = Contract.objects.filter(account__in=account_ids, status=Contract.Status.ACTIVE).order_by()
    return (
        rows.exclude(annual_value=None).values("account", "currency").annotate(total=Sum(F("annual_value")))
    )
