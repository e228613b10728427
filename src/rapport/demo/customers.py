"""The customers of Halden Flow: 400 accounts in trees, and 2,500 people in them."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.random import Generator

from rapport.demo.company import TEAMS
from rapport.demo.names import POSTS, REGIONS, SECTORS, TARNHELM, VELDHUIS, Land
from rapport.kernel.models import User
from rapport.rooms.accounts.models import Account, AccountExternalId, BuyingRole, Contact

ACCOUNTS, PEOPLE = 400, 2500
SYSTEM = "crm"
WEIGHTS = {
    "decision_maker": (10, 18),
    "approver": (10, 16),
    "buyer": (6, 12),
    "influencer": (5, 10),
    "user": (3, 8),
    "initiator": (3, 7),
    "gatekeeper": (1, 4),
}
# Place, name, post and weight of the people the stories are about; the last says whether they can veto.
VELDHUIS_PEOPLE = (
    ("Zwolle", "Annelies Peeters", "Buyer", 7, False),
    ("Zwolle", "Marijke Dekker", "Head of procurement", 13, True),
    ("Zwolle", "Eva Hoekstra", "Chief financial officer", 14, True),
    ("Meppel", "Joost Brandsma", "Plant manager", 12, False),
    ("Meppel", "Pieter van Dam", "Maintenance lead", 8, False),
    ("Meppel", "Tom Wouters", "Process engineer", 7, False),
    ("Gent", "Ilse Claes", "Quality manager", 9, True),
    ("Gent", "Bram De Smet", "Reliability engineer", 6, False),
    ("Gent", "Lotte Maes", "Operator", 4, False),
)
TARNHELM_PEOPLE = (
    ("Kassel", "Jürgen Falk", "Chief financial officer", 18, True),
    ("Kassel", "Renate Adler", "Buyer", 9, False),
    ("Kassel", "Stefan Krämer", "Plant manager", 12, False),
    ("Linz", "Heike Lorenz", "Maintenance lead", 7, False),
)


IN_THE_STORIES = {name for _city, name, *_rest in (*VELDHUIS_PEOPLE, *TARNHELM_PEOPLE)}


@dataclass(frozen=True)
class Person:
    """A contact with the role it plays and how it is inclined, which only the demo knows."""

    contact: Contact
    role: str
    leaning: float
    silent: bool


def settle_customers(rng: Generator, colleagues: dict[str, User]) -> list[Account]:
    """Create the accounts: companies first, then their sites."""
    teams = {region: [team for team in TEAMS if team[2] == region] for region in REGIONS}
    roots = [_company(rng, at, teams, colleagues, *_named(rng, at)) for at in range(ACCOUNTS * 3 // 10)]
    roots = Account.objects.bulk_create(roots)
    sites = _sites(rng, roots)
    Account.objects.bulk_create(sites)
    everyone = [*roots, *sites]
    AccountExternalId.objects.bulk_create(
        AccountExternalId(account=account, system=SYSTEM, value=f"C{number:05d}")
        for number, account in enumerate(everyone, start=1)
    )
    return everyone


def _named(rng: Generator, at: int) -> tuple[str, str, str]:
    """Return region, name and sector of the company at this place of the list."""
    if at == 0:
        return "benelux", VELDHUIS, "Dairy processing"
    if at == 1:
        return "dach", TARNHELM, "Chemicals"
    region = list(REGIONS)[at % 3]
    houses = REGIONS[region].houses
    row = at // 3
    # Each house comes again with another sector, so that no two customers have one name.
    house, (word, sector) = (
        houses[row % len(houses)],
        SECTORS[(row + 5 * (row // len(houses))) % len(SECTORS)],
    )
    return region, f"{house} {word}", sector


def _company(
    rng: Generator,
    at: int,
    teams: dict[str, Any],
    colleagues: dict[str, User],
    region: str,
    name: str,
    sector: str,
) -> Account:
    team = teams[region][0 if at < 2 else int(rng.integers(len(teams[region])))]
    city, country = _place(rng, region)
    partner = None
    if at > 1 and region == "nordics" and rng.random() < 0.35:
        partner = "kolding-pumpeservice"
    elif at > 1 and region == "dach" and rng.random() < 0.2:
        partner = "alpenpumpen"
    return Account(
        name=name,
        kind="group" if at < 2 or rng.random() < 0.3 else "company",
        sector=sector,
        employees=int(rng.lognormal(6, 1)),
        revenue=round(float(rng.lognormal(17, 1)), -4),
        currency="EUR",
        city=city,
        country=country,
        domain=f"{plain(name.split(maxsplit=1)[0])}{at}.example",
        tier="A" if at < 2 else str(rng.choice(["A", "B", "C"], p=[0.2, 0.4, 0.4])),
        life_cycle=str(rng.choice(["customer", "engaged"], p=[0.7, 0.3])),
        region_id=region,
        division_id="pumps",
        partner_id=partner,
        team_id=team[0],
        owner=colleagues[team[3]],
    )


def _place(rng: Generator, region: str) -> tuple[str, str]:
    places = REGIONS[region].places
    city, country = places[int(rng.integers(len(places)))]
    return city, country


def _sites(rng: Generator, roots: list[Account]) -> list[Account]:
    """Spread the remaining accounts over the companies; the two named ones have the sites of their story."""
    sites = [_site(roots[0], city) for city in ("Zwolle", "Meppel", "Gent", "Kolding")]
    sites += [_site(roots[1], city) for city in ("Kassel", "Linz", "Ulm")]
    taken = {(site.parent_id, site.city) for site in sites}
    while len(roots) + len(sites) < ACCOUNTS:
        parent = roots[2 + int(rng.beta(1, 2) * (len(roots) - 2))]
        city, _country = _place(rng, str(parent.region_id))
        if (parent.pk, city) not in taken:
            taken.add((parent.pk, city))
            sites.append(_site(parent, city))
    return sites


def _site(parent: Account, city: str) -> Account:
    country = next(
        (land for region in REGIONS.values() for place, land in region.places if place == city),
        parent.country,
    )
    return Account(
        name=f"{parent.name} {city}",
        kind="site",
        parent=parent,
        sector=parent.sector,
        city=city,
        country=country,
        domain=parent.domain,
        tier=parent.tier,
        life_cycle=parent.life_cycle,
        region_id=parent.region_id,
        division_id=parent.division_id,
        partner_id=parent.partner_id,
        team_id=parent.team_id,
        owner_id=parent.owner_id,
        currency="EUR",
    )


def settle_people(rng: Generator, accounts: list[Account], now: datetime) -> list[Person]:
    """Create the contacts and their standing buying roles."""
    inclined = _inclinations(rng, accounts)
    drafts: list[tuple[Contact, str, int, float, bool, bool]] = []
    by_city = {(account.parent_id, account.city): account for account in accounts if account.parent_id}
    for root, people in ((accounts[0], VELDHUIS_PEOPLE), (accounts[1], TARNHELM_PEOPLE)):
        for city, name, title, weight, veto in people:
            site = by_city[root.pk, city]
            silent = name in {"Eva Hoekstra", "Jürgen Falk", "Lotte Maes"}
            leaning = -2.5 if name in {"Joost Brandsma", "Pieter van Dam"} else 0.5
            drafts.append((*_draft(rng, site, title, name), weight, leaning, silent, veto))
    named = {id(draft[0].account) for draft in drafts}
    others = [account for account in accounts if id(account) not in named and account not in accounts[:2]]
    per_account = rng.multinomial(PEOPLE - len(drafts), np.full(len(others), 1 / len(others)))
    for account, count in zip(others, per_account, strict=True):
        for place in rng.permutation(len(POSTS))[: min(count, len(POSTS))]:
            contact, role = _draft(rng, account, POSTS[place][0])
            low, high = WEIGHTS[role]
            veto = rng.random() < {"approver": 0.7, "decision_maker": 0.3}.get(role, 0.0)
            leaning = inclined[account.parent_id or account.pk] + float(rng.normal(0, 1.2))
            weight, silent = int(rng.integers(low, high + 1)), bool(rng.random() < 0.25)
            drafts.append((contact, role, weight, leaning, silent, veto))
    contacts = Contact.objects.bulk_create(draft[0] for draft in drafts)
    BuyingRole.objects.bulk_create(
        BuyingRole(
            contact=contact,
            role=role,
            weight=weight,
            veto=veto,
            source="account team",
            valid_from=(now - timedelta(days=900)).date(),
            confirmed_at=now - timedelta(days=int(rng.integers(1, 700))),
        )
        for contact, (_draft_, role, weight, _leaning, _silent, veto) in zip(contacts, drafts, strict=True)
    )
    return [
        Person(contact, role, leaning, silent)
        for contact, (_draft_, role, _weight, leaning, silent, _veto) in zip(contacts, drafts, strict=True)
    ]


def plain(name: str) -> str:
    """Write a name with small ASCII letters and spaces only, as addresses need it."""
    letters = unicodedata.normalize("NFKD", name.lower().replace("ø", "o"))
    return "".join(letter for letter in letters if letter.isascii() and (letter.isalnum() or letter == " "))


def _inclinations(rng: Generator, accounts: list[Account]) -> dict[int, float]:
    return {account.pk: float(rng.normal(0, 1.0)) for account in accounts if account.parent_id is None}


def _drawn_name(rng: Generator, land: Land) -> str:
    """Draw a name that none of the people in the stories has."""
    name = f"{rng.choice(land.given)} {rng.choice(land.family)}"
    return name if name not in IN_THE_STORIES else _drawn_name(rng, land)


def _draft(rng: Generator, account: Account, title: str, name: str = "") -> tuple[Contact, str]:
    region = REGIONS[str(account.region_id)]
    _title, seniority, function, role = next(post for post in POSTS if post[0] == title)
    name = name or _drawn_name(rng, region)
    languages = [code for code, _share in region.languages]
    language = str(rng.choice(languages, p=[share for _code, share in region.languages]))
    local = plain(name).replace(" ", ".")
    contact = Contact(
        account=account,
        name=name,
        title=title,
        seniority=seniority,
        function_id=function,
        language=language,
        time_zone=region.zone,
        email=f"{local}.{int(rng.integers(10_000))}@{account.domain}",
        phone=f"+00 555 {int(rng.integers(1000, 9999))}",
        consent=str(rng.choice(["given", "unknown", "withdrawn"], p=[0.7, 0.26, 0.04])),
        consent_source="contract",
    )
    return contact, role
