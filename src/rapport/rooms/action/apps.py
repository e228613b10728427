"""The action room as a Django app."""

from django.apps import AppConfig


class ActionConfig(AppConfig):
    """Loads the room, and has it listen to the ledger."""

    name = "rapport.rooms.action"
    label = "action"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from rapport.rooms.action import events  # noqa: F401
