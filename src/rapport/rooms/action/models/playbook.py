"""Playbooks: a standard set of steps for a situation, and the checklist they make on a case."""

from typing import Any, Self

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.rooms.action.models.case import Case


class PlaybookQuerySet(models.QuerySet["Playbook"]):
    """Ways to narrow playbooks."""

    def visible_to(self, user: Any) -> Self:
        """Keep everything: how we work is no secret among those who work on cases."""
        return self.all()


@pghistory.track()
class Playbook(models.Model):
    """What is to be done in a situation."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    situation = models.CharField(_("for which situation"), max_length=300, blank=True)
    active = models.BooleanField(_("in use"), default=True)

    objects = PlaybookQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class PlaybookStep(models.Model):
    """One step: what, by whom (the case's owner when nobody is named), after how many working hours."""

    playbook = models.ForeignKey(Playbook, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(_("what is to be done"), max_length=200)
    colleague = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by whom"),
        help_text=_("Nobody named: the owner of the case."),
    )
    hours = models.PositiveSmallIntegerField(_("within, in working hours from the start"), default=8)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["playbook", "position"], name="playbook_step_once"),
        ]

    def __str__(self) -> str:
        return self.text


class CaseTask(models.Model):
    """A line of a case's checklist, as the playbook read when it was started."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="tasks")
    playbook = models.ForeignKey(Playbook, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=200)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    told_late_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "playbook", "position"], name="task_once_a_case"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(done_at=None, told_late_at=None), name="task_open_by_due"
            ),
        ]

    def __str__(self) -> str:
        return self.text
