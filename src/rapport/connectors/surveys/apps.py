"""Survey files as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SurveyFilesConfig(AppConfig):
    """Keeps what imports of survey files said, and puts them into the menu."""

    name = "rapport.connectors.surveys"
    label = "survey_files"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from rapport.connectors.surveys import tasks  # noqa: F401  (registers)
        from rapport.ui.navigation import Entry, register_menu

        register_menu(Entry(_("Survey files"), "survey_files:list", icon="down", allowed=_may_import))


def _may_import(user: Any) -> bool:
    from rapport.kernel.roles import Permission

    return bool(user.is_authenticated and user.may(Permission.IMPORT))
