"""Trouble that goes up: the levels, what was escalated, and who was called and answered."""

from typing import Any, Self

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.rooms.accounts.models import Account
from rapport.rooms.accounts.models.account import code_of
from rapport.rooms.action.models.case import Case


@pghistory.track()
class EscalationLevel(models.Model):
    """One step up: who is called, how soon an answer is wanted, and what leads here by itself."""

    number = models.PositiveSmallIntegerField(
        _("level"), unique=True, help_text=_("1 is the lowest; whoever does not answer is passed by upwards.")
    )
    name = models.CharField(_("name"), max_length=120)
    responder = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who is called")
    )
    acknowledge_minutes = models.PositiveSmallIntegerField(
        _("answer wanted within, in minutes by the clock"), default=60
    )
    after_hours = models.PositiveSmallIntegerField(
        _("by itself, so many working hours after the case was due"),
        null=True,
        blank=True,
        help_text=_("Empty: never by time."),
    )
    tiers = ArrayField(
        models.CharField(max_length=1, choices=Account.Tier.choices),
        verbose_name=_("by itself only for customers of these tiers"),
        default=list,
        blank=True,
    )
    words = models.TextField(
        _("at once when a customer says one of these"),
        blank=True,
        help_text=_("One word or phrase a line, in any language. Empty: never by words."),
    )
    on_list = models.BooleanField(_("on the leadership's list"), default=False)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                name="escalation_gives_some_minutes", condition=Q(acknowledge_minutes__gte=5)
            ),
        ]

    def __str__(self) -> str:
        return _("Level %(number)d: %(name)s") % {"number": self.number, "name": self.name}


class EscalationQuerySet(models.QuerySet["Escalation"]):
    """Ways to narrow escalations."""

    def visible_to(self, user: Any) -> Self:
        """Keep those of cases the user may see; whoever is called may see the case."""
        return self.filter(case__in=Case.objects.visible_to(user).values("pk"))

    def open(self) -> Self:
        """Keep those that are not over."""
        return self.filter(ended_at=None)


@pghistory.track(exclude=["code"])
class Escalation(models.Model):
    """A case that is too much for its owner alone, until it is over and summed up."""

    class Reason(models.TextChoices):
        """What led to it."""

        TIME = "time", _("Overdue for too long")
        WORDS = "words", _("Words that call for it")
        PERSON = "person", _("A colleague pressed")

    code = models.GeneratedField(
        expression=code_of("E"), output_field=models.CharField(max_length=24), db_persist=True, unique=True
    )
    case = models.ForeignKey(Case, models.PROTECT, related_name="escalations")
    level = models.ForeignKey(EscalationLevel, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=8, choices=Reason.choices)
    words = models.TextField(blank=True)
    raised_at = models.DateTimeField()
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    unanswered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    what_happened = models.TextField(_("what happened"), blank=True)
    what_we_did = models.TextField(_("what we did"), blank=True)
    what_changes = models.TextField(_("what changes for good"), blank=True)

    objects = EscalationQuerySet.as_manager()

    class Meta:
        ordering = ["-raised_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(ended_at=None), name="case_escalated_once_at_a_time"
            ),
            models.CheckConstraint(
                name="escalation_ends_with_a_summary",
                condition=Q(ended_at=None) | Q(what_happened__gt="", what_we_did__gt="", what_changes__gt=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.case.title}"


class EscalationCall(models.Model):
    """A colleague who was called, and whether they answered in time."""

    escalation = models.ForeignKey(Escalation, models.PROTECT, related_name="calls")
    level = models.ForeignKey(EscalationLevel, models.PROTECT, related_name="+")
    responder = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    called_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    passed_by_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["called_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["escalation", "level"], name="level_called_once"),
        ]
        indexes = [
            models.Index(
                fields=["answer_by"],
                condition=Q(acknowledged_at=None, passed_by_at=None),
                name="call_unanswered",
            ),
            models.Index(fields=["responder"], name="call_by_responder"),
        ]

    def __str__(self) -> str:
        return f"{self.escalation_id}: {self.responder_id}"
