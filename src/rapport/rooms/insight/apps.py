"""The insight room as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from rapport.kernel.roles import Permission
from rapport.ui.navigation import Entry, register


def may_see_figures(user: Any) -> bool:
    """Say whether a user may see figures."""
    return bool(user.is_authenticated and user.may(Permission.SEE_FIGURES))


class InsightConfig(AppConfig):
    """Loads the room."""

    name = "rapport.rooms.insight"
    label = "insight"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show the way here, and add figures to the customers' pages."""
        from rapport.rooms.insight import panels, tasks  # noqa: F401  (registers)

        # Both live in one namespace; without sections each would light up on the other's page.
        register(
            Entry(
                _("Home"),
                "insight:home",
                icon="home",
                key="h",
                order=10,
                allowed=may_see_figures,
                sections=("home",),
            )
        )
        register(
            Entry(
                _("Understand"),
                "insight:dashboard",
                icon="understand",
                key="u",
                order=40,
                allowed=may_see_figures,
                sections=("understand",),
            )
        )
