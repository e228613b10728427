"""Small reference tables, each row known by a key that never changes."""

from typing import Any, ClassVar, Self

import pghistory
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from rapport.kernel.roles import PARTNER_ROLES

KEY = RegexValidator(
    r"^[a-z0-9][a-z0-9_-]*$", _("Use small letters, digits, - and _ only, beginning with a letter or digit.")
)


class ReferenceQuerySet(models.QuerySet[Any]):
    """Ways to narrow a reference table."""

    def visible_to(self, user: Any) -> Self:
        """Keep everything: names of regions and products are no secret among those who work with them."""
        return self.all()

    def in_use(self) -> Self:
        """Leave out what was retired."""
        return self.filter(retired=False)


class PartnerQuerySet(ReferenceQuerySet):
    """Ways to narrow partners."""

    def visible_to(self, user: Any) -> Self:
        """Keep for a partner's people their own partner: who else sells for us is not theirs to know."""
        if user.role in PARTNER_ROLES:
            return self.filter(key__in=user.scope.partners)
        return self.all()


class Reference(models.Model):
    """A named thing the company refers to by its key; retired rather than deleted once used."""

    key = models.CharField(
        _("key"), max_length=60, primary_key=True, validators=[KEY], help_text=_("Never changes once used.")
    )
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    retired = models.BooleanField(_("retired"), default=False)

    objects: ClassVar[Any] = ReferenceQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering: ClassVar[list[str]] = ["position", "name"]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Region(Reference):
    """A part of the world that is managed together."""

    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")


@pghistory.track()
class Holiday(models.Model):
    """A day on which a region does not work."""

    region = models.ForeignKey(Region, models.CASCADE, related_name="holidays")
    on = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        ordering = ["on"]
        constraints = [models.UniqueConstraint(fields=["region", "on"], name="holiday_once_a_region")]

    def __str__(self) -> str:
        return f"{self.on} {self.name}"


@pghistory.track()
class Division(Reference):
    """One of our own divisions."""


@pghistory.track()
class Function(Reference):
    """What a person does for a living: purchasing, maintenance, finance."""


@pghistory.track()
class Product(Reference):
    """Something we sell, or a family of such things."""

    division = models.ForeignKey(Division, models.PROTECT, null=True, blank=True, verbose_name=_("division"))


@pghistory.track()
class Stage(Reference):
    """A stretch of the customer's journey."""


@pghistory.track()
class Touchpoint(Reference):
    """A place where a customer meets us."""

    stage = models.ForeignKey(Stage, models.PROTECT, null=True, blank=True, verbose_name=_("stage"))


@pghistory.track()
class Partner(Reference):
    """A dealer or reseller who serves customers for us."""

    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name=_("region"))

    objects: ClassVar[Any] = PartnerQuerySet.as_manager()


@pghistory.track()
class Metric(Reference):
    """Something that is scored, with its scale."""

    class Kind(models.TextChoices):
        """How scores of a metric are summed up."""

        NPS = "nps", _("Net promoter score")
        CSAT = "csat", _("Satisfaction, top two box")
        CES = "ces", _("Effort, mean")
        INDEX = "index", _("Index, mean")

    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    scale_low = models.FloatField(_("lowest score"), default=0)
    scale_high = models.FloatField(_("highest score"), default=10)
    higher_is_better = models.BooleanField(_("higher is better"), default=True)

    class Meta(Reference.Meta):
        constraints = [
            models.CheckConstraint(
                name="metric_scale_has_room", condition=models.Q(scale_low__lt=models.F("scale_high"))
            ),
            models.CheckConstraint(
                name="nps_is_0_to_10",
                condition=~models.Q(kind="nps") | models.Q(scale_low=0, scale_high=10),
            ),
        ]
