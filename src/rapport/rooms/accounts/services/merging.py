"""Making one customer or person of two, in a way that can be undone."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils.translation import gettext as _

from rapport.kernel.events import announce
from rapport.kernel.models import User
from rapport.rooms.accounts.events import AccountsMerged, ContactsMerged, MergeUndone
from rapport.rooms.accounts.models import Account, Contact, DuplicateCandidate, Merge
from rapport.rooms.accounts.services import accounts, contacts
from rapport.rooms.accounts.services.accounts import INHERITED, carry_scope

ACCOUNT_CHOICES = tuple(name for name in accounts.EDITABLE if name not in {"parent"})
CONTACT_CHOICES = tuple(name for name in contacts.EDITABLE if name not in {"consent_at", "consent_source"})
Kind = DuplicateCandidate.Kind


class CannotMerge(Exception):
    """Two rows cannot be made one; the message says why."""


@transaction.atomic
def merge_accounts(
    kept: Account, merged: Account, take: Collection[str], *, by: User | None, now: datetime
) -> Merge:
    """Make two customers one: `kept` stays, takes the named values of `merged`, and `merged` stands below it.

    Nothing recorded moves; whoever sees the kept account sees the merged one's past. Raises CannotMerge.
    """
    kept, merged = _locked(Account, kept, merged)
    before: dict[str, Any] = {
        "merged": _values(merged, ["parent", *INHERITED]),
        "place": _values(kept, ["parent"]),
    }
    before |= _take(kept, merged, take, ACCOUNT_CHOICES)
    if Account.objects.filter(pk=kept.pk, path__under=merged.path).exists():
        # The one kept stood below the other: it takes its place, so that no circle arises.
        kept.parent = merged.parent
        kept.save(update_fields=["parent"])
        before["moved"] = True
    kept.save()
    merged.parent, merged.merged_into = kept, kept
    merged.save()
    kept.refresh_from_db()
    carry_scope(kept)
    made = _note(Kind.ACCOUNT, kept.pk, merged.pk, before, by, now)
    announce(AccountsMerged(kept.pk, merged.pk))
    return made


@transaction.atomic
def merge_contacts(
    kept: Contact, merged: Contact, take: Collection[str], *, by: User | None, now: datetime
) -> Merge:
    """Make two people one: `kept` stays and takes the named values of `merged`. Raises CannotMerge."""
    kept, merged = _locked(Contact, kept, merged)
    before: dict[str, Any] = {"merged": {}}
    before |= _take(kept, merged, take, CONTACT_CHOICES)
    if "consent" in take:
        before["kept"] |= _values(kept, ["consent_at", "consent_source"])
        kept.consent_at, kept.consent_source = merged.consent_at, merged.consent_source
        before["after"] |= _values(kept, ["consent_at", "consent_source"])
    kept.save()
    merged.merged_into = kept
    merged.save()
    made = _note(Kind.CONTACT, kept.pk, merged.pk, before, by, now)
    announce(ContactsMerged(kept.pk, merged.pk))
    return made


@transaction.atomic
def undo_merge(merge: Merge, *, by: User | None, now: datetime) -> None:
    """Let two rows stand apart again; values changed since the merge stay as they are. Raises CannotMerge."""
    merge = Merge.objects.select_for_update().get(pk=merge.pk)
    if merge.undone_at:
        raise CannotMerge(_("This merge was undone already."))
    model: Any = Account if merge.kind == Kind.ACCOUNT else Contact
    rows = {
        row.pk: row
        for row in model.objects.select_for_update().filter(pk__in=[merge.kept_id, merge.merged_id])
    }
    kept, merged = rows[merge.kept_id], rows[merge.merged_id]
    if merged.merged_into_id != kept.pk:
        raise CannotMerge(_("%(name)s was merged elsewhere since; undo that first.") % {"name": merged})
    merged.merged_into = None
    _restore(merged, merge.before["merged"])
    _restore(kept, merge.before["kept"], only_if=merge.before["after"])
    if merge.kind == Kind.ACCOUNT:
        _part(kept, merged, merge.before)
    else:
        merged.save()
        kept.save()
    Merge.objects.filter(pk=merge.pk).update(undone_at=now, undone_by=by)
    announce(MergeUndone(merge.kind, kept.pk, merged.pk))


def _part(kept: Account, merged: Account, before: dict[str, Any]) -> None:
    """Put two accounts back into their places in the tree."""
    kept.save()
    merged.save()
    if before.get("moved"):
        _restore(kept, before["place"])
        kept.save()
    for row in (kept, merged):
        row.refresh_from_db()
        carry_scope(row)


def _locked(model: Any, kept: Any, merged: Any) -> tuple[Any, Any]:
    if kept.pk == merged.pk:
        raise CannotMerge(_("These are the same already."))
    rows = {row.pk: row for row in model.objects.select_for_update().filter(pk__in=[kept.pk, merged.pk])}
    for row in rows.values():
        if row.merged_into_id:
            raise CannotMerge(_("%(name)s was merged into another already.") % {"name": row})
    return rows[kept.pk], rows[merged.pk]


def _values(row: Any, names: Collection[str]) -> dict[str, Any]:
    """Return values as they can be kept as JSON, references by their keys."""
    found = {
        row._meta.get_field(name).attname: getattr(row, row._meta.get_field(name).attname) for name in names
    }
    kept: dict[str, Any] = json.loads(json.dumps(found, cls=DjangoJSONEncoder))
    return kept


def _take(kept: Any, merged: Any, take: Collection[str], choices: Collection[str]) -> dict[str, Any]:
    names = [name for name in choices if name in take]
    before = _values(kept, names)
    for name in names:
        attname = kept._meta.get_field(name).attname
        setattr(kept, attname, getattr(merged, attname))
    return {"kept": before, "after": _values(kept, names)}


def _restore(row: Any, values: dict[str, Any], only_if: dict[str, Any] | None = None) -> None:
    names = [field.name for field in row._meta.concrete_fields if field.attname in values]
    now = _values(row, names)
    for attname, value in values.items():
        if only_if is not None and now[attname] != only_if[attname]:
            continue
        setattr(row, attname, row._meta.get_field(attname).to_python(value))


def _note(
    kind: str, kept_id: int, merged_id: int, before: dict[str, Any], by: User | None, now: datetime
) -> Merge:
    return Merge.objects.create(
        kind=kind, kept_id=kept_id, merged_id=merged_id, before=before, merged_by=by, merged_at=now
    )
