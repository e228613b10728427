"""Pairs that wait to be looked at, two rows side by side, and merges that can be undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, Contact, DuplicateCandidate, Merge
from rapport.rooms.accounts.selectors.duplicates import reason_words
from rapport.rooms.accounts.services.merging import ACCOUNT_CHOICES, CONTACT_CHOICES
from rapport.ui.formats import money

Row = Account | Contact
MODELS: dict[str, type[Account] | type[Contact]] = {"account": Account, "contact": Contact}


def candidates_for(user: User, kind: str) -> "QuerySet[DuplicateCandidate]":
    """Return the pairs nobody has put aside of which the user may see both rows."""
    rows = MODELS[kind]._default_manager.visible_to(user).unmerged()
    waiting = DuplicateCandidate.objects.filter(kind=kind, dismissed_at=None)
    return waiting.filter(
        Exists(rows.filter(pk=OuterRef("left_id"))), Exists(rows.filter(pk=OuterRef("right_id")))
    )


@dataclass(frozen=True)
class Pair:
    """Two rows that may be the same."""

    candidate: DuplicateCandidate
    left: Any
    right: Any

    @property
    def reasons(self) -> str:
        return reason_words(self.candidate.reasons)


def pairs_of(kind: str, candidates: Sequence[DuplicateCandidate]) -> list[Pair]:
    """Fetch both rows of each pair at once."""
    ids = {pk for candidate in candidates for pk in (candidate.left_id, candidate.right_id)}
    if kind == "account":
        rows: dict[int, Any] = Account.objects.select_related("owner", "region", "parent").in_bulk(ids)
    else:
        rows = Contact.objects.select_related("account").in_bulk(ids)
    return [Pair(one, rows[one.left_id], rows[one.right_id]) for one in candidates]


@dataclass(frozen=True)
class Choice:
    """One value of two rows side by side; `differs` when somebody has to choose."""

    name: str
    label: str
    kept: object
    merged: object
    # Only the other row says something: taking it loses nothing.
    suggested: bool

    @property
    def differs(self) -> bool:
        return str(self.kept or "") != str(self.merged or "")


def side_by_side(kept: Row, merged: Row) -> list[Choice]:
    """Return the values of two rows, those that differ to be chosen from."""
    names = ACCOUNT_CHOICES if isinstance(kept, Account) else CONTACT_CHOICES
    return [_choice(kept, merged, name) for name in names]


def _choice(kept: Row, merged: Row, name: str) -> Choice:
    label = str(kept._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    left, right = _shown(kept, name), _shown(merged, name)
    return Choice(name, label[:1].upper() + label[1:], left, right, suggested=not left and bool(right))


def _shown(row: Row, name: str) -> object:
    display = getattr(row, f"get_{name}_display", None)
    value = display() if display else getattr(row, name)
    if isinstance(value, Decimal):
        return money(value, row.currency or "EUR") if isinstance(row, Account) else value
    return "" if value is None else value


def merges_into(kind: str, ids: Sequence[int]) -> "QuerySet[Merge]":
    """Return the merges into these rows that were not undone, the newest first."""
    return Merge.objects.filter(kind=kind, kept_id__in=ids, undone_at=None).select_related("merged_by")


def merge_for(user: User, pk: int) -> Merge | None:
    """Return a merge whose rows the user may see."""
    merge = Merge.objects.filter(Q(pk=pk)).first()
    if merge is None:
        return None
    rows = MODELS[merge.kind]._default_manager.visible_to(user)
    return merge if rows.filter(pk=merge.kept_id).exists() else None
