"""The addresses people answer at: unguessable, saying nothing about anybody, kept only as a hash.

A secret has 160 bits. It is made from the key of this installation and the random id of its invitation, so
that a reminder or a poster can show the same link again although nothing but its hash is stored: the database
alone opens no link. With a new key new links are made, and those sent before still lead where they led.
"""

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

from django.conf import settings

from rapport.kernel.environment import environment

PREFIX = "/r/"
_BYTES = 20


def secret_of(invitation_id: UUID) -> str:
    """Return the secret in an invitation's link: 27 letters, digits, dashes and underscores."""
    key = f"listening.link\0{settings.SECRET_KEY}".encode()
    return _written(hmac.digest(key, invitation_id.bytes, "sha256")[:_BYTES])


def new_secret() -> str:
    """Make a secret from chance alone: for the response of somebody nobody invited."""
    return _written(secrets.token_bytes(_BYTES))


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def hash_of(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def link_with(secret: str) -> str:
    """Return the whole address with a secret."""
    return f"{environment().base_url}{PREFIX}{secret}"
