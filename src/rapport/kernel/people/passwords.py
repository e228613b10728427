"""Letting people set their own password: links that work once and not for long."""

from datetime import datetime
from uuid import uuid4

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from rapport.kernel.environment import environment
from rapport.kernel.mail.queue import queue_mail
from rapport.kernel.models import User


def password_link(user: User) -> str:
    """Return an address at which this person sets a password; it works once, for a day."""
    kwargs = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return environment().base_url + reverse("account_reset_password_from_key", kwargs=kwargs)


def mail_password_link(user: User, *, now: datetime) -> None:
    """Send a person the address at which to set a password, in their language."""
    with translation.override(user.language):
        queue_mail(
            to=user.email,
            subject=_("Your access to Rapport"),
            text=_(
                "Hello %(name)s,\n\n%(company)s has added you to Rapport. "
                "Set your password here within a day:\n\n"
                "%(link)s\n\nIf the day is over, ask for a new link at %(base)s/sign-in/password/reset/."
            )
            % {
                "name": user.name,
                "company": environment().company,
                "link": password_link(user),
                "base": environment().base_url,
            },
            dedupe_key=f"password-link:{uuid4().hex}",
            now=now,
        )
