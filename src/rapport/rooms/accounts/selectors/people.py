"""The list of people: who is on it and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import QueryDict

from rapport.kernel.models import User
from rapport.rooms.accounts.models import BuyingRole, Contact
from rapport.rooms.accounts.selectors.accounts import by_rank
from rapport.rooms.accounts.selectors.searching import search_contacts

FILTERS = ("role", "function", "seniority", "language", "consent", "region", "left")
SORTS = {
    "name": "name",
    "account": "account__name",
    "title": "title",
    "function": "function__name",
    "seniority": "seniority",
    "language": "language",
    "created": "created_at",
}


@dataclass(frozen=True)
class PeopleQuery:
    """What a list of people was asked for."""

    words: str = ""
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sort: str = ""

    @classmethod
    def read(cls, params: QueryDict) -> "PeopleQuery":
        """Read the question from the parameters of a URL."""
        chosen = {key: params.getlist(key) for key in FILTERS if params.getlist(key)}
        return cls(params.get("q", "").strip(), chosen, params.get("sort", ""))


def people_asked_for(user: User, asked: PeopleQuery, now: datetime) -> "QuerySet[Contact]":
    """Return the people the user may see that fit the question, in its order."""
    rows: QuerySet[Contact] = Contact.objects.visible_to(user).unmerged()
    for key, values in asked.chosen.items():
        rows = _narrowed(rows, key, values, now)
    if not asked.words:
        return _sorted(rows, asked.sort or "name")
    matches = search_contacts(rows, asked.words)
    rows = rows.filter(pk__in=matches)
    return _sorted(rows, asked.sort) if asked.sort else by_rank(rows, matches)


def _narrowed(
    rows: "QuerySet[Contact]", key: str, values: Sequence[str], now: datetime
) -> "QuerySet[Contact]":
    if key == "role":
        held = BuyingRole.objects.held_on(now.date()).filter(contact=OuterRef("pk"), role__in=values)
        return rows.filter(Exists(held))
    if key == "left":
        return rows.filter(left_on=None) if "no" in values else rows.exclude(left_on=None)
    if key == "region":
        return rows.filter(account__region__in=values)
    return rows.filter(**{f"{key}__in": values})


def _sorted(rows: "QuerySet[Contact]", sort: str) -> "QuerySet[Contact]":
    column = SORTS.get(sort.lstrip("-"), "name")
    order = F(column).desc(nulls_last=True) if sort.startswith("-") else F(column).asc(nulls_last=True)
    return rows.order_by(order, "pk") if column == "name" else rows.order_by(order, "name", "pk")
