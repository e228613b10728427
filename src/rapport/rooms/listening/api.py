"""What other rooms and the connectors may ask about surveys."""

from rapport.rooms.listening.definition import *  # noqa: F403
from rapport.rooms.listening.definition import __all__ as _document

__all__ = [*_document]
