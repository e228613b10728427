"""The frame: everybody a programme could ask, from customers, people and roles, not from who was in touch."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from rapport.rooms.accounts.models import Account, BuyingRole, Contact
from rapport.rooms.listening.models import Programme
from rapport.rooms.listening.programmes.plan import NO_STRATUM, Dimension, Population

ROLES: tuple[str, ...] = tuple(BuyingRole.Role.values)
BETWEEN = " / "


@dataclass(frozen=True)
class Person:
    """Somebody of the frame, with what a draw and an invitation need to know."""

    contact_id: int
    account_id: int
    role: str
    veto: bool
    labels: Mapping[Dimension, str]
    email: str = ""
    phone: str = ""
    consent: str = ""
    decision_id: int | None = None

    def stratum(self, dimensions: Sequence[Dimension]) -> str:
        """Return the name of the part of the frame the person belongs to."""
        return BETWEEN.join(self.labels[dimension] for dimension in dimensions)


def accounts_of(programme: Programme, population: Population) -> QuerySet[Account]:
    """Return the customers a programme reaches: of its population, and no further than its owner sees."""
    rows = Account.objects.visible_to(programme.owner).unmerged()
    if programme.partner_id:
        rows = rows.filter(partner=programme.partner_id)
    chosen: dict[str, Collection[str]] = {
        "region__in": population.regions,
        "division__in": population.divisions,
        "partner__in": population.partners,
        "tier__in": population.tiers,
        "life_cycle__in": population.life_cycles,
        "sector__in": population.sectors,
    }
    rows = rows.filter(**{column: list(values) for column, values in chosen.items() if values})
    if population.accounts:
        paths = Account.objects.filter(code__in=population.accounts).values_list("path", flat=True)
        rows = rows.filter(path__under_any=list(paths))
    return rows


def frame_of(
    programme: Programme,
    population: Population,
    *,
    now: datetime,
    account_ids: Collection[int] | None = None,
    decision_id: int | None = None,
) -> list[Person]:
    """Return everybody the programme could ask on this day, sorted, so that a draw can be repeated.

    With `decision_id` roles are those held in that decision; otherwise those of the standing relationship,
    and where none is known there, those of any decision.
    """
    accounts = accounts_of(programme, population)
    if account_ids is not None:
        accounts = accounts.filter(pk__in=account_ids)
    rows = (
        Contact.objects.filter(account__in=accounts.values("pk"), merged_into=None)
        .filter(Q(left_on=None) | Q(left_on__gt=now.date()))
        .order_by("pk")
    )
    if population.seniorities:
        rows = rows.filter(seniority__in=population.seniorities)
    if population.functions:
        rows = rows.filter(function__in=population.functions)
    people = rows.values(
        *("pk", "account_id", "email", "phone", "consent", "seniority"),
        *(f"account__{name}" for name in ("region_id", "division_id", "partner_id", "tier", "sector")),
        "account__life_cycle",
    )
    roles = _roles_of(rows, now.date(), decision_id)
    found = (_person(row, roles.get(row["pk"], ()), population.roles, decision_id) for row in people)
    return [person for person in found if _belongs(person, population, decision_id)]


def _belongs(person: Person, population: Population, decision_id: int | None) -> bool:
    if population.roles and person.role not in population.roles:
        return False
    # Of a decision only its village is asked.
    return decision_id is None or bool(person.role)


def _roles_of(
    contacts: QuerySet[Contact], day: date, decision_id: int | None
) -> dict[int, list[tuple[str, bool, int, int | None]]]:
    held = BuyingRole.objects.held_on(day).filter(contact__in=contacts.values("pk"))
    if decision_id is not None:
        held = held.filter(decision=decision_id)
    found: dict[int, list[tuple[str, bool, int, int | None]]] = defaultdict(list)
    for contact, role, veto, weight, decision in held.values_list(
        "contact_id", "role", "veto", "weight", "decision_id"
    ):
        found[contact].append((role, veto, weight or 0, decision))
    return found


def _person(
    row: Mapping[str, Any],
    roles: Iterable[tuple[str, bool, int, int | None]],
    wanted: Collection[str],
    decision_id: int | None,
) -> Person:
    """Make a person with the weightiest fitting role, a standing one before one in a single decision."""
    held = [role for role in roles if not wanted or role[0] in wanted]
    held.sort(key=lambda role: (role[3] is not None, -role[2], ROLES.index(role[0])))
    role = held[0][0] if held else ""
    return Person(
        contact_id=row["pk"],
        account_id=row["account_id"],
        role=role,
        veto=any(veto for _role, veto, _weight, _decision in roles),
        email=row["email"],
        phone=row["phone"],
        consent=row["consent"],
        decision_id=decision_id,
        labels={
            Dimension.ROLE: role or NO_STRATUM,
            Dimension.REGION: row["account__region_id"] or NO_STRATUM,
            Dimension.DIVISION: row["account__division_id"] or NO_STRATUM,
            Dimension.PARTNER: row["account__partner_id"] or NO_STRATUM,
            Dimension.TIER: row["account__tier"] or NO_STRATUM,
            Dimension.SECTOR: row["account__sector"] or NO_STRATUM,
            Dimension.LIFE_CYCLE: row["account__life_cycle"] or NO_STRATUM,
            Dimension.SENIORITY: row["seniority"] or NO_STRATUM,
        },
    )


def unknown_roles(people: Iterable[Person], accounts: Collection[int]) -> dict[str, int]:
    """Return at how many of the customers nobody is known in each of the seven roles."""
    known: dict[str, set[int]] = {role: set() for role in ROLES}
    for person in people:
        if person.role:
            known[person.role].add(person.account_id)
    return {role: len(set(accounts) - known[role]) for role in ROLES}
