"""The listening room as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ListeningConfig(AppConfig):
    """Loads the room and its jobs, and shows the way to the surveys."""

    name = "rapport.rooms.listening"
    label = "listening"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load the jobs, listen to customers and to the mail service, and put the surveys on the rail."""
        from rapport.rooms.listening import asked, listeners, tasks  # noqa: F401  (registers)
        from rapport.rooms.listening.channels.service_events import listen
        from rapport.ui.navigation import Entry, register

        listen()
        register(Entry(_("Surveys"), "surveys:list", icon="survey", key="s", order=32, allowed=_sees_surveys))
        register(
            Entry(_("Programmes"), "programmes:list", icon="people", key="p", order=31, allowed=_sees_figures)
        )


def _sees_surveys(user: Any) -> bool:
    """Say whether somebody is offered the surveys: whoever sees figures, but no partner's people."""
    from rapport.kernel.roles import PARTNER_ROLES, Permission

    if not user.is_authenticated or user.role in PARTNER_ROLES:
        return False
    return bool(user.may(Permission.SEE_FIGURES) or user.may(Permission.MANAGE_SURVEYS))


def _sees_figures(user: Any) -> bool:
    """Say whether somebody is offered the programmes: colleagues and partners' people who see figures."""
    from rapport.kernel.roles import Permission

    return bool(user.is_authenticated and user.may(Permission.SEE_FIGURES))
