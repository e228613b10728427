"""The links people answer by: secrets nobody can guess, made again when a reminder needs the same one."""

import base64
import hashlib
import hmac
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from rapport.kernel.environment import environment


def secret_of(invitation_id: UUID) -> str:
    """Return the secret of an invitation's link: 192 bits that only this server's key can make from the id.

    It is not kept anywhere; a reminder makes it again.
    """
    digest = hmac.new(settings.SECRET_KEY.encode(), b"invitation:" + invitation_id.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def hash_of(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def link_of(invitation_id: UUID) -> str:
    """Return the whole address a person answers at."""
    return f"{environment().base_url.rstrip('/')}/r/{secret_of(invitation_id)}"


def unsubscribe_link_of(invitation_id: UUID) -> str:
    """Return the address at which a person says that nothing more shall come."""
    path = reverse("channels:unsubscribe", args=[secret_of(invitation_id)])
    return f"{environment().base_url.rstrip('/')}{path}"
