"""Workshops as pages show them: the list, the vote's result, and what became of what was agreed."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Sum
from django.utils import formats
from django.utils.translation import gettext as _

from rapport.kernel.models import User
from rapport.rooms.action.models import Workshop, WorkshopAction, WorkshopVote
from rapport.rooms.action.selectors.problems import places_said


@dataclass(frozen=True)
class WorkshopRow:
    """One workshop in the list."""

    code: str
    title: str
    held_on: date
    scope: str
    lead: str
    participants: int
    agreed: int


@dataclass(frozen=True)
class ItemRow:
    """Something put to the vote; dots are told once the vote is over."""

    pk: int
    text: str
    dots: int
    voters: int
    mine: int


@dataclass(frozen=True)
class Ballot:
    """What is put to the vote, what came of it, and who has voted."""

    items: tuple[ItemRow, ...]
    voters: int
    voters_of: int
    dots: int


@dataclass(frozen=True)
class AgreedRow:
    """One thing that was agreed, and what became of it."""

    text: str
    owner: str
    due_on: date
    done_on: date | None
    late: bool
    standing: str
    improvement: str
    improvement_title: str
    state: str
    verdict: str
    item: str


@dataclass(frozen=True)
class FollowUp:
    """What became of everything that was agreed."""

    rows: tuple[AgreedRow, ...]
    agreed: int
    done: int
    late: int


def workshop_rows(user: User) -> list[WorkshopRow]:
    """Return the workshops a user may see, the newest first."""
    rows = Workshop.objects.visible_to(user).select_related("lead")
    counted: Any = rows.annotate(
        people=Count("participants", distinct=True), things=Count("agreed", distinct=True)
    )
    return [
        WorkshopRow(
            code=one.code,
            title=one.title,
            held_on=one.held_on,
            scope=places_said(one.scope) or _("everywhere"),
            lead=str(one.lead),
            participants=one.people,
            agreed=one.things,
        )
        for one in counted.order_by("-held_on", "-pk")
    ]


def ballot(workshop: Workshop, user: User) -> Ballot:
    """Return what is put to the vote; the most dots first once it is over, and in its own order before."""
    over = workshop.voting_until is not None
    votes = WorkshopVote.objects.filter(item__workshop=workshop)
    mine = dict(votes.filter(user=user).values_list("item", "dots"))
    counted = workshop.items.annotate(sum=Sum("votes__dots"), people=Count("votes"))
    rows = [
        ItemRow(
            item.pk,
            item.text,
            (item.sum or 0) if over else 0,
            item.people if over else 0,
            mine.get(item.pk, 0),
        )
        for item in counted.order_by("pk")
    ]
    people = {workshop.lead_id, *workshop.participants.values_list("pk", flat=True)}
    return Ballot(
        items=tuple(sorted(rows, key=lambda row: (-row.dots, row.pk))),
        voters=votes.values("user").distinct().count(),
        voters_of=len(people),
        dots=sum(row.dots for row in rows),
    )


def follow_up(workshop: Workshop, *, today: date) -> FollowUp:
    """Return what became of what was agreed."""
    agreed = workshop.agreed.select_related("action__owner", "action__improvement", "item")
    rows = tuple(_agreed(one, today) for one in agreed.prefetch_related("action__improvement__looks"))
    return FollowUp(
        rows, len(rows), sum(row.done_on is not None for row in rows), sum(row.late for row in rows)
    )


def _agreed(one: WorkshopAction, today: date) -> AgreedRow:
    action, improvement = one.action, one.action.improvement
    late = action.done_on is None and action.due_on < today
    looks = list(improvement.looks.all())
    return AgreedRow(
        text=action.text,
        owner=str(action.owner),
        due_on=action.due_on,
        done_on=action.done_on,
        late=late,
        standing=_standing(action.done_on, action.due_on, late=late),
        improvement=improvement.code,
        improvement_title=improvement.title,
        state=str(improvement.get_state_display()),
        verdict=str(looks[-1].get_verdict_display()) if looks else "",
        item=one.item.text if one.item else "",
    )


def _standing(done_on: date | None, due_on: date, *, late: bool) -> str:
    if done_on:
        return _("done on %(day)s") % {"day": formats.date_format(done_on, "SHORT_DATE_FORMAT")}
    day = formats.date_format(due_on, "SHORT_DATE_FORMAT")
    return _("late, was due on %(day)s") % {"day": day} if late else _("due on %(day)s") % {"day": day}
