"""Making invitations: the way a person is reached, what the survey may know of them, and when it goes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rapport.kernel.environment import environment
from rapport.rooms.accounts.models import Contact
from rapport.rooms.listening.channels.times import next_window, zone_of
from rapport.rooms.listening.links import hash_of, secret_of
from rapport.rooms.listening.models import Draw, Invitation, Programme, Reward, SurveyVersion
from rapport.rooms.listening.programmes.plan import Plan
from rapport.rooms.listening.sampling.frame import Person
from rapport.rooms.signals.models import new_id

SENT_BY_US = frozenset({"email", "message"})


@dataclass(frozen=True)
class Why:
    """What made us ask: nothing but the schedule, or something that happened."""

    occasion: str = ""
    words: str = ""
    place: Mapping[str, str] = field(default_factory=dict)


def channel_for(person: Person, plan: Plan, suppressed: set[str]) -> str | None:
    """Return the first way of the plan that reaches the person; None when there is none."""
    for channel in plan.channels:
        if channel == "email" and person.email and person.email.lower() not in suppressed:
            return channel
        if channel == "message" and person.phone:
            return channel
        if channel in {"interview", "paper"}:
            return channel
    return None


def invite_people(
    programme: Programme,
    plan: Plan,
    version: SurveyVersion,
    people: Sequence[Person],
    channels: Mapping[int, str],
    *,
    now: datetime,
    draw: Draw | None = None,
    chances: Mapping[int, float] | None = None,
    why: Why | None = None,
) -> list[Invitation]:
    """Write one invitation a person, in the caller's transaction; what it promises is noted with it."""
    contacts = Contact.objects.select_related(
        "account__region", "account__division", "account__partner", "function"
    ).in_bulk([person.contact_id for person in people])
    made = [
        _invitation(programme, plan, version, person, contacts[person.contact_id], why or Why(), now)
        for person in people
    ]
    for row, person in zip(made, people, strict=True):
        row.draw = draw
        row.channel = channels[person.contact_id]
        row.facts["channel"] = row.channel
        row.chance = (chances or {}).get(person.contact_id)
        row.send_at = _send_at(row, contacts[person.contact_id], plan, now)
    Invitation.objects.bulk_create(made)
    if plan.incentive is not None:
        _promise(plan, made, now)
    return made


def _invitation(
    programme: Programme,
    plan: Plan,
    version: SurveyVersion,
    person: Person,
    contact: Contact,
    why: Why,
    now: datetime,
) -> Invitation:
    pk = new_id()
    language = language_for(contact, version)
    return Invitation(
        id=pk,
        secret_hash=hash_of(secret_of(pk)),
        programme=programme,
        version=version,
        account_id=person.account_id,
        contact=contact,
        buying_role=person.role,
        veto=person.veto,
        decision_id=person.decision_id,
        language=language,
        stratum=person.stratum(plan.sampling.strata),
        facts=facts_of(programme, contact, person, language, why.words),
        place=place_of(plan) | dict(why.place),
        occasion=why.occasion,
        created_at=now,
        expires_at=now + timedelta(days=plan.schedule.open_days + 3),
    )


def _send_at(row: Invitation, contact: Contact, plan: Plan, now: datetime) -> datetime | None:
    if row.channel not in SENT_BY_US:
        return None
    region = contact.account.region
    zone = zone_of(contact.time_zone, region.time_zone if region else "", environment().time_zone)
    return next_window(zone, plan.mail, now)


def language_for(contact: Contact, version: SurveyVersion) -> str:
    """Return the person's language where the survey speaks it, else the survey's own."""
    spoken = version.document.get("languages") or ["en"]
    own = contact.language
    for wanted in (own, own.split("-")[0]):
        if wanted in spoken:
            return wanted
    return str(version.document.get("language") or spoken[0])


def place_of(plan: Plan) -> dict[str, str]:
    """Return what the plan says its answers are about, by catalogue key."""
    told = {"touchpoint": plan.touchpoint, "stage": plan.stage, "product": plan.product}
    return {name: key for name, key in told.items() if key}


def facts_of(
    programme: Programme, contact: Contact, person: Person, language: str, occasion: str
) -> dict[str, Any]:
    """Return what texts and conditions of the survey may use, as known now."""
    account = contact.account
    sender = programme.partner.name if programme.partner else str(programme.owner)
    return {
        "contact.name": contact.name,
        "contact.first_name": contact.name.split(" ")[0],
        "contact.title": contact.title,
        "contact.seniority": contact.seniority,
        "contact.function": contact.function_id or "",
        "contact.language": contact.language,
        "contact.role": person.role,
        "contact.veto": person.veto,
        "account.name": account.name,
        "account.tier": account.tier,
        "account.sector": account.sector,
        "account.size": str(account.employees or ""),
        "account.stage": account.life_cycle,
        "account.region": account.region_id or "",
        "account.division": account.division_id or "",
        "account.partner": account.partner_id or "",
        "occasion": occasion,
        "sender.name": sender,
        "us.name": environment().company,
        "language": language,
    }


def _promise(plan: Plan, invitations: Sequence[Invitation], now: datetime) -> None:
    incentive = plan.incentive
    assert incentive is not None
    due = now if incentive.given == "asked" else None
    Reward.objects.bulk_create(
        Reward(
            invitation=row,
            name=incentive.name,
            value=str(incentive.value),
            currency=incentive.currency,
            due_at=due,
        )
        for row in invitations
    )
