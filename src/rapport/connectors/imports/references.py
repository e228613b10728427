"""What words in a file stand for: accounts, persons, catalogue entries, teams, users, opportunities."""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models

from rapport.kernel.models import Team, User
from rapport.kernel.roles import Permission
from rapport.rooms.accounts.api import find_accounts, find_contacts
from rapport.rooms.accounts.models import Opportunity
from rapport.rooms.catalog import models as catalog

CATALOG: dict[str, Any] = {
    "region": catalog.Region,
    "division": catalog.Division,
    "function": catalog.Function,
    "product": catalog.Product,
    "stage": catalog.Stage,
    "touchpoint": catalog.Touchpoint,
    "partner": catalog.Partner,
    "metric": catalog.Metric,
    "team": Team,
}
CREATABLE = frozenset({"region", "division", "function", "product", "stage", "touchpoint", "partner", "team"})


@dataclass(slots=True)
class Looking:
    """Who looks things up, for which system, and what is to be added to the catalogue on the way."""

    user: User | None
    source: str
    now: datetime
    create: frozenset[str] = frozenset()
    """Kinds of catalogue entries that may be added."""
    additions: dict[str, dict[str, str]] = field(default_factory=dict)
    """Kind to key to name of the entries that landing will add."""
    _known: dict[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def everything(self) -> bool:
        return self.user is None or self.user.scope.everything


def accounts(names: Collection[str], looking: Looking) -> dict[str, object]:
    """Return account ids by what the source calls them."""
    found = find_accounts(list(names), system=looking.source, user=looking.user)
    return {name: account.id for name, account in found.items()}


def contacts(
    named: Collection[tuple[str, int | None]], looking: Looking
) -> dict[tuple[str, int | None], int]:
    """Return contact ids by what the source calls them, within an account or anywhere."""
    found = find_contacts(list(named), system=looking.source, user=looking.user)
    return {pair: contact.id for pair, contact in found.items()}


def opportunities(names: Collection[str], looking: Looking) -> dict[str, object]:
    """Return opportunity ids by their id in the source, or `system:id` elsewhere."""
    rows: Any = Opportunity.objects if looking.user is None else Opportunity.objects.visible_to(looking.user)
    found: dict[str, object] = dict(
        rows.filter(source=looking.source, external_id__in=list(names)).values_list("external_id", "pk")
    )
    for name in names:
        system, colon, value = name.partition(":")
        if colon and name not in found:
            pk = rows.filter(source=system, external_id=value).values_list("pk", flat=True).first()
            if pk is not None:
                found[name] = pk
    return found


def users(names: Collection[str], looking: Looking) -> dict[str, object]:
    """Return user ids by e-mail address or by a name only one user has."""
    by_email: dict[str, object] = {}
    by_name: dict[str, list[object]] = {}
    for pk, email, name in User.objects.filter(is_active=True).values_list("pk", "email", "name"):
        by_email[email.casefold()] = pk
        by_name.setdefault(name.casefold(), []).append(pk)
    found: dict[str, object] = {}
    for name in names:
        folded = name.strip().casefold()
        named = by_name.get(folded, [])
        pk = by_email.get(folded) or (named[0] if len(named) == 1 else None)
        if pk is not None:
            found[name] = pk
    return found


def catalogue(kind: str) -> Callable[[Collection[str], Looking], dict[str, object]]:
    """Return the function that finds entries of one reference table by key or name."""

    def find(names: Collection[str], looking: Looking) -> dict[str, object]:
        known = catalogue_words(kind, looking)
        found: dict[str, object] = {}
        for name in names:
            key = known.get(name.strip().casefold()) or known.get(slug(name))
            if key is None and kind in looking.create and slug(name):
                key = slug(name)
                looking.additions.setdefault(kind, {}).setdefault(key, name.strip()[:120])
            if key is not None:
                found[name] = key
        return found

    return find


def catalogue_words(kind: str, looking: Looking) -> Mapping[str, str]:
    """Return the keys and names of a reference table, in small letters, to its keys; read once."""
    if kind not in looking._known:
        rows = list(CATALOG[kind].objects.values_list("pk", "name"))
        words = {name.casefold(): key for key, name in rows}
        looking._known[kind] = words | {key.casefold(): key for key, _ in rows}
    return looking._known[kind]


def slug(text: str) -> str:
    """Make a key of a name: small letters, digits and dashes."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    return made or re.sub(r"\W+", "", "-".join(f"{ord(c):x}" for c in text.strip()))[:60]


def add_to_catalogue(looking: Looking) -> bool:
    """Add the entries that rows of the file refer to and the catalogue did not have; say whether any were."""
    added = False
    for kind, entries in looking.additions.items():
        model: type[models.Model] = CATALOG[kind]
        there = set(model._default_manager.filter(pk__in=entries).values_list("pk", flat=True))
        for key, name in entries.items():
            if key not in there:
                model._default_manager.create(key=key, name=name)
                added = True
    return added


def may_create(user: User | None) -> bool:
    """Say whether the catalogue may be added to in this user's name."""
    return user is None or user.may(Permission.EDIT_CATALOG)


FINDERS: dict[str, Callable[[Collection[str], Looking], dict[str, object]]] = {
    "account": accounts,
    "opportunity": opportunities,
    "user": users,
    **{kind: catalogue(kind) for kind in CATALOG},
}
"""Kind of reference to its finder; persons are found within accounts and have a step of their own."""
