"""Addresses in messages beside the one to answer at."""

from uuid import UUID

from django.urls import reverse

from rapport.kernel.environment import environment
from rapport.rooms.listening.links import secret_of


def unsubscribe_link_of(invitation_id: UUID) -> str:
    """Return the address at which a person says that nothing more shall come."""
    return environment().base_url + reverse("channels:unsubscribe", args=[secret_of(invitation_id)])
