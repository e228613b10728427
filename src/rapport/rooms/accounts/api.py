"""What other rooms may ask about customers; what they may add to customers' pages is in `panels`."""

from rapport.rooms.accounts.selectors.accounts import AccountQuery, accounts_asked_for
from rapport.rooms.accounts.selectors.duplicates import (
    CompanyRecord,
    PairScore,
    PersonRecord,
    score_companies,
    score_people,
)
from rapport.rooms.accounts.selectors.lookup import find_account, find_contact, role_held
from rapport.rooms.accounts.selectors.lookup_many import (
    FoundAccount,
    FoundContact,
    find_accounts,
    find_contacts,
    role_on,
    roles_of,
)
from rapport.rooms.accounts.selectors.people import PeopleQuery, people_asked_for
from rapport.rooms.accounts.selectors.searching import search_accounts, search_contacts
from rapport.rooms.accounts.services.contacts import change_contact
from rapport.rooms.accounts.services.finding import find_duplicates
from rapport.rooms.accounts.services.passing import Known, announce_news, known_before

__all__ = [
    "AccountQuery",
    "CompanyRecord",
    "FoundAccount",
    "FoundContact",
    "Known",
    "PairScore",
    "PeopleQuery",
    "PersonRecord",
    "accounts_asked_for",
    "announce_news",
    "change_contact",
    "find_account",
    "find_accounts",
    "find_contact",
    "find_contacts",
    "find_duplicates",
    "known_before",
    "people_asked_for",
    "role_held",
    "role_on",
    "roles_of",
    "score_companies",
    "score_people",
    "search_accounts",
    "search_contacts",
]
