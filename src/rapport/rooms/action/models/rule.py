"""When a case is raised, who gets it, and how long they have."""

import pghistory
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.rooms.accounts.models.account import code_of


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
    assign_to = models.CharField(_("goes to"), max_length=6, choices=AssignTo.choices, default=AssignTo.OWNER)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("named colleague"),
    )
    fallback = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("otherwise to"),
        help_text=_("When nobody owns the account, or its owner cannot see it."),
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
