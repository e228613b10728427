"""The accounts room as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from rapport.kernel.roles import Permission


class AccountsConfig(AppConfig):
    """Loads the room and puts customers on the rail."""

    name = "rapport.rooms.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register where to go."""
        from rapport.rooms.accounts.selectors import timeline  # noqa: F401  (registers the dealings)
        from rapport.ui.navigation import Entry, register, register_menu, set_search

        register(
            Entry(_("Customers"), "accounts:list", icon="customers", key="c", order=20, allowed=_may_see)
        )
        register_menu(Entry(_("Duplicates"), "accounts:duplicates", icon="people", allowed=_may_edit))
        set_search("accounts:search", _may_see)


def _may_see(user: Any) -> bool:
    return bool(user.is_authenticated and user.may(Permission.SEE_CUSTOMERS))


def _may_edit(user: Any) -> bool:
    return bool(user.is_authenticated and user.may(Permission.EDIT_CUSTOMERS))
