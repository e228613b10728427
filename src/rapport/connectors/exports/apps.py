"""Exports as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    """Puts exports into the menu; they keep no tables."""

    name = "rapport.connectors.exports"
    label = "exports"

    def ready(self) -> None:
        from rapport.ui.navigation import Entry, register_menu

        register_menu(Entry(_("Exports"), "exports:overview", icon="share", allowed=_may_export))


def _may_export(user: Any) -> bool:
    from rapport.kernel.roles import Permission

    return bool(user.is_authenticated and user.may(Permission.EXPORT))
