"""What other rooms may ask about customers."""

from rapport.rooms.accounts.selectors.lookup import find_account, find_contact, role_held

__all__ = ["find_account", "find_contact", "role_held"]
