"""What was published about improvements, for the page that thanks whoever answered a survey."""

from django.db.models import Q

from rapport.rooms.accounts.models import Account
from rapport.rooms.action.models import Publication

MOST = 3


def done_for(account_id: int | None, language: str) -> list[str]:
    """Return the latest that was done for everybody or in the customer's region, as it was written."""
    meant = Q(region=None)
    if account_id is not None:
        meant |= Q(region__in=Account.objects.filter(pk=account_id).values("region"))
    shown = Publication.objects.shown().filter(meant)[:MOST]
    return [f"{said.you_said} {said.we_did}" for said in shown]
