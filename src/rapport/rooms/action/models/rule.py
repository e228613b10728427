"""When a case is raised, who gets it, and how long they have."""

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.rooms.accounts.models.account import code_of
from rapport.rooms.catalog.models import Product, Region, Touchpoint


@pghistory.track(exclude=["code"])
class Rule(models.Model):
    """Conditions that a signal must all meet, and what follows when it does.

    `conditions` holds what `conditions.py` knows, by each condition's key; nothing in it means any signal.
    The version rises with every change, and a case keeps the version that raised it.
    """

    class AssignTo(models.TextChoices):
        """Who gets the case."""

        OWNER = "owner", _("The account's owner")
        USER = "user", _("A named colleague")
        PLACE = "place", _("Whoever looks after the touchpoint, product or region")
        TURN = "turn", _("Several colleagues in turn")

    code = models.GeneratedField(
        expression=code_of("R"), output_field=models.CharField(max_length=24), db_persist=True, unique=True
    )
    name = models.CharField(_("name"), max_length=120)
    active = models.BooleanField(_("switched on"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    conditions = models.JSONField(default=dict, blank=True)
    due_hours = models.PositiveSmallIntegerField(
        _("due after, in working hours"), default=8, help_text=_("A working day has eight.")
    )
    remind_hours = models.PositiveSmallIntegerField(
        _("reminder before that, in working hours"), default=2, help_text=_("0 for none.")
    )
    contact_hours = models.PositiveSmallIntegerField(
        _("first contact within, in working hours"), default=4, help_text=_("0 for no such clock.")
    )
    confirm_hours = models.PositiveSmallIntegerField(
        _("confirmed by the customer within, in working hours"),
        default=40,
        help_text=_("0 for no such clock."),
    )
    joins_days = models.PositiveSmallIntegerField(
        _("joins an open case of the same trouble for, in days"),
        default=14,
        help_text=_("Same customer, touchpoint and product. 0: every answer gets a case of its own."),
    )
    assign_to = models.CharField(_("goes to"), max_length=6, choices=AssignTo.choices, default=AssignTo.OWNER)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("named colleague"),
    )
    colleagues = ArrayField(models.BigIntegerField(), default=list, blank=True)
    fallback = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("otherwise to"),
        help_text=_("When nobody owns the account, or its owner cannot see it."),
    )
    playbook = models.ForeignKey(
        "action.Playbook",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("playbook to start"),
    )
    as_complaint = models.BooleanField(
        _("handled as a complaint"),
        default=False,
        help_text=_("With a confirmed receipt, an investigation and a decision."),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-active", "name", "id"]
        constraints = [
            models.CheckConstraint(name="rule_gives_some_time", condition=models.Q(due_hours__gte=1)),
            models.CheckConstraint(
                name="rule_reminds_before_due", condition=models.Q(remind_hours__lt=models.F("due_hours"))
            ),
            models.CheckConstraint(
                name="rule_names_its_assignee",
                condition=~models.Q(assign_to="user") | models.Q(assignee__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RuleTurn(models.Model):
    """When a colleague last got a case by a rule that gives them out in turn."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="turns")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    given = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["given", "user"]
        constraints = [models.UniqueConstraint(fields=["rule", "user"], name="rule_turn_once")]

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.user_id}"


@pghistory.track()
class Responsibility(models.Model):
    """Who looks after a touchpoint, a product or a region, or after one where they meet."""

    touchpoint = models.ForeignKey(
        Touchpoint, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("touchpoint")
    )
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("region")
    )
    colleague = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("colleague")
    )

    class Meta:
        ordering = ["touchpoint__position", "product__position", "region__position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["touchpoint", "product", "region"],
                name="place_looked_after_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="responsibility_names_a_place",
                condition=models.Q(touchpoint__isnull=False)
                | models.Q(product__isnull=False)
                | models.Q(region__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return ", ".join(str(place) for place in (self.touchpoint, self.product, self.region) if place)


@pghistory.track()
class Absence(models.Model):
    """Days on which a colleague gets no case, and who stands in; both days included."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="absences", verbose_name=_("colleague")
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    stand_in = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("stands in"),
        help_text=_("Nobody: the rule's own fallback."),
    )

    class Meta:
        ordering = ["starts_on", "id"]
        constraints = [
            models.CheckConstraint(
                name="absence_ends_after_it_begins", condition=models.Q(ends_on__gte=models.F("starts_on"))
            ),
            models.CheckConstraint(
                name="nobody_stands_in_for_themselves", condition=~models.Q(user=models.F("stand_in"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.starts_on}"
