"""What other rooms and the connectors may ask about surveys."""

from rapport.rooms.listening.definition import Definition

__all__ = ["Definition"]
