"""Answers under way in an anonymous programme: sealed with a key that only the link holds.

To go on later the answers must be kept, but nobody who reads the database may see whose they are. They are
encrypted (AES-256-GCM) with a key made from the link's secret, of which the database has only a hash.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NAME = "sealed"


def seal(answers: Mapping[str, Any], secret: str) -> dict[str, Any]:
    """Return answers as only the link can read them."""
    nonce = secrets.token_bytes(12)
    plain = json.dumps(answers, ensure_ascii=False).encode()
    return {_NAME: base64.b64encode(nonce + _cipher(secret).encrypt(nonce, plain, None)).decode()}


def unseal(kept: Mapping[str, Any], secret: str) -> dict[str, Any]:
    """Return sealed answers; none when they were sealed with another link."""
    if _NAME not in kept:
        return dict(kept)
    raw = base64.b64decode(kept[_NAME])
    try:
        found = json.loads(_cipher(secret).decrypt(raw[:12], raw[12:], None))
    except InvalidTag:
        return {}
    return found if isinstance(found, dict) else {}


def _cipher(secret: str) -> AESGCM:
    return AESGCM(hashlib.sha256(f"listening.seal\0{secret}".encode()).digest())
