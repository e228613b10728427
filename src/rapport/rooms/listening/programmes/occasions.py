"""Events that make programmes ask: noted when they happen, asked about after the delay, once each."""

from datetime import datetime, timedelta

from django.db import transaction

from rapport.rooms.accounts.events import TouchpointPassed
from rapport.rooms.accounts.models import Account
from rapport.rooms.listening.models import Occasion, Programme
from rapport.rooms.listening.programmes.kinds import BY_EVENT
from rapport.rooms.listening.programmes.plan import EventRule, Happening, Plan, PlanError, read_plan
from rapport.rooms.listening.sampling.draws import CannotDraw, Happened, ask_about
from rapport.rooms.listening.sampling.frame import accounts_of
from rapport.rooms.listening.sampling.inviting import Why

State = Occasion.State


def note_event(event: TouchpointPassed, *, now: datetime) -> list[Occasion]:
    """Note an event for every running programme that waits for its kind; noted before, it changes nothing."""
    waiting = Programme.objects.filter(state=Programme.State.RUNNING, kind__in=BY_EVENT).select_related(
        "owner"
    )
    noted = []
    for programme in waiting:
        try:
            plan = read_plan(programme.plan)
        except PlanError:
            continue
        if plan.event is not None and _wants(programme, plan, plan.event, event, now):
            noted.append(_occasion(programme, plan.event, event))
    return Occasion.objects.bulk_create(noted, ignore_conflicts=True)


def _wants(programme: Programme, plan: Plan, rule: EventRule, event: TouchpointPassed, now: datetime) -> bool:
    if event.what != rule.happening.value or event.happened_at < now - timedelta(days=rule.within_days):
        return False
    chosen = {
        Happening.STAGE_ENTERED: rule.stages,
        Happening.MILESTONE_REACHED: rule.milestones,
        Happening.OPPORTUNITY_CLOSED: rule.outcomes,
    }.get(rule.happening, ())
    if chosen and event.detail not in chosen:
        return False
    return accounts_of(programme, plan.population).filter(pk=_kept(event.account_id)).exists()


def _kept(account_id: int) -> int:
    """Return the account that stands for one that was merged into another."""
    merged = Account.objects.filter(pk=account_id).values_list("merged_into_id", flat=True).first()
    return _kept(merged) if merged else account_id


def _occasion(programme: Programme, rule: EventRule, event: TouchpointPassed) -> Occasion:
    place = {"product": event.product, "stage": event.stage}
    return Occasion(
        programme=programme,
        key=f"{event.what}:{event.row_id}" + (f":{event.detail}" if event.what == "stage_entered" else ""),
        account_id=_kept(event.account_id),
        contact_id=event.contact_id,
        decision_id=event.decision_id,
        place={name: key for name, key in place.items() if key},
        words=event.detail[:200],
        happened_at=event.happened_at,
        due_at=event.happened_at + timedelta(hours=rule.delay_hours),
    )


def ask_about_due_occasions(*, now: datetime, most: int = 500) -> int:
    """Ask about the events whose delay is over; return how many people were asked."""
    due = Occasion.objects.filter(
        state=State.WAITING, due_at__lte=now, programme__state=Programme.State.RUNNING
    ).order_by("due_at")
    return sum(_ask(pk, now=now) for pk in list(due.values_list("pk", flat=True)[:most]))


def _ask(pk: int, *, now: datetime) -> int:
    with transaction.atomic():
        row = (
            Occasion.objects.select_for_update(of=["self"], skip_locked=True)
            .select_related("programme__owner", "programme__partner", "programme__survey")
            .filter(pk=pk, state=State.WAITING)
            .first()
        )
        if row is None:
            return 0
        why = Why(occasion=row.key, words=row.words, place=row.place)
        happened = Happened(why, row.account_id, row.contact_id, row.decision_id)
        try:
            with transaction.atomic():
                asked = ask_about(row.programme, read_plan(row.programme.plan), happened, now=now)
        except (CannotDraw, PlanError):
            asked = []
        row.state = State.ASKED if asked else State.NOBODY
        row.save(update_fields=["state"])
    return len(asked)
