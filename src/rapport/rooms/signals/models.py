"""The ledger: what was said, by whom, about what; written once, corrected only by a later row."""

from typing import Any, Self, TypeVar
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from rapport.rooms.accounts.models import Account, BuyingRole, Contact
from rapport.rooms.catalog.models import Division, Metric, Partner, Product, Region, Stage, Touchpoint

FEWEST_ANONYMOUS = 5
FEWEST_ANONYMOUS_COMMENTS = 8


def new_id() -> UUID:
    """Make an id that sorts by time."""
    return UUID(int=uuid7().int)


R = TypeVar("R", bound=models.Model, covariant=True)


class LedgerQuerySet(models.QuerySet[R]):
    """The one gate before whatever was said: signals and, with their place copied beside them, scores."""

    def visible_to(self, user: Any) -> Self:
        """Keep current rows in the user's scope, anonymous ones only where they cannot be told apart."""
        scope, rows = user.scope, self.filter(superseded=False).in_scope(user)
        if not (scope.everything or scope.regions or scope.partners):
            # Reached by account alone, and what has no name has no account.
            return rows
        return rows.exclude_traceable()

    def in_scope(self, user: Any) -> Self:
        """Keep what the user's scope reaches: by account, or by region or partner where none is known."""
        if user.scope.everything:
            return self
        by_account = models.Q(account__in=Account.objects.visible_to(user).values("pk"), anonymous=False)
        by_place = models.Q(account=None) & (
            models.Q(region__in=sorted(user.scope.regions))
            | models.Q(partner__in=sorted(user.scope.partners))
        )
        return self.filter(by_account | by_place)

    def exclude_traceable(self, fewest: int = FEWEST_ANONYMOUS) -> Self:
        """Leave out anonymous rows of blocks that are open still or smaller than `fewest`."""
        from rapport.rooms.signals.anonymity import released_blocks

        return self.filter(models.Q(anonymous=False) | models.Q(block__in=released_blocks(fewest)))

    def named(self, user: Any) -> Self:
        """Keep current rows in the user's scope that have a name: what pages about people count."""
        return self.filter(superseded=False, anonymous=False).in_scope(user)


class SignalQuerySet(LedgerQuerySet["Signal"]):
    """Ways to narrow signals."""


class ScoreQuerySet(LedgerQuerySet["Score"]):
    """Ways to narrow scores."""


class Signal(models.Model):
    """One piece of feedback from anywhere.

    The place it belongs to (role, touchpoint, stage, product, region, division, partner) is kept as it was
    then. A trigger refuses changes; a mistake is corrected by a new signal that supersedes the old one, and
    only an account or a person not known at first may be filled in later.
    """

    class Kind(models.TextChoices):
        """How it reached us."""

        SURVEY = "survey", _("Survey")
        REMARK = "remark", _("Remark noted")
        INTERVIEW = "interview", _("Interview")
        CHECK_IN = "check_in", _("Check-in")
        TICKET = "ticket", _("Support ticket")
        COMPLAINT = "complaint", _("Complaint")
        REVIEW = "review", _("Review")
        SOCIAL = "social", _("Social mention")
        MAIL = "mail", _("E-mail")
        CHAT = "chat", _("Chat")
        LOST_SALE = "lost_sale", _("Won or lost sale")
        OTHER = "other", _("Other")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    occurred_at = models.DateTimeField(_("when it happened"))
    recorded_at = models.DateTimeField(_("when it was recorded"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    source = models.CharField(_("source"), max_length=60)
    external_reference = models.CharField(_("reference there"), max_length=200)
    account = models.ForeignKey(Account, models.PROTECT, null=True, db_index=False, verbose_name=_("account"))
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, db_index=False, verbose_name=_("person"))
    account_hint = models.CharField(_("account as named by the source"), max_length=300, blank=True)
    contact_hint = models.CharField(_("person as named by the source"), max_length=300, blank=True)
    buying_role = models.CharField(
        _("buying role held then"), max_length=16, choices=BuyingRole.Role.choices, blank=True
    )
    touchpoint = models.ForeignKey(
        Touchpoint, models.PROTECT, null=True, db_index=False, verbose_name=_("touchpoint")
    )
    stage = models.ForeignKey(Stage, models.PROTECT, null=True, db_index=False, verbose_name=_("stage"))
    product = models.ForeignKey(Product, models.PROTECT, null=True, db_index=False, verbose_name=_("product"))
    region = models.ForeignKey(Region, models.PROTECT, null=True, db_index=False, verbose_name=_("region"))
    division = models.ForeignKey(
        Division, models.PROTECT, null=True, db_index=False, verbose_name=_("division")
    )
    partner = models.ForeignKey(Partner, models.PROTECT, null=True, db_index=False, verbose_name=_("partner"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("noted by"),
    )
    emotions = ArrayField(models.CharField(max_length=30), default=list, verbose_name=_("feelings"))
    anonymous = models.BooleanField(_("anonymous"), default=False)
    block = models.CharField(max_length=300, blank=True)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="superseded_by", verbose_name=_("corrects")
    )
    superseded = models.BooleanField(default=False)

    objects = SignalQuerySet.as_manager()

    class Meta:
        ordering = ["-occurred_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "external_reference"], name="signal_once_a_source"),
            models.CheckConstraint(
                name="anonymous_signal_names_nobody",
                condition=models.Q(anonymous=False)
                | models.Q(
                    account=None,
                    contact=None,
                    author=None,
                    buying_role="",
                    account_hint="",
                    contact_hint="",
                    touchpoint=None,
                    stage=None,
                    product=None,
                    division=None,
                    partner=None,
                ),
            ),
            models.CheckConstraint(
                name="anonymous_signal_is_not_corrected",
                condition=models.Q(anonymous=False) | models.Q(superseded=False, supersedes=None),
            ),
        ]
        indexes = [
            # What is counted of accounts and people is read from the index alone.
            models.Index(
                fields=["account", "-occurred_at"],
                include=["superseded", "anonymous"],
                name="signal_by_account",
            ),
            models.Index(
                fields=["contact", "-occurred_at"],
                include=["superseded", "anonymous"],
                name="signal_by_contact",
            ),
            models.Index(fields=["-occurred_at", "-id"], name="signal_by_time"),
            models.Index(
                fields=["block", "recorded_at"],
                include=["source"],
                condition=models.Q(anonymous=True, superseded=False),
                name="signal_anonymous",
            ),
            models.Index(
                fields=["-recorded_at"],
                condition=models.Q(account=None, anonymous=False, superseded=False),
                name="signal_unmatched",
            ),
            models.Index(fields=["region", "-occurred_at"], name="signal_by_region"),
            models.Index(fields=["kind", "-occurred_at"], name="signal_by_kind"),
            models.Index(fields=["source"], condition=models.Q(anonymous=False), name="signal_named_sources"),
            # Only where there is one: most signals name none, and every index costs an import.
            *(
                models.Index(fields=[place], condition=~models.Q((place, None)), name=f"signal_by_{place}")
                for place in ("touchpoint", "product", "partner")
            ),
            GinIndex(
                fields=["account_hint"],
                opclasses=["gin_trgm_ops"],
                condition=models.Q(account=None, anonymous=False),
                name="signal_hint_trigrams",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.external_reference}"


def _copied(to: Any) -> Any:
    """Make a column that repeats one of the signal's; the signal's own column holds the constraint."""
    return models.ForeignKey(
        to,
        models.DO_NOTHING,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )


class Score(models.Model):
    """A number given on a scale, which is kept beside it.

    The signal's place stands beside the number too, so that a figure over a million answers reads one table.
    A trigger copies it whenever a score is written or its signal is matched or corrected: leave it empty.
    """

    signal = models.ForeignKey(Signal, models.CASCADE, related_name="scores", db_index=False)
    metric = models.ForeignKey(Metric, models.PROTECT, db_index=False)
    value = models.FloatField()
    scale_low = models.FloatField()
    scale_high = models.FloatField()
    occurred_at = models.DateTimeField(editable=False, default=None)
    kind = models.CharField(max_length=12, choices=Signal.Kind.choices, editable=False, default=None)
    source = models.CharField(max_length=60, editable=False, default=None)
    account = _copied(Account)
    contact = _copied(Contact)
    buying_role = models.CharField(
        max_length=16, choices=BuyingRole.Role.choices, blank=True, editable=False, default=None
    )
    touchpoint = _copied(Touchpoint)
    product = _copied(Product)
    region = _copied(Region)
    partner = _copied(Partner)
    anonymous = models.BooleanField(editable=False, default=None)
    block = models.CharField(max_length=300, blank=True, editable=False, default=None)
    superseded = models.BooleanField(editable=False, default=None)

    objects = ScoreQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["signal", "metric"], name="score_once_a_metric"),
            models.CheckConstraint(
                name="score_lies_on_its_scale",
                condition=models.Q(value__gte=models.F("scale_low"), value__lte=models.F("scale_high")),
            ),
        ]
        indexes = [
            # A figure over a million answers is read from this index alone.
            models.Index(
                fields=["metric", "-occurred_at"],
                include=["value", "account", "contact", "region", "buying_role", "anonymous", "block"],
                condition=models.Q(superseded=False),
                name="score_by_metric",
            ),
            models.Index(fields=["account", "-occurred_at"], name="score_by_account"),
            models.Index(fields=["contact", "metric", "-occurred_at"], name="score_by_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} {self.value:g}"


class Comment(models.Model):
    """Words somebody said, in their own language."""

    signal = models.ForeignKey(Signal, models.CASCADE, related_name="comments")
    text = models.TextField()
    language = models.CharField(max_length=12, blank=True)
    question_key = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [GinIndex(SearchVector("text", config="simple"), name="comment_words")]

    def __str__(self) -> str:
        return self.text[:60]


class Answer(models.Model):
    """What was answered to one question of a survey, in the words of that day; a row for each thing chosen.

    `question` names the question wherever it is asked (its key in the bank, else in the survey), `choice` and
    `row` what was chosen and where in a matrix. A number is what was given, or the place in a ranking.
    """

    signal = models.ForeignKey(Signal, models.CASCADE, related_name="answers")
    question = models.CharField(max_length=60)
    asked = models.TextField()
    row = models.CharField(max_length=60, blank=True)
    row_words = models.TextField(blank=True)
    choice = models.CharField(max_length=60, blank=True)
    told = models.TextField(blank=True)
    """How the answer reads; empty where nothing of a list was chosen."""
    number = models.FloatField(null=True)
    day = models.DateField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["question", "choice"], name="answer_by_question")]

    def __str__(self) -> str:
        return f"{self.question}: {self.told}"


class Attachment(models.Model):
    """A file that came with a signal."""

    signal = models.ForeignKey(Signal, models.CASCADE, related_name="attachments")
    file = models.FileField(upload_to="signals/%Y/%m")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
