"""The listening room as a Django app."""

from django.apps import AppConfig


class ListeningConfig(AppConfig):
    """Loads the room and its jobs."""

    name = "rapport.rooms.listening"
    label = "listening"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the room listen to what happens at customers and to what the mail service reports."""
        from rapport.rooms.listening import listeners, tasks  # noqa: F401  (registers)
        from rapport.rooms.listening.channels.service_events import listen

        listen()
