"""What other rooms may ask about customers."""

from rapport.rooms.accounts.selectors.lookup import find_account, find_contact, role_held
from rapport.rooms.accounts.selectors.lookup_many import (
    FoundAccount,
    FoundContact,
    find_accounts,
    find_contacts,
    role_on,
    roles_of,
)

__all__ = [
    "FoundAccount",
    "FoundContact",
    "find_account",
    "find_accounts",
    "find_contact",
    "find_contacts",
    "role_held",
    "role_on",
    "roles_of",
]
