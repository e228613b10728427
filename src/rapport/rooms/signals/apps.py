"""The signals room as a Django app."""

from django.apps import AppConfig


class SignalsConfig(AppConfig):
    """Loads the room."""

    name = "rapport.rooms.signals"
    label = "signals"
    default_auto_field = "django.db.models.BigAutoField"
