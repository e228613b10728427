"""The outer loop: a problem of many customers, its causes, what is changed, and whether it stays gone."""

from typing import Any, Self

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.kernel.roles import PARTNER_ROLES
from rapport.rooms.accounts.models.account import code_of
from rapport.rooms.action.models.case import Case
from rapport.rooms.catalog.models import Function, Metric
from rapport.rooms.signals.models import Signal


class ImprovementQuerySet(models.QuerySet["Improvement"]):
    """Ways to narrow improvements."""

    def visible_to(self, user: Any) -> Self:
        """Keep all for our own people and nothing for partners': it is how we work, not who said what."""
        if user.role in PARTNER_ROLES or user.reach == "capture":
            return self.none()
        return self

    def watched(self) -> Self:
        """Keep those in force, whose feedback is looked at every week."""
        return self.filter(state__in=[Improvement.State.SHIPPED, Improvement.State.HELD])


@pghistory.track(exclude=["code"])
class Improvement(models.Model):
    """A problem that is to go away for good, measured in one score of the feedback from its places."""

    class State(models.TextChoices):
        """The steps, in order; one that comes back goes to "back again" by itself."""

        FOUND = "found", _("Found")
        ANALYSED = "analysed", _("Causes known")
        ACTING = "acting", _("Being changed")
        SHIPPED = "shipped", _("In force, being watched")
        HELD = "held", _("Better, and it holds")
        BACK = "back", _("Back again")
        DROPPED = "dropped", _("Given up")

    code = models.GeneratedField(
        expression=code_of("I"), output_field=models.CharField(max_length=24), db_persist=True, unique=True
    )
    title = models.CharField(_("what is to become better"), max_length=200)
    problem = models.TextField(_("the problem, as customers tell it"))
    metric = models.ForeignKey(
        Metric, models.PROTECT, related_name="+", verbose_name=_("measured by unhappy answers to")
    )
    places = models.JSONField(default=dict, blank=True)
    function = models.ForeignKey(
        Function,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("function that causes it"),
        help_text=_("It owns the improvement."),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="improvements", verbose_name=_("owner")
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.FOUND)
    found_at = models.DateTimeField()
    found_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    shipped_on = models.DateField(null=True)
    expected_share = models.FloatField(null=True)
    baseline_from = models.DateField(null=True)
    baseline_n = models.PositiveIntegerField(null=True)
    baseline_unhappy = models.PositiveIntegerField(null=True)
    needed_n = models.PositiveIntegerField(null=True)
    came_back = models.PositiveSmallIntegerField(default=0)
    dropped_why = models.TextField(blank=True)
    cases = models.ManyToManyField(Case, related_name="improvements", blank=True)

    objects = ImprovementQuerySet.as_manager()

    class Meta:
        ordering = ["-found_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="improvement_in_force_has_a_baseline",
                condition=~Q(state__in=["shipped", "held"])
                | Q(
                    shipped_on__isnull=False,
                    expected_share__isnull=False,
                    baseline_n__isnull=False,
                    baseline_unhappy__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="improvement_expects_a_share",
                condition=Q(expected_share=None) | Q(expected_share__gte=0, expected_share__lt=1),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


@pghistory.track()
class Why(models.Model):
    """One of the five whys: an answer to why the one before it happened, with the evidence for it."""

    improvement = models.ForeignKey(Improvement, models.CASCADE, related_name="whys")
    position = models.PositiveSmallIntegerField()
    answer = models.CharField(_("because"), max_length=200)
    evidence = models.CharField(_("how we know"), max_length=200, blank=True)
    signal = models.ForeignKey(Signal, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["improvement", "position"], name="why_once_a_step"),
            models.CheckConstraint(
                name="whys_are_at_most_five", condition=Q(position__gte=1, position__lte=5)
            ),
        ]

    def __str__(self) -> str:
        return self.answer


@pghistory.track()
class RootCause(models.Model):
    """A cause on the fishbone: possible, proven, or ruled out with evidence."""

    class Standing(models.TextChoices):
        """How far it is proven."""

        POSSIBLE = "possible", _("Possible")
        PROVEN = "proven", _("Proven")
        RULED_OUT = "ruled_out", _("Ruled out")

    improvement = models.ForeignKey(Improvement, models.CASCADE, related_name="causes")
    family = models.CharField(_("family"), max_length=60)
    text = models.CharField(_("cause"), max_length=120)
    standing = models.CharField(
        _("standing"), max_length=10, choices=Standing.choices, default=Standing.POSSIBLE
    )
    evidence = models.CharField(_("how we know"), max_length=200, blank=True)
    signal = models.ForeignKey(Signal, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["improvement", "family", "text"], name="cause_once_a_family"),
            models.CheckConstraint(
                name="cause_is_judged_by_evidence", condition=Q(standing="possible") | Q(evidence__gt="")
            ),
        ]

    def __str__(self) -> str:
        return self.text


@pghistory.track()
class CorrectiveAction(models.Model):
    """Something that is changed, by whom, until when, at what cost."""

    improvement = models.ForeignKey(Improvement, models.CASCADE, related_name="actions")
    text = models.CharField(_("what is changed"), max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by whom")
    )
    due_on = models.DateField(_("until"))
    cost = models.DecimalField(_("cost"), max_digits=14, decimal_places=2, null=True, blank=True)
    done_on = models.DateField(null=True)

    class Meta:
        ordering = ["due_on", "id"]

    def __str__(self) -> str:
        return self.text


class Look(models.Model):
    """One weekly look at the feedback since the change came into force; never changed afterwards."""

    class Verdict(models.TextChoices):
        """What the look says."""

        BETTER = "better", _("Better")
        UNKNOWN = "unknown", _("Not yet known")
        NO_BETTER = "no_better", _("No better")
        BACK = "back", _("Back again")

    improvement = models.ForeignKey(Improvement, models.CASCADE, related_name="looks")
    shipped_on = models.DateField()
    week = models.DateField()
    looked_at = models.DateTimeField()
    n = models.PositiveIntegerField()
    unhappy = models.PositiveIntegerField()
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    change = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    evidence = models.FloatField(null=True)
    method = models.CharField(max_length=200)
    words = models.TextField()

    class Meta:
        ordering = ["week", "id"]
        constraints = [
            models.UniqueConstraint(fields=["improvement", "shipped_on", "week"], name="looked_once_a_week"),
        ]

    def __str__(self) -> str:
        return f"{self.improvement_id} {self.week}: {self.verdict}"
