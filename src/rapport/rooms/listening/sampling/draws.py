"""Drawing a sample of a programme: worked out without writing for the plan's page, then written whole."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.accounts.models import Contact
from rapport.rooms.listening.channels.suppression import suppressed_among
from rapport.rooms.listening.definition import FileQuestion
from rapport.rooms.listening.models import Draw, Invitation, NotAsked, Programme, SurveyVersion
from rapport.rooms.listening.programmes.plan import Plan, PlanError, read_plan
from rapport.rooms.listening.sampling.drawing import Drawn, draw
from rapport.rooms.listening.sampling.frame import Person, accounts_of, frame_of, unknown_roles
from rapport.rooms.listening.sampling.inviting import Why, channel_for, invite_people
from rapport.rooms.listening.sampling.report import Report, expect, margins_of, strata_of
from rapport.rooms.listening.sampling.rest import Tired, asked_before, house_rest, rests, room_at

Reason = NotAsked.Reason
# Two draws at a time could ask the same person twice; this key of the database's lock lets one in.
ONE_DRAW_AT_A_TIME = 720_391
SEED_FROM = 2**31


class CannotDraw(ValueError):
    """A sample cannot be drawn now; says why and what to do."""


@dataclass(frozen=True)
class Worked:
    """A draw worked out: who would be asked by which way, who not and why, and its report."""

    drawn: Drawn
    channels: dict[int, str]
    left_out: dict[int, Tired]
    report: Report


def published_version(programme: Programme) -> SurveyVersion:
    """Return the version people are asked; raise CannotDraw when none was published."""
    version = programme.survey.versions.filter(state=SurveyVersion.State.PUBLISHED).first()
    if version is None:
        raise CannotDraw(
            _("The survey %(survey)s has no published version; publish one first.")
            % {"survey": programme.survey}
        )
    if programme.anonymous and any(isinstance(one, FileQuestion) for one in version.definition().questions()):
        raise CannotDraw(
            _("A file tells who sent it; take the questions for files out, or do not promise anonymity.")
        )
    return version


def work_out(programme: Programme, plan: Plan, *, now: datetime, seed: int) -> Worked:
    """Work out a draw without writing anything."""
    people = frame_of(programme, plan.population, now=now)
    accounts = list(accounts_of(programme, plan.population).values_list("pk", flat=True))
    return _work_out(programme, plan, people, accounts, now=now, seed=seed)


def _work_out(
    programme: Programme, plan: Plan, people: list[Person], accounts: list[int], *, now: datetime, seed: int
) -> Worked:
    rule = plan.rest.stricter(house_rest())
    asked = asked_before(people, now=now)
    suppressed = suppressed_among(person.email for person in people)
    channels: dict[int, str] = {}
    left_out: dict[int, Tired] = {}
    for person in people:
        why = _refusal(person, plan) or rests(person, asked, rule, now=now)
        channel = None if why else channel_for(person, plan, suppressed)
        if channel is not None:
            channels[person.contact_id] = channel
        else:
            left_out[person.contact_id] = why or _unreachable(person, suppressed)
    free = [person for person in people if person.contact_id in channels]
    rooms = {person.account_id: room_at(person.account_id, asked, rule, now=now) for person in free}
    drawn = draw(free, plan.sampling, room={pk: room for pk, (room, _why) in rooms.items()}, seed=seed)
    for person in drawn.too_many:
        _room, why = rooms[person.account_id]
        taken = sum(other.account_id == person.account_id for other in drawn.people)
        full = why is not None and taken >= _room
        left_out[person.contact_id] = why if full and why else Tired(Reason.ACCOUNT_LIMIT)
    report = _report(programme, plan, people, free, drawn, accounts, channels, left_out)
    return Worked(drawn, channels, left_out, report)


def _refusal(person: Person, plan: Plan) -> Tired | None:
    if person.consent == Contact.Consent.WITHDRAWN:
        return Tired(Reason.REFUSED)
    if plan.population.needs_consent and person.consent != Contact.Consent.GIVEN:
        return Tired(Reason.NO_CONSENT)
    return None


def _unreachable(person: Person, suppressed: set[str]) -> Tired:
    if person.email and person.email.lower() in suppressed:
        return Tired(Reason.SUPPRESSED)
    return Tired(Reason.UNREACHABLE)


def _report(
    programme: Programme,
    plan: Plan,
    people: list[Person],
    free: list[Person],
    drawn: Drawn,
    accounts: list[int],
    channels: dict[int, str],
    left_out: dict[int, Tired],
) -> Report:
    strata = plan.sampling.strata or ()
    return Report(
        frame=len(people),
        free=len(free),
        drawn=len(drawn.people),
        accounts=len(accounts),
        accounts_drawn=len({person.account_id for person in drawn.people}),
        dimensions=tuple(dimension.value for dimension in strata),
        strata=strata_of(people, free, drawn.people, strata),
        left_out=dict(Counter(why.reason for why in left_out.values())),
        unknown_roles=unknown_roles(people, accounts) if not plan.population.roles else {},
        margins=margins_of(people),
        expected=expect(plan, drawn, len(people), history=response_so_far(programme)),
        channels=dict(Counter(channels[person.contact_id] for person in drawn.people)),
    )


FEWEST_FOR_HISTORY = 30


def response_so_far(programme: Programme) -> float | None:
    """Return what share of those asked has answered, once enough were asked and had the time."""
    if programme.pk is None:
        return None
    over = Invitation.objects.filter(programme=programme, open_link=False, sent_at__isnull=False)
    asked = over.count()
    if asked < FEWEST_FOR_HISTORY:
        return None
    answered = over.filter(responses__state="sent", responses__test=False).distinct().count()
    return answered / asked if answered else None


def draw_sample(
    programme: Programme,
    *,
    now: datetime,
    seed: int,
    due_at: datetime | None = None,
    by: User | None = None,
) -> Draw:
    """Draw a sample and write its invitations, all or nothing.

    Raises CannotDraw when the programme does not run, its plan or survey is not ready, or nobody
    may be asked.
    """
    if programme.state != Programme.State.RUNNING:
        raise CannotDraw(_("The programme does not run; start it first."))
    try:
        plan = read_plan(programme.plan)
    except PlanError as error:
        raise CannotDraw(str(error)) from error
    version = published_version(programme)
    with transaction.atomic():
        _wait_for_other_draws()
        if plan.quota is not None and answers_of(programme) >= plan.quota:
            raise CannotDraw(_("The quota of answers is full; nobody more is asked."))
        worked = work_out(programme, plan, now=now, seed=seed)
        if by is not None and not worked.drawn.people:
            raise CannotDraw(_("Nobody may be asked now; the plan's page says why."))
        made = Draw.objects.create(
            programme=programme,
            drawn_at=now,
            seed=seed,
            due_at=due_at,
            drawn_by=by,
            report=worked.report.model_dump(mode="json"),
        )
        NotAsked.objects.bulk_create(
            NotAsked(draw=made, contact_id=pk, reason=why.reason, until=why.until)
            for pk, why in sorted(worked.left_out.items())
        )
        invite_people(
            programme,
            plan,
            version,
            worked.drawn.people,
            worked.channels,
            now=now,
            draw=made,
            chances=worked.drawn.chances,
        )
    return made


def _wait_for_other_draws() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_DRAW_AT_A_TIME])


def answers_of(programme: Programme) -> int:
    """Return how many have answered."""
    return Invitation.objects.filter(
        programme=programme, responses__state="sent", responses__test=False
    ).count()


@dataclass(frozen=True)
class Happened:
    """What an event-based programme asks about."""

    why: Why
    account_id: int
    contact_id: int | None
    decision_id: int | None


def ask_about(programme: Programme, plan: Plan, happened: Happened, *, now: datetime) -> list[Invitation]:
    """Ask about one event: whoever it was with, else people of the customer; nobody twice about the same.

    The people are drawn by a seed made of the event, so that trying again would take the same ones.
    """
    version = published_version(programme)
    most = plan.event.most_people if plan.event else 1
    with transaction.atomic():
        _wait_for_other_draws()
        if plan.quota is not None and answers_of(programme) >= plan.quota:
            return []
        people = frame_of(
            programme,
            plan.population,
            now=now,
            account_ids=[happened.account_id],
            decision_id=happened.decision_id,
        )
        if happened.contact_id is not None:
            people = [person for person in people if person.contact_id == happened.contact_id] or people
        changed = {"how": "simple", "size": most, "strata": (), "most_per_account": None}
        if happened.decision_id is None:
            # Beyond a decision, a veto is no reason to bother everybody who has one with each delivery.
            changed |= {"must_vetoes": False, "must_roles": ()}
        sampling = plan.sampling.model_copy(update=changed)
        if happened.contact_id is not None and len(people) == 1:
            sampling = sampling.model_copy(update={"size": 1})
        one = plan.model_copy(update={"sampling": sampling})
        worked = _work_out(
            programme, one, people, [happened.account_id], now=now, seed=seed_of(happened.why.occasion)
        )
        return invite_people(
            programme, plan, version, worked.drawn.people, worked.channels, now=now, why=happened.why
        )


def seed_of(words: str) -> int:
    """Return a seed made of words."""
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big") % SEED_FROM
