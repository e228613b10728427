"""What can be imported, a module each (dealings share one); a new target is declared there, listed here."""

from rapport.connectors.files import Target
from rapport.connectors.imports.landing import TableLanding
from rapport.connectors.imports.targets.accounts import AccountsLanding
from rapport.connectors.imports.targets.contacts import ContactsLanding
from rapport.connectors.imports.targets.dealings import (
    ContractsLanding,
    OpportunitiesLanding,
    OrdersLanding,
    ProductsInUseLanding,
    ServiceRequestsLanding,
    UsageLanding,
)
from rapport.connectors.imports.targets.projects import ProjectsLanding
from rapport.connectors.imports.targets.roles import RolesLanding
from rapport.connectors.imports.targets.signals import TARGET as SIGNALS

_LANDINGS: tuple[type[TableLanding], ...] = (
    AccountsLanding,
    ContactsLanding,
    RolesLanding,
    ContractsLanding,
    OrdersLanding,
    OpportunitiesLanding,
    ProductsInUseLanding,
    ServiceRequestsLanding,
    ProjectsLanding,
    UsageLanding,
)
LANDINGS: dict[str, type[TableLanding]] = {landing.target.name: landing for landing in _LANDINGS}
TARGETS: dict[str, Target] = {landing.target.name: landing.target for landing in _LANDINGS} | {
    SIGNALS.name: SIGNALS
}
