"""The people of a customer and the parts they play in its decisions."""

from typing import Any, Self

import pghistory
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.rooms.accounts.models.account import Account, code_of, words_of
from rapport.rooms.catalog.models import Function


class ContactQuerySet(models.QuerySet["Contact"]):
    """Ways to narrow contacts."""

    def visible_to(self, user: Any) -> Self:
        """Keep the people of the accounts the user may see."""
        return self.filter(user.scope.filter("account__"))

    def unmerged(self) -> Self:
        """Leave out people who were merged into another."""
        return self.filter(merged_into=None)


@pghistory.track(exclude=["code", "search_text", "updated_at"])
class Contact(models.Model):
    """A person at a customer."""

    class Seniority(models.TextChoices):
        """How high a person stands."""

        TOP = "top", _("Top management")
        HEAD = "head", _("Head of a department")
        LEAD = "lead", _("Team lead")
        SPECIALIST = "specialist", _("Specialist")
        OTHER = "other", _("Other")

    class Consent(models.TextChoices):
        """Whether the person wants to be written to."""

        UNKNOWN = "unknown", _("Not asked")
        GIVEN = "given", _("Given")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    code = models.GeneratedField(
        expression=code_of("P"), output_field=models.CharField(max_length=24), db_persist=True, unique=True
    )
    account = models.ForeignKey(Account, models.PROTECT, related_name="contacts", verbose_name=_("account"))
    name = models.CharField(_("name"), max_length=200)
    title = models.CharField(_("job title"), max_length=200, blank=True)
    seniority = models.CharField(_("seniority"), max_length=12, choices=Seniority.choices, blank=True)
    function = models.ForeignKey(Function, models.PROTECT, null=True, blank=True, verbose_name=_("function"))
    language = models.CharField(_("language"), max_length=12, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=60, blank=True)
    street = models.CharField(_("street"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    preferences = models.CharField(_("how they like to buy"), max_length=300, blank=True)
    consent = models.CharField(
        _("consent to be written to"), max_length=10, choices=Consent.choices, default=Consent.UNKNOWN
    )
    consent_at = models.DateTimeField(_("consent dated"), null=True, blank=True)
    consent_source = models.CharField(_("consent noted from"), max_length=120, blank=True)
    left_on = models.DateField(_("left the company on"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    search_text = models.GeneratedField(
        expression=words_of("name", "email", "title"), output_field=models.TextField(), db_persist=True
    )

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="contact_search"),
            models.Index(Lower("email"), name="contact_by_email"),
            models.Index(fields=["name", "id"], name="contact_by_name"),
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class ContactExternalId(models.Model):
    """What another system calls this person."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="external_ids")
    system = models.CharField(_("system"), max_length=60)
    value = models.CharField(_("id there"), max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "value"], name="contact_external_id_once")]
        indexes = [models.Index(fields=["value"], name="contact_external_id_value")]

    def __str__(self) -> str:
        return f"{self.system}: {self.value}"


class BuyingRoleQuerySet(models.QuerySet["BuyingRole"]):
    """Ways to narrow buying roles."""

    def visible_to(self, user: Any) -> Self:
        """Keep the roles at accounts the user may see."""
        return self.filter(user.scope.filter("contact__account__"))

    def held_on(self, day: Any) -> Self:
        """Keep roles valid on a day."""
        after = models.Q(valid_from=None) | models.Q(valid_from__lte=day)
        before = models.Q(valid_to=None) | models.Q(valid_to__gt=day)
        return self.filter(after, before)


class DateRange(models.Func):
    """PostgreSQL's daterange of two columns."""

    function = "daterange"
    output_field = DateRangeField()


@pghistory.track()
class BuyingRole(models.Model):
    """A part a person plays: in one decision, or in the standing relationship when no decision is named.

    Valid from the first day up to, not including, the last.
    """

    class Role(models.TextChoices):
        """The seven parts a person can play in a decision to buy."""

        INITIATOR = "initiator", _("Initiator")
        USER = "user", _("User")
        INFLUENCER = "influencer", _("Influencer")
        DECISION_MAKER = "decision_maker", _("Decision-maker")
        APPROVER = "approver", _("Approver")
        BUYER = "buyer", _("Buyer")
        GATEKEEPER = "gatekeeper", _("Gatekeeper")

    contact = models.ForeignKey(
        Contact, models.CASCADE, related_name="buying_roles", verbose_name=_("person")
    )
    decision = models.ForeignKey(
        "accounts.Opportunity",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="village",
        verbose_name=_("decision"),
    )
    role = models.CharField(_("buying role"), max_length=16, choices=Role.choices)
    veto = models.BooleanField(_("can veto"), default=False)
    weight = models.PositiveSmallIntegerField(_("weight, 0 to 100"), null=True, blank=True)
    expectations = models.TextField(_("what the person expects"), blank=True)
    source = models.CharField(_("known from"), max_length=120, blank=True)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_to = models.DateField(_("until"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("last confirmed"), null=True, blank=True)

    objects = BuyingRoleQuerySet.as_manager()

    class Meta:
        ordering = ["contact", "role"]
        constraints = [
            models.CheckConstraint(
                name="role_weight_within_100", condition=models.Q(weight=None) | models.Q(weight__lte=100)
            ),
            models.CheckConstraint(
                name="role_ends_after_it_begins",
                condition=models.Q(valid_from=None)
                | models.Q(valid_to=None)
                | models.Q(valid_to__gt=models.F("valid_from")),
            ),
            ExclusionConstraint(
                name="role_held_once_at_a_time",
                expressions=[
                    ("contact", RangeOperators.EQUAL),
                    (Coalesce("decision", models.Value(0)), RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [
            # Those whose say counts most, first: the home page looks among them for the silent.
            models.Index(
                fields=["-veto", "-weight", "id"], condition=models.Q(decision=None), name="role_by_say"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact}: {self.get_role_display()}"
