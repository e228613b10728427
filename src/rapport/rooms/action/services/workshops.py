"""A workshop's day: its pack, what is put to the vote, the dots, what is agreed; and reminding of it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from rapport.kernel.mail.queue import queue_mails
from rapport.kernel.models import User
from rapport.kernel.roles import Permission
from rapport.rooms.action.models import (
    Improvement,
    Workshop,
    WorkshopAction,
    WorkshopItem,
    WorkshopVote,
)
from rapport.rooms.action.selectors.pack import build_pack
from rapport.rooms.action.services import workshop_mails
from rapport.rooms.action.services.improving import OPEN_STATES, find_problem, plan_action
from rapport.rooms.action.services.steps import StepRefused

MOST_ITEMS = 30
SOON = timedelta(days=3)
LATE_FOR = timedelta(days=30)
FOLLOW_UP_AFTER = timedelta(days=30)


def may_run(workshop: Workshop, user: User) -> bool:
    """Say whether a user leads a workshop, or may in place of its lead."""
    return user.may(Permission.WORK_CASES) and (
        workshop.lead_id == user.pk or user.may(Permission.MANAGE_RULES)
    )


def make_pack(workshop: Workshop, *, by: User, now: datetime) -> Workshop:
    """Make the pack as of now; where nothing is put to the vote yet, the places that hurt most are."""
    with transaction.atomic():
        workshop = _locked(workshop)
        workshop.pack_at = now
        workshop.save(update_fields=["pack_at"])
        if not workshop.items.exists():
            for text in build_pack(workshop, by).places:
                WorkshopItem.objects.create(workshop=workshop, text=text)
    return workshop


def put_to_vote(workshop: Workshop, *, text: str) -> WorkshopItem:
    """Add an item; raise StepRefused once voting has begun, or when it is there already."""
    said = " ".join(text.split())
    if not said:
        raise StepRefused(_("Say what is put to the vote."))
    with transaction.atomic():
        workshop = _locked(workshop)
        _refuse_voting(workshop)
        if workshop.items.count() >= MOST_ITEMS:
            raise StepRefused(_("There are %(most)d items already; take one away.") % {"most": MOST_ITEMS})
        item, made = WorkshopItem.objects.get_or_create(workshop=workshop, text=said[:200])
        if not made:
            raise StepRefused(_("This is put to the vote already."))
    return item


def take_away(item: WorkshopItem) -> None:
    """Take an item away; raise StepRefused once voting has begun."""
    with transaction.atomic():
        _refuse_voting(_locked(item.workshop))
        item.delete()


def _refuse_voting(workshop: Workshop) -> None:
    if workshop.voting_from:
        raise StepRefused(_("Voting has begun; what is put to the vote stays as it is."))


def open_voting(workshop: Workshop, *, now: datetime) -> Workshop:
    """Begin the vote, or go on with it; raise StepRefused without anything to vote on."""
    with transaction.atomic():
        workshop = _locked(workshop)
        if not workshop.items.exists():
            raise StepRefused(_("Put something to the vote first."))
        workshop.voting_from, workshop.voting_until = workshop.voting_from or now, None
        workshop.save(update_fields=["voting_from", "voting_until"])
    return workshop


def close_voting(workshop: Workshop, *, now: datetime) -> Workshop:
    """End the vote; raise StepRefused when none is going on."""
    with transaction.atomic():
        workshop = _locked(workshop)
        if not workshop.is_voting:
            raise StepRefused(_("No vote is going on."))
        workshop.voting_until = now
        workshop.save(update_fields=["voting_until"])
    return workshop


def vote(workshop: Workshop, user: User, dots: Mapping[int, int]) -> None:
    """Stick a participant's dots, in place of those before; by item.

    Raises StepRefused when no vote is going on, for who does not take part, for too many dots, or for an item
    of another workshop; nothing is stuck then.
    """
    given = {item: count for item, count in dots.items() if count}
    with transaction.atomic():
        # A lock for each voter, not for all: everybody presses at the same moment.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        workshop = Workshop.objects.get(pk=workshop.pk)
        if not workshop.is_voting:
            raise StepRefused(_("No vote is going on."))
        if workshop.lead_id != user.pk and not workshop.participants.filter(pk=user.pk).exists():
            raise StepRefused(_("Only who takes part can vote."))
        if any(count < 0 for count in given.values()) or sum(given.values()) > workshop.votes_each:
            raise StepRefused(
                _("You have %(dots)d dots; you gave %(given)d.")
                % {"dots": workshop.votes_each, "given": sum(given.values())}
            )
        if set(given) - set(workshop.items.values_list("pk", flat=True)):
            raise StepRefused(_("One of these is not put to this vote."))
        WorkshopVote.objects.filter(user=user, item__workshop=workshop).delete()
        WorkshopVote.objects.bulk_create(
            WorkshopVote(item_id=item, user=user, dots=count) for item, count in given.items()
        )


def dots_left(workshop: Workshop, user: User) -> int:
    """Return how many dots a participant has not stuck yet."""
    stuck = WorkshopVote.objects.filter(user=user, item__workshop=workshop).aggregate(all=Sum("dots"))["all"]
    return workshop.votes_each - (stuck or 0)


def agree(
    workshop: Workshop,
    *,
    text: str,
    owner: User,
    due_on: date,
    item: WorkshopItem | None,
    improvement: Improvement | None,
    by: User,
    now: datetime,
) -> WorkshopAction:
    """Write down what was agreed: an action of an improvement, which is begun where none is named.

    Raises StepRefused without words, or when the improvement is over.
    """
    said = text.strip()
    if not said:
        raise StepRefused(_("Say what is changed."))
    if improvement and improvement.state not in OPEN_STATES:
        raise StepRefused(_("%(code)s is in force or given up; begin another.") % {"code": improvement.code})
    with transaction.atomic():
        found = improvement or find_problem(
            title=(item.text if item else said)[:200],
            problem=_("Found in the workshop “%(title)s” of %(day)s: %(item)s")
            % {"title": workshop.title, "day": workshop.held_on.isoformat(), "item": item or said},
            metric=workshop.metric,
            places=workshop.scope,
            owner=owner,
            function=None,
            by=by,
            now=now,
        )
        action = plan_action(found, text=said[:200], owner=owner, due_on=due_on, cost=None)
        return WorkshopAction.objects.create(workshop=workshop, item=item, action=action, agreed_at=now)


def remind(*, now: datetime) -> int:
    """Remind of what was agreed: its owners before and after its day, everybody after a month. Each once."""
    today = now.date()
    waiting = WorkshopAction.objects.filter(
        action__done_on=None,
        action__due_on__range=(today - LATE_FOR, today + SOON),
        action__owner__is_active=True,
    )
    rows = waiting.select_related("workshop", "action__owner", "action__improvement")
    mails = [workshop_mails.about_action(one, late=one.action.due_on < today) for one in rows]
    held = Workshop.objects.filter(
        held_on__range=(today - 2 * FOLLOW_UP_AFTER, today - FOLLOW_UP_AFTER), agreed__isnull=False
    )
    for workshop in held.distinct().select_related("lead"):
        people = {workshop.lead, *workshop.participants.filter(is_active=True)}
        mails += [
            workshop_mails.about_follow_up(workshop, to, today=today)
            for to in people
            if Workshop.objects.visible_to(to).filter(pk=workshop.pk).exists()
        ]
    queue_mails(mails, now=now)
    return len(mails)


def _locked(workshop: Workshop) -> Workshop:
    return (
        Workshop.objects.select_for_update(of=("self",)).select_related("lead", "metric").get(pk=workshop.pk)
    )
