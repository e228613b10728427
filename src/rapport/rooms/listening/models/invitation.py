"""Who was asked, and what came of it."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.rooms.accounts.models import Account, BuyingRole, Contact, Opportunity
from rapport.rooms.listening.models.programme import Draw, Programme
from rapport.rooms.listening.models.survey import SurveyVersion
from rapport.rooms.signals.models import new_id


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Ways to narrow invitations."""

    def visible_to(self, user: Any) -> Self:
        """Keep those to people at accounts the user may see, and the open links of visible programmes."""
        return self.filter(
            models.Q(account__in=Account.objects.visible_to(user).values("pk"))
            | models.Q(account=None, programme__in=Programme.objects.visible_to(user).values("pk"))
        )


class Invitation(models.Model):
    """One asking: a person by a personal link, or anybody by an open one.

    Only a hash of the link's secret is kept. What the person was known as when asked is copied here, so that
    the answer is read as it was meant.
    """

    class Channel(models.TextChoices):
        """How the asking reaches a person."""

        EMAIL = "email", _("E-mail")
        LINK = "link", _("Open link")
        QR = "qr", _("QR code")
        MESSAGE = "message", _("SMS or chat")
        WEB = "web", _("Web snippet")
        INTERVIEW = "interview", _("Interview")
        PAPER = "paper", _("Paper")

    class State(models.TextChoices):
        """How far it got; the order is the order of the steps."""

        DRAWN = "drawn", _("Drawn")
        SENT = "sent", _("Sent")
        OPENED = "opened", _("Opened")
        STARTED = "started", _("Started")
        ANSWERED = "answered", _("Answered")
        BOUNCED = "bounced", _("Bounced")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    secret_hash = models.BinaryField(max_length=32, unique=True)
    """SHA-256 of the 128 or more random bits in the link."""
    programme = models.ForeignKey(Programme, models.PROTECT, null=True, related_name="invitations")
    draw = models.ForeignKey(Draw, models.PROTECT, null=True, related_name="invitations")
    version = models.ForeignKey(SurveyVersion, models.PROTECT, related_name="invitations")
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAWN)
    open_link = models.BooleanField(default=False)
    """Many people answer by it, each with a response of their own."""
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+")
    buying_role = models.CharField(max_length=16, choices=BuyingRole.Role.choices, blank=True)
    language = models.CharField(max_length=12, blank=True)
    stratum = models.CharField(max_length=200, blank=True)
    facts = models.JSONField(default=dict)
    """What the survey's conditions and texts may use, as known when asked: `contact.name`, `account.tier`."""
    place = models.JSONField(default=dict)
    """Keys of the catalogue recorded with the answer: touchpoint, stage, product, region and so on."""
    occasion = models.CharField(max_length=200, blank=True)
    """What happened that made us ask, unique within a programme, such as `request:4711`."""
    decision = models.ForeignKey(Opportunity, models.SET_NULL, null=True, related_name="+")
    """The decision it asks about; none for the standing relationship."""
    veto = models.BooleanField(default=False)
    chance = models.FloatField(null=True)
    """How probable it was to be drawn, for weights; none where nobody was drawn."""
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    """Who asks or asked, in an interview."""
    label = models.CharField(max_length=200, blank=True)
    """Of an open link: what it hangs at, such as a machine or a stand at a fair."""
    send_at = models.DateTimeField(null=True)
    """When the next message may leave; none when none is to leave."""
    reminders = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["contact", "-created_at"], name="invitation_of_contact"),
            models.Index(fields=["account", "-created_at"], name="invitation_of_account"),
            models.Index(
                fields=["send_at"], condition=models.Q(send_at__isnull=False), name="invitation_to_send"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "occasion", "contact"],
                condition=~models.Q(occasion=""),
                name="invited_once_an_occasion",
            )
        ]

    def __str__(self) -> str:
        return f"{self.programme}: {self.contact or self.channel}"


class ResponseQuerySet(models.QuerySet["Response"]):
    """Ways to narrow responses."""

    def visible_to(self, user: Any) -> Self:
        """Keep those whose invitation the user may see, anonymous ones never: only the ledger shows them."""
        return self.filter(
            invitation__programme__anonymous=False,
            invitation__in=Invitation.objects.visible_to(user).values("pk"),
        )


class Response(models.Model):
    """What one person answered to one version: saved page by page, sent once.

    `answers` has the shape of `definition/answers.py`. A personal link has one response unless its programme
    allows several; `number` counts them, and the unique constraint is what makes a double post harmless.
    """

    class State(models.TextChoices):
        """Whether it was sent."""

        OPEN = "open", _("Begun")
        SENT = "sent", _("Sent")
        SCREENED = "screened", _("Ended by a quota")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    invitation = models.ForeignKey(Invitation, models.PROTECT, related_name="responses")
    number = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    language = models.CharField(max_length=12, blank=True)
    answers = models.JSONField(default=dict)
    page = models.CharField(max_length=60, blank=True)
    """The key of the page reached."""
    revision = models.PositiveIntegerField(default=0)
    test = models.BooleanField(default=False)
    """Given in a preview; never becomes a signal."""
    secret_hash = models.BinaryField(max_length=32, null=True, unique=True)
    """Of the response's own secret, where the link is open to many."""
    started_at = models.DateTimeField(default=timezone.now)
    saved_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    signal_id = models.UUIDField(null=True)
    """Of the signal it became."""
    forgotten_at = models.DateTimeField(null=True)
    """When its answers were taken away; that somebody answered, and how far, still counts."""
    settled_at = models.DateTimeField(null=True)
    """When it was passed on to the ledger; until then a sent response waits for it, whatever happens."""

    objects = ResponseQuerySet.as_manager()

    class Meta:
        ordering = ["-saved_at"]
        constraints = [
            models.UniqueConstraint(fields=["invitation", "number"], name="response_once_a_number"),
            models.CheckConstraint(
                name="response_sent_has_its_time",
                condition=models.Q(state="open") | models.Q(sent_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["sent_at"],
                condition=models.Q(state="sent", settled_at=None, test=False),
                name="response_unsettled",
            )
        ]

    def __str__(self) -> str:
        return f"{self.invitation} {self.number}"
