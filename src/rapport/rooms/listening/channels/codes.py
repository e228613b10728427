"""Open links and their QR codes: one for each place, event or product."""

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO

import segno
from django.db import transaction

from rapport.rooms.listening.models import Invitation, Programme
from rapport.rooms.listening.sampling.draws import published_version
from rapport.rooms.listening.services.inviting import link_of, open_link


@transaction.atomic
def add_open_link(
    programme: Programme, *, label: str, channel: str, place: Mapping[str, str], now: datetime
) -> Invitation:
    """Make an open link that many answer by; what it hangs at is recorded with each answer.

    Raises CannotDraw when the survey has no published version.
    """
    version = published_version(programme)
    kept = {name: key for name, key in place.items() if key}
    made, _link = open_link(
        version, programme=programme, now=now, channel=channel, place=kept, facts={"channel": channel}
    )
    made.label = label
    made.save(update_fields=["label"])
    return made


def qr_svg(invitation: Invitation) -> str:
    """Return the link as a QR code in SVG, that stays sharp at any size."""
    out = BytesIO()
    _code(invitation).save(out, kind="svg", scale=8, border=4, title=invitation.label or "QR")
    return out.getvalue().decode()


def qr_png(invitation: Invitation) -> bytes:
    """Return the link as a QR code in PNG, big enough for a poster."""
    out = BytesIO()
    _code(invitation).save(out, kind="png", scale=20, border=4)
    return out.getvalue()


def _code(invitation: Invitation) -> segno.QRCode:
    # A quarter of the code may be dirty or torn: these hang at machines.
    return segno.make(link_of(invitation), error="q", micro=False)
