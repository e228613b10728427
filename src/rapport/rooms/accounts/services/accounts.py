"""Adding and changing customers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from rapport.kernel.events import announce
from rapport.kernel.models import User
from rapport.rooms.accounts.events import AccountCreated, AccountOwnerChanged, AccountScopeChanged
from rapport.rooms.accounts.models import Account, AccountExternalId
from rapport.rooms.accounts.selectors.tree import itself
from rapport.rooms.accounts.services.changing import Conflict, put_values

EDITABLE = (
    "name",
    "kind",
    "parent",
    "sector",
    "employees",
    "revenue",
    "budget",
    "currency",
    "founded",
    "street",
    "postal_code",
    "city",
    "country",
    "domain",
    "life_cycle",
    "tier",
    "region",
    "division",
    "partner",
    "team",
    "owner",
)
# What a part of a customer takes from the whole when nothing else is said; these decide who sees it.
INHERITED = ("region", "team", "owner", "partner", "division")


@transaction.atomic
def create_account(
    values: Mapping[str, Any], *, external_ids: Sequence[tuple[str, str]] = (), by: User | None, now: datetime
) -> Account:
    """Add a customer; what it does not say of region, team, owner, partner and division its parent does.

    Raises ValidationError naming each wrong field, and Conflict when an external id is taken.
    """
    account = Account(created_at=now)
    put_values(account, values, EDITABLE)
    _inherit(account)
    _check_parent(account, by)
    account.save()
    if by and not Account.objects.visible_to(by).filter(pk=account.pk).exists():
        wrong = _(
            "You could not see this customer afterwards: choose a region, team or owner within your reach."
        )
        raise ValidationError({"region": [wrong]})
    set_external_ids(account, external_ids)
    announce(AccountCreated(account.pk))
    return account


@transaction.atomic
def change_account(
    account: Account, values: Mapping[str, Any], *, below: Iterable[str] = (), by: User | None, now: datetime
) -> Account:
    """Change a customer; `below` names the inherited fields whose new value also holds for everything below.

    Raises ValidationError naming each wrong field.
    """
    account = Account.objects.select_for_update().get(pk=account.pk)
    changed = set(put_values(account, values, EDITABLE))
    changed |= set(_inherit(account))
    if "parent" in changed:
        _check_parent(account, by)
    account.save()
    account.refresh_from_db()
    touched = [account.pk, *_spread(account, [name for name in below if name in INHERITED], by)]
    carry_scope(account)
    _announce_moves(account, changed, touched, by)
    return account


def _inherit(account: Account) -> list[str]:
    """Fill what the account does not say with what its parent says; return the fields filled."""
    if account.parent is None:
        return []
    columns = [(name, f"{name}_id") for name in INHERITED]
    taken = [name for name, key in columns if not getattr(account, key) and getattr(account.parent, key)]
    for name in taken:
        setattr(account, f"{name}_id", getattr(account.parent, f"{name}_id"))
    return taken


def _check_parent(account: Account, by: User | None) -> None:
    parent = account.parent
    if parent is None:
        return
    seen = Account.objects.visible_to(by) if by else Account.objects.all()
    if not seen.unmerged().filter(pk=parent.pk).exists():
        raise ValidationError({"parent": [_("There is no such customer.")]})
    if account.pk and Account.objects.subtree_of(account).filter(pk=parent.pk).exists():
        raise ValidationError({"parent": [_("A customer cannot belong to a part of itself.")]})


def _spread(account: Account, names: Sequence[str], by: User | None) -> list[int]:
    """Give everything below that the user may see the account's own values."""
    if not names:
        return []
    rows = Account.objects.subtree_of(account).exclude(pk=account.pk)
    rows = rows.visible_to(by) if by else rows
    ids = list(rows.order_by().values_list("pk", flat=True))
    Account.objects.filter(pk__in=ids).update(
        **{f"{name}_id": getattr(account, f"{name}_id") for name in names}
    )
    return ids


def carry_scope(account: Account) -> None:
    """Let the rows merged into an account be seen by whoever sees the account."""
    scope = {f"{name}_id": getattr(account, f"{name}_id") for name in INHERITED}
    Account.objects.filter(pk__in=itself(account)[1:]).update(**scope)


def _announce_moves(account: Account, changed: set[str], touched: Sequence[int], by: User | None) -> None:
    if "owner" in changed:
        announce(AccountOwnerChanged(tuple(touched), account.owner_id, by.pk if by else None))
    if changed & {"region", "team", "partner", "division"}:
        announce(AccountScopeChanged(tuple(touched)))


@transaction.atomic
def set_external_ids(account: Account, pairs: Sequence[tuple[str, str]]) -> None:
    """Make these the account's ids in other systems; raise Conflict when one belongs to another account."""
    wanted = {(system.strip(), value.strip()) for system, value in pairs}
    for known in account.external_ids.all():
        if (known.system, known.value) in wanted:
            wanted.discard((known.system, known.value))
        else:
            known.delete()
    for system, value in sorted(wanted):
        add_external_id(account, system, value)


def add_external_id(account: Account, system: str, value: str) -> AccountExternalId:
    """Note what another system calls the account; raise Conflict when that id belongs to another account."""
    row = AccountExternalId(account=account, system=system.strip(), value=value.strip())
    row.full_clean(validate_constraints=False)
    known = AccountExternalId.objects.filter(account=account, system=row.system, value=row.value).first()
    if known:
        return known
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(_("%(id)s already belongs to another customer.") % {"id": str(row)}) from error
    return row
