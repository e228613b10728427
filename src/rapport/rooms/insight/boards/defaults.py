"""The dashboard each role begins with, in code, until somebody arranges their own."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rapport.kernel.roles import PARTNER_ROLES, Role
from rapport.rooms.insight.boards.spec import TileSpec, read_spec

BEFORE, LAST_YEAR = {"against": "before"}, {"against": "last_year"}


@dataclass(frozen=True)
class RoleBoard:
    """A dashboard for a role: `key` stands in its address."""

    key: str
    name: str | Promise
    tiles: tuple[TileSpec, ...]


def _tiles(*specs: Mapping[str, object]) -> tuple[TileSpec, ...]:
    return tuple(read_spec(spec) for spec in specs)


def _board(key: str, name: Promise, *specs: Mapping[str, object]) -> RoleBoard:
    return RoleBoard(key, name, _tiles(*specs))


BOARDS: Mapping[str, RoleBoard] = {
    board.key: board
    for board in (
        _board(
            "cx-manager",
            _("CX manager"),
            {"kind": "figure", "compare": BEFORE, "width": 4},
            {"kind": "views", "width": 8},
            {"kind": "trend", "width": 8},
            {"kind": "unhappy", "width": 4},
            {"kind": "breakdown", "by": ["touchpoint"], "width": 5},
            {"kind": "grid", "by": ["role", "region"], "width": 7},
            {"kind": "breakdown", "by": ["region"], "compare": BEFORE, "width": 5},
            {"kind": "mix", "width": 7},
        ),
        _board(
            "analyst",
            _("VoC analyst"),
            {"kind": "figure", "compare": LAST_YEAR, "width": 4},
            {"kind": "views", "width": 8},
            {"kind": "trend", "width": 8},
            {"kind": "asked", "width": 4},
            {"kind": "breakdown", "by": ["touchpoint"], "compare": LAST_YEAR, "width": 6},
            {"kind": "breakdown", "by": ["source"], "width": 6},
            {"kind": "grid", "by": ["role", "region"], "width": 7},
            {"kind": "breakdown", "by": ["partner"], "width": 5},
            {"kind": "pivot", "by": ["region", "quarter"], "width": 12},
        ),
        _board(
            "account-manager",
            _("Account manager"),
            {"kind": "figure", "compare": BEFORE, "width": 4},
            {"kind": "unhappy", "width": 4},
            {"kind": "silent", "width": 4},
            {"kind": "trend", "width": 7},
            {"kind": "breakdown", "by": ["touchpoint"], "width": 5},
            {"kind": "breakdown", "by": ["role"], "width": 6},
            {"kind": "breakdown", "by": ["product"], "width": 6},
        ),
        _board(
            "executive",
            _("Executive"),
            {"kind": "views", "width": 8},
            {"kind": "figure", "compare": LAST_YEAR, "width": 4},
            {"kind": "trend", "width": 8},
            {"kind": "silent", "width": 4},
            {"kind": "breakdown", "by": ["region"], "compare": LAST_YEAR, "width": 6},
            {"kind": "breakdown", "by": ["partner"], "width": 6},
        ),
        _board(
            "partner",
            _("Partner"),
            {"kind": "figure", "compare": BEFORE, "width": 4},
            {"kind": "trend", "width": 8},
            {"kind": "breakdown", "by": ["touchpoint"], "width": 6},
            {"kind": "unhappy", "width": 6},
            {"kind": "breakdown", "by": ["product"], "width": 6},
            {"kind": "mix", "width": 6},
        ),
    )
}
_OF_ROLE: Mapping[str, str] = {
    Role.ANALYST: "analyst",
    Role.ACCOUNT_MANAGER: "account-manager",
    Role.SERVICE_LEAD: "account-manager",
    Role.EXECUTIVE: "executive",
    **dict.fromkeys(PARTNER_ROLES, "partner"),
}


def board_of(role: str) -> RoleBoard:
    """Return the dashboard a role begins with."""
    return BOARDS[_OF_ROLE.get(role, "cx-manager")]
