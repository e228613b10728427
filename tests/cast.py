"""The named cast: who appears in the tests, and the small world they live in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from rapport.kernel.models import Grant, Team, User
from rapport.kernel.roles import Role
from rapport.rooms.accounts.models import Account, BuyingRole, Contact
from rapport.rooms.catalog.models import Division, Metric, Partner, Product, Region, Stage, Touchpoint

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class World:
    """Three customers: Veldhuis (ours), Tarnhelm (another team's), Kestrel (a partner's)."""

    veldhuis: Account
    meppel: Account
    tarnhelm: Account
    kestrel: Account
    joost: Contact
    eva: Contact
    kestrel_buyer: Contact


@pytest.fixture
def catalog(db: None) -> None:
    """Fill the reference tables with a handful of rows."""
    for key, name in [("benelux", "Benelux"), ("nordics", "Nordics")]:
        Region.objects.create(key=key, name=name, time_zone="Europe/Amsterdam")
    Division.objects.create(key="pumps", name="Pumps")
    Product.objects.create(key="seal-kit", name="Seal kit")
    Stage.objects.create(key="use", name="Use")
    Touchpoint.objects.create(key="delivery", name="Parts delivery", stage_id="use")
    Partner.objects.create(key="kolding-dealer", name="Kolding dealer", region_id="nordics")
    scales: dict[str, tuple[str, int, int, bool]] = {
        "nps": ("Likely to recommend", 0, 10, True),
        "csat": ("Satisfaction", 1, 5, True),
        "ces": ("Effort", 1, 7, False),
    }
    for key, (name, low, high, higher_is_better) in scales.items():
        told = {"name": name, "scale_low": low, "scale_high": high, "higher_is_better": higher_is_better}
        Metric.objects.update_or_create(key=key, defaults={"kind": key, **told})


@pytest.fixture
def cast(catalog: None) -> Callable[[str], User]:
    """Return the member of the cast by name, made on first mention."""
    Team.objects.get_or_create(key="benelux-team", defaults={"name": "Benelux team"})
    Team.objects.get_or_create(key="nordics-team", defaults={"name": "Nordics team"})
    made: dict[str, User] = {}

    def member(who: str) -> User:
        if who not in made:
            made[who] = _make(who)
        return made[who]

    return member


_GRANTS: dict[str, list[tuple[str, str]]] = {
    "account_manager": [("team", "benelux-team")],
    "champion": [("region", "benelux")],
    "partner_administrator": [("partner", "kolding-dealer")],
    "partner_user": [("partner", "kolding-dealer")],
}


def _make(who: str) -> User:
    role = Role(who)
    reach = "granted" if who in _GRANTS else "capture" if role == Role.EMPLOYEE else "everything"
    name = who.replace("_", " ").title()
    user = User.objects.create_user(f"{who}@halden.example", None, name=name, role=role, reach=reach)
    for kind, key in _GRANTS.get(who, []):
        Grant.objects.create(user=user, kind=kind, key=key)
    return user


@pytest.fixture
def world(cast: Callable[[str], User]) -> World:
    """Build the three customers."""
    owner = cast("account_manager")
    ours: dict[str, Any] = {"region_id": "benelux", "team_id": "benelux-team", "tier": "A", "owner": owner}
    theirs: dict[str, Any] = {"region_id": "nordics", "team_id": "nordics-team"}
    veldhuis = Account.objects.create(name="Veldhuis Dairy", kind="group", **ours)
    meppel = Account.objects.create(name="Veldhuis Meppel", kind="site", parent=veldhuis, **ours)
    tarnhelm = Account.objects.create(name="Tarnhelm Chemicals", tier="B", **theirs)
    kestrel = Account.objects.create(name="Kestrel Pharma", tier="C", partner_id="kolding-dealer", **theirs)
    joost = Contact.objects.create(account=meppel, name="Joost Brandsma", email="joost@veldhuis.example")
    eva = Contact.objects.create(account=veldhuis, name="Eva Hoekstra", email="eva@veldhuis.example")
    buyer = Contact.objects.create(account=kestrel, name="Mikkel Friis", email="mikkel@kestrel.example")
    BuyingRole.objects.create(contact=joost, role="decision_maker", weight=12)
    BuyingRole.objects.create(contact=eva, role="approver", weight=14, veto=True)
    return World(veldhuis, meppel, tarnhelm, kestrel, joost, eva, buyer)


@pytest.fixture
def browser_of(cast: Callable[[str], User]) -> Callable[[str], Client]:
    """Return a client signed in as a member of the cast; `stranger` and `respondent` are nobody."""

    def client_of(who: str) -> Client:
        client = Client(raise_request_exception=True)
        if who not in {"stranger", "respondent"}:
            client.force_login(cast(who))
        return client

    return client_of
