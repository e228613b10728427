"""What belongs to no room: where the kernel's pages stand in the menu, and whose Rapport this is."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HouseConfig(AppConfig):
    """Furnishes the shell with the kernel's pages, which know no shell."""

    name = "rapport.config"
    label = "house"

    def ready(self) -> None:
        """Register them."""
        from rapport.kernel.environment import environment
        from rapport.kernel.roles import Permission
        from rapport.ui.navigation import Entry, register_menu, set_organisation

        def administers(user: Any) -> bool:
            return bool(user.is_authenticated and user.may(Permission.ADMINISTER))

        def looks_after_own_people(user: Any) -> bool:
            return bool(user.is_authenticated and user.role == "partner_administrator")

        register_menu(Entry(_("Profile"), "kernel:profile", icon="people", order=10))
        register_menu(
            Entry(_("Administration"), "kernel:admin", icon="govern", order=20, allowed=administers)
        )
        register_menu(
            Entry(_("Our people"), "kernel:users", icon="people", order=20, allowed=looks_after_own_people)
        )
        set_organisation(lambda: environment().company)
