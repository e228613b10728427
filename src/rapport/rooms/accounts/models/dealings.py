"""What an account bought, was promised, uses and asked for: all dated, all on one timeline."""

from typing import Any, ClassVar, Self

import pghistory
from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.rooms.accounts.models.account import Account
from rapport.rooms.accounts.models.contact import Contact
from rapport.rooms.catalog.models import Product, Stage


class DealingQuerySet(models.QuerySet[Any]):
    """Ways to narrow dealings."""

    def visible_to(self, user: Any) -> Self:
        """Keep the dealings of accounts the user may see."""
        return self.filter(user.scope.filter("account__"))


class Dealing(models.Model):
    """One thing between an account and us, as another system knows it."""

    account = models.ForeignKey(Account, models.PROTECT, verbose_name=_("account"))
    source = models.CharField(_("source system"), max_length=60, blank=True)
    external_id = models.CharField(_("id there"), max_length=200, blank=True)

    objects = DealingQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~models.Q(external_id=""),
                name="%(class)s_once_a_source",
            )
        ]


def money(label: Any) -> "models.DecimalField[Any, Any]":
    """Make a column for an amount of money; its currency stands beside it."""
    return models.DecimalField(label, max_digits=16, decimal_places=2, null=True, blank=True)


def currency() -> "models.CharField[Any, Any]":
    """Make the column for the currency of an amount."""
    return models.CharField(_("currency"), max_length=3, blank=True)


@pghistory.track()
class Contract(Dealing):
    """An agreement with a term, up for renewal at its end."""

    class Status(models.TextChoices):
        """What became of it."""

        ACTIVE = "active", _("Running")
        RENEWED = "renewed", _("Renewed")
        LOST = "lost", _("Not renewed")
        CANCELLED = "cancelled", _("Cancelled early")

    number = models.CharField(_("number"), max_length=80, blank=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, verbose_name=_("product"))
    starts_on = models.DateField(_("starts"))
    ends_on = models.DateField(_("ends"), null=True, blank=True)
    renewal_on = models.DateField(_("renewal decided by"), null=True, blank=True)
    annual_value = money(_("value a year"))
    currency = currency()
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE)
    end_reason = models.CharField(_("why it ended"), max_length=300, blank=True)

    class Meta(Dealing.Meta):
        ordering = ["-starts_on", "-id"]
        indexes = [models.Index(fields=["account", "ends_on"])]

    def __str__(self) -> str:
        return self.name or self.number or f"Contract {self.pk}"


@pghistory.track()
class Order(Dealing):
    """Something ordered, promised and delivered."""

    number = models.CharField(_("number"), max_length=80, blank=True)
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, verbose_name=_("product"))
    ordered_on = models.DateField(_("ordered"))
    promised_on = models.DateField(_("promised for"), null=True, blank=True)
    delivered_on = models.DateField(_("delivered"), null=True, blank=True)
    amount = money(_("amount"))
    currency = currency()
    status = models.CharField(_("status"), max_length=60, blank=True)

    class Meta(Dealing.Meta):
        ordering = ["-ordered_on", "-id"]
        indexes = [models.Index(fields=["account", "-ordered_on"])]

    def __str__(self) -> str:
        return self.number or f"Order {self.pk}"


@pghistory.track()
class Opportunity(Dealing):
    """A decision to buy: open, won or lost."""

    class Outcome(models.TextChoices):
        """How it ended."""

        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    name = models.CharField(_("name"), max_length=200, blank=True)
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, verbose_name=_("product"))
    sales_stage = models.CharField(_("sales stage"), max_length=80, blank=True)
    seller = models.CharField(_("seller"), max_length=120, blank=True)
    opened_on = models.DateField(_("opened"), null=True, blank=True)
    closed_on = models.DateField(_("closed"), null=True, blank=True)
    amount = money(_("amount"))
    currency = currency()
    outcome = models.CharField(_("outcome"), max_length=5, choices=Outcome.choices, default=Outcome.OPEN)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    competitor = models.CharField(_("competitor"), max_length=120, blank=True)

    class Meta(Dealing.Meta):
        verbose_name_plural = _("opportunities")
        ordering = ["-closed_on", "-id"]
        indexes = [models.Index(fields=["account", "outcome"])]

    def __str__(self) -> str:
        return self.name or f"Opportunity {self.pk}"


@pghistory.track()
class InstalledProduct(Dealing):
    """A product in use at an account."""

    product = models.ForeignKey(Product, models.PROTECT, verbose_name=_("product"))
    serial = models.CharField(_("serial number"), max_length=120, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    installed_on = models.DateField(_("in use since"), null=True, blank=True)
    retired_on = models.DateField(_("taken out"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=60, blank=True)

    class Meta(Dealing.Meta):
        ordering = ["-installed_on", "-id"]

    def __str__(self) -> str:
        return f"{self.product} {self.serial}".strip()


@pghistory.track()
class ServiceRequest(Dealing):
    """Something an account asked our service for."""

    number = models.CharField(_("number"), max_length=80, blank=True)
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, verbose_name=_("asked by"))
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, verbose_name=_("product"))
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    priority = models.CharField(_("priority"), max_length=40, blank=True)
    status = models.CharField(_("status"), max_length=60, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    first_reply_at = models.DateTimeField(_("first reply"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta(Dealing.Meta):
        ordering = ["-opened_at", "-id"]
        indexes = [models.Index(fields=["account", "-opened_at"])]

    def __str__(self) -> str:
        return self.number or f"Request {self.pk}"


@pghistory.track()
class Project(Dealing):
    """An implementation or other piece of work for an account."""

    name = models.CharField(_("name"), max_length=200)
    stage = models.ForeignKey(Stage, models.PROTECT, null=True, blank=True, verbose_name=_("stage"))
    status = models.CharField(_("status"), max_length=60, blank=True)
    starts_on = models.DateField(_("starts"), null=True, blank=True)
    ends_on = models.DateField(_("ends"), null=True, blank=True)

    class Meta(Dealing.Meta):
        ordering = ["-starts_on", "-id"]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Milestone(models.Model):
    """A point a project is to reach."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="milestones", verbose_name=_("project"))
    name = models.CharField(_("name"), max_length=200)
    due_on = models.DateField(_("due"), null=True, blank=True)
    reached_on = models.DateField(_("reached"), null=True, blank=True)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="milestone_once_a_project")]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Usage(Dealing):
    """How much of something an account used in a stretch of time."""

    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, verbose_name=_("product"))
    measure = models.CharField(_("what is counted"), max_length=120)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("up to and including"), null=True, blank=True)
    value = models.FloatField(_("amount used"))

    class Meta(Dealing.Meta):
        verbose_name_plural = _("usage")
        ordering = ["-starts_on", "-id"]
        indexes = [models.Index(fields=["account", "-starts_on"])]

    def __str__(self) -> str:
        return f"{self.measure}: {self.value}"
