"""Noticing that a dealing has come to a point worth asking about, and announcing it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import models
from django.utils import timezone

from rapport.kernel.events import announce
from rapport.rooms.accounts.events import TouchpointPassed
from rapport.rooms.accounts.models import Contract, Milestone, Opportunity, Order, Project, ServiceRequest

Marks = dict[str, Any]
ENDED = (Contract.Status.LOST, Contract.Status.CANCELLED)


def marks_of(row: models.Model) -> Marks:
    """Return what of a row tells that a point was passed; to be asked before and after a change."""
    if row.pk is None:
        return {}
    kept = type(row)._default_manager.filter(pk=row.pk).values(*WATCHED.get(type(row), ("pk",))).first()
    return dict(kept or {})


def announce_passed(row: Any, before: Marks, *, now: datetime | None = None) -> None:
    """Announce what a change has newly brought about."""
    tell = PASSED.get(type(row))
    event = tell(row, before, now or timezone.now()) if tell else None
    if event is not None:
        announce(event)


@dataclass(frozen=True)
class Known:
    """A row by its number, with what told of a point passed before an import changed it."""

    row_id: int
    before: Marks


def known_before(model: type[models.Model], ids: Sequence[int]) -> list[Known]:
    """Return these rows as they are before an import; nothing for tables that tell of no point passed."""
    watched = WATCHED.get(model)
    if watched is None:
        return []
    there = {row["pk"]: row for row in model._default_manager.filter(pk__in=ids).values("pk", *watched)}
    return [Known(pk, there.get(pk, {})) for pk in ids]


def announce_news(model: type[models.Model], rows: Sequence[Known], *, now: datetime) -> None:
    """Announce what an import that brings news has brought about; milestones count with their project."""
    if model not in WATCHED:
        return
    before = {known.row_id: known.before for known in rows}
    for row in model._default_manager.filter(pk__in=before):
        announce_passed(row, before[row.pk], now=now)
    if model is Project:
        for milestone in Milestone.objects.filter(project__in=before).select_related("project"):
            announce_passed(milestone, {}, now=now)


def _moment(day: date | datetime) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, time(12), tzinfo=UTC)


def _request(row: ServiceRequest, before: Marks, now: datetime) -> TouchpointPassed | None:
    if row.closed_at is None or before.get("closed_at") is not None:
        return None
    return TouchpointPassed(
        what="request_closed",
        row_id=row.pk,
        account_id=row.account_id,
        happened_at=row.closed_at,
        contact_id=row.contact_id,
        product=row.product_id,
        detail=row.subject[:200],
    )


def _order(row: Order, before: Marks, now: datetime) -> TouchpointPassed | None:
    if row.delivered_on is None or before.get("delivered_on") is not None:
        return None
    return TouchpointPassed(
        what="order_delivered",
        row_id=row.pk,
        account_id=row.account_id,
        happened_at=_moment(row.delivered_on),
        product=row.product_id,
        detail=row.number,
    )


def _opportunity(row: Opportunity, before: Marks, now: datetime) -> TouchpointPassed | None:
    over = {Opportunity.Outcome.WON, Opportunity.Outcome.LOST}
    if row.outcome not in over or before.get("outcome") in over:
        return None
    return TouchpointPassed(
        what="opportunity_closed",
        row_id=row.pk,
        account_id=row.account_id,
        happened_at=_moment(row.closed_on) if row.closed_on else now,
        decision_id=row.pk,
        product=row.product_id,
        detail=row.outcome,
    )


def _contract(row: Contract, before: Marks, now: datetime) -> TouchpointPassed | None:
    if row.status not in ENDED or before.get("status") in ENDED:
        return None
    return TouchpointPassed(
        what="contract_ended",
        row_id=row.pk,
        account_id=row.account_id,
        happened_at=_moment(row.ends_on) if row.ends_on and row.ends_on <= now.date() else now,
        product=row.product_id,
        detail=row.status,
    )


def _project(row: Project, before: Marks, now: datetime) -> TouchpointPassed | None:
    if row.stage_id is None or before.get("stage_id") == row.stage_id:
        return None
    return TouchpointPassed(
        what="stage_entered",
        row_id=row.pk,
        account_id=row.account_id,
        happened_at=now,
        stage=row.stage_id,
        detail=row.stage_id,
    )


def _milestone(row: Milestone, before: Marks, now: datetime) -> TouchpointPassed | None:
    if row.reached_on is None or before.get("reached_on") is not None:
        return None
    return TouchpointPassed(
        what="milestone_reached",
        row_id=row.pk,
        account_id=row.project.account_id,
        happened_at=_moment(row.reached_on),
        stage=row.project.stage_id,
        detail=row.name,
    )


WATCHED: dict[type[models.Model], tuple[str, ...]] = {
    ServiceRequest: ("closed_at",),
    Order: ("delivered_on",),
    Opportunity: ("outcome",),
    Contract: ("status",),
    Project: ("stage_id",),
    Milestone: ("reached_on",),
}
PASSED: dict[type[models.Model], Callable[[Any, Marks, datetime], TouchpointPassed | None]] = {
    ServiceRequest: _request,
    Order: _order,
    Opportunity: _opportunity,
    Contract: _contract,
    Project: _project,
    Milestone: _milestone,
}
