"""A programme's life: planned, started, paused, ended; and the draws its schedule asks for."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.listening.channels.times import zone_of
from rapport.rooms.listening.models import Draw, HouseRest, Occasion, Programme, Survey
from rapport.rooms.listening.programmes.clock import first_draw, next_draw
from rapport.rooms.listening.programmes.kinds import BY_SCHEDULE, STARTS_FROM, check_fits
from rapport.rooms.listening.programmes.plan import Plan, PlanError, Rest, read_plan, stored
from rapport.rooms.listening.sampling.draws import CannotDraw, draw_sample, published_version

State = Programme.State
log = structlog.get_logger(__name__)
EDITABLE = ("name", "purpose", "survey", "partner", "owner", "several_responses", "anonymous")


class ProgrammeRefused(ValueError):
    """A programme cannot do this now; the message says why and what to do."""


@transaction.atomic
def create_programme(
    *, name: str, kind: str, survey: Survey, owner: User, plan: Plan | None = None, **more: Any
) -> Programme:
    """Write a new programme as a draft; without a plan it begins with the one usual for its kind.

    Raises PlanError when the plan does not fit the kind, ValidationError when a field is wrong.
    """
    row = Programme(name=name, kind=kind, survey=survey, owner=owner, **more)
    return _save(row, plan or STARTS_FROM[kind])


@transaction.atomic
def change_programme(row: Programme, values: Mapping[str, Any], plan: Plan) -> Programme:
    """Change a programme; what was drawn before stays as it was.

    Raises ProgrammeRefused when it has ended or a change would break what was promised, PlanError and
    ValidationError as for a new one.
    """
    row = Programme.objects.select_for_update(of=["self"]).get(pk=row.pk)
    if row.state == State.ENDED:
        raise ProgrammeRefused(_("An ended programme is not changed any more; make a new one."))
    asked = row.invitations.exists()
    if asked and values.get("anonymous", row.anonymous) != row.anonymous:
        raise ProgrammeRefused(_("People were asked already; whether answers are anonymous stays as it was."))
    for name in EDITABLE:
        if name in values:
            setattr(row, name, values[name])
    return _save(row, plan)


def _save(row: Programme, plan: Plan) -> Programme:
    check_fits(row, plan)
    row.plan = stored(plan)
    row.full_clean(exclude=["code"])
    if row.state == State.RUNNING and row.kind in BY_SCHEDULE:
        row.next_draw_at = _next(row, plan, row.next_draw_at)
    row.save()
    return row


def _next(row: Programme, plan: Plan, planned: datetime | None) -> datetime | None:
    """Keep the planned draw unless the schedule no longer reaches it."""
    last_day = plan.schedule.ends_on
    if planned and last_day and planned.date() > last_day:
        return None
    return planned


@transaction.atomic
def start_programme(row: Programme, *, now: datetime) -> Programme:
    """Let a draft or paused programme ask; raise ProgrammeRefused when something it needs is missing."""
    row = Programme.objects.select_for_update(of=["self"]).get(pk=row.pk)
    if row.state not in {State.DRAFT, State.PAUSED}:
        raise ProgrammeRefused(_("Only a draft or a paused programme can be started."))
    try:
        plan = read_plan(row.plan)
        check_fits(row, plan)
        published_version(row)
    except (PlanError, CannotDraw) as error:
        raise ProgrammeRefused(str(error)) from error
    if row.kind in BY_SCHEDULE:
        row.next_draw_at = _first_or_next(row, plan, now)
    row.state = State.RUNNING
    row.started_at = row.started_at or now
    row.save()
    return row


def _first_or_next(row: Programme, plan: Plan, now: datetime) -> datetime | None:
    last = row.draws.order_by("-drawn_at").first()
    zone = zone_of(row.owner.time_zone)
    if last is None:
        return first_draw(plan.schedule, zone, now)
    return next_draw(plan.schedule, zone, last.drawn_at, now)


@transaction.atomic
def pause_programme(row: Programme) -> Programme:
    """Stop a running programme for a while: nothing more is drawn or sent; who was asked may still answer."""
    row = Programme.objects.select_for_update(of=["self"]).get(pk=row.pk)
    if row.state != State.RUNNING:
        raise ProgrammeRefused(_("Only a running programme can be paused."))
    row.state, row.next_draw_at = State.PAUSED, None
    row.save()
    return row


@transaction.atomic
def end_programme(row: Programme, *, now: datetime) -> Programme:
    """End a programme for good: who was not asked yet is withdrawn; links people have work on."""
    row = Programme.objects.select_for_update(of=["self"]).get(pk=row.pk)
    if row.state == State.ENDED:
        raise ProgrammeRefused(_("It has ended already."))
    row.state, row.next_draw_at, row.ended_at = State.ENDED, None, now
    row.save()
    row.invitations.filter(sent_at=None, state="drawn", open_link=False).update(
        state="withdrawn", send_at=None
    )
    row.invitations.filter(send_at__isnull=False).update(send_at=None)
    row.occasions.filter(state=Occasion.State.WAITING).update(state=Occasion.State.NOBODY)
    return row


@transaction.atomic
def set_house_rest(rule: Rest) -> HouseRest:
    """Set the rest rule every programme keeps beside its own."""
    row, _made = HouseRest.objects.update_or_create(pk=1, defaults={"rule": rule.model_dump(mode="json")})
    return row


def draw_due_programmes(*, now: datetime) -> list[Draw]:
    """Make the draws that are due, each at most once however often this runs."""
    due = Programme.objects.filter(state=State.RUNNING, next_draw_at__lte=now).values_list("pk", flat=True)
    return [made for pk in due if (made := _draw_due(pk, now=now)) is not None]


def _draw_due(pk: int, *, now: datetime) -> Draw | None:
    with transaction.atomic():
        row = (
            Programme.objects.select_for_update(of=["self"], skip_locked=True)
            .filter(pk=pk, state=State.RUNNING, next_draw_at__lte=now)
            .first()
        )
        if row is None:
            return None
        due, plan = row.next_draw_at, read_plan(row.plan)
        assert due is not None
        row.next_draw_at = next_draw(plan.schedule, zone_of(row.owner.time_zone), due, now)
        row.save(update_fields=["next_draw_at"])
        try:
            with transaction.atomic():
                return draw_sample(row, now=now, seed=new_seed(), due_at=due)
        except CannotDraw as reason:
            # The next one is planned already; the page shows that this one drew nobody.
            log.warning("draw_not_made", programme=row.code, reason=str(reason))
            return None


def new_seed() -> int:
    """Return a seed nobody chose; it is kept with the draw."""
    return secrets.randbelow(2**31)
