"""What surrounds an asking: rest rules, who was left out, who must not be written to, what was promised."""

from typing import Any, Self

import pghistory
from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.rooms.accounts.models import Account, Contact, Opportunity
from rapport.rooms.listening.models.invitation import Invitation
from rapport.rooms.listening.models.programme import Draw, Programme
from rapport.rooms.listening.models.survey import SurveyVersion


@pghistory.track()
class HouseRest(models.Model):
    """The one rest rule that every programme keeps beside its own; the stricter of the two counts."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    rule = models.JSONField(default=dict, blank=True)
    """Has the shape of `Rest` in `programmes/plan.py`."""

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="house_rest_is_one")]

    def __str__(self) -> str:
        return "House rest rule"


class NotAskedQuerySet(models.QuerySet["NotAsked"]):
    """Ways to narrow those who were left out."""

    def visible_to(self, user: Any) -> Self:
        """Keep people at accounts the user may see."""
        return self.filter(contact__in=Contact.objects.visible_to(user).values("pk"))


class NotAsked(models.Model):
    """A person of the population whom a draw could not take, and why."""

    class Reason(models.TextChoices):
        """Why somebody was left out."""

        CONTACT_RESTS = "contact_rests", _("asked recently")
        ACCOUNT_RESTS = "account_rests", _("others at the customer were asked recently")
        DECISION_RESTS = "decision_rests", _("asked about this decision before")
        BUDGET = "budget", _("asked as often as a year allows")
        ACCOUNT_BUDGET = "account_budget", _("the customer was asked as often as a year allows")
        REFUSED = "refused", _("does not want to be written to")
        NO_CONSENT = "no_consent", _("has not said yes to being written to")
        SUPPRESSED = "suppressed", _("the address bounced, complained or unsubscribed")
        UNREACHABLE = "unreachable", _("no address for the channels of this programme")
        ACCOUNT_LIMIT = "account_limit", _("enough people of the customer were drawn")

    draw = models.ForeignKey(Draw, models.CASCADE, related_name="left_out")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=16, choices=Reason.choices)
    until = models.DateField(null=True)
    """When the reason ends, where it ends by itself."""

    objects = NotAskedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draw", "contact"], name="left_out_once_a_draw")]

    def __str__(self) -> str:
        return f"{self.contact}: {self.get_reason_display()}"


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    """Ways to narrow suppressed addresses."""

    def visible_to(self, user: Any) -> Self:
        """Keep addresses of people the user may see; those of nobody known only for who sees everything."""
        known = Contact.objects.annotate(address=Lower("email")).exclude(address="")
        seen = models.Q(email__in=known.visible_to(user).values("address"))
        if user.scope.everything:
            seen = models.Q()
        return self.filter(seen)

    def in_force(self) -> Self:
        """Leave out what was lifted."""
        return self.filter(lifted_at=None)


@pghistory.track()
class Suppression(models.Model):
    """An address nothing more is sent to."""

    class Reason(models.TextChoices):
        """Why."""

        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        BOUNCED = "bounced", _("Bounced")
        COMPLAINED = "complained", _("Reported as unwanted")
        BY_HAND = "by_hand", _("Entered by hand")

    email = models.EmailField(_("address"))
    """In small letters."""
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices)
    detail = models.CharField(_("what the other side said"), max_length=500, blank=True)
    source = models.CharField(_("known from"), max_length=60, blank=True)
    since = models.DateTimeField(_("since"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["email"], condition=models.Q(lifted_at=None), name="suppressed_once_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_reason_display()}"


class Bounce(models.Model):
    """A message that came back for the moment; several in a row suppress the address."""

    email = models.EmailField()
    event = models.CharField(max_length=200, unique=True)
    """What names the report, so that one that comes twice counts once."""
    detail = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["email", "-at"], name="bounce_by_address")]

    def __str__(self) -> str:
        return self.email


class RewardQuerySet(models.QuerySet["Reward"]):
    """Ways to narrow incentives."""

    def visible_to(self, user: Any) -> Self:
        """Keep those of people the user may see; of an anonymous programme none: they tell who answered."""
        return self.filter(
            invitation__in=Invitation.objects.visible_to(user).values("pk"),
            invitation__programme__anonymous=False,
        )


class Reward(models.Model):
    """An incentive promised to a person, and when it was handed out."""

    invitation = models.OneToOneField(Invitation, models.CASCADE, related_name="reward")
    name = models.CharField(max_length=120)
    value = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    due_at = models.DateTimeField(null=True)
    """When it was earned."""
    given_at = models.DateTimeField(null=True)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = RewardQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name}: {self.invitation}"


class Occasion(models.Model):
    """Something that happened and made a programme want to ask; waits out the delay, then asks once."""

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", _("Waiting")
        ASKED = "asked", _("Asked")
        NOBODY = "nobody", _("Nobody could be asked")

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="occasions")
    key = models.CharField(max_length=200)
    """What happened, such as `request_closed:4711`."""
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="+")
    decision = models.ForeignKey(Opportunity, models.SET_NULL, null=True, related_name="+")
    place = models.JSONField(default=dict)
    words = models.CharField(max_length=200, blank=True)
    happened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)

    class Meta:
        ordering = ["-happened_at"]
        constraints = [models.UniqueConstraint(fields=["programme", "key"], name="occasion_once_a_programme")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="waiting"), name="occasion_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.programme}: {self.key}"


class ShortMessageQuerySet(models.QuerySet["ShortMessage"]):
    """Ways to narrow short messages."""

    def visible_to(self, user: Any) -> Self:
        """Keep those to people at accounts the user may see."""
        return self.filter(invitation__in=Invitation.objects.visible_to(user).values("pk"))


class ShortMessage(models.Model):
    """A short message or chat on its way; it leaves at most once, like mail."""

    class State(models.TextChoices):
        """Where it stands."""

        QUEUED = "queued", _("Waiting")
        HANDING = "handing", _("Being handed over")
        SENT = "sent", _("Accepted by the provider")
        REFUSED = "refused", _("Refused by the provider")
        DOUBTFUL = "doubtful", _("Perhaps sent; a person decides")
        DROPPED = "dropped", _("Given up")

    key = models.CharField(max_length=200, unique=True)
    invitation = models.ForeignKey(Invitation, models.CASCADE, related_name="messages")
    to = models.CharField(max_length=60)
    text = models.CharField(max_length=500)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    queued_at = models.DateTimeField()
    handed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    """Who said that it is to go again, or not at all."""
    decided_at = models.DateTimeField(null=True)

    objects = ShortMessageQuerySet.as_manager()

    class Meta:
        ordering = ["-queued_at", "-pk"]

    def __str__(self) -> str:
        return self.key


class SheetQuerySet(models.QuerySet["Sheet"]):
    """Ways to narrow sheets."""

    def visible_to(self, user: Any) -> Self:
        """Keep those of the programmes' people the user may see."""
        return self.filter(invitation__in=Invitation.objects.visible_to(user).values("pk"))


class Sheet(models.Model):
    """Answers on paper, keyed twice: what differs is decided before anything becomes a response."""

    invitation = models.ForeignKey(Invitation, models.CASCADE, related_name="sheets")
    version = models.ForeignKey(SurveyVersion, models.PROTECT, related_name="+")
    number = models.CharField(_("number on the sheet"), max_length=40)
    first = models.JSONField(default=dict)
    first_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    first_at = models.DateTimeField(default=timezone.now)
    second = models.JSONField(null=True)
    second_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    second_at = models.DateTimeField(null=True)
    response_id = models.UUIDField(null=True)
    """Of the response it became, when both keyings agreed."""

    objects = SheetQuerySet.as_manager()

    class Meta:
        ordering = ["-first_at"]
        constraints = [models.UniqueConstraint(fields=["invitation", "number"], name="sheet_keyed_once")]

    def __str__(self) -> str:
        return self.number
