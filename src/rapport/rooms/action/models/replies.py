"""Mail that came back from colleagues: each message taken once, and what became of it."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.rooms.action.models.case import Case, CaseNote


class TakenMailQuerySet(models.QuerySet["TakenMail"]):
    """Ways to narrow mail that was taken."""

    def visible_to(self, user: Any) -> Self:
        """Keep what came to the user's own addresses."""
        return self.filter(user=user)


class TakenMail(models.Model):
    """One message that arrived, by its Message-ID; its words are kept only while somebody has to decide."""

    class Outcome(models.TextChoices):
        """What became of it."""

        NOTED = "noted", _("Written on the case")
        DONE = "done", _("Done as it said")
        ASIDE = "aside", _("Put aside: it came from another address")
        DROPPED = "dropped", _("Thrown away by whom it was for")
        REFUSED = "refused", _("Not possible; whom it was for was told")
        IGNORED = "ignored", _("Sent by a machine")
        UNKNOWN = "unknown", _("Not to any address of ours")

    message_id = models.CharField(max_length=250, unique=True)
    taken_at = models.DateTimeField()
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    reason = models.CharField(max_length=300, blank=True)
    sender = models.CharField(max_length=254, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+")
    note = models.ForeignKey(CaseNote, models.SET_NULL, null=True, related_name="+")
    text = models.TextField(blank=True)

    objects = TakenMailQuerySet.as_manager()

    class Meta:
        ordering = ["-taken_at", "-id"]

    def __str__(self) -> str:
        return f"{self.message_id}: {self.outcome}"
