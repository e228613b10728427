"""Users, the teams they belong to, how far they may see, and the tokens their programs sign in with."""

import hashlib
import secrets
from datetime import datetime
from functools import cached_property
from typing import Any, Self

import pghistory
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rapport.kernel.roles import PARTNER_ROLES, PERMISSIONS, Permission, Role
from rapport.kernel.scope import Scope


@pghistory.track()
class Team(models.Model):
    """Colleagues who look after the same accounts."""

    key = models.SlugField(_("key"), primary_key=True, max_length=60, help_text=_("Never changes."))
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class UserQuerySet(models.QuerySet["User"]):
    """Ways to narrow users."""

    def administered_by(self, user: "User") -> Self:
        """Keep the people a user may add, change and deactivate.

        Administrators look after everybody. Partner administrators look after the people of their own
        partner: those who work for it and see nothing beyond it.
        """
        if user.may(Permission.ADMINISTER):
            return self
        if not user.may(Permission.MANAGE_PEOPLE) or not user.scope.partners:
            return self.none()
        own = Grant.objects.filter(kind=Grant.Kind.PARTNER, key__in=user.scope.partners)
        beyond = Grant.objects.exclude(kind=Grant.Kind.PARTNER, key__in=user.scope.partners)
        return self.filter(
            models.Exists(own.filter(user=models.OuterRef("pk"))),
            ~models.Exists(beyond.filter(user=models.OuterRef("pk"))),
            role__in=PARTNER_ROLES,
        )


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Creates users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user; without a password the user sets one through the reset link."""
        user: User = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        found: User = self.get(email__iexact=username)
        return found


@pghistory.track(exclude=["password", "last_login"])
class User(AbstractBaseUser):
    """A person who signs in."""

    class Reach(models.TextChoices):
        """How far a user may see."""

        EVERYTHING = "everything", _("Everything")
        GRANTED = "granted", _("What is granted: regions, teams, a partner, and own accounts")
        CAPTURE = "capture", _("Nothing; may only capture feedback")

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=30, choices=Role.choices, default=Role.EMPLOYEE)
    reach = models.CharField(_("reach"), max_length=12, choices=Reach.choices, default=Reach.CAPTURE)
    language = models.CharField(_("language"), max_length=12, default="en")
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    theme = models.CharField(_("theme"), max_length=6, default="", blank=True)
    shortcuts = models.BooleanField(_("single-key shortcuts"), default=True)
    is_active = models.BooleanField(_("active"), default=True)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name", "email"]
        constraints = [
            models.CheckConstraint(
                name="partner_people_see_only_what_is_granted",
                condition=~models.Q(role__startswith="partner_") | models.Q(reach="granted"),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        words = self.name.split() or [self.email]
        return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()

    def may(self, permission: Permission) -> bool:
        """Say whether the user's role carries this permission."""
        return self.is_active and permission in PERMISSIONS[Role(self.role)]

    @cached_property
    def scope(self) -> Scope:
        """What rows the user may see; read once per request."""
        if self.reach == self.Reach.CAPTURE or not self.is_active:
            return Scope.nothing(self.pk)
        if self.reach == self.Reach.EVERYTHING:
            return Scope.all(self.pk)
        keys: dict[str, set[str]] = {kind: set() for kind in Grant.Kind.values}
        for kind, key in self.grants.values_list("kind", "key"):
            keys[kind].add(key)
        return Scope(
            user_id=self.pk,
            regions=frozenset(keys[Grant.Kind.REGION]),
            teams=frozenset(keys[Grant.Kind.TEAM]),
            partners=frozenset(keys[Grant.Kind.PARTNER]),
            own_accounts=not self.role.startswith("partner_"),
        )


@pghistory.track()
class Grant(models.Model):
    """One region, team or partner that a user may see, by its stable key."""

    class Kind(models.TextChoices):
        """What a grant opens."""

        REGION = "region", _("Region")
        TEAM = "team", _("Team")
        PARTNER = "partner", _("Partner")

    user = models.ForeignKey(User, models.CASCADE, related_name="grants")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    key = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind", "key"], name="grant_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Ways to narrow tokens."""

    def visible_to(self, user: Any) -> Self:
        """Keep the user's own tokens; nobody sees anybody else's."""
        return self.filter(user=user)


@pghistory.track(exclude=["digest", "used_at"])
class ApiToken(models.Model):
    """A program's way to sign in as a user; only a hash is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=120)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def issue(cls, user: User, name: str, expires_at: datetime | None = None) -> tuple["ApiToken", str]:
        """Make a token; its secret is returned once and never stored."""
        secret = "rpt_" + secrets.token_urlsafe(32)
        token = cls.objects.create(user=user, name=name, digest=cls.digest_of(secret), expires_at=expires_at)
        return token, secret

    @staticmethod
    def digest_of(secret: str) -> str:
        """Hash a secret for keeping; it carries 256 random bits, so a plain hash is enough."""
        return hashlib.sha256(secret.encode()).hexdigest()
