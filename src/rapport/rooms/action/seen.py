"""Letters that were seen: by a press on their page, or by what the mail service reports of this very one.

Opening the page is not counted by itself: mail scanners open every link.
"""

import re
from datetime import datetime
from typing import Any

from anymail.signals import tracking
from django.utils import timezone

from rapport.kernel.mail.queue import message_id
from rapport.rooms.action.models import Recipient
from rapport.rooms.action.services.telling import digest_of, key_of, note_seen

_LINK = re.compile(r"/act/answer/([A-Za-z0-9_-]{20,60})/")


def on_tracking(sender: object, event: Any, esp_name: str, **_more: object) -> None:
    """Note that a letter was opened, or its link followed; what names no letter of ours changes nothing."""
    if event.event_type not in {"opened", "clicked"}:
        return
    letter = _by_link(event) or _by_message(event)
    if letter is not None:
        at: datetime = event.timestamp or timezone.now()
        note_seen(letter, now=at)


def _by_link(event: Any) -> Recipient | None:
    found = _LINK.search(str(event.click_url or ""))
    return Recipient.objects.filter(digest=digest_of(found[1])).first() if found else None


def _by_message(event: Any) -> Recipient | None:
    """Find the letter by our own Message-ID, which some services keep; an address could mean another."""
    named = str(event.message_id or "").strip("<> ")
    email = (event.recipient or "").strip()
    if not named or not email:
        return None
    sent = Recipient.objects.filter(contact__email__iexact=email, digest__isnull=False)
    return next((one for one in sent if message_id(key_of(one)).strip("<>") == named), None)


def listen() -> None:
    """Have events of the mail service come here."""
    tracking.connect(on_tracking, dispatch_uid="action letters")
