"""Feedback streamed to those it concerns: who wants what, where, when; and what became of each message."""

from typing import Any, Self
from uuid import UUID

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from rapport.rooms.accounts.models.account import code_of
from rapport.rooms.signals.models import Signal


def _new_id() -> UUID:
    """Make an id that rises with time."""
    return UUID(int=uuid7().int)


class StreamQuerySet(models.QuerySet["Stream"]):
    """Ways to narrow streams."""

    def visible_to(self, user: Any) -> Self:
        """Keep the user's own: what somebody follows, and where it goes, is theirs to know."""
        return self.filter(owner=user)

    def flowing(self) -> Self:
        """Keep those that are not paused and whose owner still works here."""
        return self.filter(paused_at=None, owner__is_active=True)


@pghistory.track(exclude=["code", "address_sealed", "secret_sealed", "next_at"])
class Stream(models.Model):
    """One subscription: feedback that meets its conditions and lies in its owner's scope goes its way.

    `conditions` holds what `conditions.py` knows, as a rule's do. Where it goes and what signs it are kept
    sealed; `address_shown` is what may be read of it.
    """

    class Rhythm(models.TextChoices):
        """When it is sent."""

        ONCE = "once", _("At once")
        DAILY = "daily", _("Daily, at 7 in the morning")
        WEEKLY = "weekly", _("Weekly, on Monday at 7 in the morning")

    class Channel(models.TextChoices):
        """Into which tool."""

        EMAIL = "email", _("E-mail to me")
        SLACK = "slack", _("A Slack channel")
        TEAMS = "teams", _("A Teams channel")
        WEBHOOK = "webhook", _("A program, by webhook")

    code = models.GeneratedField(
        expression=code_of("F"), output_field=models.CharField(max_length=24), db_persist=True, unique=True
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="streams")
    name = models.CharField(_("name"), max_length=120)
    conditions = models.JSONField(default=dict, blank=True)
    rhythm = models.CharField(_("when"), max_length=6, choices=Rhythm.choices, default=Rhythm.ONCE)
    channel = models.CharField(_("where to"), max_length=7, choices=Channel.choices, default=Channel.EMAIL)
    address_sealed = models.TextField(blank=True, editable=False)
    address_shown = models.CharField(max_length=120, blank=True, editable=False)
    secret_sealed = models.TextField(blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, editable=False)
    paused_because = models.CharField(max_length=300, blank=True, editable=False)
    next_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = StreamQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                name="stream_has_somewhere_to_go",
                condition=Q(channel="email") | ~Q(address_sealed=""),
            ),
            models.CheckConstraint(
                name="webhook_is_signed", condition=~Q(channel="webhook") | ~Q(secret_sealed="")
            ),
            models.CheckConstraint(
                name="stream_at_intervals_has_a_next_time",
                condition=Q(rhythm="once") | Q(next_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["next_at"], name="stream_next", condition=Q(paused_at=None))]

    def __str__(self) -> str:
        return self.name


class StreamMessageQuerySet(models.QuerySet["StreamMessage"]):
    """Ways to narrow messages."""

    def visible_to(self, user: Any) -> Self:
        """Keep those of the user's own streams."""
        return self.filter(stream__owner=user)


class StreamMessage(models.Model):
    """One message of a stream: tried with the same id until it is taken, or until three days are over."""

    class State(models.TextChoices):
        """How far it got."""

        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        EMPTY = "empty", _("Nothing left to show")
        FAILED = "failed", _("Given up")

    id = models.UUIDField(primary_key=True, default=_new_id, editable=False)
    stream = models.ForeignKey(Stream, models.CASCADE, related_name="messages")
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    made_at = models.DateTimeField()
    tried_since = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)
    shown = models.PositiveIntegerField(default=0)
    trial = models.BooleanField(default=False)

    objects = StreamMessageQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-id"]
        indexes = [
            models.Index(
                fields=["not_before"],
                name="stream_message_due",
                condition=Q(state__in=["waiting", "sending"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream_id}: {self.state}"

    @property
    def key(self) -> str:
        """Return the id by which the other side knows a repetition."""
        return f"msg_{self.pk.hex}"


class StreamItem(models.Model):
    """A signal on its way through a stream, once; without a message it waits for the next one."""

    stream = models.ForeignKey(Stream, models.CASCADE, related_name="items")
    signal = models.ForeignKey(Signal, models.CASCADE, related_name="+")
    message = models.ForeignKey(StreamMessage, models.CASCADE, null=True, related_name="items")
    matched_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["stream", "signal"], name="signal_streamed_once")]
        indexes = [models.Index(fields=["stream"], name="stream_waiting", condition=Q(message=None))]

    def __str__(self) -> str:
        return f"{self.stream_id}: {self.signal_id}"
