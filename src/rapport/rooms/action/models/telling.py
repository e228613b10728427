"""Telling customers what became of what they said, asking whether it is fixed, and keeping promises."""

from typing import Any, Self

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.accounts.models.account import code_of
from rapport.rooms.action.models.case import Case
from rapport.rooms.action.models.improvement import Improvement
from rapport.rooms.catalog.models import Region
from rapport.rooms.signals.models import Signal


@pghistory.track()
class LetterTemplate(models.Model):
    """The words around every letter to customers, in one language; sent only once approved."""

    language = models.CharField(_("language"), max_length=12, choices=settings.LANGUAGES, unique=True)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(
        _("letter"),
        help_text=_("{name}, {said}, {changed}, {link} and {company} are filled in; {link} must be there."),
    )
    approved_at = models.DateTimeField(null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["language"]

    def __str__(self) -> str:
        return self.get_language_display()


class TellingQuerySet(models.QuerySet["Telling"]):
    """Ways to narrow tellings."""

    def visible_to(self, user: Any) -> Self:
        """Keep those about cases the user may see, or about improvements to customers the user may see."""
        by_case = Q(case__in=Case.objects.visible_to(user).values("pk"))
        by_improvement = Q(improvement__in=Improvement.objects.visible_to(user).values("pk"))
        if not user.scope.everything:
            unseen = Recipient.objects.exclude(contact__in=Contact.objects.visible_to(user).values("pk"))
            by_improvement &= ~Q(pk__in=unseen.values("telling"))
        return self.filter(by_case | by_improvement)


@pghistory.track(exclude=["code"])
class Telling(models.Model):
    """One round of letters to everybody who raised a trouble."""

    code = models.GeneratedField(
        expression=code_of("T"), output_field=models.CharField(max_length=24), db_persist=True, unique=True
    )
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="tellings")
    improvement = models.ForeignKey(Improvement, models.PROTECT, null=True, related_name="tellings")
    words = models.JSONField(default=dict)
    drafted_at = models.DateTimeField()
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    dropped_at = models.DateTimeField(null=True)

    objects = TellingQuerySet.as_manager()

    class Meta:
        ordering = ["-drafted_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="telling_is_about_one_thing",
                condition=Q(case__isnull=False, improvement=None) | Q(case=None, improvement__isnull=False),
            ),
            models.CheckConstraint(
                name="telling_is_sent_or_dropped", condition=Q(sent_at=None) | Q(dropped_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.case or self.improvement}"


class Recipient(models.Model):
    """One person's letter and what they answered; a letter of a round is written to a person once."""

    telling = models.ForeignKey(Telling, models.CASCADE, related_name="recipients")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="letters")
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+")
    language = models.CharField(max_length=12)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    digest = models.CharField(max_length=64, null=True, unique=True)
    seen_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    fixed = models.BooleanField(null=True)
    words = models.TextField(blank=True)
    signal = models.ForeignKey(Signal, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["telling", "contact"], name="letter_once_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.telling_id}: {self.contact_id}"


class PublicationQuerySet(models.QuerySet["Publication"]):
    """Ways to narrow what is published."""

    def visible_to(self, user: Any) -> Self:
        """Keep those of improvements the user may see."""
        return self.filter(improvement__in=Improvement.objects.visible_to(user).values("pk"))

    def shown(self) -> Self:
        """Keep what the public sees now."""
        return self.filter(withdrawn_at=None)


@pghistory.track()
class Publication(models.Model):
    """You said, we did: what the public reads about an improvement, everywhere or in one region."""

    improvement = models.ForeignKey(Improvement, models.PROTECT, related_name="publications")
    region = models.ForeignKey(
        Region,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("for customers in"),
        help_text=_("Nothing chosen: for everybody."),
    )
    you_said = models.TextField(_("you said"))
    we_did = models.TextField(_("we did"))
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        ordering = ["-published_at", "-id"]

    def __str__(self) -> str:
        return self.you_said[:60]


class PromiseQuerySet(models.QuerySet["Promise"]):
    """Ways to narrow promises."""

    def visible_to(self, user: Any) -> Self:
        """Keep promises to customers the user may see, and the user's own."""
        accounts = Account.objects.visible_to(user).values("pk")
        return self.filter(Q(account__in=accounts) | Q(owner=user.pk))


@pghistory.track()
class Promise(models.Model):
    """Something we said we would do for a customer, by when, and whether we did."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="promises", verbose_name=_("customer"))
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="promises")
    case = models.ForeignKey(Case, models.PROTECT, null=True, blank=True, related_name="promises")
    words = models.CharField(_("what was promised"), max_length=300)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who keeps it")
    )
    due_on = models.DateField(_("by"))
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    kept_on = models.DateField(null=True)
    broken_on = models.DateField(null=True)
    outcome = models.CharField(max_length=300, blank=True)

    objects = PromiseQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                name="promise_is_kept_or_broken", condition=Q(kept_on=None) | Q(broken_on=None)
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_on"], condition=Q(kept_on=None, broken_on=None), name="promise_open_by_day"
            ),
        ]

    def __str__(self) -> str:
        return self.words
