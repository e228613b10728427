"""The address at which a colleague answers about a case: nobody can guess it, and nothing is kept for it."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

from django.conf import settings

from rapport.kernel.environment import environment
from rapport.kernel.models import User
from rapport.rooms.action.models import Case

# A hundred bits, in letters and digits that survive a mail server's change of case.
LENGTH = 20
_TOKEN = rf"(\d{{1,12}})-(\d{{1,12}})-([a-z2-7]{{{LENGTH}}})"


def address_for(case: Case, user: User) -> str:
    """Return where a user answers about a case; nothing where no address for replies is set."""
    pattern = environment().reply_to
    return pattern.replace("{token}", f"{case.pk}-{user.pk}-{_proof(case.pk, user.pk)}") if pattern else ""


def find_address(addresses: Iterable[str]) -> tuple[int, int] | None:
    """Return the case and the user of the first address that we gave out ourselves."""
    local, _at, domain = environment().reply_to.rpartition("@")
    if not domain:
        return None
    before, after = (re.escape(part.lower()) for part in local.split("{token}"))
    ours = re.compile(rf"{before}{_TOKEN}{after}@{re.escape(domain.lower())}")
    for address in addresses:
        found = ours.fullmatch(address.strip().lower())
        if found:
            case, user = int(found[1]), int(found[2])
            if hmac.compare_digest(found[3], _proof(case, user)):
                return case, user
    return None


def _proof(case: int, user: int) -> str:
    key = b"rapport replies:" + settings.SECRET_KEY.encode()
    digest = hmac.new(key, f"{case}:{user}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:LENGTH]
