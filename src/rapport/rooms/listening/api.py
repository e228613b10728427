"""What other rooms and the connectors may ask about surveys."""

from rapport.rooms.listening.asked import AskedBase, asked_base
from rapport.rooms.listening.channels.service_events import is_guarded, service_in_use
from rapport.rooms.listening.channels.suppression import suppressed_among
from rapport.rooms.listening.definition import Definition
from rapport.rooms.listening.done import tell_what_was_done
from rapport.rooms.listening.events import ContactWanted, ResponsesSent
from rapport.rooms.listening.services.forgetting import Erased, erase_person
from rapport.rooms.listening.services.inviting import (
    create_invitation,
    link_of,
    open_link,
    prepare_invitation,
    withdraw_invitation,
)
from rapport.rooms.listening.services.saying import Said, said_in

__all__ = [
    "AskedBase",
    "ContactWanted",
    "Definition",
    "Erased",
    "ResponsesSent",
    "Said",
    "asked_base",
    "create_invitation",
    "erase_person",
    "is_guarded",
    "link_of",
    "open_link",
    "prepare_invitation",
    "said_in",
    "service_in_use",
    "suppressed_among",
    "tell_what_was_done",
    "withdraw_invitation",
]
