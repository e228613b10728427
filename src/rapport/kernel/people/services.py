"""Adding and changing users."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from rapport.kernel.environment import environment
from rapport.kernel.models import Grant, User
from rapport.kernel.people.reach import GrantKey, grant_choices, usual_reach
from rapport.kernel.roles import PARTNER_ROLES, Role


class UserRefused(Exception):
    """A user cannot be added or changed like this; the message says why."""


def add_user(
    *,
    email: str,
    name: str = "",
    role: Role,
    reach: str = "",
    grants: Iterable[GrantKey | tuple[str, str]] = (),
    password: str | None = None,
) -> User:
    """Add a user; without a password the person sets one through `password_link`.

    Raises
    ------
    UserRefused
        If the address is taken or malformed, the password is weak, or reach and role do not go together.
    """
    wanted = _keys(grants)
    user = User(
        email=User.objects.normalize_email(email.strip()).lower(),
        name=name.strip() or email.partition("@")[0],
        role=Role(role),
        reach=reach or usual_reach(Role(role), wanted),
        language=settings.LANGUAGE_CODE,
        time_zone=environment().time_zone,
    )
    _check_reach(user, wanted)
    try:
        if password is not None:
            validate_password(password, user)
        user.set_password(password)
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        raise UserRefused(" ".join(error.messages)) from error
    with transaction.atomic():
        user.save()
        _set_grants(user, wanted)
    return user


@transaction.atomic
def change_user(
    user: User, *, email: str, name: str, role: Role, reach: str, grants: Iterable[GrantKey]
) -> None:
    """Change who somebody is and what they see; raise UserRefused as `add_user` does."""
    wanted = _keys(grants)
    before = User.objects.select_for_update().get(pk=user.pk)
    if before.role == Role.ADMINISTRATOR and role != Role.ADMINISTRATOR:
        _keep_an_administrator(before)
    user.email, user.name = email.strip().lower(), name.strip()
    user.role, user.reach = Role(role), reach
    _check_reach(user, wanted)
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        raise UserRefused(" ".join(error.messages)) from error
    user.save()
    if before.email != user.email:
        # The sign-in package remembers addresses of its own; an old one must not open a new account.
        EmailAddress.objects.filter(user=user).delete()
    _set_grants(user, wanted)


@transaction.atomic
def deactivate_user(user: User) -> None:
    """End somebody's access at once: sessions and tokens stop working; what they did stays theirs."""
    current = User.objects.select_for_update().get(pk=user.pk)
    _keep_an_administrator(current)
    current.is_active = False
    current.save(update_fields=["is_active"])


def reactivate_user(user: User) -> None:
    """Let somebody in again, with the reach they had."""
    user.is_active = True
    user.save(update_fields=["is_active"])


def _keep_an_administrator(leaving: User) -> None:
    if leaving.role != Role.ADMINISTRATOR or not leaving.is_active:
        return
    others = User.objects.select_for_update().filter(role=Role.ADMINISTRATOR, is_active=True)
    if not others.exclude(pk=leaving.pk).exists():
        raise UserRefused(_("This is the last administrator. Make somebody else one first."))


def _keys(grants: Iterable[GrantKey | tuple[str, str]]) -> list[GrantKey]:
    return [grant if isinstance(grant, GrantKey) else GrantKey(*grant) for grant in grants]


def _check_reach(user: User, grants: list[GrantKey]) -> None:
    partners = [grant for grant in grants if grant.kind == Grant.Kind.PARTNER]
    if user.role in PARTNER_ROLES and (not partners or len(partners) != len(grants)):
        raise UserRefused(
            _("People of a partner see what their partner serves: choose the partner and nothing else.")
        )
    if user.role in PARTNER_ROLES and user.reach != User.Reach.GRANTED:
        raise UserRefused(_("People of a partner see only what is granted."))
    if grants and user.reach != User.Reach.GRANTED:
        raise UserRefused(_("Regions, teams and partners count only for the reach “what is granted”."))
    for grant in grants:
        if grant.key not in dict(grant_choices(grant.kind)):
            raise UserRefused(
                _("There is no %(kind)s %(key)s.")
                % {"kind": Grant.Kind(grant.kind).label.lower(), "key": grant.key}
            )


def _set_grants(user: User, wanted: list[GrantKey]) -> None:
    """Add and remove only what differs, so that the history shows what was changed."""
    held = {GrantKey(grant.kind, grant.key): grant.pk for grant in user.grants.all()}
    Grant.objects.filter(pk__in=[pk for key, pk in held.items() if key not in wanted]).delete()
    Grant.objects.bulk_create(
        Grant(user=user, kind=grant.kind, key=grant.key)
        for grant in dict.fromkeys(wanted)
        if grant not in held
    )
