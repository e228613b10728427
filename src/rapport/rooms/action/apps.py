"""The action room as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActionConfig(AppConfig):
    """Loads the room, has it listen to the ledger, and puts it on the rail and on customers' pages."""

    name = "rapport.rooms.action"
    label = "action"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from rapport.rooms.action import events, inbound, panels, seen  # noqa: F401  (listen and register)
        from rapport.ui.navigation import Entry, register

        inbound.listen()
        seen.listen()
        register(Entry(_("Act"), "action:mine", icon="act", key="a", order=50, allowed=_may_see_cases))


def _may_see_cases(user: Any) -> bool:
    from rapport.kernel.roles import Permission

    return bool(user.is_authenticated and user.may(Permission.SEE_CUSTOMERS))
