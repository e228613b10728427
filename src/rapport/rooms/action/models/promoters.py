"""Promoters: thanked, asked for a reference or more, what they agreed to, and what came of it."""

from typing import Any, Self

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.rooms.accounts.models import Account, Contact, Opportunity
from rapport.rooms.accounts.models.account import code_of
from rapport.rooms.catalog.models import Product
from rapport.rooms.signals.models import Signal


@pghistory.track()
class AskingLimits(models.Model):
    """How often promoters are written to; one row for the house."""

    a_contact = models.PositiveSmallIntegerField(
        _("asks of one person in a year, at most"), default=2, validators=[MinValueValidator(1)]
    )
    an_account = models.PositiveSmallIntegerField(
        _("asks of one customer in a year, at most"), default=4, validators=[MinValueValidator(1)]
    )
    rest_days = models.PositiveSmallIntegerField(
        _("days of rest between two letters to one person"),
        default=90,
        help_text=_("A thank-you counts too. 0: no rest."),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="asking_limits_of_one_house", condition=Q(pk=1)),
            models.CheckConstraint(
                name="asking_limits_allow_some", condition=Q(a_contact__gte=1, an_account__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.a_contact}, {self.an_account}"

    @classmethod
    def current(cls) -> "AskingLimits":
        """Return the house's limits, or the usual ones until somebody sets others."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)


class AskKind(models.TextChoices):
    """What a promoter is written to for."""

    THANKS = "thanks", _("Thanks")
    REFERENCE = "reference", _("Reference")
    REFERRAL = "referral", _("Referral")
    CASE_STUDY = "case_study", _("Case study")
    QUOTE = "quote", _("Quote")


@pghistory.track()
class PromoterLetter(models.Model):
    """The words of a letter to promoters, for one purpose in one language; sent only once approved."""

    kind = models.CharField(_("for"), max_length=10, choices=AskKind.choices)
    language = models.CharField(_("language"), max_length=12, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("letter"))
    approved_at = models.DateTimeField(null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["kind", "language"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "language"], name="promoter_letter_once_a_language"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.get_language_display()}"


class AskQuerySet(models.QuerySet["Ask"]):
    """Ways to narrow asks."""

    def visible_to(self, user: Any) -> Self:
        """Keep those of people at customers the user may see."""
        return self.filter(contact__in=Contact.objects.visible_to(user).values("pk"))

    def in_force(self, day: Any) -> Self:
        """Keep what somebody agreed to, did not withdraw, and that still holds on a day."""
        still = Q(until=None) | Q(until__gte=day)
        agreed = self.filter(still, agreed=True, withdrawn_at=None, contact__left_on=None)
        return agreed.exclude(contact__consent=Contact.Consent.WITHDRAWN)


@pghistory.track(exclude=["code"])
class Ask(models.Model):
    """One letter to a promoter, and what they agreed to by its link, in their own words.

    A thank-you asks nothing, so that it has no link and no answer. Every change of an answer is kept.
    """

    class Allowed(models.TextChoices):
        """What somebody lets us do."""

        TALK = "talk", _("Speak with somebody who thinks of buying")
        NAME = "name", _("Name our company as a customer")
        QUOTE = "quote", _("Quote my words")
        STORY = "story", _("Write about how we work together")
        INTRODUCE = "introduce", _("Introduce you to somebody")

    code = models.GeneratedField(
        expression=code_of("Q"), output_field=models.CharField(max_length=24), db_persist=True, unique=True
    )
    kind = models.CharField(max_length=10, choices=AskKind.choices)
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="asks")
    account = models.ForeignKey(Account, models.PROTECT, related_name="asks")
    product = models.ForeignKey(Product, models.PROTECT, null=True, related_name="+")
    signal = models.ForeignKey(Signal, models.SET_NULL, null=True, related_name="+")
    language = models.CharField(max_length=12)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    digest = models.CharField(max_length=64, null=True, unique=True)
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    agreed = models.BooleanField(null=True)
    allowed = ArrayField(models.CharField(max_length=10), default=list)
    words = models.TextField(blank=True)
    until = models.DateField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = AskQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="thanks_ask_nothing", condition=~Q(kind="thanks") | Q(digest=None, agreed=None)
            ),
            models.CheckConstraint(
                name="ask_is_answered_at_a_time",
                condition=Q(agreed=None, answered_at=None)
                | Q(agreed__isnull=False, answered_at__isnull=False),
            ),
            models.CheckConstraint(
                name="ask_is_withdrawn_after_a_yes", condition=Q(withdrawn_at=None) | Q(agreed=True)
            ),
        ]
        indexes = [
            models.Index(fields=["contact", "-sent_at"], name="ask_by_contact"),
            models.Index(fields=["account", "-sent_at"], name="ask_by_account"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.get_kind_display()}"


@pghistory.track()
class AskUse(models.Model):
    """One time that what a promoter agreed to was used, or the business their referral led to."""

    ask = models.ForeignKey(Ask, models.PROTECT, related_name="uses")
    opportunity = models.ForeignKey(Opportunity, models.PROTECT, null=True, related_name="+")
    used_on = models.DateField(_("on"))
    words = models.CharField(_("for what"), max_length=300)
    noted_at = models.DateTimeField()
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-used_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["ask", "opportunity"], name="opportunity_once_an_ask"),
        ]

    def __str__(self) -> str:
        return self.words
