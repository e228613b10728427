"""The listening room as a Django app."""

from django.apps import AppConfig


class ListeningConfig(AppConfig):
    """Loads the room."""

    name = "rapport.rooms.listening"
    label = "listening"
    default_auto_field = "django.db.models.BigAutoField"
