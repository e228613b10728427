"""Surveys, their versions, and the bank of questions that stay comparable."""

from typing import Any, Self

import pghistory
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.kernel.roles import PARTNER_ROLES
from rapport.rooms.accounts.models.account import code_of
from rapport.rooms.catalog.models import Metric
from rapport.rooms.listening.definition import Definition


class SurveyQuerySet(models.QuerySet["Survey"]):
    """Ways to narrow surveys."""

    def visible_to(self, user: Any) -> Self:
        """Keep everything for colleagues: what is asked is no secret among them; nothing for partners."""
        return self.none() if user.role in PARTNER_ROLES else self.all()


@pghistory.track(exclude=["code"])
class Survey(models.Model):
    """A survey with its versions; `draft` is the text being worked on."""

    code = models.GeneratedField(
        expression=code_of("S"), output_field=models.CharField(max_length=24), db_persist=True, unique=True
    )
    name = models.CharField(_("name"), max_length=200)
    draft = models.JSONField(_("draft"))
    draft_number = models.PositiveIntegerField(default=1, editable=False)
    """Rises with every change; who saves an older one is told so."""
    archived = models.BooleanField(_("archived"), default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SurveyQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def definition(self) -> Definition:
        """Return the draft as a document."""
        return Definition.model_validate(self.draft)


class SurveyVersion(models.Model):
    """A survey as it was published; a trigger refuses any change but its closing."""

    class State(models.TextChoices):
        """Whether it may be answered."""

        PUBLISHED = "published", _("Published")
        CLOSED = "closed", _("Closed")

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(max_length=10, choices=State.choices, default=State.PUBLISHED)
    document = models.JSONField()
    published_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["survey", "-number"]
        constraints = [models.UniqueConstraint(fields=["survey", "number"], name="survey_version_once")]

    def __str__(self) -> str:
        return f"{self.survey} {self.number}"

    def definition(self) -> Definition:
        """Return the version as a document."""
        return Definition.model_validate(self.document)


@pghistory.track()
class BankQuestion(models.Model):
    """A question asked the same way wherever it stands, so that its answers can be compared."""

    key = models.SlugField(_("key"), max_length=60, primary_key=True)
    name = models.CharField(_("name"), max_length=200)
    question = models.JSONField()
    metric = models.ForeignKey(
        Metric, models.PROTECT, null=True, blank=True, verbose_name=_("metric"), related_name="+"
    )
    retired = models.BooleanField(_("retired"), default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
