"""Complaints: cases with a formal track, from receipt to whether the customer is satisfied."""

from typing import Any, Self

import pghistory
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.rooms.action.models.case import Case


@pghistory.track()
class ComplaintCategory(models.Model):
    """What complaints are about, in the house's own words."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Severity(models.TextChoices):
    """How much harm was done."""

    MINOR = "minor", _("Minor")
    SERIOUS = "serious", _("Serious")
    CRITICAL = "critical", _("Critical")


@pghistory.track()
class ComplaintTerm(models.Model):
    """Within how many working hours a complaint of one severity is confirmed and decided."""

    severity = models.CharField(_("severity"), max_length=8, choices=Severity.choices, unique=True)
    acknowledge_hours = models.PositiveSmallIntegerField(
        _("receipt confirmed within, in working hours"), validators=[MinValueValidator(1)]
    )
    resolve_hours = models.PositiveSmallIntegerField(
        _("customer told the decision within, in working hours"), validators=[MinValueValidator(1)]
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="complaint_term_gives_some_time",
                condition=Q(acknowledge_hours__gte=1, resolve_hours__gte=1),
            ),
        ]

    def __str__(self) -> str:
        return self.get_severity_display()


class ComplaintQuerySet(models.QuerySet["Complaint"]):
    """Ways to narrow complaints."""

    def visible_to(self, user: Any) -> Self:
        """Keep those whose case the user may see."""
        return self.filter(case__in=Case.objects.visible_to(user).values("pk"))


@pghistory.track()
class Complaint(models.Model):
    """The formal track of a case: received, confirmed, looked into, decided, put right, told.

    When the customer was told, and whether they are satisfied, is written on the case.
    """

    class Way(models.TextChoices):
        """By which way it reached us."""

        TELEPHONE = "telephone", _("By telephone")
        EMAIL = "email", _("By e-mail")
        LETTER = "letter", _("By letter")
        MEETING = "meeting", _("In person")
        FEEDBACK = "feedback", _("In feedback we asked for")
        OUTSIDE = "outside", _("Through somebody else")

    class Decision(models.TextChoices):
        """What was decided."""

        UPHELD = "upheld", _("Upheld")
        PARTLY = "partly", _("Partly upheld")
        REJECTED = "rejected", _("Not upheld")

    case = models.OneToOneField(Case, models.PROTECT, related_name="complaint")
    received_at = models.DateTimeField()
    received_how = models.CharField(max_length=9, choices=Way.choices)
    category = models.ForeignKey(ComplaintCategory, models.PROTECT, null=True, related_name="complaints")
    severity = models.CharField(max_length=8, choices=Severity.choices, default=Severity.SERIOUS)
    registered_at = models.DateTimeField()
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    acknowledge_due_at = models.DateTimeField()
    resolve_due_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_how = models.CharField(max_length=9, choices=Way.choices, blank=True)
    acknowledged_words = models.TextField(blank=True)
    root_cause = models.TextField(blank=True)
    decision = models.CharField(max_length=8, choices=Decision.choices, blank=True)
    decision_reasons = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    referred_to = models.CharField(max_length=120, blank=True)
    referred_words = models.TextField(blank=True)
    referred_at = models.DateTimeField(null=True)
    told_late_at = models.DateTimeField(null=True)

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="complaint_is_decided_with_reasons",
                condition=Q(decision="", decided_at=None)
                | Q(decision__gt="", decision_reasons__gt="", decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="complaint_is_referred_to_somebody",
                condition=Q(referred_at=None) | Q(referred_to__gt=""),
            ),
        ]
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="complaint_by_receipt"),
            models.Index(
                fields=["acknowledge_due_at"],
                condition=Q(acknowledged_at=None, told_late_at=None),
                name="complaint_to_confirm",
            ),
        ]

    def __str__(self) -> str:
        return str(self.case)


@pghistory.track()
class Finding(models.Model):
    """What a colleague found out while looking into a complaint."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="findings")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    found_at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering = ["found_at", "id"]

    def __str__(self) -> str:
        return self.text[:60]


@pghistory.track()
class Remedy(models.Model):
    """What the customer was given to put it right, and what it costs us."""

    class Kind(models.TextChoices):
        """What it was."""

        APOLOGY = "apology", _("Apology")
        REPAIR = "repair", _("Repair or new work")
        REPLACEMENT = "replacement", _("Replacement")
        REFUND = "refund", _("Money back")
        CREDIT = "credit", _("Credit or discount")
        COMPENSATION = "compensation", _("Compensation")
        OTHER = "other", _("Something else")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="remedies")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    words = models.CharField(max_length=300)
    cost = models.DecimalField(max_digits=14, decimal_places=2, null=True, validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3, blank=True)
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["given_at", "id"]
        verbose_name_plural = _("remedies")
        constraints = [
            models.CheckConstraint(
                name="remedy_costs_in_a_currency", condition=Q(cost=None) | Q(cost__gte=0, currency__gt="")
            ),
        ]

    def __str__(self) -> str:
        return self.words


@pghistory.track()
class LetterText(models.Model):
    """The words of a letter for one purpose in one language; sent only once approved."""

    class Purpose(models.TextChoices):
        """What the letter is for."""

        RECEIPT = "receipt", _("Receipt of a complaint")

    purpose = models.CharField(_("for"), max_length=10, choices=Purpose.choices)
    language = models.CharField(_("language"), max_length=12, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("letter"))
    approved_at = models.DateTimeField(null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["purpose", "language"]
        constraints = [
            models.UniqueConstraint(fields=["purpose", "language"], name="letter_text_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}, {self.get_language_display()}"
