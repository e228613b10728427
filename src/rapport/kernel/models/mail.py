"""Mail on its way out, kept until the mail server has answered."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OutgoingMail(models.Model):
    """One message to one person. It leaves at most once: a doubtful send waits for a person's decision."""

    class State(models.TextChoices):
        """Where a message stands."""

        QUEUED = "queued", _("Waiting")
        SENDING = "sending", _("Being handed over")
        SENT = "sent", _("Accepted by the mail server")
        REFUSED = "refused", _("Refused by the mail server")
        DOUBTFUL = "doubtful", _("Perhaps sent; a person decides")

    dedupe_key = models.CharField(max_length=200, unique=True)
    to = models.EmailField()
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "queued_at"], condition=~models.Q(state="sent"), name="mail_not_sent")
        ]

    def __str__(self) -> str:
        return self.dedupe_key
