"""Workshops in which actions are planned: who came, what was put to the vote, and what was agreed."""

from typing import Any, Self

import pghistory
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.kernel.roles import PARTNER_ROLES, Permission
from rapport.rooms.accounts.models.account import code_of
from rapport.rooms.action.models.improvement import CorrectiveAction
from rapport.rooms.catalog.models import Metric


class WorkshopQuerySet(models.QuerySet["Workshop"]):
    """Ways to narrow workshops."""

    def visible_to(self, user: Any) -> Self:
        """Keep those the user leads or takes part in; who manages rules sees all, partners' people none."""
        if user.role in PARTNER_ROLES or user.reach == "capture":
            return self.none()
        if user.may(Permission.MANAGE_RULES):
            return self
        mine = Workshop.participants.through.objects.filter(user=user).values("workshop")
        return self.filter(Q(lead=user) | Q(pk__in=mine))


@pghistory.track(exclude=["code"])
class Workshop(models.Model):
    """A day on which colleagues look at the same feedback and agree what changes.

    `scope` holds the places by `problems.PLACES`, as an improvement does. The pack is read up to the moment
    it was made, by each reader as far as they may see.
    """

    code = models.GeneratedField(
        expression=code_of("W"), output_field=models.CharField(max_length=24), db_persist=True, unique=True
    )
    title = models.CharField(_("what it is about"), max_length=160)
    held_on = models.DateField(_("day"))
    metric = models.ForeignKey(Metric, models.PROTECT, related_name="+", verbose_name=_("looked at by"))
    scope = models.JSONField(default=dict, blank=True)
    days = models.PositiveSmallIntegerField(
        _("feedback of the last"),
        default=365,
        choices=[(90, _("90 days")), (365, _("12 months")), (730, _("24 months"))],
    )
    votes_each = models.PositiveSmallIntegerField(
        _("dots each"), default=5, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("leads it")
    )
    participants = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+", blank=True, verbose_name=_("takes part")
    )
    pack_at = models.DateTimeField(null=True, editable=False)
    voting_from = models.DateTimeField(null=True, editable=False)
    voting_until = models.DateTimeField(null=True, editable=False)

    objects = WorkshopQuerySet.as_manager()

    class Meta:
        ordering = ["-held_on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="workshop_gives_some_dots", condition=Q(votes_each__gte=1, votes_each__lte=20)
            ),
            models.CheckConstraint(
                name="voting_ends_after_it_begins",
                condition=Q(voting_until=None) | Q(voting_until__gte=models.F("voting_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_voting(self) -> bool:
        return self.voting_from is not None and self.voting_until is None


class WorkshopItem(models.Model):
    """Something that is put to the vote."""

    workshop = models.ForeignKey(Workshop, models.CASCADE, related_name="items")
    text = models.CharField(_("what is put to the vote"), max_length=200)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["workshop", "text"], name="item_once_a_workshop")]

    def __str__(self) -> str:
        return self.text


class WorkshopVote(models.Model):
    """How many of a participant's dots stick to an item."""

    item = models.ForeignKey(WorkshopItem, models.CASCADE, related_name="votes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    dots = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "user"], name="vote_once_an_item"),
            models.CheckConstraint(name="vote_has_dots", condition=Q(dots__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.dots}"


class WorkshopAction(models.Model):
    """What was agreed: a corrective action of an improvement, and the item it came from."""

    workshop = models.ForeignKey(Workshop, models.CASCADE, related_name="agreed")
    item = models.ForeignKey(WorkshopItem, models.SET_NULL, null=True, related_name="+")
    action = models.OneToOneField(CorrectiveAction, models.CASCADE, related_name="agreed_in")
    agreed_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.workshop_id}: {self.action_id}"
