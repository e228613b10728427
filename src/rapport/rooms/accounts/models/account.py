"""The customer company and its place in the tree."""

from typing import Any, Self

import pghistory
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.db import models
from django.db.models.functions import Cast, Concat, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.kernel.models import Team
from rapport.rooms.catalog.models import Division, Partner, Region


class LtreeField(models.TextField):  # type: ignore[type-arg]
    """A path of ids from the root to a row, kept by the database itself (PostgreSQL's ltree)."""

    # The trigger writes it, so a saved row is read back.
    db_returning = True

    def db_type(self, connection: Any) -> str:
        return "ltree"


@LtreeField.register_lookup
class DescendantOf(models.Lookup):
    """`path__under=root`: the row lies at or below the root."""

    lookup_name = "under"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} <@ {right}::ltree", [*left_params, *right_params]


@LtreeField.register_lookup
class DescendantOfAny(models.Lookup):
    """`path__under_any=roots`: the row lies at or below one of the roots."""

    lookup_name = "under_any"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, left_params = self.process_lhs(compiler, connection)
        return f"{left} <@ %s::ltree[]", [*left_params, list(self.rhs)]


@LtreeField.register_lookup
class AncestorOf(models.Lookup):
    """`path__above=leaf`: the row lies at or above the leaf."""

    lookup_name = "above"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} @> {right}::ltree", [*left_params, *right_params]


class AccountQuerySet(models.QuerySet["Account"]):
    """Ways to narrow accounts."""

    def visible_to(self, user: Any) -> Self:
        """Keep what the user's scope reaches: the one place that decides who sees which account."""
        return self.filter(user.scope.filter())

    def unmerged(self) -> Self:
        """Leave out accounts that were merged into another."""
        return self.filter(merged_into=None)

    def subtree_of(self, account: "Account") -> Self:
        """Keep the account and everything below it, accounts merged into it included."""
        return self.filter(path__under=account.path)


def code_of(letter: str) -> Concat:
    """Make the readable code of a row from its number."""
    return Concat(models.Value(letter, output_field=models.TextField()), Cast("id", models.TextField()))


def words_of(*fields: str) -> Lower:
    """Join columns into the small-letter text that searches look through."""
    parts: list[Any] = [models.F(fields[0])]
    for field in fields[1:]:
        parts += [models.Value(" ", output_field=models.TextField()), models.F(field)]
    return Lower(Concat(*parts, output_field=models.TextField()))


@pghistory.track(exclude=["path", "code", "search_text", "updated_at"])
class Account(models.Model):
    """A customer company, or a part of one.

    An account that was merged into another stays as a row below it, so that nothing recorded has to move
    and a merge can be undone.
    """

    class Kind(models.TextChoices):
        """How big a part of the customer this is."""

        GROUP = "group", _("Group")
        COMPANY = "company", _("Company")
        DIVISION = "division", _("Division")
        SITE = "site", _("Site")

    class LifeCycle(models.TextChoices):
        """Where the customer stands with us."""

        PROSPECT = "prospect", _("Prospect")
        INTERESTED = "interested", _("Interested prospect")
        CUSTOMER = "customer", _("Customer")
        ENGAGED = "engaged", _("Engaged customer")
        LAPSED = "lapsed", _("Lapsed customer")
        LOST = "lost", _("Lost")

    class Tier(models.TextChoices):
        """How much the customer matters to us."""

        A = "A", "A"
        B = "B", "B"
        C = "C", "C"

    code = models.GeneratedField(
        expression=code_of("A"), output_field=models.CharField(max_length=24), db_persist=True, unique=True
    )
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.COMPANY)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("belongs to")
    )
    path = LtreeField(editable=False, default="")
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", editable=False
    )
    sector = models.CharField(_("sector"), max_length=120, blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    revenue = models.DecimalField(_("yearly revenue"), max_digits=16, decimal_places=2, null=True, blank=True)
    budget = models.DecimalField(
        _("budget for what we sell"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    founded = models.PositiveSmallIntegerField(_("founded in"), null=True, blank=True)
    street = models.CharField(_("street"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=80, blank=True)
    domain = models.CharField(_("internet domain"), max_length=120, blank=True)
    life_cycle = models.CharField(
        _("life-cycle stage"), max_length=12, choices=LifeCycle.choices, default=LifeCycle.CUSTOMER
    )
    tier = models.CharField(_("tier"), max_length=1, choices=Tier.choices, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name=_("region"))
    division = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, verbose_name=_("our division")
    )
    partner = models.ForeignKey(
        Partner, models.PROTECT, null=True, blank=True, verbose_name=_("served by partner")
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, verbose_name=_("owner team"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    search_text = models.GeneratedField(
        expression=words_of("name", "city", "domain"), output_field=models.TextField(), db_persist=True
    )

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            GinIndex(fields=["name"], opclasses=["gin_trgm_ops"], name="account_name_trigrams"),
            GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="account_search"),
            GistIndex(fields=["path"], name="account_path"),
            models.Index(fields=["name", "id"], name="account_by_name"),
            models.Index(fields=["domain"], condition=~models.Q(domain=""), name="account_by_domain"),
        ]
        constraints = [
            models.CheckConstraint(
                name="account_is_not_its_own_parent", condition=~models.Q(parent=models.F("id"))
            ),
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class AccountExternalId(models.Model):
    """What another system calls this account."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="external_ids")
    system = models.CharField(_("system"), max_length=60)
    value = models.CharField(_("id there"), max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "value"], name="account_external_id_once")]
        indexes = [models.Index(fields=["value"], name="account_external_id_value")]

    def __str__(self) -> str:
        return f"{self.system}: {self.value}"
