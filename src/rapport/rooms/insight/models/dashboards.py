"""Dashboards people arranged for themselves, the tiles on them, and who gets one by mail."""

from typing import Any, Self

import pghistory
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.kernel.roles import PARTNER_ROLES
from rapport.rooms.accounts.models.account import code_of


class DashboardQuerySet(models.QuerySet["Dashboard"]):
    """Ways to narrow dashboards."""

    def visible_to(self, user: Any) -> Self:
        """Keep one's own and those shared with people like the user; figures are of the reader's scope."""
        shared = {Dashboard.Sharing.EVERYBODY}
        if user.role not in PARTNER_ROLES:
            shared.add(Dashboard.Sharing.COLLEAGUES)
        return self.filter(models.Q(owner=user) | models.Q(sharing__in=sorted(shared)))


@pghistory.track(exclude=["code"])
class Dashboard(models.Model):
    """Tiles in somebody's own order, with the filters it opens with."""

    class Sharing(models.TextChoices):
        """Who besides the owner may open its address; whoever does sees figures of their own scope."""

        NOBODY = "nobody", _("Only me")
        COLLEAGUES = "colleagues", _("Colleagues who may see figures")
        EVERYBODY = "everybody", _("Colleagues and partners who may see figures")

    code = models.GeneratedField(
        expression=code_of("D"), output_field=models.CharField(max_length=24), db_persist=True, unique=True
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=120)
    based_on = models.CharField(max_length=30, blank=True)
    """The role whose dashboard it began as; the owner's own copy of it opens in its place."""
    query = models.CharField(_("filters"), max_length=2000, blank=True)
    """The filters it opens with, as in the address; days are kept as periods such as `period=12m`."""
    sharing = models.CharField(
        _("who may open it"), max_length=10, choices=Sharing.choices, default=Sharing.NOBODY
    )
    changed_at = models.DateTimeField(default=timezone.now)

    objects = DashboardQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "based_on"],
                condition=~models.Q(based_on=""),
                name="dashboard_own_copy_once_a_role",
            )
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Tile(models.Model):
    """One tile of a dashboard; `spec` has the shape of `boards.spec.TileSpec`."""

    dashboard = models.ForeignKey(Dashboard, models.CASCADE, related_name="tiles")
    position = models.PositiveSmallIntegerField()
    spec = models.JSONField()

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return str(self.spec.get("title") or self.spec.get("kind"))


class DashboardMailQuerySet(models.QuerySet["DashboardMail"]):
    """Ways to narrow who gets what by mail."""

    def visible_to(self, user: Any) -> Self:
        """Keep one's own: what is in the mail is in the receiver's scope."""
        return self.filter(receiver=user)


@pghistory.track(exclude=["next_at"])
class DashboardMail(models.Model):
    """Somebody gets a dashboard's figures by mail, once a week or a month, in their own scope."""

    class Every(models.TextChoices):
        """How often."""

        WEEK = "week", _("Every Monday")
        MONTH = "month", _("On the first of every month")

    receiver = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    board = models.CharField(max_length=30)
    """A role's key, or a dashboard's code."""
    query = models.CharField(max_length=2000, blank=True)
    """The filters chosen when it was asked for, as in the address."""
    every = models.CharField(_("how often"), max_length=5, choices=Every.choices)
    next_at = models.DateTimeField(db_index=True)
    sent_at = models.DateTimeField(null=True)

    objects = DashboardMailQuerySet.as_manager()

    class Meta:
        ordering = ["board"]
        constraints = [models.UniqueConstraint(fields=["receiver", "board"], name="dashboard_mail_once")]

    def __str__(self) -> str:
        return f"{self.board}: {self.get_every_display()}"
