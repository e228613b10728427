"""The action room as a Django app."""

from django.apps import AppConfig


class ActionConfig(AppConfig):
    """Loads the room."""

    name = "rapport.rooms.action"
    label = "action"
    default_auto_field = "django.db.models.BigAutoField"
