"""One customer's trouble, from the words that raised it to the moment it is closed."""

from typing import Any, Self

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.kernel.models import Team
from rapport.rooms.accounts.models import Account, Contact
from rapport.rooms.accounts.models.account import code_of
from rapport.rooms.action.models.rule import Rule
from rapport.rooms.catalog.models import Partner, Product, Region, Touchpoint
from rapport.rooms.signals.models import Signal


class CaseQuerySet(models.QuerySet["Case"]):
    """Ways to narrow cases."""

    def visible_to(self, user: Any) -> Self:
        """Keep cases of accounts the user may see, their own, and unmatched ones of their places."""
        scope = user.scope
        if scope.everything:
            return self
        by_account = Q(account__in=Account.objects.visible_to(user).values("pk"))
        by_place = Q(account=None) & (
            Q(region__in=sorted(scope.regions)) | Q(partner__in=sorted(scope.partners))
        )
        called = self.model.called_about(user)
        return self.filter(by_account | by_place | Q(owner=user.pk) | Q(pk__in=called))

    def open(self) -> Self:
        """Keep cases that are not closed."""
        return self.exclude(state=Case.State.CLOSED)

    def overdue(self, now: Any) -> Self:
        """Keep open cases whose time has passed."""
        return self.open().filter(due_at__lt=now)


@pghistory.track(
    exclude=["code"],
    model_name="CaseHistory",
    obj_field=pghistory.ObjForeignKey(related_name="history", related_query_name="history"),
)
class Case(models.Model):
    """The inner loop for one customer: somebody owns it until the customer was told and it is closed."""

    class State(models.TextChoices):
        """The steps, in order."""

        OPEN = "open", _("New")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        FIXED = "fixed", _("Fixed for this customer")
        TOLD = "told", _("Customer told")
        CLOSED = "closed", _("Closed")

    class ToldHow(models.TextChoices):
        """How the customer was told."""

        TELEPHONE = "telephone", _("By telephone")
        EMAIL = "email", _("By e-mail")
        MEETING = "meeting", _("In person")
        LETTER = "letter", _("By letter")
        OTHER = "other", _("Another way")
        NOBODY = "nobody", _("Nobody can be told; the words say why")

    code = models.GeneratedField(
        expression=code_of("C"), output_field=models.CharField(max_length=24), db_persist=True, unique=True
    )
    title = models.CharField(_("title"), max_length=200)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="cases")
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="cases")
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="+")
    partner = models.ForeignKey(Partner, models.PROTECT, null=True, related_name="+")
    touchpoint = models.ForeignKey(Touchpoint, models.PROTECT, null=True, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    rule = models.ForeignKey(Rule, models.PROTECT, null=True, related_name="cases")
    rule_version = models.PositiveIntegerField(null=True)
    rule_sentence = models.TextField(blank=True)
    state = models.CharField(max_length=14, choices=State.choices, default=State.OPEN)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="cases")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    due_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True)
    time_zone = models.CharField(max_length=60)
    due_hours = models.PositiveSmallIntegerField()
    contact_due_at = models.DateTimeField(null=True)
    confirm_due_at = models.DateTimeField(null=True)
    contact_hours = models.PositiveSmallIntegerField(default=0)
    confirm_hours = models.PositiveSmallIntegerField(default=0)
    snoozed_until = models.DateTimeField(null=True)
    snooze_reason = models.TextField(blank=True)
    handed_on = models.PositiveSmallIntegerField(default=0)
    first_contact_at = models.DateTimeField(null=True)
    contact_minutes = models.PositiveIntegerField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    fixed_at = models.DateTimeField(null=True)
    customer_told_at = models.DateTimeField(null=True)
    told_how = models.CharField(max_length=10, choices=ToldHow.choices, blank=True)
    told_words = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True)
    resolution = models.TextField(blank=True)
    reopened = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="case_closes_only_when_the_customer_was_told",
                condition=~Q(state="closed")
                | Q(customer_told_at__isnull=False, closed_at__isnull=False, told_how__gt=""),
            ),
            models.CheckConstraint(
                name="case_snoozes_for_a_reason",
                condition=Q(snoozed_until__isnull=True) | Q(snooze_reason__gt=""),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=~Q(state="closed"), name="case_open_by_due"),
            models.Index(fields=["owner", "due_at"], condition=~Q(state="closed"), name="case_open_by_owner"),
            models.Index(fields=["account", "-opened_at"], name="case_by_account"),
            models.Index(fields=["remind_at"], condition=~Q(state="closed"), name="case_to_remind"),
            models.Index(fields=["-opened_at", "-id"], name="case_by_opening"),
            models.Index(
                fields=["snoozed_until"], condition=Q(snoozed_until__isnull=False), name="case_snoozed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @classmethod
    def called_about(cls, user: Any) -> models.QuerySet[Any, Any]:
        """Return the cases a user was called about when they were escalated."""
        calls = cls._meta.apps.get_model("action", "EscalationCall")
        found: models.QuerySet[Any, Any] = calls._default_manager.filter(responder=user.pk)
        return found.values("escalation__case")

    @property
    def is_closed(self) -> bool:
        return self.state == self.State.CLOSED


class CaseCause(models.Model):
    """A signal that raised or joined a case, and the rule it met; the same rule meets a signal once."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="causes")
    signal = models.ForeignKey(Signal, models.PROTECT, related_name="case_causes")
    rule = models.ForeignKey(Rule, models.PROTECT, null=True, related_name="+")
    rule_version = models.PositiveIntegerField(null=True)
    rule_sentence = models.TextField(blank=True)
    noted_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "signal"], name="rule_meets_a_signal_once"),
            models.UniqueConstraint(
                fields=["case", "signal"], condition=Q(rule=None), name="signal_put_on_a_case_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.signal_id}"


@pghistory.track()
class CaseNote(models.Model):
    """What a colleague wrote down while working on a case."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    written_at = models.DateTimeField()
    text = models.TextField(_("note"))

    class Meta:
        ordering = ["-written_at", "-id"]

    def __str__(self) -> str:
        return self.text[:60]


class CaseEvent(models.Model):
    """Something that happened to a case; added to, never changed, so that nothing is lost."""

    class Kind(models.TextChoices):
        """What happened."""

        OPENED = "opened", _("Opened")
        JOINED = "joined", _("Another rule agreed")
        MORE = "more", _("More of the same trouble")
        CONTACTED = "contacted", _("Spoke to the customer")
        CONFIRMED = "confirmed", _("Fixed, says the customer")
        DENIED = "denied", _("Not fixed, says the customer")
        SNOOZED = "snoozed", _("Put aside")
        WOKEN = "woken", _("Back from being put aside")
        ESCALATED = "escalated", _("Escalated")
        EXTREME = "extreme", _("Words that call for a higher level")
        TAKEN_ON = "taken_on", _("Escalation taken on")
        UNANSWERED = "unanswered", _("Nobody took the escalation on")
        CALMED = "calmed", _("Escalation over")
        PLAYED = "played", _("Playbook started")
        CONTACT_LATE = "contact_late", _("First contact late, owner told")
        UNCONFIRMED = "unconfirmed", _("Not confirmed in time, owner told")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        FIXED = "fixed", _("Fixed for this customer")
        TOLD = "told", _("Customer told")
        CLOSED = "closed", _("Closed")
        REOPENED = "reopened", _("Reopened")
        REASSIGNED = "reassigned", _("Handed on")
        REMINDED = "reminded", _("Reminded before it is due")
        OVERDUE = "overdue", _("Overdue, owner told")
        OVERDUE_FALLBACK = "overdue_fallback", _("Overdue, fallback told")
        DUE_MOVED = "due_moved", _("Due earlier")
        MATCHED = "matched", _("Customer found")
        COMPLAINT = "complaint", _("Taken up as a complaint")
        RECEIPT = "receipt", _("Receipt confirmed to the customer")
        RECEIPT_LATE = "receipt_late", _("Receipt not confirmed in time, owner told")
        FOUND = "found", _("Found out")
        DECIDED = "decided", _("Decided")
        REMEDIED = "remedied", _("Put right")
        REFERRED = "referred", _("Taken outside by the customer")

    case = models.ForeignKey(Case, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    words = models.TextField(blank=True)
    from_owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    to_owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    due_at = models.DateTimeField(null=True)
    once = models.CharField(max_length=80, null=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "once"], name="case_event_once"),
        ]
        triggers = [
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="unchanged",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("kind", "at", "words", "case", "due_at", "once"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"


class CaseWatcher(models.Model):
    """A colleague who wants to hear what becomes of a case without owning it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="watchers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="case_watched_once")]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.user_id}"
