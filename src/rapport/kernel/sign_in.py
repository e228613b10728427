"""Who may sign in and how: people an administrator added; nobody signs up by themselves."""

import base64
import hashlib
from typing import Any
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from rapport.kernel.mail.queue import queue_mail


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Password sign-in for existing users only; its mail takes the way all mail takes."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        told = {"request": current.request, "email": email, **context}
        message = self.render_mail(template_prefix, email, told)
        queue_mail(
            to=email,
            subject=message.subject,
            text=message.body,
            dedupe_key=f"sign-in:{uuid4().hex}",
            now=timezone.now(),
        )


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Company sign-on for existing users only, matched by the address the provider has verified."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors; their secrets lie encrypted, so that a stolen backup does not open the door."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> Fernet:
    digest = hashlib.sha256(b"rapport second factors:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
