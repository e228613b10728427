"""Mail on its way out, kept until the mail server has answered."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class OutgoingMail(models.Model):
    """One message to one person. It leaves at most once: a doubtful send waits for a person's decision.

    While a message is being prepared nothing has reached the mail server that it could deliver, so a killed
    worker's message is simply taken up again. `claim` names the attempt; only its holder may hand over.
    """

    class State(models.TextChoices):
        """Where a message stands."""

        QUEUED = "queued", _("Waiting")
        SENDING = "sending", _("Being prepared")
        HANDING = "handing", _("Being handed over")
        SENT = "sent", _("Accepted by the mail server")
        REFUSED = "refused", _("Refused by the mail server")
        DOUBTFUL = "doubtful", _("Perhaps sent; a person decides")
        DROPPED = "dropped", _("Given up")

    dedupe_key = models.CharField(max_length=200, unique=True)
    to = models.EmailField()
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True)
    queued_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    handed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(
                fields=["state", "queued_at"], condition=~models.Q(state="sent"), name="mail_not_sent"
            )
        ]

    def __str__(self) -> str:
        return self.dedupe_key
