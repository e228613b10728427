"""How far a user may see: one value, worked out in one place, from which every query starts."""

from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import Q
from django.http import Http404


@dataclass(frozen=True)
class Scope:
    """The rows a user may see, told by stable keys.

    Sources of sight add up: a row is visible when any of them reaches it.
    """

    user_id: int
    everything: bool = False
    regions: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    partners: frozenset[str] = frozenset()
    own_accounts: bool = False

    @classmethod
    def nothing(cls, user_id: int) -> "Scope":
        """Return the scope that reaches no row."""
        return cls(user_id)

    @classmethod
    def all(cls, user_id: int) -> "Scope":
        """Return the scope that reaches every row."""
        return cls(user_id, everything=True)

    def filter(self, prefix: str = "") -> Q:
        """Return the condition on a table with the columns region, team, owner and partner.

        `prefix` leads from the queried model to that table, for example `account__`.
        """
        if self.everything:
            return Q()
        sights = [
            (f"{prefix}region__in", self.regions),
            (f"{prefix}team__in", self.teams),
            (f"{prefix}partner__in", self.partners),
        ]
        if self.own_accounts:
            sights.append((f"{prefix}owner__in", frozenset({self.user_id})))  # type: ignore[arg-type]
        reach = Q(pk__in=[])
        for column, keys in sights:
            if keys:
                reach |= Q((column, sorted(keys)))
        return reach


class Scoped(Protocol):
    """Whoever asks: a user with a scope."""

    @property
    def scope(self) -> Scope: ...


class ScopedQuerySet(Protocol):
    """A query set that can be narrowed to what a user may see."""

    def visible_to(self, user: Any) -> Self: ...

    def get(self, *args: Any, **kwargs: Any) -> Any: ...


M = TypeVar("M", bound=models.Model)


def get_visible(model: type[M], user: Any, **lookup: Any) -> M:
    """Return the one row the user may see, or raise Http404 as if it did not exist."""
    rows: Any = model._default_manager
    try:
        found: M = rows.visible_to(user).get(**lookup)
    except (ObjectDoesNotExist, ValueError, TypeError) as error:
        raise Http404 from error
    return found
