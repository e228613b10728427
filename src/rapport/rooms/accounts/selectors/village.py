"""The village of a customer: who holds which role, how fresh that knowledge is, and who has been heard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rapport.rooms.accounts.models import BuyingRole, Contact, Opportunity
from rapport.rooms.accounts.panels import Heard, Look, has_mood_source, hear

HALF_LIFE_DAYS = 270
CONFIRM_BELOW = 0.5
# A role without a weight of its own counts as much as an average voice of a village of ten.
USUAL_WEIGHT = 10
MOST_SITES = 12


@dataclass(frozen=True)
class Voice:
    """One person with a say, by their weightiest role, and what they last told us."""

    role: BuyingRole
    person: Contact
    weight: float
    freshness: float
    veto: bool
    heard: Heard | None
    silent: bool

    @property
    def score(self) -> float | None:
        """Return the score to draw the person by; none for the silent."""
        return self.heard.score if self.heard and not self.silent else None

    @property
    def to_confirm(self) -> bool:
        """Say whether what we know of the role is half gone."""
        return self.freshness < CONFIRM_BELOW


@dataclass(frozen=True)
class Village:
    """Everybody with a say, the weightiest first; `measured` is false when nobody can tell who was heard."""

    voices: Sequence[Voice]
    measured: bool

    @property
    def weight(self) -> float:
        return sum(voice.weight for voice in self.voices)

    @property
    def heard(self) -> "list[Voice]":
        return [voice for voice in self.voices if not voice.silent]

    @property
    def silent(self) -> "list[Voice]":
        return [voice for voice in self.voices if voice.silent]

    @property
    def silent_vetoes(self) -> "list[Voice]":
        return [voice for voice in self.silent if voice.veto]

    @property
    def unhappy(self) -> "list[Voice]":
        return [voice for voice in self.heard if voice.score is not None and voice.score <= 6]

    @property
    def coverage(self) -> float | None:
        """Return the share of the weight that was heard, 0 to 1."""
        return sum(voice.weight for voice in self.heard) / self.weight if self.weight else None


def freshness(role: BuyingRole, now: datetime) -> float:
    """Return what is left of the knowledge of a role, 0 to 1; it halves every nine months."""
    known = role.confirmed_at
    if known is None:
        return 0.0
    days = max(0.0, (now - known).total_seconds() / 86_400)
    return float(0.5 ** (days / HALF_LIFE_DAYS))


def roles_of(look: Look, decision: Opportunity | None = None) -> list[BuyingRole]:
    """Return the roles held today, of one decision or of the standing relationship."""
    held = BuyingRole.objects.held_on(look.now.date()).filter(
        contact__account__in=look.account_ids, contact__left_on=None, decision=decision
    )
    return list(
        held.select_related(
            "contact__account", "contact__merged_into__account", "contact__function"
        ).order_by("pk")
    )


def village_of(look: Look, decision: Opportunity | None = None) -> Village:
    """Return the village; a person with several roles stands once, by the weightiest."""
    by_person: dict[int, list[BuyingRole]] = {}
    people: dict[int, Contact] = {}
    for role in roles_of(look, decision):
        person = role.contact.merged_into or role.contact
        people[person.pk] = person
        by_person.setdefault(person.pk, []).append(role)
    said = hear(look, list(people))
    voices = [_voice(people[pk], held, said.get(pk), look.now) for pk, held in by_person.items()]
    voices.sort(key=lambda voice: (-voice.weight, voice.person.name))
    return Village(voices, has_mood_source())


def _voice(person: Contact, held: Sequence[BuyingRole], said: Heard | None, now: datetime) -> Voice:
    main = max(held, key=lambda role: (_weight(role), role.veto))
    return Voice(
        role=main,
        person=person,
        weight=_weight(main),
        freshness=max(freshness(role, now) for role in held),
        veto=any(role.veto for role in held),
        heard=said,
        silent=said is None or said.is_silent(now),
    )


def _weight(role: BuyingRole) -> float:
    return float(USUAL_WEIGHT if role.weight is None else role.weight)


def decisions_of(look: Look) -> list[Opportunity]:
    """Return the open decisions with a village of their own, the next first."""
    open_ones = Opportunity.objects.filter(account__in=look.account_ids, outcome=Opportunity.Outcome.OPEN)
    return list(open_ones.exclude(village=None).distinct().order_by("opened_on", "pk")[:8])


def moods_of(look: Look, people: Sequence[Contact]) -> Mapping[int, Heard]:
    """Return what these people last told us, leaving out what is too long ago."""
    said = hear(look, [person.pk for person in people])
    return {pk: heard for pk, heard in said.items() if not heard.is_silent(look.now)}
