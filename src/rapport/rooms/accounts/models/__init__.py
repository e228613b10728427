"""The accounts room's tables."""

from rapport.rooms.accounts.models.account import Account, AccountExternalId, LtreeField
from rapport.rooms.accounts.models.contact import BuyingRole, Contact, ContactExternalId
from rapport.rooms.accounts.models.dealings import (
    Contract,
    InstalledProduct,
    Milestone,
    Opportunity,
    Order,
    Project,
    ServiceRequest,
    Usage,
)
from rapport.rooms.accounts.models.merge import DuplicateCandidate, Merge

__all__ = [
    "Account",
    "AccountExternalId",
    "BuyingRole",
    "Contact",
    "ContactExternalId",
    "Contract",
    "DuplicateCandidate",
    "InstalledProduct",
    "LtreeField",
    "Merge",
    "Milestone",
    "Opportunity",
    "Order",
    "Project",
    "ServiceRequest",
    "Usage",
]
