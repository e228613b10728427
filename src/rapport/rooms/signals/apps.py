"""The signals room as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from rapport.kernel.roles import Permission
from rapport.ui.navigation import Entry, register, set_capture


def may_read(user: Any) -> bool:
    """Say whether a user may read feedback."""
    return bool(user.is_authenticated and user.may(Permission.SEE_CUSTOMERS))


def may_capture(user: Any) -> bool:
    """Say whether a user may note feedback."""
    return bool(user.is_authenticated and user.may(Permission.CAPTURE))


class SignalsConfig(AppConfig):
    """Loads the room."""

    name = "rapport.rooms.signals"
    label = "signals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show the way here, and tell the customers' pages and the facts what was said."""
        from rapport.analytics.ledger import connect
        from rapport.kernel.doctor import also_examine
        from rapport.rooms.signals import listeners, panels  # noqa: F401  (register)
        from rapport.rooms.signals.facts import SignalsLedger, examine_facts

        connect(SignalsLedger())
        also_examine(examine_facts)

        register(Entry(_("Listen"), "signals:list", icon="listen", key="l", order=30, allowed=may_read))
        set_capture("signals:capture", may_capture)
