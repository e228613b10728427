"""Imports as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImportsConfig(AppConfig):
    """Loads the pages and jobs of imports, and puts them into the menu."""

    name = "rapport.connectors.imports"
    label = "imports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from rapport.connectors.imports import tasks  # noqa: F401  (registers the jobs)
        from rapport.ui.navigation import Entry, register_menu

        register_menu(Entry(_("Imports"), "imports:list", icon="down", allowed=_may_import))


def _may_import(user: Any) -> bool:
    from rapport.kernel.roles import Permission

    return bool(user.is_authenticated and user.may(Permission.IMPORT))
