"""Rest: who was asked when, over all programmes, and what that still allows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rapport.rooms.listening.models import HouseRest, Invitation, NotAsked
from rapport.rooms.listening.programmes.plan import NO_REST, Rest
from rapport.rooms.listening.sampling.drawing import NO_LIMIT
from rapport.rooms.listening.sampling.frame import Person

YEAR = timedelta(days=365)
FURTHEST = timedelta(days=1000)
Reason = NotAsked.Reason


def house_rest() -> Rest:
    """Return the rest rule of the house; nothing is kept when none was set."""
    row = HouseRest.objects.first()
    return Rest.model_validate(row.rule) if row else NO_REST


@dataclass(frozen=True)
class Asked:
    """When people were asked: by person with the decision, and by customer."""

    people: Mapping[int, tuple[tuple[datetime, int | None], ...]]
    accounts: Mapping[int, tuple[datetime, ...]]


def asked_before(people: Iterable[Person], *, now: datetime) -> Asked:
    """Read what all programmes have asked of these people; what came back does not count."""
    accounts = {person.account_id for person in people}
    rows = (
        Invitation.objects.filter(account__in=accounts, contact__isnull=False, created_at__gt=now - FURTHEST)
        .exclude(state__in=[Invitation.State.WITHDRAWN, Invitation.State.BOUNCED])
        .exclude(programme=None)
        .values_list("contact_id", "account_id", "decision_id", "created_at")
    )
    by_person: dict[int, list[tuple[datetime, int | None]]] = defaultdict(list)
    by_account: dict[int, list[datetime]] = defaultdict(list)
    for contact, account, decision, at in rows:
        by_person[contact].append((at, decision))
        by_account[account].append(at)
    return Asked(
        {contact: tuple(times) for contact, times in by_person.items()},
        {account: tuple(times) for account, times in by_account.items()},
    )


@dataclass(frozen=True)
class Tired:
    """Why somebody rests, and until when."""

    reason: str
    until: date | None = None


def rests(person: Person, asked: Asked, rule: Rest, *, now: datetime) -> Tired | None:
    """Return why a person is left alone now, or nothing."""
    times = asked.people.get(person.contact_id, ())
    if times and rule.contact_days is not None:
        free = max(at for at, _decision in times) + timedelta(days=rule.contact_days)
        if free > now:
            return Tired(Reason.CONTACT_RESTS, free.date())
    about = [at for at, decision in times if decision is not None and decision == person.decision_id]
    if about and rule.decision_days is not None:
        free = max(about) + timedelta(days=rule.decision_days)
        if free > now:
            return Tired(Reason.DECISION_RESTS, free.date())
    if rule.yearly_contact is not None:
        year = sorted(at for at, _decision in times if at > now - YEAR)
        if len(year) >= rule.yearly_contact:
            return Tired(Reason.BUDGET, (year[-rule.yearly_contact] + YEAR).date())
    return None


def room_at(account: int, asked: Asked, rule: Rest, *, now: datetime) -> tuple[int, Tired | None]:
    """Return how many more of a customer's people may be asked now, and why no more."""
    times = sorted(asked.accounts.get(account, ()))
    room, why = NO_LIMIT, None
    if rule.yearly_account is not None:
        year = [at for at in times if at > now - YEAR]
        room = max(0, rule.yearly_account - len(year))
        why = Tired(Reason.ACCOUNT_BUDGET, _free_on(year, rule.yearly_account, YEAR))
    if rule.account_most is not None:
        window = timedelta(days=rule.account_days or 365)
        recent = [at for at in times if at > now - window]
        left = max(0, rule.account_most - len(recent))
        if left < room:
            room, why = left, Tired(Reason.ACCOUNT_RESTS, _free_on(recent, rule.account_most, window))
    return room, why


def _free_on(times: list[datetime], most: int, window: timedelta) -> date | None:
    return (times[-most] + window).date() if len(times) >= most else None
