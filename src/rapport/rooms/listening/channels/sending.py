"""Sending what is due: paced, in the person's morning, resumable, each message once, until an answer."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef

from rapport.kernel.environment import environment
from rapport.kernel.mail.queue import queue_mails
from rapport.kernel.models import OutgoingMail
from rapport.rooms.accounts.models import Contact
from rapport.rooms.listening.channels.mail import compose, invitation_of_key
from rapport.rooms.listening.channels.messages import queue_message
from rapport.rooms.listening.channels.suppression import suppress, suppressed_among
from rapport.rooms.listening.channels.times import is_open, next_window, zone_of
from rapport.rooms.listening.models import Invitation, Programme, Response
from rapport.rooms.listening.programmes.plan import Plan, PlanError, read_plan

State = Invitation.State
SENDABLE = ("email", "message")
A_BATCH = 50
OVER = (State.ANSWERED, State.BOUNCED, State.WITHDRAWN)


@dataclass
class Sent:
    """What one round did."""

    messages: int = 0
    postponed: int = 0
    stopped: int = 0


def send_due(*, now: datetime) -> Sent:
    """Queue every message that is due in programmes that run, as many as their pace allows."""
    done = Sent()
    due = Programme.objects.filter(
        Exists(Invitation.objects.filter(programme=OuterRef("pk"), send_at__lte=now)),
        state=Programme.State.RUNNING,
    )
    for programme in due.select_related("owner", "partner"):
        try:
            plan = read_plan(programme.plan)
        except PlanError:
            continue
        left = _pace(plan, now)
        while left > 0:
            taken = _send_batch(programme, plan, min(left, A_BATCH), done, now=now)
            if not taken:
                break
            left -= taken
    return done


def _pace(plan: Plan, now: datetime) -> int:
    """Return how many more may leave this minute without going over the hour's most."""
    last_hour = OutgoingMail.objects.filter(
        dedupe_key__startswith="invitation:", queued_at__gt=now - timedelta(hours=1)
    ).count()
    # Mail of other programmes counts too: to the receiving side we are one sender.
    return max(0, min(math.ceil(plan.mail.most_an_hour / 60), plan.mail.most_an_hour - last_hour))


def _send_batch(programme: Programme, plan: Plan, most: int, done: Sent, *, now: datetime) -> int:
    """Take some due invitations, queue their messages and move them on, all in one transaction."""
    answered = Response.objects.filter(invitation=OuterRef("pk"), state="sent", test=False)
    with transaction.atomic():
        rows = list(
            Invitation.objects.select_for_update(of=["self"], skip_locked=True)
            .filter(programme=programme, send_at__lte=now)
            .select_related("contact", "account__region")
            .annotate(is_answered=Exists(answered))
            .order_by("send_at", "pk")[:most]
        )
        stopped_for = suppressed_among(row.contact.email for row in rows if row.contact)
        mails = []
        for row in rows:
            if _must_stop(row, stopped_for, now):
                row.send_at = None
                done.stopped += 1
            elif not is_open(_zone(row), plan.mail, now):
                row.send_at = next_window(_zone(row), plan.mail, now)
                done.postponed += 1
            else:
                if row.channel == "email":
                    mails.append(compose(row, plan, anonymous=programme.anonymous))
                else:
                    queue_message(row, plan, now=now)
                _move_on(row, plan, now)
                done.messages += 1
        queue_mails(mails, now=now)
        Invitation.objects.bulk_update(rows, ["send_at", "sent_at", "state", "reminders"])
    return len(rows)


def _must_stop(row: Invitation, suppressed: set[str], now: datetime) -> bool:
    contact = row.contact
    return (
        contact is None
        or row.channel not in SENDABLE
        or row.state in OVER
        or bool(getattr(row, "is_answered", False))
        or contact.consent == Contact.Consent.WITHDRAWN
        or (contact.left_on is not None and contact.left_on <= now.date())
        or (row.expires_at is not None and row.expires_at <= now)
        or (row.channel == "email" and (not contact.email or contact.email.lower() in suppressed))
        or (row.channel == "message" and not contact.phone)
    )


def _move_on(row: Invitation, plan: Plan, now: datetime) -> None:
    """Note that a message left, and when the next one may."""
    if row.sent_at is None:
        row.sent_at = now
        if row.state == State.DRAWN:
            row.state = State.SENT
    more = row.reminders < plan.reminders.most
    later = next_window(_zone(row), plan.mail, now + timedelta(days=plan.reminders.after_days))
    if more and (row.expires_at is None or later < row.expires_at):
        row.reminders, row.send_at = row.reminders + 1, later
    else:
        row.send_at = None


def _zone(row: Invitation) -> ZoneInfo:
    region = row.account.region if row.account else None
    return zone_of(
        row.contact.time_zone if row.contact else "",
        region.time_zone if region else "",
        environment().time_zone,
    )


def note_refused_mail(*, now: datetime) -> int:
    """Let an address that the mail server refused for good count as bounced; return how many invitations."""
    refused = OutgoingMail.objects.filter(
        state=OutgoingMail.State.REFUSED,
        dedupe_key__startswith="invitation:",
        queued_at__gt=now - timedelta(days=7),
    )
    count = 0
    for mail in refused:
        bounced = Invitation.objects.filter(pk=invitation_of_key(mail.dedupe_key)).exclude(state__in=OVER)
        if not bounced.exists():
            continue
        if mail.error[:1] == "5":
            suppress(mail.to, "bounced", now=now, detail=mail.error, source="mail server")
        count += bounced.update(state=State.BOUNCED, send_at=None)
    return count
