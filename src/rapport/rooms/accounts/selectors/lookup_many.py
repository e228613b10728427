"""Finding many accounts, persons and roles at once, by the same rules as one at a time in `lookup`."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from rapport.rooms.accounts.models import Account, BuyingRole

# Where the importer's own system is named, its ids are looked through first.
_ACCOUNTS = """
WITH RECURSIVE named AS (SELECT unnest(%(names)s::text[]) AS given),
found AS (
  SELECT given, coalesce(
    (SELECT account_id FROM accounts_accountexternalid WHERE system = %(system)s AND value = given),
    (SELECT id FROM accounts_account WHERE code = given),
    (SELECT account_id FROM accounts_accountexternalid
      WHERE strpos(given, ':') > 0
        AND system = split_part(given, ':', 1) AND value = substr(given, strpos(given, ':') + 1)),
    (SELECT min(id) FROM accounts_account WHERE name = given AND merged_into_id IS NULL HAVING count(*) = 1)
  ) AS id FROM named),
kept AS (
  SELECT given, a.id, a.merged_into_id FROM found JOIN accounts_account a ON a.id = found.id
  UNION ALL
  SELECT given, a.id, a.merged_into_id FROM kept JOIN accounts_account a ON a.id = kept.merged_into_id)
SELECT given, kept.id, a.region_id, a.division_id, a.partner_id
  FROM kept JOIN accounts_account a ON a.id = kept.id WHERE kept.merged_into_id IS NULL
"""
_CONTACTS = """
WITH RECURSIVE named AS (
  SELECT * FROM unnest(%(names)s::text[], %(within)s::bigint[]) AS n (given, within)),
found AS (
  SELECT given, within, coalesce(
    (SELECT contact_id FROM accounts_contactexternalid WHERE system = %(system)s AND value = given),
    (SELECT id FROM accounts_contact WHERE code = given),
    (SELECT contact_id FROM accounts_contactexternalid
      WHERE strpos(given, ':') > 0
        AND system = split_part(given, ':', 1) AND value = substr(given, strpos(given, ':') + 1)),
    CASE WHEN strpos(given, '@') > 0 THEN
      (SELECT min(id) FROM accounts_contact
        WHERE lower(email) = lower(given) AND merged_into_id IS NULL HAVING count(*) = 1) END,
    CASE WHEN within IS NOT NULL THEN
      (SELECT min(c.id) FROM accounts_contact c JOIN accounts_account a ON a.id = c.account_id
        WHERE c.name = given AND c.merged_into_id IS NULL
          AND a.path <@ (SELECT path FROM accounts_account WHERE id = within) HAVING count(*) = 1) END
  ) AS id FROM named),
kept AS (
  SELECT given, within, c.id, c.merged_into_id FROM found JOIN accounts_contact c ON c.id = found.id
  UNION ALL
  SELECT given, within, c.id, c.merged_into_id
    FROM kept JOIN accounts_contact c ON c.id = kept.merged_into_id)
SELECT given, within, c.id, c.account_id
  FROM kept JOIN accounts_contact c ON c.id = kept.id WHERE kept.merged_into_id IS NULL
"""


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """An account by its row number, with the place it belongs to."""

    id: int
    region: str | None
    division: str | None
    partner: str | None


@dataclass(frozen=True, slots=True)
class FoundContact:
    """A person by row number, and the account."""

    id: int
    account_id: int


def find_accounts(names: Collection[str], *, system: str = "", user: Any = None) -> dict[str, FoundAccount]:
    """Return what the names stand for; names that fit none or several are left out.

    `system` is the system the names come from: its ids need no prefix. A user's scope narrows what is found.
    """
    if not names:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, {"names": [name.strip() for name in names], "system": system})
        found = {row[0]: FoundAccount(*row[1:]) for row in cursor.fetchall()}
    seen = _visible({account.id for account in found.values()}, user)
    return {
        name: found[name.strip()]
        for name in names
        if name.strip() in found and found[name.strip()].id in seen
    }


def find_contacts(
    named: Collection[tuple[str, int | None]], *, system: str = "", user: Any = None
) -> dict[tuple[str, int | None], FoundContact]:
    """Return the persons meant by names, each within an account (or anywhere, by id or e-mail address)."""
    if not named:
        return {}
    pairs = [(name.strip(), within) for name, within in named]
    with connection.cursor() as cursor:
        cursor.execute(
            _CONTACTS,
            {
                "names": [name for name, _ in pairs],
                "within": [within for _, within in pairs],
                "system": system,
            },
        )
        found = {(row[0], row[1]): FoundContact(row[2], row[3]) for row in cursor.fetchall()}
    seen = _visible({contact.account_id for contact in found.values()}, user)
    return {
        key: found[pair]
        for key, pair in zip(named, pairs, strict=True)
        if pair in found and found[pair].account_id in seen
    }


def roles_of(contact_ids: Iterable[int]) -> dict[int, list[BuyingRole]]:
    """Return each person's roles: the standing ones first, then the weightiest."""
    held: dict[int, list[BuyingRole]] = defaultdict(list)
    for role in BuyingRole.objects.filter(contact__in=list(contact_ids)):
        held[role.contact_id].append(role)
    for roles in held.values():
        roles.sort(
            key=lambda role: (role.decision_id or 0, -(-1 if role.weight is None else role.weight), role.pk)
        )
    return held


def role_on(roles: Iterable[BuyingRole], day: date) -> str:
    """Return the first of these roles that was held on a day."""
    for role in roles:
        if (role.valid_from is None or role.valid_from <= day) and (
            role.valid_to is None or role.valid_to > day
        ):
            return role.role
    return ""


def _visible(ids: set[int], user: Any) -> set[int]:
    if user is None or user.scope.everything or not ids:
        return ids
    return set(Account.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
