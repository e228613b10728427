"""Standing ways to listen, and the draws of people they ask."""

from typing import Any, Self

import pghistory
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.kernel.roles import PARTNER_ROLES
from rapport.rooms.accounts.models.account import code_of
from rapport.rooms.catalog.models import Partner
from rapport.rooms.listening.models.survey import Survey


class ProgrammeQuerySet(models.QuerySet["Programme"]):
    """Ways to narrow programmes."""

    def visible_to(self, user: Any) -> Self:
        """Keep everything for colleagues; for a partner's people what their partner sends."""
        if user.role in PARTNER_ROLES:
            return self.filter(partner__in=sorted(user.scope.partners))
        return self.all()


@pghistory.track(exclude=["code"])
class Programme(models.Model):
    """A standing way to listen: whom it asks, what, how, when and how often at most."""

    class Kind(models.TextChoices):
        """What makes it ask."""

        PERIODIC = "periodic", _("Periodic deep-dive")
        EVENT = "event", _("After an event")
        TRACKING = "tracking", _("Tracking")
        PULSE = "pulse", _("Pulse after a change")
        CHECK_IN = "check_in", _("Milestone check-in")
        WIN_LOSS = "win_loss", _("Win or loss")
        EXIT = "exit", _("Exit")
        PARTNER = "partner", _("Sent by a partner")

    class State(models.TextChoices):
        """Whether it asks."""

        DRAFT = "draft", _("Draft")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        ENDED = "ended", _("Ended")

    code = models.GeneratedField(
        expression=code_of("L"), output_field=models.CharField(max_length=24), db_persist=True, unique=True
    )
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT)
    purpose = models.TextField(_("purpose"), blank=True)
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="programmes", verbose_name=_("survey"))
    partner = models.ForeignKey(
        Partner, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("partner")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("owner")
    )
    plan = models.JSONField(default=dict, blank=True)
    """Population, sampling, channels, schedule, reminders and so on; its shape is in `plan.py`."""
    several_responses = models.BooleanField(
        _("a personal link may be answered more than once"), default=False
    )
    anonymous = models.BooleanField(_("answers are anonymous"), default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    next_draw_at = models.DateTimeField(_("next draw"), null=True, editable=False)

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Draw(models.Model):
    """One sample of a programme: the frame it was drawn from, the seed, and what was expected of it."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="draws")
    drawn_at = models.DateTimeField(default=timezone.now)
    seed = models.BigIntegerField()
    due_at = models.DateTimeField(null=True)
    """The time in the schedule it was made for; none when a person asked for it."""
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    report = models.JSONField(default=dict)
    """Strata, roles nobody is known for, the interval to expect; its shape is in `sampling/report.py`."""

    class Meta:
        ordering = ["-drawn_at"]
        constraints = [models.UniqueConstraint(fields=["programme", "due_at"], name="draw_once_a_due_time")]

    def __str__(self) -> str:
        return f"{self.programme} {self.drawn_at:%Y-%m-%d}"
