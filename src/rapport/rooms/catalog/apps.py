"""The catalog room as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    """Loads the room, and tells the kernel which regions and partners can be granted."""

    name = "rapport.rooms.catalog"
    label = "catalog"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register grants and the menu's entry."""
        from rapport.kernel.models import Grant
        from rapport.kernel.people.reach import offer_grants
        from rapport.kernel.roles import Permission
        from rapport.rooms.catalog.api import names_of
        from rapport.ui.navigation import Entry, register_menu

        def edits(user: Any) -> bool:
            return bool(user.is_authenticated and user.may(Permission.EDIT_CATALOG))

        offer_grants(Grant.Kind.REGION, lambda: names_of("regions"))
        offer_grants(Grant.Kind.PARTNER, lambda: names_of("partners"))
        register_menu(Entry(_("Reference data"), "catalog:index", icon="box", order=30, allowed=edits))
