"""How the parts of the frame are called: roles, regions and tiers by their names instead of their keys."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from rapport.rooms.accounts.models import Account, BuyingRole, Contact
from rapport.rooms.catalog.api import names_of
from rapport.rooms.listening.models import Invitation
from rapport.rooms.listening.programmes.plan import NO_STRATUM

BETWEEN = " / "


def labels() -> Mapping[str, str]:
    """Return the name of every key a stratum can be made of."""
    return {
        **dict(names_of("divisions", retired=True)),
        **dict(names_of("partners", retired=True)),
        **dict(names_of("regions", retired=True)),
        **{str(key): str(label) for key, label in Account.LifeCycle.choices},
        **{str(key): str(label) for key, label in Contact.Seniority.choices},
        **{str(key): str(label) for key, label in Invitation.Channel.choices},
        **{str(key): str(label) for key, label in BuyingRole.Role.choices},
        NO_STRATUM: _("not known"),
        "": _("everybody"),
    }


def said(stratum: str, names: Mapping[str, str]) -> str:
    """Return a stratum in words."""
    return BETWEEN.join(names.get(part, part) for part in stratum.split(BETWEEN))
