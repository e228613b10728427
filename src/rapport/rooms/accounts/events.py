"""What the accounts room announces."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rapport.kernel.events import Event


@dataclass(frozen=True)
class AccountCreated(Event):
    """A customer was added."""

    account_id: int


@dataclass(frozen=True)
class AccountOwnerChanged(Event):
    """Customers passed from one owner to another; `owner_id` is None when nobody has them now."""

    account_ids: tuple[int, ...]
    owner_id: int | None
    by_id: int | None


@dataclass(frozen=True)
class AccountScopeChanged(Event):
    """The region, team, partner or division of customers changed, and with it who may see them."""

    account_ids: tuple[int, ...]


@dataclass(frozen=True)
class AccountsMerged(Event):
    """One account was found to be the same customer as another and now stands below it."""

    kept_id: int
    merged_id: int


@dataclass(frozen=True)
class ContactsMerged(Event):
    """One person was found to be the same as another."""

    kept_id: int
    merged_id: int


@dataclass(frozen=True)
class MergeUndone(Event):
    """Two rows that had been merged stand apart again; `kind` is account or contact."""

    kind: str
    kept_id: int
    merged_id: int


@dataclass(frozen=True)
class BuyingRoleChanged(Event):
    """A person took up, changed, confirmed or gave up a buying role."""

    role_id: int
    contact_id: int


Passed = Literal[
    "request_closed",
    "order_delivered",
    "milestone_reached",
    "stage_entered",
    "opportunity_closed",
    "contract_ended",
]


@dataclass(frozen=True)
class TouchpointPassed(Event):
    """Something between a customer and us came to a point at which one may ask how it went.

    `row_id` is of the request, order, milestone, project, opportunity or contract. Announced for changes as
    they happen, and for imports only when these say that they bring news and not history.
    """

    what: Passed
    row_id: int
    account_id: int
    happened_at: datetime
    contact_id: int | None = None
    decision_id: int | None = None
    product: str | None = None
    stage: str | None = None
    detail: str = ""
    """The milestone's name, the stage entered, or the outcome."""
