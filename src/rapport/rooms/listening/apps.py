"""The listening room as a Django app."""

from django.apps import AppConfig


class ListeningConfig(AppConfig):
    """Loads the room and its jobs."""

    name = "rapport.rooms.listening"
    label = "listening"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from rapport.rooms.listening import tasks  # noqa: F401
