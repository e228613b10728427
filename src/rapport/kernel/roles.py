"""Who may do what: the roles of Rapport and the permissions each carries."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a user comes to Rapport for; one per user."""

    ADMINISTRATOR = "administrator", _("Administrator")
    CX_MANAGER = "cx_manager", _("CX manager")
    ANALYST = "analyst", _("VoC analyst")
    ACCOUNT_MANAGER = "account_manager", _("Account manager")
    SERVICE_LEAD = "service_lead", _("Service or project lead")
    MARKETER = "marketer", _("Marketer")
    EXECUTIVE = "executive", _("Executive")
    CHAMPION = "champion", _("CX champion")
    EMPLOYEE = "employee", _("Employee")
    PARTNER_ADMINISTRATOR = "partner_administrator", _("Partner administrator")
    PARTNER_USER = "partner_user", _("Partner user")


class Permission(models.TextChoices):
    """An ability; which rows it reaches is decided by scope, not here."""

    CAPTURE = "capture", _("Capture feedback")
    SEE_CUSTOMERS = "see_customers", _("See customers and their feedback")
    EDIT_CUSTOMERS = "edit_customers", _("Edit customers, people and roles")
    SEE_FIGURES = "see_figures", _("See figures")
    WORK_CASES = "work_cases", _("Work on cases")
    MANAGE_RULES = "manage_rules", _("Manage rules")
    MANAGE_SURVEYS = "manage_surveys", _("Design and publish surveys")
    EXPORT = "export", _("Export lists")
    IMPORT = "import", _("Import files")
    EDIT_CATALOG = "edit_catalog", _("Edit reference data")
    MANAGE_PROGRAMMES = "manage_programmes", _("Plan programmes and ask people")
    MANAGE_PEOPLE = "manage_people", _("Manage the people of one's own partner")
    ADMINISTER = "administer", _("Administer users, audit and jobs")


_SEE = {Permission.CAPTURE, Permission.SEE_CUSTOMERS, Permission.SEE_FIGURES}
_WORK = _SEE | {Permission.WORK_CASES, Permission.EXPORT}
_RUN = _WORK | {
    Permission.EDIT_CUSTOMERS,
    Permission.MANAGE_RULES,
    Permission.MANAGE_SURVEYS,
    Permission.IMPORT,
    Permission.EDIT_CATALOG,
    Permission.MANAGE_PROGRAMMES,
}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.CX_MANAGER: frozenset(_RUN),
    Role.ANALYST: frozenset(
        _SEE
        | {
            Permission.EXPORT,
            Permission.IMPORT,
            Permission.MANAGE_SURVEYS,
            Permission.MANAGE_PROGRAMMES,
        }
    ),
    Role.ACCOUNT_MANAGER: frozenset(_WORK | {Permission.EDIT_CUSTOMERS}),
    Role.SERVICE_LEAD: frozenset(_WORK | {Permission.EDIT_CUSTOMERS}),
    Role.MARKETER: frozenset(_SEE | {Permission.EXPORT}),
    Role.EXECUTIVE: frozenset(_SEE),
    Role.CHAMPION: frozenset(_SEE),
    Role.EMPLOYEE: frozenset({Permission.CAPTURE}),
    Role.PARTNER_ADMINISTRATOR: frozenset(_WORK | {Permission.MANAGE_PEOPLE}),
    Role.PARTNER_USER: frozenset(_SEE | {Permission.WORK_CASES}),
}
PARTNER_ROLES = frozenset({Role.PARTNER_ADMINISTRATOR, Role.PARTNER_USER})
