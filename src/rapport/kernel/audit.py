"""Noting who saw whom."""

from datetime import datetime
from typing import Any

from rapport.kernel.access import request_id
from rapport.kernel.models import Sighting, User


def note_sighting(request: Any, user: User, *, kind: str, code: str, label: str, now: datetime) -> None:
    """Write down that a user saw the page of an account or a person."""
    way = "api" if request.path.startswith("/api/") else "page"
    Sighting.objects.create(
        user=user,
        seen_at=now,
        kind=kind,
        object_code=code,
        label=label[:200],
        way=way,
        request_id=request_id(request),
    )
