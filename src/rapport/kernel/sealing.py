"""Secrets that we must be able to read again: kept encrypted, so that a stolen backup tells none."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class SealBroken(ValueError):
    """It was sealed with another secret key; the secret has to be given again."""


def seal(text: str, *, purpose: str) -> str:
    """Encrypt a text for one purpose."""
    return _cipher(purpose).encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str, *, purpose: str) -> str:
    """Read a sealed text; raise SealBroken when it was sealed with another key or for another purpose."""
    if not sealed:
        return ""
    try:
        return _cipher(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealBroken("The secret key has changed since; give the secret again.") from error


def _cipher(purpose: str) -> Fernet:
    digest = hashlib.sha256(f"rapport {purpose}:".encode() + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
