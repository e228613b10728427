"""Signatures of Standard Webhooks, version 1: HMAC-SHA256 over id, time and body."""

import base64
import hashlib
import hmac
import secrets

PREFIX = "whsec_"


def new_secret() -> str:
    """Make a secret of 256 random bits, written as the specification asks."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, key: str, at: int, body: bytes) -> str:
    """Return the signature of a message."""
    raw = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(raw, f"{key}.{at}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def signed_headers(secret: str, key: str, at: int, body: bytes) -> dict[str, str]:
    """Return the three headers by which the other side knows a message, its time and us."""
    return {
        "content-type": "application/json",
        "webhook-id": key,
        "webhook-timestamp": str(at),
        "webhook-signature": sign(secret, key, at, body),
    }
