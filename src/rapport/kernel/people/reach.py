"""What a grant can open: teams are known here, regions and partners are told by the room that keeps them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rapport.kernel.models import Grant, Team, User
from rapport.kernel.roles import PARTNER_ROLES, Role

Choices = Callable[[], Iterable[tuple[str, str]]]


def _teams() -> Iterable[tuple[str, str]]:
    return Team.objects.values_list("key", "name")


_offered: dict[str, Choices] = {Grant.Kind.TEAM: _teams}
_SEES_EVERYTHING = frozenset(
    {Role.ADMINISTRATOR, Role.CX_MANAGER, Role.ANALYST, Role.MARKETER, Role.EXECUTIVE}
)


@dataclass(frozen=True)
class GrantKey:
    """One region, team or partner by its key."""

    kind: str
    key: str


def offer_grants(kind: str, choices: Choices) -> None:
    """Tell what there is of a kind: keys and names."""
    _offered[kind] = choices


def grant_choices(kind: str) -> list[tuple[str, str]]:
    """Return keys and names of everything of a kind that can be granted."""
    return list(_offered[kind]()) if kind in _offered else []


def grantable_by(user: User, kind: str) -> list[tuple[str, str]]:
    """Return what this user may grant to others: administrators anything, others only what they have."""
    choices = grant_choices(kind)
    if user.role == Role.ADMINISTRATOR:
        return choices
    own = user.scope.partners if kind == Grant.Kind.PARTNER else frozenset[str]()
    return [choice for choice in choices if choice[0] in own]


def usual_reach(role: Role, grants: Iterable[GrantKey]) -> str:
    """Return how far somebody in a role usually sees."""
    if any(grants) or role in PARTNER_ROLES:
        return User.Reach.GRANTED
    if role == Role.EMPLOYEE:
        return User.Reach.CAPTURE
    return User.Reach.EVERYTHING if role in _SEES_EVERYTHING else User.Reach.GRANTED
